"""Face pixels → network input: the only copy, for training and for the jukebox."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

import cv2
import numpy as np
import numpy.typing as npt

from appliance.records import Box, GrayImage

# From FER-2013's square to UTKFace's, in sides of the former: narrower, and lower on the face, so
# that the hair above is left out. Medians over 1,197 UTKFace pictures that BlazeFace finds when
# they are pasted four times enlarged into a gray square three times their size are 0.925 and 0.078
# (quartiles ±0.03); over 354 that the Haar cascade finds, 0.946 and 0.076.
PORTRAIT_SIDE, PORTRAIT_DOWN = 0.93, 0.077
# A tilted face is straightened at no more than this side, which any network's input is made of.
UPRIGHT_PX = 96
REACH = 2**0.5  # the side of a square that holds a turned one, in sides of that


# What to_input makes of a face, as a model's card must name it.
INPUT = {"channels": 1, "scaling": "x/127.5-1", "dtype": "float32"}


@dataclass(frozen=True, slots=True)
class Light:
    """The level to which the gray values of some faces are brought, in gray values 0…255.

    mean, spread: of such a face afterwards; its spread is its standard deviation. least: the
    smallest spread that is believed to be a face's, so that the noise of an even patch is not blown
    up without limit. usual_mean, usual_spread: a face with both in these ranges stays as it is.
    """

    mean: float
    spread: float
    least: float
    usual_mean: tuple[float, float]
    usual_spread: tuple[float, float]


# FER-2013's own faces have a median mean of 128 and a median spread of 54. The networks know those
# around them: brought to one level, too, they are read somewhat worse (docs/lab-notebook.md).
LIGHT = Light(130.0, 55.0, 4.0, usual_mean=(60.0, 200.0), usual_spread=(25.0, 85.0))


# What each gray value becomes, float32 (1, 256).
_SCALED = np.arange(256, dtype=np.float32)[np.newaxis] / np.float32(127.5) - np.float32(1.0)


def portrait(box: Box) -> Box:
    """The box of a face cut as UTKFace's pictures are. box: the same, cut as FER-2013's are."""
    side = round(box.width * PORTRAIT_SIDE)
    left = box.x + (box.width - side) / 2
    top = box.y + (box.height - side) / 2 + PORTRAIT_DOWN * box.height
    return Box(round(left), round(top), side, side)


def crop(luma: GrayImage, box: Box) -> GrayImage:
    """The pixels of a box, uint8 (box.height, box.width).

    luma: uint8 (height, width), the whole frame. Beyond its edges its last pixels repeat.
    """
    height, width = luma.shape
    left, top = max(0, -box.x), max(0, -box.y)
    right, bottom = max(0, box.x + box.width - width), max(0, box.y + box.height - height)
    inside: GrayImage = luma[max(0, box.y) : box.y + box.height, max(0, box.x) : box.x + box.width]
    if left or top or right or bottom:
        widened = cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_REPLICATE)
        return np.asarray(widened, np.uint8)
    return inside


def upright(luma: GrayImage, box: Box, tilt: float) -> GrayImage:
    """The pixels of a face whose head is straightened first, uint8 (side, side).

    The side is that of the box, or UPRIGHT_PX if that is less. luma: uint8 (height, width), the
    whole frame. box: around the face. tilt: degrees clockwise. Beyond the frame's edges its last
    pixels repeat.
    """
    side, halvings = min(UPRIGHT_PX, box.width), 0
    while box.width >> (halvings + 1) >= UPRIGHT_PX:
        halvings += 1  # exact halves are quick to average, and lines do not fall between pixels
    around = -(-round(box.width * REACH) >> halvings) << halvings
    left, top = box.x - (around - box.width) // 2, box.y - (around - box.height) // 2
    window = crop(luma, Box(left, top, around, around))
    small = around >> halvings
    if halvings:
        window = np.asarray(cv2.resize(window, (small, small), interpolation=cv2.INTER_AREA))
    middle, scale = (small - 1) / 2, side / (box.width >> halvings)
    turn = np.asarray(cv2.getRotationMatrix2D((middle, middle), tilt, scale), np.float64)
    turn[:, 2] += (side - 1) / 2 - middle
    return np.asarray(cv2.warpAffine(window, turn, (side, side)), np.uint8)


def window(
    luma: GrayImage, middle: tuple[float, float], side: float, tilt: float, size_px: int
) -> GrayImage:
    """A square of the picture that is turned with a head, uint8 (size_px, size_px), head upright.

    luma: uint8 (height, width), the whole frame. middle: x and y of the square. side: in pixels of
    the frame. tilt: of the head, degrees clockwise. Linear: for the searching networks, which know
    jagged edges. Beyond the frame's edges its last pixels repeat.
    """
    scale = side / size_px
    right, down = scale * cos(radians(tilt)), scale * sin(radians(tilt))
    place = np.array([[right, -down, 0.0], [down, right, 0.0]])  # from the square to the picture
    place[:, 2] = np.subtract(middle, 0.5) - place[:, :2] @ np.full(2, (size_px - 1) / 2)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = size_px, size_px
    turned = cv2.warpAffine(luma, place, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def mirrored(image: GrayImage) -> GrayImage:
    """The picture with left and right exchanged, uint8 of the same shape (height, width)."""
    return np.asarray(cv2.flip(image, 1), np.uint8)


def to_input(face: GrayImage, size_px: int, light: Light | None = None) -> npt.NDArray[np.float32]:
    """A face as the networks take it: float32 (1, size_px, size_px, 1), gray scaled to -1…1.

    face: uint8 (height, width) of any size. light: as the network's card says, None: as it is.
    """
    if face.shape != (size_px, size_px):
        face = resized(face, size_px)
    scaled = scale(face) if light is None else levelled(face, light)
    return scaled[np.newaxis, :, :, np.newaxis]


def resized(face: GrayImage, size_px: int) -> GrayImage:
    """The face as a square of this side. Shrinking averages, or edges would come out jagged."""
    side_px = size_px
    while 2 * side_px <= min(face.shape):
        side_px *= 2
    if side_px == size_px:
        shrinking = face.shape[0] > size_px
        method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(face, (size_px, size_px), interpolation=method), np.uint8)
    # Averages of two by two whole pixels are quick: 13 µs for a face of 183 pixels and 38 µs for
    # one of 380, where averages of fractions take 55 and 280, and hardly differ.
    small = cv2.resize(face, (side_px, side_px), interpolation=cv2.INTER_LINEAR)
    while side_px > size_px:
        side_px //= 2
        small = cv2.resize(small, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def scale(pixels: GrayImage) -> npt.NDArray[np.float32]:
    """Gray 0…255 as float32 -1…1, as for the published mini-Xception (Arriaga et al. 2017).

    pixels: uint8 of any shape; the result has the same.
    """
    if pixels.ndim == 2:
        return np.asarray(cv2.LUT(pixels, _SCALED), np.float32)  # 1 µs of 48×48; arithmetic 3 µs
    return np.asarray(_SCALED[0].take(pixels))


def levelled(pixels: GrayImage, light: Light) -> npt.NDArray[np.float32]:
    """The same of a face that is brought to this light first: 3 µs, of 48×48; scale alone 1 µs.

    pixels: uint8 (height, width), one face; the result has the same shape and the range -1…1.
    """
    mean, spread = (measured.item() for measured in cv2.meanStdDev(pixels))
    if _is_within(mean, light.usual_mean) and _is_within(spread, light.usual_spread):
        return scale(pixels)
    gain = light.spread / max(spread, light.least)
    shift = light.mean - gain * mean
    return scale(np.asarray(cv2.addWeighted(pixels, gain, pixels, 0.0, shift), np.uint8))


def _is_within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]
