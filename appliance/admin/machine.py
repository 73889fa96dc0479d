"""What differs between an installed jukebox, which root changes, and one that a user started."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Set
from pathlib import Path
from typing import Protocol

from appliance.admin.outputs import Output, alsa_outputs
from appliance.admin.pipewire import pipewire_outputs
from appliance.admin.wifi import WifiNetwork
from appliance.errors import ControlError, JukeboxError


class Machine(Protocol):
    """The machine that is changed. settings_file: where its settings stand."""

    settings_file: Path

    def reload(self, sections: Set[str]) -> str:
        """Puts the settings in force. Returns what happens, in words. sections: that changed."""

    def outputs(self) -> list[Output]:
        """Where sound can go."""

    def chosen(self) -> Output | None:
        """Where it goes; None if nobody can tell."""

    def choose(self, output: Output, /) -> None:
        """Lets MPD play there from now on. Raises JukeboxError."""

    def name(self) -> str:
        """How the machine is called now, without a domain. Raises JukeboxError."""

    def rename(self, name: str, /) -> None:
        """Gives the machine this name in its network. Raises JukeboxError."""

    def join(self, network: WifiNetwork, /) -> None:
        """Lets the machine join this wireless network, and no other. Raises JukeboxError."""


def outputs_here() -> list[Output]:
    """The outputs that this process can reach; those of PipeWire first, which knows them best."""
    return [*pipewire_outputs(os.environ), *alsa_outputs()]


class UsersJukebox:
    """A jukebox that a user started, such as the demo: it changes its own settings, no more.

    tell_reload: makes the running jukebox read its settings; raises ControlError if none runs.
    """

    def __init__(self, settings_file: Path, tell_reload: Callable[[], None]) -> None:
        self.settings_file = settings_file
        self._tell_reload = tell_reload

    def reload(self, sections: Set[str]) -> str:
        """Puts them in force now, or says when they count."""
        try:
            self._tell_reload()
        except ControlError:
            return "saved; the jukebox reads it when it starts"
        if sections & {"store", "control", "web", "home", "rooms"}:
            return "saved; a part of it counts from the next start"
        return "saved, and in force"

    def outputs(self) -> list[Output]:
        """Where sound can go."""
        return outputs_here()

    def chosen(self) -> Output | None:
        """Nobody can tell: that stands in its MPD's configuration."""
        return None

    def choose(self, _output: Output) -> None:
        """Raises JukeboxError: its MPD belongs to whoever started it."""
        raise JukeboxError(
            "only an installed jukebox chooses its output; for the demo: ./setup.sh demo --output"
        )

    def name(self) -> str:
        """How the machine is called now."""
        return socket.gethostname().partition(".")[0].lower()

    def rename(self, _name: str) -> None:
        """Raises JukeboxError: that needs root."""
        raise JukeboxError("only an installed jukebox changes the name, because that needs root")

    def join(self, _network: WifiNetwork) -> None:
        """Raises JukeboxError: that needs root."""
        raise JukeboxError("only a jukebox on its own card sets the Wi-Fi of its machine")
