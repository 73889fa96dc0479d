"""Faces as a camera in a room gets them: tilted, behind glasses, masks and hands, dark, unsharp.

FER-2013 hardly has such faces. The networks learn from them what the face without the disturbance
would say. All functions take and give uint8 (side, side) and draw what a generator chooses.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]
Rng = np.random.Generator

# Where FER-2013's faces have their parts, in shares of the side: the eyes' centres beside the
# middle and from the top, the mouth, the chin.
EYE_BESIDE, EYE_DOWN, MOUTH_DOWN, CHIN_DOWN = 0.185, 0.40, 0.77, 0.95
FINE = 4  # drawings are made so many times larger and shrunk, or their edges would be jagged


@dataclass(frozen=True, slots=True)
class Lens:
    """Half of a pair of glasses: its centre, and half its width and height, in pixels."""

    x: int
    y: int
    wide: float
    high: float
    is_round: bool


def glasses(face: Gray, rng: Rng) -> Gray:
    """The face with glasses: frames, a bridge, temples, sometimes tinted glass or a reflection."""
    side = face.shape[0] * FINE
    large = _enlarged(face)
    shade = int(rng.integers(0, 90) if rng.random() < 0.8 else rng.integers(150, 256))
    thick = max(1, round(side * rng.uniform(0.012, 0.04)))
    eye_y = side * (EYE_DOWN + rng.normal(0.01, 0.02))
    beside = side * (EYE_BESIDE + rng.normal(0, 0.012))
    middle = side * (0.5 + rng.normal(0, 0.012))
    wide, high = side * rng.uniform(0.11, 0.15), side * rng.uniform(0.07, 0.13)
    is_round = bool(rng.random() < 0.5)
    left, right = (
        Lens(round(middle + sign * beside), round(eye_y), wide, high, is_round) for sign in (-1, 1)
    )
    tint = rng.uniform(0.05, 0.5) if rng.random() < 0.3 else 0.0
    for lens in (left, right):
        glass = large.copy()
        _lens(glass, lens, 20, -1)
        large = np.asarray(cv2.addWeighted(glass, tint, large, 1 - tint, 0), np.uint8)
        _lens(large, lens, shade, thick)
    if rng.random() < 0.25:
        _reflect(large, (left, right)[int(rng.integers(2))], rng)
    y = round(eye_y - high * rng.uniform(0, 0.5))
    cv2.line(large, (round(left.x + wide), y), (round(right.x - wide), y), [shade], thick)
    cv2.line(large, (round(left.x - wide), y), (0, y - thick), [shade], thick)
    cv2.line(large, (round(right.x + wide), y), (side, y - thick), [shade], thick)
    return _shrunk(large, face.shape[0])


def mask(face: Gray, rng: Rng) -> Gray:
    """The face with a mask over nose, mouth and chin: shaded, sometimes folded, with its loops."""
    side = face.shape[0] * FINE
    large = _enlarged(face)
    top = side * rng.uniform(0.48, 0.6)
    half_top, half_low = side * rng.uniform(0.27, 0.38), side * rng.uniform(0.14, 0.26)
    low = side * rng.uniform(0.93, 1.05)
    middle = side * (0.5 + rng.normal(0, 0.015))
    cheek_y = top + side * rng.uniform(0.03, 0.12)
    outline = np.array(
        [
            (middle - half_top, cheek_y), (middle - side * 0.1, top), (middle + side * 0.1, top),
            (middle + half_top, cheek_y), (middle + half_top * 0.93, side * 0.78),
            (middle + half_low, low), (middle - half_low, low),
            (middle - half_top * 0.93, side * 0.78),
        ], np.int32,
    )  # fmt: skip
    shape = np.zeros_like(large)
    cv2.fillPoly(shape, [outline], [255])
    cloth = _cloth(side, rng)
    for end in (0, side):
        edge = outline[0] if end == 0 else outline[3]
        cv2.line(large, tuple(map(int, edge)), (end, round(side * 0.42)), [int(cloth.mean())], 3)
    soft = cv2.GaussianBlur(shape, (0, 0), FINE * 0.5).astype(np.float32)[..., np.newaxis] / 255
    mixed = large * (1 - soft[..., 0]) + cloth * soft[..., 0]
    return _shrunk(np.asarray(mixed.clip(0, 255), np.uint8), face.shape[0])


def hand(face: Gray, rng: Rng) -> Gray:
    """The face with a hand on mouth, cheek, chin or eyes: fingers as light as the skin."""
    side = face.shape[0] * FINE
    large = _enlarged(face)
    skin = float(np.median(large[side // 4 : 3 * side // 4, side // 4 : 3 * side // 4]))
    shade = skin * rng.uniform(0.75, 1.2)
    x, y = side * rng.uniform(0.2, 0.8), side * rng.uniform(0.35, 0.9)
    angle = rng.uniform(0, np.pi)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    thick, length = side * rng.uniform(0.07, 0.11), side * rng.uniform(0.25, 0.45)
    for finger in range(int(rng.integers(2, 5))):
        centre = np.array([x, y]) + across * (finger - 1.5) * thick * 1.05
        start, end = centre - along * length / 2, centre + along * length * rng.uniform(0.4, 0.6)
        ends = tuple(map(round, start)), tuple(map(round, end))
        cv2.line(large, *ends, [int(max(0, shade - 45))], round(thick * 1.12))
        cv2.line(large, *ends, [int(min(255, shade + rng.uniform(-8, 8)))], round(thick))
    palm = np.array([x, y]) - along * length * 0.75
    cv2.circle(large, tuple(map(round, palm)), round(thick * 2.1), [int(min(255, shade))], -1)
    return _shrunk(np.asarray(cv2.GaussianBlur(large, (0, 0), FINE * 0.4), np.uint8), face.shape[0])


def tilted(face: Gray, degrees: float) -> Gray:
    """The face turned in the picture's plane, against the clock; its edge repeats."""
    side = face.shape[0]
    middle = (side - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), degrees, 1.0)
    drawn = cv2.warpAffine(face, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(drawn, np.uint8)


def blurred(face: Gray, sigma: float) -> Gray:
    """The face out of focus. sigma: of the Gaussian, in pixels of the face."""
    return np.asarray(cv2.GaussianBlur(face, (0, 0), sigma), np.uint8) if sigma > 0 else face


def small(face: Gray, size_px: int) -> Gray:
    """The face as it comes from so few pixels: shrunk, and enlarged again."""
    shape = face.shape[1], face.shape[0]
    return np.asarray(cv2.resize(cv2.resize(face, (size_px, size_px)), shape), np.uint8)


def dark(face: Gray, contrast: float, noise: float, rng: Rng) -> Gray:
    """The face with little light: of its contrast so much, and noise of so many gray levels."""
    few = face * np.float32(contrast) + rng.standard_normal(face.shape, np.float32) * noise
    return np.asarray(np.rint(few + 10).clip(0, 255), np.uint8)


def lit_from_a_side(face: Gray, rng: Rng) -> Gray:
    """The face with its one half in the shade."""
    side = face.shape[0]
    angle = rng.uniform(0, 2 * np.pi)
    ys, xs = np.mgrid[-0.5 : 0.5 : side * 1j, -0.5 : 0.5 : side * 1j]
    ramp = (xs * np.cos(angle) + 0.5 * ys * np.sin(angle)) * rng.uniform(2, 8)
    least = rng.uniform(0.15, 0.6)
    light = least + (1 - least) / (1 + np.exp(-ramp))
    return np.asarray((face * light).clip(0, 255), np.uint8)


def _lens(image: Gray, lens: Lens, shade: int, thick: int) -> None:
    if lens.is_round:
        axes = round(lens.wide), round(lens.high)
        cv2.ellipse(image, (lens.x, lens.y), axes, 0, 0, 360, [shade], thick)
    else:
        upper = round(lens.x - lens.wide), round(lens.y - lens.high)
        lower = round(lens.x + lens.wide), round(lens.y + lens.high)
        cv2.rectangle(image, upper, lower, [shade], thick)


def _reflect(image: Gray, lens: Lens, rng: Rng) -> None:
    x = lens.x + round(lens.wide * rng.uniform(-0.5, 0.5))
    y = lens.y + round(lens.high * rng.uniform(-0.5, 0.5))
    axes = round(lens.wide * rng.uniform(0.1, 0.5)), round(lens.high * rng.uniform(0.1, 0.5))
    cv2.ellipse(image, (x, y), axes, rng.uniform(0, 180), 0, 360, [235], -1)


def _cloth(side: int, rng: Rng) -> npt.NDArray[np.float32]:
    """Cloth of one gray, darker towards its sides, sometimes with folds across."""
    ys, xs = np.mgrid[0 : 1 : side * 1j, -0.5 : 0.5 : side * 1j]
    shade = rng.uniform(30, 250) if rng.random() < 0.4 else rng.uniform(150, 250)
    cloth = shade * (1 - rng.uniform(0.2, 1.4) * xs**2 + rng.uniform(-0.4, 0.4) * xs)
    if rng.random() < 0.6:
        folds = rng.uniform(10, 30)
        cloth += rng.uniform(4, 18) * np.sin(2 * np.pi * folds * ys + rng.uniform(0, 6))
    return np.asarray(cloth, np.float32)


def _enlarged(face: Gray) -> Gray:
    side = face.shape[0] * FINE
    return np.asarray(cv2.resize(face, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)


def _shrunk(large: Gray, side: int) -> Gray:
    return np.asarray(cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
