"""Gender for every frame, as the published pipeline reads it, but at the least cost.

The running jukebox does not read gender. The bench does, because the paper's figure includes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.records import GENDERS, Face, Frame
from appliance.vision.gender import GenderClassifier

# A followed face stays the same person, so it is read only now and then: once a second at first,
# and less often after enough samples. A track is forgotten when vision/faces.py forgets it.
FIRST_EVERY_S, ENOUGH_SAMPLES, THEN_EVERY_S, FORGOTTEN_S = 1.0, 8, 10.0, 2.0


class GenderReader:
    """Reads the faces of one frame after another: the mean of some samples of each track."""

    def __init__(self, classifier: GenderClassifier) -> None:
        self._classifier = classifier
        self._known: dict[int, _Known] = {}

    def read(self, frame: Frame, faces: Sequence[Face]) -> dict[int, tuple[float, ...]]:
        """Track → probabilities in the order of GENDERS; a new face may be missing at first."""
        if frame.luma is not None:
            due = [face for face in faces if self._is_due(face, frame.time_s)]
            for face in due[:1]:  # one sample a frame, so that no frame takes much longer
                known = self._known.get(face.track, _Known())
                known.add(frame.time_s, self._classifier.classify(frame.luma, face))
                self._known[face.track] = known
        for face in faces:
            if face.track in self._known:
                self._known[face.track].seen_s = frame.time_s
        self._known = {
            track: known
            for track, known in self._known.items()
            if frame.time_s - known.seen_s <= FORGOTTEN_S
        }
        return {
            face.track: self._known[face.track].mean()
            for face in faces
            if face.track in self._known
        }

    def _is_due(self, face: Face, now_s: float) -> bool:
        known = self._known.get(face.track)
        if known is None:
            return True
        every_s = FIRST_EVERY_S if known.samples < ENOUGH_SAMPLES else THEN_EVERY_S
        return now_s - known.sampled_s >= every_s


@dataclass(slots=True)
class _Known:
    """The samples of one track. total: their sum, in the order of GENDERS."""

    total: tuple[float, ...] = (0.0,) * len(GENDERS)
    samples: int = 0
    sampled_s: float = 0.0
    seen_s: float = 0.0

    def add(self, now_s: float, shares: tuple[float, ...]) -> None:
        self.total = tuple(a + b for a, b in zip(self.total, shares, strict=True))
        self.samples += 1
        self.sampled_s = self.seen_s = now_s

    def mean(self) -> tuple[float, ...]:
        return tuple(amount / self.samples for amount in self.total)
