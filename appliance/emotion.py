"""Frame + faces → seven probabilities each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from appliance import preprocessing
from appliance.classifier import Classifier
from appliance.records import EMOTIONS, Box, EmotionScores, Face, Frame


class EmotionClassifier(Classifier):
    """Reads faces with models/NAME.tflite as models/NAME.json describes it. Raises ModelError."""

    def __init__(self, model: Path) -> None:
        super().__init__(model, "emotion", EMOTIONS)

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """How each face looks; nothing for a frame without a picture."""
        if frame.luma is None:
            return ()
        return tuple(
            EmotionScores(
                face,
                self.probabilities(preprocessing.crop(frame.luma, face.box)),
                weight(face, frame.luma.shape[1], frame.luma.shape[0]),
            )
            for face in faces
        )


def weight(face: Face, width_px: int, height_px: int) -> float:
    """How much a face counts among several, 0…1: by size, certainty and nearness to the centre."""
    size = min(1.0, face.box.height / height_px)
    return face.score * size * _centrality(face.box, width_px, height_px)


def _centrality(box: Box, width_px: int, height_px: int) -> float:
    """1 in the middle of the frame, 1/2 in its corners."""
    right = (box.x + box.width / 2) / width_px - 0.5
    down = (box.y + box.height / 2) / height_px - 0.5
    return 1.0 - 0.5 * min(1.0, float(np.hypot(right, down)) / float(np.hypot(0.5, 0.5)))
