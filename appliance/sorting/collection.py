"""Sorts a whole collection. Its cues are kept, so a sorting that ended early can go on."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from appliance.errors import why_failed
from appliance.player.sources import can_be_said
from appliance.records import Emotion
from appliance.sorting import listening, moods
from appliance.sorting.cues import Cues, measure

log = logging.getLogger("jukebox")

METHOD = 2  # of measuring cues; counts up when it changes, because old cues are useless then


@dataclass(frozen=True, slots=True)
class Track:
    """A track and where it belongs. mood, second: the nearest mood and the next nearest one."""

    path: Path
    cues: Cues
    place: moods.Place
    mood: Emotion
    second: Emotion


class CueCache:
    """The cues of tracks that were measured before, one line each in a file that only grows.

    A track counts as measured while its path, size and time of change are the same.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Mapping[str, float]] = {}
        self._warned = False
        with suppress(FileNotFoundError):
            for line in path.read_text(encoding="utf-8").splitlines():
                with suppress(ValueError, KeyError):  # cut off by a pulled plug
                    entry = json.loads(line)
                    self._known[entry["file"]] = entry["cues"]

    def cues(self, track: Path) -> Cues | None:
        """The cues of a track; None if they were not measured. Raises OSError."""
        known = self._known.get(_key(track))
        return Cues(**known) if known else None

    def keep(self, track: Path, cues: Cues) -> None:
        """Writes the cues of a track at once, so that they stay if the program ends now.

        If the file cannot be written, one warning is logged. Raises OSError if the track is gone.
        """
        line = json.dumps({"file": _key(track), "cues": asdict(cues)}) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            if not self._warned:
                log.warning(
                    "%s: cannot be written, so a sorting that ends early begins anew: %s",
                    self._path,
                    why_failed(error),
                )
            self._warned = True


def sort(tracks: Sequence[Path], cache: CueCache) -> Iterator[Track]:
    """Where the tracks belong, one after the other; logs a line for each that cannot be read."""
    with tqdm(tracks, desc="listening", unit="track", disable=None) as progress:
        for path in progress:
            try:
                yield _track(path, cache.cues(path) or _measured(path, cache))
            except (listening.UnreadableError, OSError) as error:
                with tqdm.external_write_mode():
                    log.warning("%r is left out: %s", str(path), why_failed(error))


def _measured(path: Path, cache: CueCache) -> Cues:
    if not can_be_said(str(path)):
        raise listening.UnreadableError("a playlist cannot carry its name")
    cues = measure(listening.listen(path))
    cache.keep(path, cues)
    return cues


def _track(path: Path, cues: Cues) -> Track:
    place = moods.place(cues)
    mood, second, *_ = moods.nearest(place)
    return Track(path, cues, place, mood, second)


def _key(track: Path) -> str:
    facts = track.stat()
    return f"{METHOD} {facts.st_size} {facts.st_mtime_ns} {track}"
