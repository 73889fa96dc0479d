"""The people of the demo reel: composite faces, with drawn hair, neck and shoulders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cv2
import numpy as np
import numpy.typing as npt

from appliance.records import Emotion, GrayImage

Plane = npt.NDArray[np.float32]
Points = npt.NDArray[np.float32]  # (points, 2): x, y

FACE_PX = 160  # side of a composite, which is cut as FER-2013's pictures are
# The picture of a person, and where its face's upper left corner and middle are.
SIZE = (470, 400)  # height, width
FACE_AT = (120, 70)  # x, y
MIDDLE = (FACE_AT[0] + FACE_PX / 2, FACE_AT[1] + FACE_PX / 2)


@dataclass(frozen=True, slots=True)
class Appearance:
    """What tells one person from another: grays 0…255 of hair and shirt, length of the hair."""

    hair: int
    shirt: int
    hair_px: int


@dataclass(frozen=True, slots=True)
class Person:
    """A person to merge into a picture.

    gray: uint8 (470, 400). cover: float32 (470, 400), from 0, transparent, to 1, opaque.
    """

    gray: GrayImage
    cover: Plane


@cache
def person(appearance: Appearance, emotion: Emotion) -> Person:
    """A person of this appearance who shows one emotion."""
    composite = _composite(emotion)
    return _with_face(appearance, composite.image, composite.points)


def between(appearance: Appearance, before: Emotion, now: Emotion, share: float) -> Person:
    """A person whose face changes from one emotion to another. share: 0 before … 1 now.

    Both faces are bent to the shape between them, and one fades into the other.
    """
    first, second = _composite(before), _composite(now)
    way = _way(before, now)
    image = cv2.addWeighted(
        _bent(first.image, -share * way),
        1.0 - share,
        _bent(second.image, (1.0 - share) * way),
        share,
        0.0,
    )
    points = (1.0 - share) * first.points + share * second.points
    return _with_face(appearance, np.asarray(image, np.uint8), points.astype(np.float32))


@dataclass(frozen=True, slots=True)
class _Composite:
    image: GrayImage
    points: Points


@cache
def _composite(emotion: Emotion) -> _Composite:
    folder = files("appliance.camera") / "reel_faces"
    png = np.frombuffer((folder / f"{emotion}.png").read_bytes(), np.uint8)
    note = json.loads((folder / "faces.json").read_text(encoding="utf-8"))
    return _Composite(
        np.asarray(cv2.imdecode(png, cv2.IMREAD_GRAYSCALE), np.uint8),
        np.array(note["composites"][str(emotion)]["points"], np.float32),
    )


def _bent(image: GrayImage, way: npt.NDArray[np.float32]) -> GrayImage:
    """The image with each pixel taken from a place that lies so far away."""
    x, y = _grid()
    return np.asarray(
        cv2.remap(image, x + way[..., 0], y + way[..., 1], cv2.INTER_LINEAR), np.uint8
    )


@cache
def _grid() -> tuple[Plane, Plane]:
    y, x = np.mgrid[0:FACE_PX, 0:FACE_PX].astype(np.float32)
    return x, y


@cache
def _way(before: Emotion, now: Emotion) -> npt.NDArray[np.float32]:
    """How far each pixel travels from one face to the other, x and y: float32 (160, 160, 2).

    It is the mean of the points' own ways, weighted by a bell curve of 7 pixels.
    """
    start, end = _composite(before).points, _composite(now).points
    ways = np.zeros((FACE_PX, FACE_PX, 2), np.float32)
    weights = np.full((FACE_PX, FACE_PX), 1e-5, np.float32)  # far from all points nothing moves
    for (x, y), step in zip(((start + end) / 2).astype(int), end - start, strict=True):
        ways[y, x] += step
        weights[y, x] += 1.0
    spread = cv2.GaussianBlur(weights, (0, 0), 7)
    return np.asarray(cv2.GaussianBlur(ways, (0, 0), 7) / spread[..., np.newaxis], np.float32)


def _with_face(appearance: Appearance, face: GrayImage, points: Points) -> Person:
    body = _body(appearance)
    left, top = FACE_AT
    place = slice(top, top + FACE_PX), slice(left, left + FACE_PX)
    mask = np.zeros((FACE_PX, FACE_PX), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(points).astype(np.int32), (255,), cv2.LINE_AA)
    cv2.ellipse(mask, (80, 78), (53, 70), 0, 0, 360, (255,), -1, cv2.LINE_AA)  # forehead and cheeks
    cover = cv2.GaussianBlur(mask, (0, 0), 4.5).astype(np.float32) / np.float32(255)
    gray, all_cover = body.gray.copy(), body.cover.copy()
    gray[place] = cv2.blendLinear(gray[place], face, 1 - cover, cover)
    all_cover[place] = np.maximum(all_cover[place], cover)
    return Person(gray, all_cover)


@cache
def _body(appearance: Appearance) -> Person:
    """All of a person but the face: hair behind, shoulders, neck, hair above; lit from the left."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]].astype(np.float32)
    x, y = x - MIDDLE[0], y - FACE_AT[1]
    light = 1.0 - 0.24 * x / 300
    hair = (
        appearance.hair
        * light
        * (1 + 0.1 * np.sin(x / 3.1 + np.sin(y / 23)) + 0.06 * np.sin(x / 1.3))
    )
    neck = np.array([[-33, 110], [33, 110], [36, 172], [56, 192], [0, 212], [-56, 192], [-36, 172]])
    skin = 145 * light * np.clip(0.55 + 0.35 * (y - 150) / 50, 0.55, 0.9)  # the chin's shadow
    shirt = appearance.shirt * light * (1.05 - 0.35 * (x / 165) ** 2)
    layers = (
        (_ellipse(40 + 0.45 * appearance.hair_px, 68, 0.62 * appearance.hair_px), 0.8 * hair),
        (_ellipse(345, 175, 160), shirt),
        (_polygon(neck), skin),
        (_ellipse(60, 66, 82), 1.1 * hair),
    )
    gray, cover = np.zeros(SIZE, np.float32), np.zeros(SIZE, np.float32)
    for mask, tone in layers:
        below = cover * (1 - mask)
        cover = below + mask
        gray = (gray * below + tone * mask) / np.maximum(cover, 1e-6)
    return Person(np.clip(gray, 0, 255).astype(np.uint8), cover)


def _ellipse(y: float, half_width: float, half_height: float) -> Plane:
    """A soft ellipse in the person's middle, 0…1. y: of its centre, below the face's upper edge."""
    mask = np.zeros(SIZE, np.float32)
    middle = (round(MIDDLE[0]), round(FACE_AT[1] + y))
    cv2.ellipse(mask, middle, (round(half_width), round(half_height)), 0, 0, 360, (1.0,), -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 2.5), np.float32)


def _polygon(points: npt.NDArray[np.int64]) -> Plane:
    """A soft polygon around the person's middle, 0…1."""
    mask = np.zeros(SIZE, np.float32)
    moved = points + np.array([round(MIDDLE[0]), FACE_AT[1]])
    cv2.fillPoly(mask, [moved.astype(np.int32)], (1.0,))
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 2.5), np.float32)
