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

# So many different songs of a source that fail with none that plays between: the source is away.
SONGS_OF_A_SOURCE = 3

QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


@dataclass(frozen=True, slots=True)
class _Failures:
    """How often a song or a source has failed in a row, and when it did so last."""

    times: int
    last_s: float

    def ends_s(self, longest_s: float) -> float:
        return self.last_s + min(longest_s, FIRST_S * 2.0 ** min(self.times - 1, 10))


class LeftOut:
    """Which songs failed, by uri, and which sources, because several of their songs failed."""

    def __init__(self) -> None:
        self._songs: dict[str, _Failures] = {}
        self._sources: dict[str, _Failures] = {}
        self._in_a_row: dict[str, set[str]] = {}  # by source: what failed since one of it played
        self._told: set[tuple[str, str]] = set()  # sources and causes

    def add(self, song: Song, reason: str, time_s: float) -> None:
        """Leave this song out. One warning tells of the first of each source and cause.

        Its source is left out, too, if other songs of it have failed just before: a drive that is
        away must not cost a moment of silence for each of its songs.
        """
        self._songs[song.uri] = _once_more(self._songs.get(song.uri), time_s)
        failed = self._in_a_row.setdefault(song.source, set())
        failed.add(song.uri)
        if len(failed) >= SONGS_OF_A_SOURCE:
            self._sources[song.source] = _once_more(self._sources.get(song.source), time_s)
        cause = song.source, QUOTED.sub("", reason.replace(song.uri, ""))
        level = logging.DEBUG if cause in self._told else logging.WARNING
        self._told.add(cause)
        log.log(level, "%s cannot be played: %s; another song is tried", song.uri, reason)

    def holds(self, song: Song, time_s: float) -> bool:
        """Whether this song is left out now."""
        return time_s < self._ends_s(song, time_s, LONGEST_S)

    def holds_even_alone(self, song: Song, time_s: float) -> bool:
        """Whether it is left out though its mood has nothing else."""
        return time_s < self._ends_s(song, time_s, LONGEST_WITHOUT_OTHERS_S)

    def _ends_s(self, song: Song, time_s: float, longest_s: float) -> float:
        failures = self._songs.get(song.uri), self._sources.get(song.source)
        return max((each.ends_s(longest_s) for each in failures if each), default=time_s)

    def forgive(self, song: Song) -> None:
        """Note that this song plays."""
        self._songs.pop(song.uri, None)
        self._in_a_row.pop(song.source, None)
        if self._sources.pop(song.source, None):
            self._told = {cause for cause in self._told if song.source not in cause}
            log.info("songs of %s can be played again", song.source)

    def try_again(self) -> None:
        """Leave nothing out any more, and warn anew: MPD has read its music again."""
        for each in (self._songs, self._sources, self._in_a_row, self._told):
            each.clear()


def _once_more(before: _Failures | None, time_s: float) -> _Failures:
    return _Failures(before.times + 1 if before else 1, time_s)
