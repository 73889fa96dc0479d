"""Frame + faces → seven probabilities for each face."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from appliance.errors import ModelError
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
from appliance.vision.cards import REPAIR, card_path
from appliance.vision.classifier import Answer, ModelClassifier
from appliance.vision.geometry import straightening
from appliance.vision.quality import UNCLEAR_WEIGHT, unclear


class EmotionClassifier(ModelClassifier):
    """Reads faces with models/NAME.tflite as models/NAME.json describes it.

    in_turn: the faces of every other frame are mirrored. Averaged over time, as the mood is, the
    answers are then as good as those of a network that reads both every time: half the work.
    priors: those of the card, or even ones if it has none. Raises ModelError as ModelClassifier.
    """

    def __init__(self, model: Path, *, in_turn: bool = False) -> None:
        super().__init__(model, "emotion", EMOTIONS)
        self.priors = self.card.priors or Priors.even()
        self._evened = self.priors.evened()
        self._in_turn = in_turn
        self._mirrored = True
        self._check_inside()

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """The scores of each face, in the order of faces; none for a frame without a picture."""
        if frame.luma is None:
            return ()
        self._mirrored = self._in_turn and not self._mirrored
        height, width = frame.luma.shape
        return tuple(self._scores(frame.luma, face, weight(face, width, height)) for face in faces)

    def _check_inside(self) -> None:
        """Raises ModelError unless the last maps are there and fit what the card does with them."""
        inside, correction = self.card.inside, self.card.correction
        shapes = self._network.output_shapes
        shape = shapes[inside.index] if inside and inside.index < len(shapes) else ()
        if inside and len(shape) != len(("one", "down", "right", "channels")):
            raise ModelError(
                f"{self.card.model}: has no last maps at output {inside.index}; {REPAIR}"
            )
        wanted = (len(EMOTIONS), len(EMOTIONS) + (shape[-1] if shape else 0))
        if correction and correction.weights.shape != wanted:
            raise ModelError(
                f"{card_path(self.card.model)}: its correction is for other numbers than the"
                f" {wanted[1] - wanted[0]} that the network gives; {REPAIR}"
            )

    def _scores(self, luma: GrayImage, face: Face, weight: float) -> EmotionScores:
        """weight: of the face if it can be read well."""
        image = face_pixels(luma, face)
        answer = self.read(preprocessing.mirrored(image) if self._mirrored else image)
        cause = unclear(face, answer.unclear)
        counts = weight * UNCLEAR_WEIGHT if cause else weight
        mean, numbers = self.for_mood(answer)
        return EmotionScores(face, answer.shares[0], mean, counts, cause, numbers=numbers)

    def for_mood(self, answer: Answer) -> tuple[tuple[float, ...], Numbers | None]:
        """The mean of all heads, corrected if the card has a correction, and the face's numbers."""
        shares = answer.shares
        mean = tuple([sum(of_one) / len(shares) for of_one in zip(*shares, strict=True)])
        numbers = None if answer.inside is None else numbers_of(answer.inside)
        if numbers is None or self.card.correction is None:
            return mean, numbers
        return self.card.correction.corrected(mean, numbers, self._evened), numbers


def numbers_of(maps: npt.NDArray[np.float32]) -> Numbers:
    """The numbers of a face, float32 (channels,). maps: float32 (1, h, w, channels), the last ones.

    They are averages of counts, so to say, whose spread grows with them; that of their roots hardly
    does.
    """
    means = cv2.reduce(maps.reshape(-1, maps.shape[-1]), 0, cv2.REDUCE_AVG)[0]
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
