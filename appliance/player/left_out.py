"""Songs that could not be played, left out for a while that grows; one warning for one cause."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from appliance.player.sources import Song

log = logging.getLogger("jukebox")

# After each failure in a row a song is left out twice as long.
FIRST_S = 5.0
LONGEST_S = 300.0
LONGEST_WITHOUT_OTHERS_S = 30.0  # while a mood has nothing else, such as one radio

QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


@dataclass(frozen=True, slots=True)
class _Failures:
    """How often a song has failed in a row, and when it did so last."""

    times: int
    last_s: float

    def ends_s(self, longest_s: float) -> float:
        return self.last_s + min(longest_s, FIRST_S * 2.0 ** min(self.times - 1, 10))


class LeftOut:
    """Which songs failed, by uri."""

    def __init__(self) -> None:
        self._failures: dict[str, _Failures] = {}
        self._told: set[tuple[str, str]] = set()  # sources and causes

    def add(self, song: Song, reason: str, time_s: float) -> None:
        """Leave this song out. One warning tells of the first of each source and cause."""
        times = self._failures[song.uri].times + 1 if song.uri in self._failures else 1
        self._failures[song.uri] = _Failures(times, time_s)
        cause = song.source, QUOTED.sub("", reason.replace(song.uri, ""))
        level = logging.DEBUG if cause in self._told else logging.WARNING
        self._told.add(cause)
        log.log(level, "%s cannot be played: %s; another song is tried", song.uri, reason)

    def holds(self, song: Song, time_s: float) -> bool:
        """Whether this song is left out now."""
        failures = self._failures.get(song.uri)
        return failures is not None and time_s < failures.ends_s(LONGEST_S)

    def holds_even_alone(self, song: Song, time_s: float) -> bool:
        """Whether it is left out though its mood has nothing else."""
        failures = self._failures.get(song.uri)
        return failures is not None and time_s < failures.ends_s(LONGEST_WITHOUT_OTHERS_S)

    def forgive(self, uri: str) -> None:
        """Note that this song plays."""
        self._failures.pop(uri, None)

    def try_again(self) -> None:
        """Leave nothing out any more, and warn anew: MPD has read its music again."""
        self._failures.clear()
        self._told.clear()
