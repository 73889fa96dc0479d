"""The leader's MPD plays into the rooms, or by its own loudspeaker while that cannot be."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from appliance.player.client import Client

ROOMS = "rooms"  # install/mpd-rooms.conf


class MpdOutputs:
    """Switches them. file: keeps which ones were on before the rooms' was."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def into_rooms(self, client: Client) -> bool:
        """Lets MPD play into the rooms alone. Returns whether it has an output for that."""
        on = _outputs(client)
        if ROOMS not in on:
            return False
        others = [name for name, (_, is_on) in on.items() if is_on and name != ROOMS]
        if others:
            with suppress(OSError):
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text(json.dumps(others), encoding="utf-8")
        _switch(client, on, {ROOMS})
        return True

    def by_itself(self, client: Client) -> None:
        """Lets MPD play by what was on before; by all others where nobody knows that any more."""
        on, before = _outputs(client), self._before()
        are_on = {name for name, (_, is_on) in on.items() if is_on}
        # Where the rooms' output is gone from MPD's settings, all others are still off.
        is_silent = not are_on and before is not None
        if ROOMS in are_on or is_silent:
            others = set(on) - {ROOMS}
            _switch(client, on, others & (before or set()) or others)
        with suppress(OSError):
            self._file.unlink(missing_ok=True)

    def _before(self) -> set[str] | None:
        try:
            return {str(name) for name in json.loads(self._file.read_text(encoding="utf-8"))}
        except (OSError, ValueError, TypeError):
            return None


def _outputs(client: Client) -> dict[str, tuple[str, bool]]:
    """By name: its id, and whether it is on."""
    return {
        output["outputname"]: (output["outputid"], output["outputenabled"] == "1")
        for output in client.outputs()
    }


def _switch(client: Client, on: dict[str, tuple[str, bool]], wanted: Collection[str]) -> None:
    """First on, then off: without any output, MPD would pause."""
    for name, (number, is_on) in on.items():
        if name in wanted and not is_on:
            client.enableoutput(number)
    for name, (number, is_on) in on.items():
        if name not in wanted and is_on:
            client.disableoutput(number)
