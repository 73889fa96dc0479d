"""The colour of a camera's picture, in whichever form the camera delivers it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from appliance.images import chroma_of_bgr, colour_decoded, pair
from appliance.records import ChromaImage

Pixels = npt.NDArray[np.uint8]

JPEG = ("MJPG", "JPEG")
# Of the four bytes of two pixels, those of Cr and of Cb.
PACKED = {"YUYV": (3, 1), "UYVY": (2, 0)}
# Below the luma, lines of pairs: the places of Cr and Cb; or the two planes, in this order.
PAIRED = {"NV12": (1, 0), "NV21": (0, 1)}
PLANES = {"YU12": (1, 0), "YV12": (0, 1)}


def chroma_of(picture: Pixels, pixel_format: str) -> Callable[[], ChromaImage] | None:
    """A function that gives the colour of a picture; None if the format has none.

    picture: uint8, as v4l2.in_rows() returns it, a JPEG's bytes, or BGR (height, width, 3). It is
    kept until the function is forgotten.
    """
    if picture.ndim == 3 and picture.shape[2] == 3:
        return partial(chroma_of_bgr, picture)
    if pixel_format in JPEG:
        return partial(colour_decoded, picture.reshape(-1))
    if pixel_format in PACKED and picture.ndim == 3:
        return partial(_packed, picture, PACKED[pixel_format])
    if pixel_format in PAIRED:
        return partial(_paired, picture, PAIRED[pixel_format])
    if pixel_format in PLANES:
        return partial(_planes, picture, PLANES[pixel_format], picture.shape[1])
    return None


def of_planes(planes: Pixels, width: int) -> Callable[[], ChromaImage]:
    """The same of a YUV420 picture whose lines are filled up to a length.

    planes: uint8 (height × 3/2, length). width: of the picture, in pixels.
    """
    return partial(_planes, planes, PLANES["YU12"], width)


def _packed(picture: Pixels, order: tuple[int, int]) -> ChromaImage:
    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    fours = picture[:height:2, :width].reshape(height // 2, width // 2, 4)
    return pair(fours, order)


def _paired(picture: Pixels, order: tuple[int, int]) -> ChromaImage:
    rows = picture.shape[0] * 2 // 3
    pairs = picture[rows:, : picture.shape[1] // 2 * 2].reshape(rows // 2, -1, 2)
    return pair(pairs, order)


def _planes(picture: Pixels, order: tuple[int, int], width: int) -> ChromaImage:
    rows, length = picture.shape[0] * 2 // 3, picture.shape[1]
    both = picture[rows:].reshape(2, rows // 2, length // 2)[:, :, : width // 2]
    return np.ascontiguousarray(np.stack([both[plane] for plane in order], axis=-1))
