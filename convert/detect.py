"""How well a detector finds faces in photos with boxes around them, and how often it errs.

The data are a zip or a folder of photos with an annotations.json in it:
[{"file", "width", "height", "boxes": [[class, x1, y1, x2, y2], …]}, …]. `bad` (a face without a
mask) and `face` count; faces with a mask (`good`, `none`) may be found or not. Because not every
face has a box, false alarms are counted on photos without people.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import hypot
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

from appliance.errors import ModelError
from appliance.images import colour_decoded
from appliance.records import ChromaImage, Face, Frame, GrayImage, Picture
from appliance.vision.cards import card_fields, checked_bytes
from appliance.vision.detectors import EVERYWHERE, BlazeFace, Haar
from appliance.vision.faces import FollowingFaceDetector
from convert.pictures import DataError, decode, files, pictures
from convert.published_blazeface import BLAZEFACE_CARD, blazeface_model
from convert.scoring import rounded, share_of

ANNOTATIONS = "annotations.json"
COUNTED = ("bad", "face")  # EDEN's word, and dlib's in the four photos that come from it
HEIGHTS_PX = (32, 48, 64)  # recall is given for faces at least this high
# The found square's side to the annotated height, least and greatest. 1.15 is usual, because the
# two are cut differently.
RATIO = (0.4, 2.5)

# Photos at even places may be trained on, those at odd ones are for reporting. The first is at 0.
SPLITS = ("even", "odd")

Find = Callable[[Picture], Sequence[Face]]
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Annotated:
    """A box around a face, in pixels of its photo.

    counts: whether the face must be found. kind: what the annotations call it.
    """

    counts: bool
    left: float
    top: float
    right: float
    bottom: float
    kind: str = ""

    @property
    def height(self) -> float:
        """Of the box, in pixels."""
        return self.bottom - self.top

    def distance(self, face: Face) -> float | None:
        """Between the centres in pixels; None if the found face is not this one.

        It is this one if its centre lies in this box and its size is within RATIO.
        """
        x, y = face.box.x + face.box.width / 2, face.box.y + face.box.height / 2
        inside = self.left <= x <= self.right and self.top <= y <= self.bottom
        least, most = (ratio * self.height for ratio in RATIO)
        if not inside or not least <= face.box.height <= most:
            return None
        return hypot(x - (self.left + self.right) / 2, y - (self.top + self.bottom) / 2)


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo, uint8 (height, width), and the boxes in it. chroma: as in Picture."""

    luma: GrayImage
    boxes: tuple[Annotated, ...]
    chroma: Callable[[], ChromaImage] | None = None

    @property
    def picture(self) -> Picture:
        """As a camera in colour shows it."""
        return Picture(self.luma, self.chroma)


def finder(detector: str, min_score: float, min_height_px: int) -> Find:
    """A function that finds the faces of one photo as `jukebox classify` does.

    detector: blazeface, haar, a .tflite file, or a card (.json) that names the package which has
    one. min_score: 0…1. Raises ModelError if the detector cannot be used.
    """
    build = (
        Haar
        if detector == "haar"
        else partial(BlazeFace, _weights(detector), squares_per_search=EVERYWHERE)
    )

    def find(picture: Picture) -> tuple[Face, ...]:
        # A new one for each photo, because no face continues one of the photo before.
        faces = FollowingFaceDetector(build(), min_score=min_score, min_height_px=min_height_px)
        return faces.find(Frame(0.0, 0.0, picture.luma, picture.chroma))

    return find


def load_photos(path: Path) -> list[Photo]:
    """The annotated photos of a zip or a folder. Raises DataError if they cannot be used."""
    found = list(files(path, (ANNOTATIONS,)))
    if not found:
        raise DataError(f"{path}: has no {ANNOTATIONS}")
    name, content = found[0]
    folder = PurePosixPath(name).parent
    contents = dict(pictures(path))
    photos = []
    for file, shape, boxes in _annotations(content, f"{path}: {name}"):
        picture = (folder / file).as_posix()
        if picture not in contents:
            raise DataError(f"{path}: {name} names {file}, which is not there")
        luma = decode(contents[picture], file)
        if luma.shape != shape:
            raise DataError(f"{path}: {file} is not as large as {name} says")
        photos.append(Photo(luma, boxes, _chroma(contents[picture])))
    return photos


def load_negatives(path: Path) -> list[Picture]:
    """The photos without people of a zip or a folder. Raises DataError if there is none."""
    found = [Picture(decode(content, name), _chroma(content)) for name, content in pictures(path)]
    if not found:
        raise DataError(f"{path}: has no pictures")
    return found


def of_split(things: Sequence[Thing], split: str) -> Sequence[Thing]:
    """Those of the photos that belong to this split; all of them for any other word."""
    return things[SPLITS.index(split) :: 2] if split in SPLITS else things


def recall(photos: Sequence[Photo], find: Find, *, colour: bool = False) -> dict[str, Any]:
    """Which share of the faces at least so many pixels high was found, as JSON.

    colour: the photos are shown in colour.
    """
    heights: list[float] = []
    found: list[bool] = []
    for photo in tqdm(photos, "photos", leave=False, disable=None):
        found_here = find(photo.picture if colour else Picture(photo.luma))
        matched = _matched(photo.boxes, found_here)
        for index, box in enumerate(photo.boxes):
            if box.counts:
                heights.append(box.height)
                found.append(index in matched)
    trials = {least: np.array(found)[np.array(heights) >= least] for least in HEIGHTS_PX}
    shares = {str(least): share_of(right) for least, right in trials.items() if len(right)}
    return {
        "photos": len(photos),
        "faces": {least: share.count for least, share in shares.items()},
        "recall": {least: rounded(share.accuracy) for least, share in shares.items()},
        "recall_interval95": {least: rounded(share.interval95) for least, share in shares.items()},
    }


def false_alarms(
    negatives: Sequence[Picture], find: Find, *, colour: bool = False
) -> dict[str, Any]:
    """How often something was taken for a face in photos without people, as JSON.

    negatives: at least one. colour: they are shown in colour.
    """
    shown = [photo if colour else Picture(photo.luma) for photo in negatives]
    alarms = sum(len(find(photo)) for photo in tqdm(shown, "photos", leave=False, disable=None))
    return {
        "negatives": len(negatives),
        "false_alarms": alarms,
        "false_alarms_per_picture": round(alarms / len(negatives), 5),
    }


def _chroma(content: bytes) -> Callable[[], ChromaImage]:
    return partial(colour_decoded, np.frombuffer(content, np.uint8))


def _weights(detector: str) -> bytes | None:
    """The content of the network's file; None for the jukebox's own networks.

    A file without a card must be the published one. Raises ModelError.
    """
    if detector == "blazeface":
        return None
    file, card = Path(detector), Path(detector).with_suffix(".json")
    if file.suffix == ".tflite" and file.exists() and not card.exists():
        return checked_bytes(file, card_fields(BLAZEFACE_CARD)["sha256"])
    described = card_fields(card)
    if not str(described.get("task")).startswith("face detection"):
        raise ModelError(f"{card}: is not the card of a face detector")
    if "package" in described:
        return blazeface_model(card)
    return checked_bytes(file, str(described.get("sha256")))


def _annotations(
    content: bytes, where: str
) -> Iterator[tuple[str, tuple[int, int], tuple[Annotated, ...]]]:
    """(file, (height, width), boxes) of each photo. where: for the error. Raises DataError."""
    try:
        for photo in json.loads(content):
            boxes = tuple(
                _box(str(kind), *map(float, corners)) for kind, *corners in photo["boxes"]
            )
            yield str(photo["file"]), (int(photo["height"]), int(photo["width"])), boxes
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{where} is not a list of photos with boxes: {error!r}") from error


def _box(kind: str, left: float, top: float, right: float, bottom: float) -> Annotated:
    return Annotated(kind in COUNTED, left, top, right, bottom, kind)


def _matched(boxes: Sequence[Annotated], found: Sequence[Face]) -> set[int]:
    """The indices of the boxes that were found: nearest pairs first, each face for one box only."""
    pairs = sorted(
        (distance, index, number)
        for index, box in enumerate(boxes)
        for number, face in enumerate(found)
        if (distance := box.distance(face)) is not None
    )
    matched: dict[int, int] = {}
    for _, index, number in pairs:
        if index not in matched and number not in matched.values():
            matched[index] = number
    return set(matched)
