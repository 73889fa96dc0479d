"""Follows a face from frame to frame: a small network sees the place where it was last."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from pathlib import Path

import cv2
import numpy as np

from appliance.errors import ModelError
from appliance.records import Box, GrayImage
from appliance.vision.cards import REPAIR, card_path, read_card
from appliance.vision.geometry import Detection, straightening
from appliance.vision.preprocessing import crop, scale, window


class FaceTracker:
    """Runs models/NAME.tflite as models/NAME.json describes it.

    min_probability: below it the face is lost. Raises ModelError if the card cannot be used, is not
    a tracker's or does not describe the file.
    """

    def __init__(self, model: Path, min_probability: float = 0.5) -> None:
        self.name = model.stem
        card = read_card(model, "track")
        if not (card.heads.keys() >= {"face", "box"} and card.room > 0):
            raise ModelError(
                f"{card_path(model)}: lacks what a card must say: face, box, room; {REPAIR}"
            )
        self._network = card.network()
        self._size_px, self._room = card.size_px, card.room
        self._face, self._box = card.heads["face"].index, card.heads["box"].index
        self._min_probability = min_probability
        window = (1, card.size_px, card.size_px, 1)
        card.check_shapes(self._network, (window,), {self._face: (1, 1), self._box: (1, 3)})

    def follow(self, luma: GrayImage, last: Detection) -> Detection | None:
        """Where this face is now, with the network's score; None if it is not there any more.

        luma: uint8 (height, width), the whole picture. last: where the face was a moment ago.
        """
        pixels = self._window(luma, last)
        outputs = self._network.run(scale(pixels)[np.newaxis, :, :, np.newaxis])
        probability = 1.0 / (1.0 + exp(-max(-80.0, float(outputs[self._face][0, 0]))))
        if probability < self._min_probability:
            return None
        right, down, growth = outputs[self._box][0].tolist()
        moved = last.moved(right * last.side, down * last.side, straightening(last.tilt))
        return replace(moved, side=last.side * exp(growth), score=probability)

    def _window(self, luma: GrayImage, last: Detection) -> GrayImage:
        """The picture around a face, as large as the network takes it, the head upright."""
        size_px, side = self._size_px, max(1.0, last.side * self._room)
        tilt = straightening(last.tilt)
        if tilt:
            return window(luma, (last.x, last.y), side, tilt, size_px)
        side_px = round(side)
        left, top = round(last.x - side_px / 2), round(last.y - side_px / 2)
        pixels = crop(luma, Box(left, top, side_px, side_px))
        # Linear, as in training: averaging a large face's window takes ten times as long.
        return np.asarray(cv2.resize(pixels, (size_px, size_px)), np.uint8)
