"""Does what the page may ask for: one word at a time, each checked as if a stranger had sent it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from appliance.admin import settings_file
from appliance.admin.answers import Answer, Fields
from appliance.admin.files import hash_of
from appliance.admin.machine import Machine
from appliance.admin.outputs import Output
from appliance.admin.tone import SIGNALS, play_tone
from appliance.admin.wifi import WifiNetwork
from appliance.config.editing import edited
from appliance.config.loading import parse
from appliance.errors import ConfigError, JukeboxError, UsageError

# A host's name as RFC 1123 has it, for mDNS: it becomes NAME.local.
NAME = re.compile(r"(?=.{1,63}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?")


class Administrator:
    """Changes the machine, in this process. An Administration."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._words: dict[str, Callable[[Fields], Answer]] = {
            "settings": self._settings,
            "write": self._write,
            "outputs": self._outputs,
            "choose": self._choose,
            "tone": self._tone,
            "name": self._name,
            "rename": self._rename,
            "wifi": self._wifi,
            "signal": self._signal,
        }

    def do(self, word: str, arguments: Fields) -> Answer:
        """Does what the word asks for. Raises UsageError, EditedError, JukeboxError."""
        if word not in self._words:
            known = ", ".join(self._words)
            raise UsageError(f"unknown word {word[:40]!r}; the words are {known}")
        return self._words[word](arguments)

    def _settings(self, _arguments: Fields) -> Answer:
        file = self._machine.settings_file
        text = settings_file.read(file)
        return Answer(f"the settings in {file}", {"text": text, "hash": hash_of(text)})

    def _write(self, arguments: Fields) -> Answer:
        text, hash_before = _text(arguments, "text"), _text(arguments, "hash")
        changed = settings_file.write(self._machine.settings_file, text, hash_before)
        if not changed:
            return Answer("saved; nothing is different")
        return Answer(self._machine.reload(changed), {"sections": sorted(changed)})

    def _outputs(self, _arguments: Fields) -> Answer:
        chosen = self._machine.chosen()
        known = [
            {"id": output.id, "name": output.name, "kind": output.kind}
            for output in self._machine.outputs()
        ]
        return Answer(
            f"{len(known)} outputs", {"outputs": known, "chosen": chosen.id if chosen else None}
        )

    def _choose(self, arguments: Fields) -> Answer:
        output = self._output(arguments)
        self._machine.choose(output)
        with suppress(ConfigError):  # settings that cannot be used are shown as such elsewhere
            self._choose_for_rooms(output)
        return Answer("the music plays there from now on")

    def _choose_for_rooms(self, output: Output) -> None:
        """The music of several rooms is to come out there, too (docs/rooms.md)."""
        file = self._machine.settings_file
        before, device = settings_file.read(file), dict(output.conf).get("device")
        if device is None or parse(before.encode(), str(file)).rooms.device == device:
            return
        text = edited(before, {("rooms", "device"): device})
        if changed := settings_file.write(file, text, hash_of(before)):
            self._machine.reload(changed)

    def _tone(self, arguments: Fields) -> Answer:
        play_tone(self._output(arguments))
        return Answer("the tone was played: left, then right")

    def _output(self, arguments: Fields) -> Output:
        """The output with the id in the arguments. Only one that is there gets any further."""
        wanted = _text(arguments, "output")
        for output in self._machine.outputs():
            if output.id == wanted:
                return output
        raise UsageError("this output is not there any more; its plug may have been pulled")

    def _name(self, _arguments: Fields) -> Answer:
        name = self._machine.name()
        return Answer(f"the jukebox is called {name}", {"name": name})

    def _rename(self, arguments: Fields) -> Answer:
        typed = _text(arguments, "name")
        name = typed.strip().lower().removesuffix(".local")
        if not NAME.fullmatch(name):
            raise UsageError(
                f"the name is {typed[:70]!r}; it must have letters, digits and hyphens only, 63 at"
                " most, such as music"
            )
        if name == self._machine.name():
            return Answer("that is its name already", {"name": name})
        self._machine.rename(name)
        return Answer(f"the jukebox is called {name} now", {"name": name})

    def _wifi(self, arguments: Fields) -> Answer:
        """Neither the answer nor a complaint has the password in it."""
        hidden = arguments.get("hidden") is True
        network = WifiNetwork(_text(arguments, "name"), _text(arguments, "password"), hidden)
        self._machine.join(network)
        return Answer("the network is set; the machine joins it now")

    def _signal(self, arguments: Fields) -> Answer:
        what = _text(arguments, "what")
        if what not in SIGNALS:
            raise UsageError(f"what must be one of {', '.join(SIGNALS)}")
        output = self._machine.chosen()
        if output is None:
            raise JukeboxError("nobody can tell where the music plays")
        play_tone(output, SIGNALS[what])
        return Answer("the signal was played")


def _text(arguments: Fields, name: str) -> str:
    """An argument. Raises UsageError unless it is a text."""
    found: Any = arguments.get(name)
    if not isinstance(found, str):
        raise UsageError(f"{name} must be a text")
    return found
