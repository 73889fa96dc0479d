"""Which song a piece of the recording is: its spectrum is compared with that of every song."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from box.machine import CHANNELS, RATE

Spectra = npt.NDArray[np.float64]  # (frames, BANDS), each row of length 1 around a mean of 0
Samples = npt.NDArray[np.int16]

HEADER_BYTES = 44
FRAME, HOP, BANDS = 8192, RATE // 10, 48
LOWEST_HZ, HIGHEST_HZ = 60.0, 8000.0
SILENT = 30  # of 32767: below it nobody hears anything


@dataclass(frozen=True, slots=True)
class Heard:
    """A song, and how surely it is the one.

    likeness: mean correlation of the spectra, 1 at most; others: that of the best song of another
    emotion.
    """

    emotion: str
    song: str
    likeness: float
    others: float
    centroid_hz: float


def recorded(file: Path) -> Samples:
    """What has come out of the sound card so far, int16 (samples,) of one channel.

    The file may still be growing.
    """
    raw = file.read_bytes()[HEADER_BYTES:] if file.exists() else b""
    whole = len(raw) // (2 * CHANNELS) * (2 * CHANNELS)
    return np.frombuffer(raw[:whole], "<i2")[::CHANNELS]


def is_silent(samples: Samples) -> bool:
    """Whether nothing can be heard in it."""
    return samples.size == 0 or int(np.abs(samples.astype(np.int32)).max()) < SILENT


def load_songs(music: Path) -> dict[tuple[str, str], Spectra]:
    """The spectra of the starter music, by emotion and name."""
    files = sorted(music.glob("*/*.opus"))
    return {
        (file.parent.name, file.stem): spectra(_decoded(file))
        for file in files
        if file.parent.name != "chime"
    }


def identify(samples: Samples, songs: dict[tuple[str, str], Spectra]) -> Heard:
    """The song that the samples are most like."""
    heard = spectra(samples)
    likeness = {song: _likeness(heard, whole) for song, whole in songs.items()}
    emotion, song = max(likeness, key=lambda song: likeness[song])
    others = max(value for (other, _), value in likeness.items() if other != emotion)
    return Heard(emotion, song, likeness[emotion, song], others, _centroid_hz(samples))


def spectra(samples: Samples) -> Spectra:
    """Ten a second, in bands of equal musical width, whatever the volume."""
    starts = np.arange(0, max(len(samples) - FRAME, 0), HOP)
    pieces = np.stack([samples[start : start + FRAME] * np.hanning(FRAME) for start in starts])
    power = np.abs(np.fft.rfft(pieces)) ** 2
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BANDS + 1) * FRAME / RATE
    sums = np.add.reduceat(power, edges.astype(int)[:-1], axis=1)
    level = np.log(sums + 1e3)
    level -= level.mean(axis=1, keepdims=True)
    return level / (np.linalg.norm(level, axis=1, keepdims=True) + 1e-9)


def _likeness(piece: Spectra, whole: Spectra) -> float:
    """The mean correlation at the place in the song where the piece fits best."""
    last = len(whole) - len(piece)
    places = [float((whole[at : at + len(piece)] * piece).sum(1).mean()) for at in range(last + 1)]
    return max(places, default=0.0)


def _centroid_hz(samples: Samples) -> float:
    power = np.abs(np.fft.rfft(samples.astype(float))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return float((power * hertz).sum() / (power.sum() + 1e-9))


def _decoded(file: Path) -> Samples:
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        file,
        "-f",
        "s16le",
        "-ac",
        "1",
        "-ar",
        str(RATE),
        "-",
    ]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "<i2")
