"""The figures of a sound that tell listeners about its mood. Needs librosa."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import librosa
import numpy as np
import numpy.typing as npt

from appliance.sorting.listening import RATE, Sound

Floats = npt.NDArray[np.floating[Any]]

HOP = 512  # samples from one window to the next
HOPS_PER_S = RATE / HOP
KEY_S = 15  # seconds that are taken to be in one key, because pieces modulate
# How often each degree of the scale sounds in classical music: J. Albrecht and D. Shanahan (2013),
# Music Perception 31, 59–67, who treat the minor mode better than others. These profiles find the
# mode of all 21 starter tracks, Krumhansl and Kessler's ratings that of 18.
MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)


@dataclass(frozen=True, slots=True)
class Cues:
    """The cues of one track."""

    tempo_bpm: float  # of the beat; may be half or twice as fast, as when people tap it
    events_per_s: float  # beginnings of notes and beats of drums
    majorness: float  # how much better the best major key fits than the best minor one
    dissonance: float  # semitones and tritones sounding together, over the squared level
    roughness: float  # how much partials beat with each other, by Sethares's curve
    loudness_lufs: float
    range_lu: float  # of loudness
    jump_db: float  # change of level from one second to the next; one in twenty is larger
    brightness_hz: float  # spectral centroid
    attack_db: float  # how far the level rises within 70 ms where a note begins


def measure(sound: Sound) -> Cues:
    """The cues of a passage, which has at least ten seconds and is not silent."""
    with warnings.catch_warnings():
        # A passage without pitch has no tuning; librosa then assumes the usual one.
        warnings.filterwarnings("ignore", message="Trying to estimate tuning")
        chroma = librosa.feature.chroma_cqt(y=sound.samples, sr=RATE, hop_length=HOP)
    power = np.abs(librosa.stft(sound.samples, hop_length=HOP)) ** 2
    mel = librosa.feature.melspectrogram(S=power, sr=RATE)
    onsets = librosa.onset.onset_strength(S=librosa.power_to_db(mel), sr=RATE, hop_length=HOP)
    begins = librosa.onset.onset_detect(onset_envelope=onsets, sr=RATE, hop_length=HOP)
    tempo = librosa.feature.tempo(onset_envelope=onsets, sr=RATE, hop_length=HOP)
    level_db = librosa.power_to_db(power.sum(axis=0), top_db=None)
    centroid = librosa.feature.spectral_centroid(S=np.sqrt(power), sr=RATE)[0]
    return Cues(
        tempo_bpm=float(tempo[0]),
        events_per_s=len(begins) / (len(sound.samples) / RATE),
        majorness=_majorness(chroma),
        dissonance=_dissonance(chroma),
        roughness=_roughness(sound.samples),
        loudness_lufs=sound.loudness_lufs,
        range_lu=sound.range_lu,
        jump_db=_jump_db(level_db),
        brightness_hz=float(np.median(centroid[level_db > level_db.max() - 40])),
        attack_db=_attack_db(level_db, begins),
    )


def _majorness(chroma: Floats) -> float:
    """How much better the best major key fits than the best minor one, as Krumhansl (1990) does.

    chroma: (12, windows), the strength of each pitch class.
    """
    parts = max(1, round(chroma.shape[1] / (KEY_S * HOPS_PER_S)))
    means = [part.mean(axis=1) for part in np.array_split(chroma, parts, axis=1)]
    return float(np.mean([_fit(mean, MAJOR) - _fit(mean, MINOR) for mean in means]))


def _fit(pitch_classes: Floats, profile: tuple[float, ...]) -> float:
    """The best correlation of the pitch classes, (12,), with a key profile in its twelve keys."""
    keys = [np.roll(profile, tonic) for tonic in range(12)]
    return float(np.corrcoef(np.vstack([pitch_classes, *keys]))[0, 1:].max())


def _dissonance(chroma: Floats) -> float:
    """Minor seconds, major sevenths and tritones over the squared level, the mean over seconds.

    chroma: (12, windows).
    """
    standing_out = np.maximum(chroma - np.median(chroma, axis=0), 0)  # drums sound in all twelve
    unit = standing_out / (np.linalg.norm(standing_out, axis=0) + 1e-9)
    seconds = int(unit.shape[1] // HOPS_PER_S)
    second = np.stack([part.mean(axis=1) for part in np.array_split(unit, seconds, axis=1)])
    both = (second * (np.roll(second, 1, axis=1) + np.roll(second, 6, axis=1))).sum(axis=1)
    return float(np.mean(both / ((second**2).sum(axis=1) + 1e-9)))


def _roughness(samples: Floats) -> float:
    """The median roughness of windows of 0.4 s. samples: (length,).

    The curve for two partials is that of W. Sethares (1993), JASA 94, 1218–1228. A pair counts with
    the level of its weaker partial.
    """
    size = 8192
    levels = np.abs(librosa.stft(samples, n_fft=size, hop_length=size))
    hertz = librosa.fft_frequencies(sr=RATE, n_fft=size)
    energy = (levels**2).sum(axis=0)
    heard = levels[:, energy > energy.max() / 1000]
    return float(np.median([_beating(hertz, column) for column in heard.T]))


def _beating(hertz: Floats, level: Floats, partials: int = 30) -> float:
    """The roughness of the strongest partials together, in one spectrum of unit energy.

    hertz, level: (bins,).
    """
    inner = level[1:-1]
    is_peak = (inner > level[:-2]) & (inner >= level[2:]) & (hertz[1:-1] > 50) & (hertz[1:-1] < 5e3)
    peaks = np.flatnonzero(is_peak) + 1
    peaks = peaks[np.argsort(level[peaks])[-partials:]]
    pitch, height = hertz[peaks], level[peaks] / (np.linalg.norm(level[peaks]) + 1e-12)
    lower = np.minimum.outer(pitch, pitch)
    apart = np.abs(np.subtract.outer(pitch, pitch)) * 0.24 / (0.0207 * lower + 18.96)
    curve = np.exp(-3.5 * apart) - np.exp(-5.75 * apart)
    return float((np.minimum.outer(height, height) * curve).sum() / 2)


def _jump_db(level_db: Floats) -> float:
    """The jump of level that one second in twenty exceeds. level_db: (windows,)."""
    seconds = int(len(level_db) // HOPS_PER_S)
    means = [10 * np.log10(np.mean(10 ** (part / 10)) + 1e-12)
             for part in np.array_split(level_db, seconds)]  # fmt: skip
    return float(np.percentile(np.abs(np.diff(means)), 95))


def _attack_db(level_db: Floats, begins: npt.NDArray[np.int_]) -> float:
    """The median rise of the level where notes begin. begins: (notes,), numbers of windows."""
    inside = begins[(begins >= 3) & (begins < len(level_db) - 4)]
    rises = [
        level_db[begin : begin + 4].max() - level_db[begin - 3 : begin + 1].min()
        for begin in inside
    ]
    return float(np.median(rises)) if rises else 0.0
