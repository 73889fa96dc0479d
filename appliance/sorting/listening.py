"""The sound and the loudness of a music file, by ffmpeg, which only reads it."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from appliance.access import closed_folder, why_closed
from appliance.errors import JukeboxError

RATE = 22_050  # samples a second; frequencies above 11 kHz tell little about mood
LISTEN_S = 90.0  # from the middle of the track: the verse, not a fade
SHORTEST_S = 10.0  # EBU R 128's loudness range needs several windows of 3 s
QUIETEST_LUFS = -60.0
MIDDLE_S = 0.9 * LISTEN_S  # less than this in the middle of a long track: its length was a guess
# Of the power of the louder side: less is left of two sides that are inverted to each other. What
# sounds on one side only keeps a quarter.
CANCELLED = 0.1
PATIENCE_S = 120.0  # a disk may have to wake up, or be slow

SUFFIXES = frozenset(
    (".aac", ".aif", ".aiff", ".ape", ".flac", ".m4a", ".mp3", ".mpc", ".oga", ".ogg", ".opus",
     ".wav", ".wma", ".wv")
)  # fmt: skip


class UnreadableError(JukeboxError):
    """One file cannot be sorted; the others can."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A passage of a track.

    samples: float32 (length,), both sides in one, −1…1, RATE samples a second. Loudness and its
    range are measured as EBU R 128 says, mono as it sounds on two sides.
    """

    samples: npt.NDArray[np.float32]
    loudness_lufs: float
    range_lu: float


def check_ffmpeg() -> None:
    """Raises JukeboxError if ffmpeg is not installed."""
    if not (shutil.which("ffmpeg") and shutil.which("ffprobe")):
        raise JukeboxError("ffmpeg is not installed; install it with: sudo apt install ffmpeg")


def find_files(folder: Path) -> list[Path]:
    """The music files in a folder and all folders below it, sorted by path.

    Raises JukeboxError if it is not a folder.
    """
    if closed := closed_folder(folder):
        raise JukeboxError(f"{folder} cannot be searched, because {why_closed(closed)}")
    if not folder.is_dir():
        raise JukeboxError(f"{folder} is not a folder; name the one that holds your music")
    found = (path for path in folder.resolve().rglob("*") if path.suffix.lower() in SUFFIXES)
    # Names that begin with a dot are hidden, such as the "._" files that macOS leaves behind.
    return sorted(path for path in found if not path.name.startswith(".") and os.path.isfile(path))


def listen(path: Path) -> Sound:
    """The middle of a track. path: absolute, so that no name looks like an option or a link.

    Where the middle gives too little, the track is listened to from its start: the length of some
    files is a guess from their first frames, up to 30 times too long (VBR MP3 without a Xing frame,
    ADTS), and in the middle may be the pause before a hidden track.

    Raises UnreadableError if ffmpeg cannot read the track, or if it is too short or silent.
    """
    told = _told(path)
    middle_s = max(0.0, (told.duration_s - LISTEN_S) / 2)
    sound = _passage(path, middle_s, told.sides)
    if middle_s and (len(sound.samples) < MIDDLE_S * RATE or _is_silent(sound)):
        sound = _passage(path, 0.0, told.sides)
    if len(sound.samples) < SHORTEST_S * RATE:
        raise UnreadableError(f"it is shorter than {SHORTEST_S:g} s")
    if _is_silent(sound):
        raise UnreadableError("it is silent")
    return sound


@dataclass(frozen=True, slots=True)
class _Told:
    """What a file tells about itself. duration_s: 0 if it does not tell. sides: 1 for mono."""

    duration_s: float
    sides: int


def _told(path: Path) -> _Told:
    """Raises UnreadableError."""
    said = run("ffprobe", "-v", "error", "-select_streams", "a:0",
                "-show_entries", "format=duration:stream=channels",
                "-of", "json", str(path))  # fmt: skip
    facts = json.loads(said.stdout)
    channels = facts["streams"][0].get("channels", 2) if facts.get("streams") else 2
    return _Told(float(facts["format"].get("duration", 0.0)), 1 if channels == 1 else 2)


def _passage(path: Path, start_s: float, sides: int) -> Sound:
    """LISTEN_S of a track, or what there is from start_s on. Raises UnreadableError."""
    said = run(
        "ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-ss", f"{start_s:.3f}",
        "-t", f"{LISTEN_S:g}", "-i", str(path), "-map", "0:a:0",
        # dualmono: a mono file plays on both sides, so it is 3 LU louder than its one channel.
        "-af", "ebur128=framelog=verbose:dualmono=true",
        "-ac", str(sides), "-ar", str(RATE), "-f", "f32le", "-",
    )  # fmt: skip
    samples = _in_one(np.frombuffer(said.stdout, "<f4").reshape(-1, sides))
    if not samples.size:
        return Sound(samples, -math.inf, 0.0)
    report = said.stderr.decode(errors="replace")
    return Sound(samples, _figure(report, "I", "LUFS"), _figure(report, "LRA", "LU"))


def _in_one(channels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The sound of both sides in one; that of the louder side where they cancel out.

    channels: float32 (length, sides), the result float32 (length,).
    """
    mixed: npt.NDArray[np.float32] = channels.mean(axis=1)
    if not mixed.size:
        return mixed
    power = np.mean(channels**2, axis=0)
    cancelled = np.mean(mixed**2) < CANCELLED * power.max()
    return channels[:, power.argmax()] if cancelled else mixed


def _is_silent(sound: Sound) -> bool:
    return sound.loudness_lufs < QUIETEST_LUFS


def loudness_lufs(path: Path) -> float:
    """How loud a whole track is, as EBU R 128 says.

    Raises UnreadableError, also if it is silent.
    """
    said = run("ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-i", str(path), "-map", "0:a:0",
               "-af", "ebur128=framelog=verbose:dualmono=true", "-f", "null", "-")  # fmt: skip
    loudness = _figure(said.stderr.decode(errors="replace"), "I", "LUFS")
    if loudness < QUIETEST_LUFS:
        raise UnreadableError("it is silent")
    return loudness


def run(*command: str) -> subprocess.CompletedProcess[bytes]:
    """What a command printed. Raises UnreadableError if it fails or takes too long."""
    try:
        said = subprocess.run(  # noqa: S603  ffmpeg, and a path that stays one argument
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableError(f"{command[0]} took longer than {PATIENCE_S:g} s") from error
    if said.returncode:
        lines = said.stderr.decode(errors="replace").strip().splitlines()
        raise UnreadableError(f"{command[0]}: {lines[-1] if lines else 'failed'}")
    return said


def _figure(report: str, name: str, unit: str) -> float:
    """A figure in the summary that ebur128 ends with. Raises UnreadableError."""
    found = re.findall(rf"\b{name}:\s+(-?[\d.]+|-?inf|nan) {unit}\b", report)
    if not found:
        raise UnreadableError("ffmpeg does not tell its loudness")
    return float(found[-1])
