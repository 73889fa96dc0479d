"""How loud each room may be, and how early it plays: what the owner said, kept in a file.

snapserver takes any volume and cuts a trim without a word, so the limits are kept here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from appliance.decide.house_sound import LEVELS
from appliance.errors import UsageError

LONGEST_ID = 60
MOST_ROOMS = 50


@dataclass(frozen=True, slots=True)
class Level:
    """Of one room. volume_percent: of the leader's; never above volume_max.

    trim_ms: by how much it plays early, because its loudspeaker is late.
    """

    volume_percent: int = 100
    volume_max: int = 100
    trim_ms: int = 0

    @property
    def percent(self) -> int:
        """How loud it is."""
        return min(self.volume_percent, self.volume_max)


def checked(change: Mapping[str, Any]) -> dict[str, int]:
    """The keys of a Level in a request. Raises UsageError for a value that cannot be."""
    found = {key: change[key] for key in LEVELS if change.get(key) is not None}
    for key, value in found.items():
        if type(value) is not int or not 0 <= value <= LEVELS[key]:
            most = LEVELS[key]
            raise UsageError(f"{key} is {value!r}; it must be a whole number from 0 to {most}")
    return found


class Levels:
    """Those of all rooms, by the name that their player has at snapserver."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._levels = _read(file)

    def of(self, player: str) -> Level:
        """That of a room; the usual one where nobody has said anything."""
        return self._levels.get(player, Level())

    def change(self, player: str, wanted: Mapping[str, Any]) -> None:
        """Takes over what somebody wants. Raises UsageError."""
        change = checked(wanted)
        if player not in self._levels and len(self._levels) >= MOST_ROOMS:
            raise UsageError(f"there are {MOST_ROOMS} rooms already")
        self._levels[player[:LONGEST_ID]] = replace(self.of(player), **change)
        with suppress(OSError):  # a full disk: it counts until the next start
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_suffix(".part")
            part.write_text(
                json.dumps({player: asdict(level) for player, level in self._levels.items()}),
                encoding="utf-8",
            )
            part.replace(self._file)


def _read(file: Path) -> dict[str, Level]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {str(player): Level(**checked(level)) for player, level in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, UsageError):  # none yet, or damaged
        return {}
