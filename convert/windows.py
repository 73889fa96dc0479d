"""What the tracker learns from: windows around a face's last place, with and without the face.

A window is twice as wide as the face was a moment ago. Most windows are composed: a face of
FER-2013 or UTKFace on a photo without people, with a head and shoulders drawn behind it, or
something else that is put there in the same way, so that the seams tell nothing. The others are cut
from the annotated photos: around faces that BlazeFace finds, and beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from appliance.records import Picture
from appliance.vision.preprocessing import PORTRAIT_DOWN, PORTRAIT_SIDE
from convert.detect import Find, Photo

Gray = npt.NDArray[np.uint8]
Rng = np.random.Generator

SIZE_PX = 40  # of a window
ROOM = 2.0  # its side, in sides of the face's last square
LAST_PX = 2 * SIZE_PX / ROOM  # that square's side while a window is composed, at twice its size
REACH = 0.5  # the farthest step that is followed, in sides of the last square, along each axis
GROWTH = 0.35  # the greatest change of a side, as a logarithm
TILT_DEG = 20.0
SURE = 0.7  # the least detector's score of a face in a photo that is learned from


@dataclass(frozen=True, slots=True)
class Square:
    """A face in a photo: the centre and the side of its FER-2013 square, in pixels."""

    x: float
    y: float
    side: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A photo, uint8 (height, width), the faces found in it, and what else in it may be a face."""

    luma: Gray
    faces: tuple[Square, ...]
    others: tuple[Square, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """One side of the split.

    faces: uint8 (n, 48, 48); portraits: uint8 (n, 80, 80); rooms: photos without people, each uint8
    (height, width).
    """

    faces: Gray
    portraits: Gray
    rooms: Sequence[Gray]
    scenes: Sequence[Scene]


@dataclass(frozen=True, slots=True)
class Windows:
    """images: uint8 (n, 40, 40); is_face: float32 (n), 0 or 1; boxes: float32 (n, 3).

    A box says where the face is now: how far right and down in sides of the last square, and the
    logarithm of the growth of its side; all 0 where there is no face.
    """

    images: Gray
    is_face: npt.NDArray[np.float32]
    boxes: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.images)

    def take(self, which: npt.NDArray[np.int64]) -> Windows:
        """The windows at these positions."""
        return Windows(self.images[which], self.is_face[which], self.boxes[which])


def scene(photo: Photo, find: Find) -> Scene:
    """A photo as the windows need it. find: the detector's; doubtful faces are not learned from."""
    faces: list[Square] = []
    others = [
        Square((box.left + box.right) / 2, (box.top + box.bottom) / 2, box.height)
        for box in photo.boxes
    ]
    for found in find(Picture(photo.luma)):
        side = float(found.box.width)
        square = Square(found.box.x + side / 2, found.box.y + side / 2, side)
        (faces if found.score >= SURE else others).append(square)
    return Scene(photo.luma, tuple(faces), tuple(others))


def make_windows(sources: Sources, count: int, rng: Rng) -> Windows:
    """So many windows, at random, of each kind its share (KINDS)."""
    makers = [make for make, share in KINDS for _ in range(share)]
    images, is_face, boxes = [], [], []
    for _ in range(count):
        image, box = makers[rng.integers(len(makers))](sources, rng)
        image, box = _disturbed(image, box, rng)
        images.append(image)
        is_face.append(box is not None)
        boxes.append((0.0, 0.0, 0.0) if box is None else box)
    return Windows(np.array(images), np.array(is_face, np.float32), np.array(boxes, np.float32))


Step = tuple[float, float, float]  # right, down, growth: as the boxes of Windows
Made = tuple[Gray, Step | None]  # a window, and where the face in it is, if there is one


def _composed_face(sources: Sources, rng: Rng) -> Made:
    step = _step(rng)
    return _composed(sources, step, _some_face(sources, rng), rng), step


def _composed_decoy(sources: Sources, rng: Rng) -> Made:
    """Something else where a face would be: the room, an even patch, a face upside down."""
    face = _some_face(sources, rng)
    chance = rng.random()
    if chance < 0.5:
        decoy = _part_of_a_room(sources, 48, rng)
    elif chance < 0.7:  # the back of a head
        decoy = np.full((48, 48), rng.integers(256), np.uint8)
    elif chance < 0.85:
        decoy = np.ascontiguousarray(face[::-1])
    else:
        decoy = np.asarray(cv2.GaussianBlur(face, (0, 0), 9.0), np.uint8)
    return _composed(sources, _step(rng), decoy, rng), None


def _composed_beside(sources: Sources, rng: Rng) -> Made:
    """A face, but too far away to be the one that was here."""
    direction, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.85, 1.4)
    right, down = distance * np.cos(direction), distance * np.sin(direction)
    step = float(right), float(down), float(rng.uniform(-GROWTH, GROWTH))
    return _composed(sources, step, _some_face(sources, rng), rng), None


def _room(sources: Sources, rng: Rng) -> Made:
    return _part_of_a_room(sources, SIZE_PX, rng), None


def _blots(sources: Sources, rng: Rng) -> Made:  # noqa: ARG001 - needs none
    """Noise as coarse as the parts of a face, in which a network could find anything."""
    cells = int(rng.integers(4, 24))
    noise = rng.normal(rng.uniform(60, 200), rng.uniform(10, 60), (cells, cells))
    image = cv2.resize(noise.clip(0, 255).astype(np.uint8), (SIZE_PX, SIZE_PX),
                       interpolation=cv2.INTER_CUBIC)  # fmt: skip
    return np.asarray(image, np.uint8), None


def _face_in_a_scene(sources: Sources, rng: Rng) -> Made:
    place = sources.scenes[rng.integers(len(sources.scenes))]
    if not place.faces:
        return _composed_face(sources, rng)
    face, (right, down, growth) = place.faces[rng.integers(len(place.faces))], _step(rng)
    side = face.side * float(np.exp(-growth))
    turned = _turn(float(rng.uniform(-TILT_DEG, TILT_DEG)))
    x, y = np.array([face.x, face.y]) - turned @ np.array([right, down]) * side
    return _cut(place.luma, Square(float(x), float(y), side), turned), (right, down, growth)


def _beside_a_face(sources: Sources, rng: Rng) -> Made:
    place = sources.scenes[rng.integers(len(sources.scenes))]
    for _ in range(10 if place.faces else 0):
        face = place.faces[rng.integers(len(place.faces))]
        direction, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.8, 2.5)
        side = face.side * float(np.exp(rng.uniform(-0.5, 0.5)))
        x, y = (
            face.x + face.side * distance * np.cos(direction),
            face.y + (face.side * distance * np.sin(direction)),
        )
        height, width = place.luma.shape
        if 0 <= x < width and 0 <= y < height and _is_free(place, x, y, side):
            return _cut(place.luma, Square(x, y, side), _turn(0.0)), None
    return _room(sources, rng)


KINDS: tuple[tuple[Callable[[Sources, Rng], Made], int], ...] = (
    (_composed_face, 7),
    (_face_in_a_scene, 4),
    (_composed_decoy, 3),
    (_composed_beside, 1),
    (_room, 3),
    (_blots, 1),
    (_beside_a_face, 3),
)


def _step(rng: Rng) -> Step:
    """How a face may have moved: mostly little, sometimes far."""
    if rng.random() < 0.6:
        right, down, growth = rng.normal(0, (0.12, 0.12, 0.1)).clip(-GROWTH, GROWTH)
    else:
        right, down = rng.uniform(-REACH, REACH, 2)
        growth = rng.uniform(-GROWTH, GROWTH)
    return float(right), float(down), float(growth)


def _some_face(sources: Sources, rng: Rng) -> Gray:
    """A face as FER-2013 cuts it, uint8 (48, 48)."""
    if rng.random() < 0.5:
        return np.asarray(sources.faces[rng.integers(len(sources.faces))], np.uint8)
    portrait = sources.portraits[rng.integers(len(sources.portraits))]
    # UTKFace shows less around the face than FER-2013, so the edge of its picture fills the rest.
    scale = 48 * PORTRAIT_SIDE / portrait.shape[0]
    margin = (48 - 48 * PORTRAIT_SIDE) / 2
    move = np.array([[scale, 0, margin], [0, scale, margin + 48 * PORTRAIT_DOWN]])
    drawn = cv2.warpAffine(portrait, move, (48, 48), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(drawn, np.uint8)


def _part_of_a_room(sources: Sources, size_px: int, rng: Rng) -> Gray:
    luma = sources.rooms[rng.integers(len(sources.rooms))]
    height, width = luma.shape
    side = int(np.exp(rng.uniform(np.log(32), np.log(min(height, width)))))
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    part = luma[top : top + side, left : left + side]
    return np.asarray(cv2.resize(part, (size_px, size_px)), np.uint8)


def _composed(sources: Sources, step: Step, face: Gray, rng: Rng) -> Gray:
    """A face, or what takes its place, on a head on shoulders in a room."""
    right, down, growth = step
    canvas = _part_of_a_room(sources, 2 * SIZE_PX, rng)
    side = LAST_PX * float(np.exp(growth))
    x, y = SIZE_PX + right * LAST_PX, SIZE_PX + down * LAST_PX
    tilt = float(rng.uniform(-TILT_DEG, TILT_DEG))
    if rng.random() < 0.7:
        _draw(sources, canvas, (x, y + 1.2 * side), rng.uniform(0.4, 1.0, 2) * side, rng)
    if rng.random() < 0.7:
        _draw(sources, canvas, (x, y), rng.uniform(0.45, 0.75, 2) * side, rng)
    place = np.asarray(cv2.getRotationMatrix2D((23.5, 23.5), tilt, side / 48), np.float64)
    place[:, 2] += x - 24, y - 24
    size = canvas.shape[::-1]
    masks = _masks()
    cover = cv2.warpAffine(masks[rng.integers(len(masks))], place, size)
    laid = cv2.warpAffine(face, place, size, borderMode=cv2.BORDER_REPLICATE)
    blended = cv2.blendLinear(laid, canvas, cover, 1 - cover)
    return np.asarray(cv2.resize(blended, (SIZE_PX, SIZE_PX)), np.uint8)


def _draw(
    sources: Sources,
    canvas: Gray,
    centre: tuple[float, float],
    axes: npt.NDArray[np.float64],
    rng: Rng,
) -> None:
    """Draws an ellipse of one gray with some structure: hair, or a shirt."""
    mask = np.zeros(canvas.shape, np.uint8)
    at = round(centre[0]), round(centre[1])
    cv2.ellipse(mask, at, (round(axes[0]), round(axes[1])), 0, 0, 360, [255], -1)
    texture = cv2.addWeighted(
        _part_of_a_room(sources, canvas.shape[0], rng), float(rng.uniform(0, 0.6)),
        np.full_like(canvas, rng.integers(256)), float(rng.uniform(0.4, 0.9)), 0.0,
    )  # fmt: skip
    cv2.copyTo(texture, mask, canvas)


@cache
def _masks() -> list[npt.NDArray[np.float32]]:
    """How much of a pasted square shows, 0…1, float32 (48, 48): soft ellipses and squares."""
    rng = np.random.default_rng(0)
    masks: list[npt.NDArray[np.float32]] = []
    for number in range(96):
        mask = np.zeros((48, 48), np.float32)
        if number % 4:
            axes = round(rng.uniform(0.36, 0.56) * 48), round(rng.uniform(0.42, 0.6) * 48)
            cv2.ellipse(mask, (24, 24 + int(rng.integers(-2, 4))), axes, 0, 0, 360, [1.0], -1)
        else:
            mask[3:-3, 3:-3] = 1.0
        soft = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.7, 4.0))
        masks.append(np.asarray(soft, np.float32))
    return masks


def _turn(degrees: float) -> npt.NDArray[np.float64]:
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _cut(luma: Gray, last: Square, turned: npt.NDArray[np.float64]) -> Gray:
    """The window around a last square, with its axes turned: uint8 (40, 40)."""
    axes = turned * (last.side * ROOM / SIZE_PX)
    origin = np.array([last.x, last.y]) - axes @ np.full(2, (SIZE_PX - 1) / 2) - 0.5
    inverse = np.column_stack([axes, origin])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = SIZE_PX, SIZE_PX
    cut = cv2.warpAffine(luma, inverse, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def _is_free(place: Scene, x: float, y: float, side: float) -> bool:
    """Whether a square here is far enough from every face."""
    return all(
        np.hypot(x - face.x, y - face.y) > 0.75 * max(side, face.side)
        for face in (*place.faces, *place.others)
    )


def _disturbed(image: Gray, box: Step | None, rng: Rng) -> Made:
    """The window mirrored, partly hidden, unsharp, relit and with noise, each at random."""
    if rng.random() < 0.5:
        image = np.ascontiguousarray(image[:, ::-1])
        box = box and (-box[0], box[1], box[2])
    if rng.random() < 0.3:
        height, width = rng.integers(3, 13, 2)
        top, left = rng.integers(SIZE_PX - height), rng.integers(SIZE_PX - width)
        image = image.copy()
        image[top : top + height, left : left + width] = rng.integers(256)
    if rng.random() < 0.2:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.2)), np.uint8)
    lit = (image - np.float32(127.5)) * np.float32(rng.uniform(0.4, 1.3)) + np.float32(
        127.5 + rng.uniform(-60, 60)
    )
    lit += rng.standard_normal(lit.shape, np.float32) * np.float32(rng.uniform(0, 8))
    return lit.clip(0, 255).astype(np.uint8), box
