"""Frame + faces → seven probabilities for each face."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from pathlib import Path

import numpy as np
import numpy.typing as npt

from appliance.records import (
    EMOTIONS,
    Box,
    EmotionScores,
    Face,
    Frame,
    GrayImage,
    Numbers,
    Priors,
)
from appliance.vision import preprocessing
from appliance.vision.classifier import ModelClassifier
from appliance.vision.geometry import straightening
from appliance.vision.quality import UNCLEAR_WEIGHT, unclear


class EmotionClassifier(ModelClassifier):
    """Reads faces with models/NAME.tflite as models/NAME.json describes it.

    in_turn: the faces of every other frame are mirrored. Averaged over time, as the mood is, the
    answers are then as good as those of a network that reads both every time: half the work.
    priors: those of the card, or even ones if it has none. Raises ModelError as ModelClassifier.
    numbers_from: the tensor with the numbers by which people are taught; None: scores have none.
    """

    def __init__(self, model: Path, *, in_turn: bool = False) -> None:
        super().__init__(model, "emotion", EMOTIONS)
        self._numbers_from: int | None = None
        self.priors = self.card.priors or Priors.even()
        self._in_turn = in_turn
        self._mirrored = True

    @property
    def numbers_from(self) -> int | None:
        """The tensor that the numbers come from; it may be set at any time."""
        return self._numbers_from

    @numbers_from.setter
    def numbers_from(self, tensor: int | None) -> None:
        if tensor != self._numbers_from:
            self._network, self._numbers_from = self.card.network(tensor), tensor

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """The scores of each face, in the order of faces; none for a frame without a picture."""
        if frame.luma is None:
            return ()
        self._mirrored = self._in_turn and not self._mirrored
        height, width = frame.luma.shape
        return tuple(self._scores(frame.luma, face, weight(face, width, height)) for face in faces)

    def _scores(self, luma: GrayImage, face: Face, weight: float) -> EmotionScores:
        """weight: of the face if it can be read well."""
        image = face_pixels(luma, face)
        heads, told = self.read(preprocessing.mirrored(image) if self._mirrored else image)
        mean = tuple([sum(shares) / len(heads) for shares in zip(*heads, strict=True)])
        cause = unclear(face, told)
        counts = weight * UNCLEAR_WEIGHT if cause else weight
        numbers = None if self._numbers_from is None else numbers_of(self._network.inner())
        return EmotionScores(face, heads[0], mean, counts, cause, numbers=numbers)


def numbers_of(maps: npt.NDArray[np.float32]) -> Numbers:
    """The numbers of a face, float32 (72,). maps: the network's last ones, (1, 6, 6, 72).

    They are averages of counts, so to say, whose spread grows with them; that of their roots hardly
    does.
    """
    means = maps.reshape(-1, maps.shape[-1]).mean(axis=0)
    return np.asarray(np.sqrt(np.maximum(means, 0.0)), np.float32)


def face_pixels(luma: GrayImage, face: Face) -> GrayImage:
    """The face as the networks read it, uint8 (side, side): straightened if it is tilted much.

    luma: uint8 (height, width), the whole frame.
    """
    tilt = straightening(face.tilt)
    if not tilt:
        return preprocessing.crop(luma, face.box)
    return preprocessing.upright(luma, face.box, tilt)


def weight(face: Face, width_px: int, height_px: int) -> float:
    """How much a face counts among several, 0…1: by size, score and nearness to the centre.

    width_px, height_px: of the frame.
    """
    size = min(1.0, face.box.height / height_px)
    return face.score * size * _centrality(face.box, width_px, height_px)


def _centrality(box: Box, width_px: int, height_px: int) -> float:
    """1 in the middle of the frame, 1/2 in its corners."""
    right = (box.x + box.width / 2) / width_px - 0.5
    down = (box.y + box.height / 2) / height_px - 0.5
    return 1.0 - 0.5 * min(1.0, hypot(right, down) / hypot(0.5, 0.5))
