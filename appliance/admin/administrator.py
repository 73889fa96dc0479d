"""Does what the page may ask for: one word at a time, each checked as if a stranger had sent it."""

from __future__ import annotations

import re
import socket
from typing import Any

from appliance.admin import settings_file
from appliance.admin.answers import Answer, Fields
from appliance.admin.files import hash_of
from appliance.admin.machine import Machine
from appliance.admin.outputs import Output
from appliance.admin.tone import play_tone
from appliance.errors import UsageError

WORDS = ("settings", "write", "outputs", "choose", "tone", "rename")
# A host's name as RFC 1123 has it, for mDNS: it becomes NAME.local.
NAME = re.compile(r"(?=.{1,63}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?")


class Administrator:
    """Changes the machine, in this process. An Administration."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def do(self, word: str, arguments: Fields) -> Answer:
        """Does what the word asks for. Raises UsageError, EditedError, JukeboxError."""
        match word:
            case "settings":
                return self._settings()
            case "write":
                return self._write(_text(arguments, "text"), _text(arguments, "hash"))
            case "outputs":
                return self._outputs()
            case "choose":
                output = self._output(_text(arguments, "output"))
                self._machine.choose(output)
                return Answer("the music plays there from now on")
            case "tone":
                play_tone(self._output(_text(arguments, "output")))
                return Answer("the tone was played: left, then right")
            case "rename":
                return self._rename(_text(arguments, "name"))
        raise UsageError(f"unknown word {word[:40]!r}; the words are {', '.join(WORDS)}")

    def _settings(self) -> Answer:
        file = self._machine.settings_file
        text = settings_file.read(file)
        return Answer(f"the settings in {file}", {"text": text, "hash": hash_of(text)})

    def _write(self, text: str, hash_before: str) -> Answer:
        changed = settings_file.write(self._machine.settings_file, text, hash_before)
        if not changed:
            return Answer("saved; nothing is different")
        return Answer(self._machine.reload(changed), {"sections": sorted(changed)})

    def _outputs(self) -> Answer:
        chosen = self._machine.chosen()
        known = [
            {"id": output.id, "name": output.name, "kind": output.kind}
            for output in self._machine.outputs()
        ]
        return Answer(
            f"{len(known)} outputs", {"outputs": known, "chosen": chosen.id if chosen else None}
        )

    def _output(self, number: str) -> Output:
        """The output with this id. Only one that is there gets any further."""
        for output in self._machine.outputs():
            if output.id == number:
                return output
        raise UsageError("this output is not there any more; its plug may have been pulled")

    def _rename(self, wanted: str) -> Answer:
        name = wanted.strip().lower().removesuffix(".local")
        if not NAME.fullmatch(name):
            raise UsageError(
                f"the name is {wanted[:70]!r}; it must have letters, digits and hyphens only, 63 at"
                " most, such as music"
            )
        if name == socket.gethostname().partition(".")[0].lower():
            return Answer("that is its name already", {"name": name})
        self._machine.rename(name)
        return Answer(f"the jukebox is called {name} now", {"name": name})


def _text(arguments: Fields, name: str) -> str:
    """An argument. Raises UsageError unless it is a text."""
    found: Any = arguments.get(name)
    if not isinstance(found, str):
        raise UsageError(f"{name} must be a text")
    return found
