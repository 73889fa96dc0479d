"""The signals that tell how joining a Wi-Fi went, found in what came out of the sound card."""

from __future__ import annotations

import io
import wave

import numpy as np
import numpy.typing as npt
from box.hear import Samples
from box.machine import RATE

from appliance.admin.tone import SIGNALS, tone

Wave = npt.NDArray[np.float64]
LIKE = 0.6  # correlation: the starter music itself reaches 0.47; a signal over it was above 0.85
PIECE = 20 * RATE


def heard_signals(samples: Samples) -> list[tuple[float, str, float]]:
    """When each signal begins, in seconds, which it is, and how like it that is: 1 at most."""
    likeness = {name: _likeness(samples, _wave_of(name)) for name in SIGNALS}
    names = list(likeness)
    whole = np.stack(list(likeness.values()))
    found = []
    best = whole.max(axis=0)
    while best.size and best.max() > LIKE:
        at = int(best.argmax())
        found.append((at / RATE, names[int(whole[:, at].argmax())], float(best[at])))
        best[max(at - 2 * RATE, 0) : at + 2 * RATE] = 0
    return sorted(found)


def _wave_of(name: str) -> Wave:
    with wave.open(io.BytesIO(tone(SIGNALS[name]))) as file:
        frames = file.readframes(file.getnframes())
    return np.frombuffer(frames, "<i2")[::2].astype(float)


def _likeness(samples: Samples, shape: Wave) -> Wave:
    """The correlation with the shape, from each sample on."""
    shape = shape / np.linalg.norm(shape)
    length = len(shape)
    pieces = [
        _correlated(samples[begin : begin + PIECE + length - 1].astype(float), shape)
        for begin in range(0, max(len(samples) - length + 1, 0), PIECE)
    ]
    return np.concatenate(pieces) if pieces else np.zeros(0)


def _correlated(piece: Wave, shape: Wave) -> Wave:
    size = 1 << (len(piece) + len(shape)).bit_length()
    spectrum = np.fft.rfft(piece, size) * np.conj(np.fft.rfft(shape, size))
    found = np.fft.irfft(spectrum, size)[: len(piece) - len(shape) + 1]
    energy = np.cumsum(np.concatenate([[0.0], piece**2]))
    norm = np.sqrt(energy[len(shape) :] - energy[: -len(shape)])
    return np.where(norm > len(shape) ** 0.5, np.abs(found) / np.maximum(norm, 1.0), 0.0)
