"""A picture as the searching networks look at it: squares of it, gray or in colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from appliance.records import Box, ChromaImage, GrayImage, Picture
from appliance.vision.preprocessing import window


@dataclass(frozen=True, slots=True)
class Pixels:
    """A picture as the networks look at it. chroma: its colour; None for gray."""

    luma: GrayImage
    chroma: ChromaImage | None = None

    @classmethod
    def of(cls, picture: Picture) -> Pixels:
        """All that the picture has."""
        if picture.chroma is None:
            return cls(picture.luma)
        chroma, (height, width) = picture.chroma(), (max(1, n // 2) for n in picture.luma.shape)
        if chroma.shape[0] < height or chroma.shape[1] < width:  # such as of a damaged JPEG
            chroma = np.asarray(cv2.resize(chroma, (width, height)), np.uint8)
        return cls(picture.luma, chroma)

    def square(self, box: Box, size_px: int) -> npt.NDArray[np.uint8]:
        """A square of the picture, shrunk: uint8 (size_px, size_px), or in colour (…, …, 3), RGB.

        box: inside the picture.
        """
        # Linear: 22 µs where INTER_AREA takes 239 µs, and the scores are much the same.
        luma = _shrunk(_cut(self.luma, box), size_px)
        if self.chroma is None:
            return luma
        half = Box(box.x // 2, box.y // 2, max(1, box.width // 2), max(1, box.height // 2))
        return _rgb(luma, _shrunk(_cut(self.chroma, half), size_px))

    def turned(
        self, middle: tuple[float, float], side: float, tilt: float, size_px: int
    ) -> npt.NDArray[np.uint8]:
        """The same of a square that is turned with a head, as preprocessing.window() cuts it."""
        luma = window(self.luma, middle, side, tilt, size_px)
        if self.chroma is None:
            return luma
        x, y = middle
        return _rgb(luma, window(self.chroma, (x / 2, y / 2), side / 2, tilt, size_px))


def _cut(pixels: npt.NDArray[np.uint8], box: Box) -> npt.NDArray[np.uint8]:
    return pixels[box.y : box.y + box.height, box.x : box.x + box.width]


def _shrunk(pixels: npt.NDArray[np.uint8], size_px: int) -> npt.NDArray[np.uint8]:
    small = cv2.resize(pixels, (size_px, size_px), interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, np.uint8)


def _rgb(luma: GrayImage, chroma: ChromaImage) -> npt.NDArray[np.uint8]:
    """The two as one picture, uint8 (height, width, 3). Both have the same height and width."""
    return np.asarray(cv2.cvtColor(cv2.merge((luma, chroma)), cv2.COLOR_YCrCb2RGB), np.uint8)
