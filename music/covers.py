"""The cover art: one flat picture for each emotion, painted by formulas."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

SIZE_PX = 300
SUPERSAMPLING = 4  # drawn larger and averaged, which smooths the edges

# Both have the shape (rows, columns) with SIZE_PX * SUPERSAMPLING of each.
Plane = npt.NDArray[np.float64]  # a value for each pixel; x and y run from -1 to 1, y downwards
Areas = npt.NDArray[np.intp]  # the index of each pixel's colour in the palette


def cover_png(emotion: str) -> bytes:
    """Return the cover of an emotion as a PNG file. Raises KeyError for an unknown emotion."""
    palette, paint = DESIGNS[emotion]
    pixels = SIZE_PX * SUPERSAMPLING
    axis = (np.arange(pixels) + 0.5) * 2 / pixels - 1
    areas = paint(*np.meshgrid(axis, axis))
    colours = np.array([_blue_green_red(colour) for colour in palette], np.uint8)  # (colours, 3)
    large = colours[areas]  # (rows, columns, 3)
    small = cv2.resize(large, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)
    written, png = cv2.imencode(".png", small, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    assert written
    return png.tobytes()


def _angry(x: Plane, y: Plane) -> Areas:
    """Paint jagged bands that drive upwards to the right."""
    zigzag = np.abs((x * 2.5) % 1 - 0.5)
    return _floor((y * 1.5 + x * 0.6 + zigzag) * 3) % 4


def _disgust(x: Plane, y: Plane) -> Areas:
    """Paint blots that run into each other."""
    blots = np.sin(4 * x + 2 * np.sin(3 * y)) + np.sin(5 * y + 2 * np.cos(2.5 * x))
    return _clipped(blots * 1.5 + 2, 3)


def _fear(x: Plane, y: Plane) -> Areas:
    """Paint a pale light at the end of a corridor that is not quite straight."""
    distance = np.hypot(x + 0.15 * y, y - 0.1) * (1 + 0.12 * np.sin(3 * np.arctan2(y, x)))
    return _clipped(distance * 5, 4)


def _happy(x: Plane, y: Plane) -> Areas:
    """Paint a sun low on the left with broad rays."""
    distance, angle = np.hypot(x + 0.3, y - 0.3), np.arctan2(y - 0.3, x + 0.3)
    rays = np.where(np.sin(11 * angle) > 0, 1, 0)
    return np.where(distance < 0.42, 3, np.where(distance < 0.55, 2, rays))


def _sad(x: Plane, y: Plane) -> Areas:
    """Paint waves that darken towards the ground."""
    swell: Plane = 0.09 * np.sin(5 * x + 6 * y)
    return _clipped((y + swell) * 3 + 3, 5)


def _surprise(x: Plane, y: Plane) -> Areas:
    """Paint a burst whose neighbouring rays differ in length and colour."""
    distance = np.hypot(x, y)
    sector = _floor((np.arctan2(y, x) / np.pi + 1) * 9) % 18
    reach = np.array([0.95, 0.5, 0.75, 0.6, 1.05, 0.45, 0.8, 0.55, 0.9])[sector % 9]
    return np.where(distance < 0.22, 1, np.where(distance < reach, 2 + sector % 3, 0))


def _neutral(x: Plane, y: Plane) -> Areas:
    """Paint a disc that rests on a level horizon."""
    disc = np.hypot(x, y - 0.1) < 0.45
    return np.where(y > 0.1, np.where(disc, 3, 2), np.where(disc, 1, 0))


DESIGNS: dict[str, tuple[tuple[str, ...], Callable[[Plane, Plane], Areas]]] = {
    "angry": (("1c1012", "b3131b", "e5372a", "5b0d14"), _angry),
    "disgust": (("4d5a1e", "8a9a2b", "6a3f5c", "c3c95a"), _disgust),
    "fear": (("dfe6d8", "6f7f8f", "39445a", "1d2236", "0b0d18"), _fear),
    "happy": (("ffd54a", "ffe48a", "ff8f3c", "f4592f"), _happy),
    "sad": (("b9cbdc", "8eabc6", "6488ac", "43678f", "2c4a70", "1c3151"), _sad),
    "surprise": (("2a1a5e", "ffffff", "ff4f8b", "ffc93c", "22c1c3"), _surprise),
    "neutral": (("e9e2d3", "cfc2a8", "a8b5b2", "8a9a98"), _neutral),
}


def _floor(values: Plane) -> Areas:
    """Return each value rounded down to a whole number."""
    whole: Areas = np.floor(values).astype(np.intp)
    return whole


def _clipped(values: Plane, last: int) -> Areas:
    """Return each value rounded down to a whole number from 0 to last."""
    indices: Areas = np.clip(_floor(values), 0, last)
    return indices


def _blue_green_red(colour: str) -> tuple[int, ...]:
    """Return the channels of RRGGBB in OpenCV's order."""
    return tuple(bytes.fromhex(colour))[::-1]
