"""What music files lack to be played equally loud. The files are only read."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from appliance.errors import why_failed
from appliance.sorting.listening import UnreadableError, loudness_lufs, run

log = logging.getLogger("jukebox")

REFERENCE_LUFS = -18.0  # ReplayGain 2.0
R128_REFERENCE_LUFS = -23.0  # RFC 7845, 5.2.1: of the tags in Opus


@dataclass(frozen=True, slots=True)
class Gain:
    """The gain that a file lacks. tag: as it would stand in the file."""

    path: Path
    gain_db: float
    tag: str


def lacking(files: Sequence[Path], unread: list[Path]) -> Iterator[Gain]:
    """The gains of the files that carry none.

    unread: gets the files that cannot be read; the log tells why.
    """
    with tqdm(files, desc="measuring", unit="track", disable=None) as progress:
        for path in progress:
            try:
                if not _has_gain(path):
                    yield _gain(path)
            except (UnreadableError, OSError) as error:
                unread.append(path)
                with tqdm.external_write_mode():
                    log.warning("%r is left out: %s", str(path), why_failed(error))


def _gain(path: Path) -> Gain:
    loudness = loudness_lufs(path)
    gain_db = REFERENCE_LUFS - loudness
    if path.suffix.lower() == ".opus":
        return Gain(path, gain_db, f"R128_TRACK_GAIN={(R128_REFERENCE_LUFS - loudness) * 256:.0f}")
    return Gain(path, gain_db, f"REPLAYGAIN_TRACK_GAIN={gain_db:.2f} dB")


def _has_gain(path: Path) -> bool:
    said = run("ffprobe", "-v", "error", "-select_streams", "a:0",
               "-show_entries", "format_tags:stream_tags", "-of", "json", str(path))  # fmt: skip
    facts = json.loads(said.stdout)
    tags = [facts.get("format", {}), *facts.get("streams", [])]
    names = {name.upper() for part in tags for name in part.get("tags", {})}
    is_opus = path.suffix.lower() == ".opus"  # of which MPD reads no other
    return ("R128_TRACK_GAIN" if is_opus else "REPLAYGAIN_TRACK_GAIN") in names
