"""What an administration is: somebody who does one word at a time, in this process or another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from appliance.errors import JukeboxError

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was done. text: one line for people. data: for programs."""

    text: str
    data: Fields = field(default_factory=dict)


class Administration(Protocol):
    """Changes this machine. Both `Administrator` and `AdministratorClient` are one."""

    def do(self, word: str, arguments: Fields) -> Answer:
        """Does what the word asks for, which may take seconds.

        Raises EditedError, UsageError for a request that is none, and JukeboxError.
        """


class EditedError(JukeboxError):
    """Somebody edited the file after the form was made, so nothing was written.

    difference: from the file as it is to what was to be written, as `diff -u` shows it.
    """

    def __init__(self, text: str, difference: str) -> None:
        super().__init__(text)
        self.difference = difference
