"""The word `teach` at the control socket: lessons, who is known, and whom to forget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from appliance.decide.phrases import counted
from appliance.errors import UsageError
from appliance.records import Step
from appliance.remote.controls import Controls
from appliance.remote.messages import Answer

What = Literal["faces", "rest", "stop", "list", "forget"]


@dataclass(frozen=True, slots=True)
class Teaching:
    """A request. name: of the person; "" where none is meant."""

    what: What
    name: str

    @classmethod
    def of(cls, arguments: dict[str, Any]) -> Teaching:
        """The request in a client's arguments. Raises UsageError."""
        what, name = arguments.get("what", "faces"), arguments.get("name", "")
        if what not in get_args(What):
            raise UsageError(f"teach: what must be one of {', '.join(get_args(What))}")
        if not isinstance(name, str) or (not name and what in ("faces", "rest", "forget")):
            raise UsageError("teach: name must be the name of a person")
        return cls(cast(What, what), name)

    def answer(self, step: Step, controls: Controls) -> Answer:
        """Does it, unless somebody is to be forgotten. Raises UsageError, ControlError."""
        if self.what == "list":
            return known(controls.people())
        if self.what == "stop":
            return Answer(controls.stop_teaching())
        return Answer(controls.teach(self.name, step.frame.time_s, rest=self.what == "rest"))


def known(people: dict[str, dict[str, float]]) -> Answer:
    """Who is known, and by how many examples of each emotion."""
    words = [
        f"{name}: "
        + ", ".join(f"{emotion} {examples:g}" for emotion, examples in examples_of.items())
        for name, examples_of in people.items()
    ]
    return Answer("; ".join(words) or "nobody was taught yet", {"people": people})


def person_forgotten(emotions: int) -> Answer:
    """How many emotions of a person were forgotten, as an answer."""
    return Answer(f"forgotten, with {counted(emotions, 'emotion')}", {"rows": emotions})
