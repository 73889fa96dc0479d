"""Other versions of faces, which a network sees while it trains."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

SHIFT = 0.15  # of the side, to each of the four sides
ROTATION_DEG = 15.0  # to either side
SCALE = 0.15  # larger or smaller
CONTRAST = 0.3
BRIGHTNESS = 40.0  # of 255
ERASE_CHANCE = 0.5
ERASE_SIDE = (0.1, 0.4)  # of the side: the least and the greatest


def augment(
    images: npt.NDArray[np.uint8], rng: np.random.Generator, strength: float = 1.0
) -> npt.NDArray[np.uint8]:
    """Each face mirrored, moved, turned, scaled, relit and partly hidden, at random.

    images and result: uint8 (n, side, side). strength: 0…1, the share of the limits above to which
    faces are moved, turned and scaled, and of the chance to be hidden.
    """
    out = np.empty_like(images)
    for index, image in enumerate(images):
        face = image[:, ::-1] if rng.random() < 0.5 else image
        out[index] = _move(np.ascontiguousarray(face), rng, strength)
    out = _relight(out, rng)
    for image in out:
        if rng.random() < ERASE_CHANCE * strength:
            _erase(image, rng)
    return out


def _move(
    image: npt.NDArray[np.uint8], rng: np.random.Generator, strength: float
) -> npt.NDArray[np.uint8]:
    side = image.shape[0]
    angle = strength * rng.uniform(-ROTATION_DEG, ROTATION_DEG)
    scale = 1 + strength * rng.uniform(-SCALE, SCALE)
    middle = (side - 1) / 2
    matrix = np.asarray(cv2.getRotationMatrix2D((middle, middle), angle, scale), np.float64)
    matrix[:, 2] += strength * rng.uniform(-SHIFT, SHIFT, 2) * side
    return np.asarray(
        cv2.warpAffine(image, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _relight(images: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    shape = (len(images), 1, 1)
    contrast = rng.uniform(1 - CONTRAST, 1 + CONTRAST, shape).astype(np.float32)
    brightness = rng.uniform(-BRIGHTNESS, BRIGHTNESS, shape).astype(np.float32)
    lit = (images - np.float32(127.5)) * contrast + np.float32(127.5) + brightness
    return lit.clip(0, 255).astype(np.uint8)


def _erase(image: npt.NDArray[np.uint8], rng: np.random.Generator) -> None:
    side = image.shape[0]
    height, width = (rng.uniform(*ERASE_SIDE, 2) * side).astype(int)
    top, left = rng.integers(0, side - height), rng.integers(0, side - width)
    image[top : top + height, left : left + width] = rng.integers(0, 256)
