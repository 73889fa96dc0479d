"""Which songs tell MPD how loud they are, so that all can be played equally loud."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mpd import CommandError, FailureResponseCode

from appliance.player.client import Client

PATIENCE_S = 20.0  # for all files: each is opened, perhaps over a network
TAGS_BYTES = 1024 * 1024  # of an Opus file: enough for a cover before the gain


@dataclass(frozen=True, slots=True)
class Gains:
    """read: how many files could be read. without: how many of them carry no gain, by suffix."""

    read: int
    without: Counter[str]


def read_gains(
    client: Client, uris: Sequence[str], monotonic: Callable[[], float] = time.monotonic
) -> Gains:
    """Looks into these files, as many as can be read within 20 s.

    Raises CommandError if this MPD does not tell the tags of files.
    """
    read, without = 0, Counter[str]()
    music = _music_folder(client)
    until_s = monotonic() + PATIENCE_S
    for uri in uris:
        if monotonic() > until_s:
            break
        suffix = uri.rpartition(".")[2].lower()
        has_gain = _opus_has_gain(music / uri) if suffix == "opus" else _has_gain(client, uri)
        if has_gain is not None:
            read += 1
            without[suffix] += not has_gain
    return Gains(read, +without)


def _music_folder(client: Client) -> Path:
    """Where MPD's own music lies; a place that does not exist if it does not tell."""
    nowhere = "/dev/null"
    try:
        return Path(client.music_directory() or nowhere)
    except CommandError:
        return Path(nowhere)


def _has_gain(client: Client, uri: str) -> bool | None:
    """Whether a file carries a gain; None if MPD cannot read it, or may not."""
    try:
        return "REPLAYGAIN_TRACK_GAIN" in {name.upper() for name in client.readcomments(uri)}
    except CommandError as error:
        if error.errno == FailureResponseCode.UNKNOWN:
            raise
        return None


def _opus_has_gain(path: Path) -> bool | None:
    """The same of Opus, in which R 128's tag counts, the only one that MPD reads and hides."""
    try:
        with path.open("rb") as file:
            return b"R128_TRACK_GAIN=" in file.read(TAGS_BYTES).upper()
    except OSError:
        return None
