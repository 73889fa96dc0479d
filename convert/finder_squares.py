"""Squares of photos, of which the finder learns: faces as a room shows them, and things.

Each has targets for every anchor of BlazeFace. Faces are told by places, not by anchors: any of the
anchors in a face's middle may find it (a bag of which the best one counts), those around it are let
be. Where a photo with people shows no known face, an anchor is let be, too, if the published
network sees one there, because not every small face has a box.

All shared photos without people are gray and nearly all with people are in colour. So half of
the faces lose their colour, and most things get one, or colour alone would tell a face.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from convert.detect import Annotated

Pixels = npt.NDArray[np.uint8]  # (height, width, 3), red, green, blue
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Published = Callable[[Pixels], tuple[Floats, Floats]]

SIDE_PX = 128
# A face fills this share of its square: the search finds faces from a seventh of it on.
FILLS = (1 / 6.5, 1 / 1.8)
LEAST_FACE = 1 / 8.5
# Anchors farther from a face than so many of its heights must not see it: half of the side is what
# makes two detections one (Detection.is_same), so others would be found beside each face.
AROUND = 0.5
BAGS = 8  # of a square, at the most
LEAST_PX = 20  # lower faces of the photos are not shown
FACES = 0.6  # of all squares
MASKED = 0.2  # how often a face with a mask is shown, where another one is once
HARD = 0.6  # of the squares without people: those in which the published network sees something
GRAY, HIDDEN, BLURRED, COMPRESSED = 0.5, 0.15, 0.25, 0.3
TINTED, SKIN = 0.65, 0.35  # of the things; of those, the colour of skin
TILT_DEG = 8.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A photo, and what it shows. faces: empty where there are no people.

    hard: places where something looks like a face and is none: x, y, side, score.
    """

    pixels: Pixels
    faces: tuple[Annotated, ...]
    hard: tuple[tuple[float, float, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Square:
    """A square to learn from, and where its faces are.

    faces: x, y and height of each that must be found; unclear: of those that may be. empty: there
    are no people.
    """

    pixels: Pixels
    faces: tuple[tuple[float, float, float], ...]
    unclear: tuple[tuple[float, float, float], ...]
    empty: bool


class Squares:
    """Draws squares. anchors: their places, float32 (n, 2), in pixels of a square."""

    def __init__(
        self, people: Sequence[Scene], rooms: Sequence[Scene], anchors: Floats, seed: int
    ) -> None:
        self._people, self._rooms, self._anchors, self._seed = people, rooms, anchors, seed
        self._faces = [
            (scene, face) for scene in people for face in scene.faces if face.height >= LEAST_PX
        ]
        self._hard = [(room, place) for room in rooms for place in room.hard]

    def batch(self, number: int, count: int, published: Published) -> tuple[Floats, Floats, Floats]:
        """(images, targets of the scores, targets of the boxes) as losses.finder() takes them.

        images: float32 (count, 128, 128, 3) in -1…1. They depend on the seed and the number alone.
        """
        rng = np.random.default_rng((self._seed, number))
        drawn = [self._draw(rng) for _ in range(count)]
        targets = [targets_of(square, self._anchors, *published(square.pixels)) for square in drawn]
        images = np.stack([square.pixels for square in drawn]).astype(np.float32) / 127.5 - 1
        return images, np.stack([t[0] for t in targets]), np.stack([t[1] for t in targets])

    def _draw(self, rng: np.random.Generator) -> Square:
        square = self._face(rng) if rng.random() < FACES else self._thing(rng)
        if rng.random() < 0.5:
            square = _mirrored(square)
        pixels = _tinted(square.pixels, rng) if square.empty else _paled(square.pixels, rng)
        return Square(_worn(pixels, rng), square.faces, square.unclear, square.empty)

    def _face(self, rng: np.random.Generator) -> Square:
        weights = np.array([1.0 if face.counts else MASKED for _, face in self._faces])
        scene, face = self._faces[rng.choice(len(self._faces), p=weights / weights.sum())]
        side = face.height / np.exp(rng.uniform(*np.log(FILLS)))
        middle = (face.left + face.right) / 2, (face.top + face.bottom) / 2
        pixels, place = _cut(scene.pixels, middle, side, 1.3 * face.height, rng)
        faces, unclear = _seen(scene.faces, place, SIDE_PX / side)
        if faces and rng.random() < HIDDEN:
            room = self._rooms[rng.integers(len(self._rooms))]
            _hide(pixels, faces[0], room.pixels, rng)
        return Square(pixels, faces, unclear, empty=False)

    def _thing(self, rng: np.random.Generator) -> Square:
        if self._hard and rng.random() < HARD:
            weights = np.array([score for _, (*_, score) in self._hard]) ** 1.5
            scene, (x, y, size, _) = self._hard[
                rng.choice(len(self._hard), p=weights / weights.sum())
            ]
            side = size / np.exp(rng.uniform(*np.log(FILLS)))
            pixels, _ = _cut(scene.pixels, (x, y), side, 1.2 * size, rng)
        else:
            scene = self._rooms[rng.integers(len(self._rooms))]
            height, width = scene.pixels.shape[:2]
            most = min(height, width)
            side = np.exp(rng.uniform(np.log(min(100, most)), np.log(most)))
            place = width * rng.random(), height * rng.random()
            pixels, _ = _cut(scene.pixels, place, side, side, rng)
        return Square(pixels, (), (), empty=True)


def targets_of(
    square: Square, anchors: Floats, boxes: Floats, scores: Floats
) -> tuple[Floats, Floats]:
    """What each anchor should say: float32 (n, BAGS + 2) and (n, 32), as losses.finder() says.

    anchors: (n, 2). boxes, scores: what the published network says of the square, (n, 16), (n).
    """
    bags = np.zeros((len(anchors), BAGS), np.float32)
    near = np.zeros(len(anchors), bool)
    wanted, known = boxes.copy(), np.repeat((scores > -2.0)[:, None], 16, axis=1).astype(np.float32)
    for number, (x, y, height) in enumerate(square.faces[:BAGS]):
        distance = np.hypot(anchors[:, 0] - x, anchors[:, 1] - y)
        inside = distance < max(0.3 * height, 6.5)
        bags[inside, number] = 1.0
        near |= distance < max(AROUND * height, 8.0)
        # Of a face that the published network does not see, the annotated square is all there is.
        new = inside & (scores <= -2.0)
        wanted[new, :2] = np.array([x, y], np.float32) - anchors[new]
        wanted[new, 2:4] = height
        known[new, :4] = 0.1
    for x, y, size in (*square.faces[BAGS:], *square.unclear):
        near |= np.hypot(anchors[:, 0] - x, anchors[:, 1] - y) < 0.6 * size + 6
    things = np.ones(len(anchors)) if square.empty else ~near & (scores < -1.0)
    kept = np.zeros(len(anchors)) if square.empty else np.where(scores > 1.0, scores, 0.0)
    told = np.column_stack([bags, things, kept]).astype(np.float32)
    return told, np.concatenate([wanted, known], axis=1).astype(np.float32)


def _cut(
    pixels: Pixels, middle: tuple[float, float], side: float, free: float, rng: np.random.Generator
) -> tuple[Pixels, Floats]:
    """(a square around a place, somewhat turned; the matrix from the photo to it).

    free: what must stay inside, in pixels of the photo.
    """
    height, width = pixels.shape[:2]
    x, y = np.array(middle) + rng.uniform(-0.5, 0.5, 2) * max(0.0, side - free)
    if side <= min(height, width):
        x = np.clip(x, side / 2, width - side / 2)
        y = np.clip(y, side / 2, height - side / 2)
    rotation = cv2.getRotationMatrix2D((x, y), rng.normal(0, TILT_DEG), SIDE_PX / side)
    turn = np.asarray(rotation, np.float64)
    turn[:, 2] += SIDE_PX / 2 - x, SIDE_PX / 2 - y
    size = SIDE_PX, SIDE_PX
    cut = cv2.warpAffine(pixels, turn, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8), np.asarray(turn, np.float32)


def _seen(
    faces: Sequence[Annotated], place: Floats, scale: float
) -> tuple[tuple[tuple[float, float, float], ...], tuple[tuple[float, float, float], ...]]:
    """(faces that must be found, faces that may be), as in Square."""
    clear, unclear = [], []
    for face in faces:
        middle = np.array([(face.left + face.right) / 2, (face.top + face.bottom) / 2, 1.0])
        x, y = (place @ middle).tolist()
        height, width = face.height * scale, (face.right - face.left) * scale
        reach = max(height, width)
        if not (-reach < x < SIDE_PX + reach and -reach < y < SIDE_PX + reach):
            continue
        within = (
            0.4 * width < x < SIDE_PX - 0.4 * width and 0.4 * height < y < SIDE_PX - 0.4 * height
        )
        if within and SIDE_PX * LEAST_FACE < height < 120:
            clear.append((x, y, height))
        else:
            unclear.append((x, y, reach))
    return tuple(clear), tuple(unclear)


def _hide(
    pixels: Pixels, face: tuple[float, float, float], room: Pixels, rng: np.random.Generator
) -> None:
    """Puts a piece of a room before a part of a face."""
    x, y, height = face
    size = min(int(height * rng.uniform(0.25, 0.6)) + 2, *room.shape[:2])
    top, left = (int(rng.integers(0, length - size + 1)) for length in room.shape[:2])
    right = int(x + rng.uniform(-0.6, 0.6) * height - size / 2)
    down = int(y + rng.uniform(-0.1, 0.7) * height - size / 2)
    piece = room[top : top + size, left : left + size]
    ends = ((at, at + size) for at in (down, right))
    rows, columns = (slice(*np.clip(both, 0, SIDE_PX).tolist()) for both in ends)
    pixels[rows, columns] = piece[
        rows.start - down : rows.stop - down, columns.start - right : columns.stop - right
    ]


def _mirrored(square: Square) -> Square:
    faces, unclear = (
        tuple((SIDE_PX - x, y, size) for x, y, size in places)
        for places in (square.faces, square.unclear)
    )
    return Square(np.ascontiguousarray(square.pixels[:, ::-1]), faces, unclear, square.empty)


def _paled(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """People in other light: less or another colour, or none."""
    ycc = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    if rng.random() < GRAY:
        ycc[:, :, 1:] = 128
    else:
        ycc[:, :, 1:] = 128 + (ycc[:, :, 1:] - 128) * rng.uniform(0.3, 1.3) + rng.normal(0, 6, 2)
    return _rgb(ycc)


def _tinted(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Things in some colour, some in that of skin."""
    ycc = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    if rng.random() < TINTED:
        for colour in (1, 2):
            few = rng.normal(0, 10, rng.integers(1, 5, 2)).astype(np.float32)
            patches = cv2.resize(few, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)
            ycc[:, :, colour] += rng.normal(0, 12) + patches
            ycc[:, :, colour] += rng.normal(0, 0.12) * (ycc[:, :, 0] - 128)
        if rng.random() < SKIN:
            ycc[:, :, 1] += rng.uniform(5, 30)
            ycc[:, :, 2] -= rng.uniform(5, 25)
    return _rgb(ycc)


def _worn(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """As a camera may show it: another light, noise, out of focus, compressed."""
    ycc = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    luma = ycc[:, :, 0]
    if rng.random() < 0.5:
        luma = 255 * (luma / 255).clip(0, 1) ** np.exp(rng.normal(0, 0.3))
    luma = (luma - 128) * np.exp(rng.normal(-0.1, 0.3)) + 128 + rng.normal(0, 20)
    if rng.random() < 0.5:
        luma = luma + rng.normal(0, rng.uniform(1, 8), luma.shape)
    ycc[:, :, 0] = luma
    worn = _rgb(ycc)
    if rng.random() < BLURRED:
        worn = np.asarray(cv2.GaussianBlur(worn, (0, 0), rng.uniform(0.4, 1.4)), np.uint8)
    if rng.random() < COMPRESSED:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))]
        worn = np.asarray(cv2.imdecode(cv2.imencode(".jpg", worn, quality)[1], 1), np.uint8)
    return worn


def _rgb(ycc: Floats) -> Pixels:
    whole = ycc.clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(whole, cv2.COLOR_YCrCb2RGB), np.uint8)
