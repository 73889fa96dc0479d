"""The sound and the loudness of a music file, by ffmpeg, which only reads it."""

from __future__ import annotations

import json
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

    samples: float32 (length,), mono, −1…1, RATE samples a second. Loudness and its range are
    measured as EBU R 128 says.
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

    Raises UnreadableError if ffmpeg cannot read the track, or if it is too short or silent.
    """
    start_s = max(0.0, (_duration_s(path) - LISTEN_S) / 2)
    said = _run(
        "ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-ss", f"{start_s:.3f}",
        "-t", f"{LISTEN_S:g}", "-i", str(path), "-map", "0:a:0",
        "-af", "ebur128=framelog=verbose", "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-",
    )  # fmt: skip
    samples = np.frombuffer(said.stdout, "<f4")
    if len(samples) < SHORTEST_S * RATE:
        raise UnreadableError(f"it is shorter than {SHORTEST_S:g} s")
    report = said.stderr.decode(errors="replace")
    sound = Sound(samples, _figure(report, "I", "LUFS"), _figure(report, "LRA", "LU"))
    if sound.loudness_lufs < QUIETEST_LUFS:
        raise UnreadableError("it is silent")
    return sound


def _duration_s(path: Path) -> float:
    """The length of a track; 0 if the file does not tell it. Raises UnreadableError."""
    said = _run("ffprobe", "-v", "error", "-show_entries", "format=duration",
                "-of", "json", str(path))  # fmt: skip
    return float(json.loads(said.stdout)["format"].get("duration", 0.0))


def _run(*command: str) -> subprocess.CompletedProcess[bytes]:
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
