"""Follows a face from one frame to the next: one small look where it was a moment ago."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from pathlib import Path

import cv2
import numpy as np

from appliance.errors import ModelError
from appliance.records import Box, GrayImage
from appliance.vision.classifier import REPAIR, checked_bytes, read_card
from appliance.vision.geometry import Detection
from appliance.vision.interpreter import Interpreter
from appliance.vision.preprocessing import crop, scale


class FaceTracker:
    """Runs models/NAME.tflite as models/NAME.json describes it. Raises ModelError.

    min_probability: below it the face is lost.
    """

    def __init__(self, model: Path, min_probability: float = 0.5) -> None:
        self.name = model.stem
        self._card = _card_of(model)
        self._network = Interpreter(checked_bytes(model, self._card.sha256), str(model))
        self._min_probability = min_probability
        _check_shapes(self._network, model, self._card)

    def follow(self, luma: GrayImage, last: Detection) -> Detection | None:
        """Where this face is now, its score the network's; None if it is there no more."""
        side = max(1, round(last.side * self._card.room))
        left, top = round(last.x - side / 2), round(last.y - side / 2)
        pixels = crop(luma, Box(left, top, side, side))
        size = self._card.size_px
        # Linear, as in training: averaging a large face's window takes ten times as long.
        window = np.asarray(cv2.resize(pixels, (size, size)), np.uint8)
        outputs = self._network.run(scale(window)[np.newaxis, :, :, np.newaxis])
        probability = 1.0 / (1.0 + exp(-max(-80.0, float(outputs[self._card.face][0, 0]))))
        if probability < self._min_probability:
            return None
        right, down, growth = outputs[self._card.box][0].tolist()
        return Detection(
            last.x + right * last.side,
            last.y + down * last.side,
            last.side * exp(growth),
            probability,
        )


@dataclass(frozen=True, slots=True)
class Card:
    """What a card promises. room: side of a window in sides of a face; face, box: the outputs."""

    sha256: str
    size_px: int
    room: float
    face: int
    box: int


def _card_of(model: Path) -> Card:
    path, card = model.with_suffix(".json"), read_card(model)
    if card.get("task") != "track":
        raise ModelError(f"{path}: is not the card of a model for track; {REPAIR}")
    try:
        outputs = {str(one["head"]): int(one["index"]) for one in card["outputs"]}
        size_px, room = int(card["input"]["size_px"]), float(card["input"]["room"])
        return Card(str(card["sha256"]), size_px, room, outputs["face"], outputs["box"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: lacks what a card must say: {error!r}; {REPAIR}") from error


def _check_shapes(network: Interpreter, model: Path, card: Card) -> None:
    wanted = (1, card.size_px, card.size_px, 1), {card.face: (1, 1), card.box: (1, 3)}
    outputs = dict(enumerate(network.output_shapes))
    found = network.input_shape, {index: outputs.get(index) for index in wanted[1]}
    if found != wanted:
        raise ModelError(f"{model}: has shapes {found}, its card says {wanted}; {REPAIR}")
