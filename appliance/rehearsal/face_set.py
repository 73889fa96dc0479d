"""The faces of the simulated day: the composites of the demo reel, or pictures of FER-2013."""

from __future__ import annotations

import csv
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path, PurePosixPath

import numpy as np

from appliance.errors import DataError, why_failed
from appliance.images import decoded
from appliance.records import EMOTIONS, Emotion, GrayImage

# The columns of ferplus_votes.csv in the order of EMOTIONS.
VOTES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")


@dataclass(frozen=True, slots=True)
class FaceSet:
    """Pictures of each emotion, at least one, cut as FER-2013's are: uint8 (height, width).

    name: for people. resting: the pictures for the owner's neutral face.
    """

    name: str
    pictures: Mapping[Emotion, tuple[GrayImage, ...]]
    resting: tuple[GrayImage, ...]

    def counts(self) -> dict[str, int]:
        """How many pictures there are of each emotion, by its name."""
        return {emotion.value: len(self.pictures[emotion]) for emotion in EMOTIONS}


def composites() -> FaceSet:
    """The seven faces of the demo reel, one of each emotion; they are not faces of real people."""
    folder = files("appliance.camera") / "reel_faces"
    pictures = {
        emotion: (_decoded((folder / f"{emotion}.png").read_bytes(), f"{emotion}.png"),)
        for emotion in EMOTIONS
    }
    return FaceSet("composites", pictures, pictures[Emotion.NEUTRAL])


def load(path: Path, split: str, votes: Path | None = None) -> FaceSet:
    """The faces in a zip or folder of SPLIT/CLASS/ROW.png; the class is the mood that they show.

    votes: the votes of FER+ as a CSV with a column "row". With them, only pictures are taken whose
    class got more votes than any other of the seven. Raises DataError if a file cannot be read or
    a class has no picture.
    """
    crowd = _crowd(votes) if votes else None
    pictures: dict[Emotion, list[GrayImage]] = {emotion: [] for emotion in EMOTIONS}
    for name, content in _entries(path, split):
        emotion = Emotion(PurePosixPath(name).parent.name)
        if crowd is None or crowd.get(PurePosixPath(name).stem.lstrip("0") or "0") is emotion:
            pictures[emotion].append(_decoded(content, name))
    lacking = [emotion.value for emotion in EMOTIONS if not pictures[emotion]]
    if lacking:
        raise DataError(f"{path}: has no {split} pictures of {', '.join(lacking)}")
    kept = {emotion: tuple(faces) for emotion, faces in pictures.items()}
    return FaceSet(f"{path.name} {split}", kept, kept[Emotion.NEUTRAL])


def with_resting(
    face_set: FaceSet, read: Callable[[GrayImage], Emotion], misread_as: Emotion
) -> FaceSet:
    """The same faces, but the owner's neutral ones are those that are misread as this emotion.

    read: the emotion that a face is taken for. Raises DataError if there is no such neutral face.
    """
    neutral = face_set.pictures[Emotion.NEUTRAL]
    resting = tuple(face for face in neutral if read(face) is misread_as)
    if not resting:
        raise DataError(f"{face_set.name}: no neutral picture of it is taken for {misread_as}")
    return replace(face_set, resting=resting)


def _entries(path: Path, split: str) -> Iterator[tuple[str, bytes]]:
    """(name, content) of the split's pictures, sorted by name. Raises DataError."""
    wanted = {f"{split}/{emotion}".lower() for emotion in EMOTIONS}

    def is_wanted(name: str) -> bool:
        folder = "/".join(PurePosixPath(name).parent.parts[-2:])
        return folder.lower() in wanted and name.lower().endswith((".png", ".jpg"))

    if os.path.isdir(path):
        for file in sorted(path.rglob("*")):
            if is_wanted(file.relative_to(path).as_posix()):
                yield file.as_posix(), file.read_bytes()
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for name in filter(is_wanted, sorted(archive.namelist())):
                yield name, archive.read(name)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: cannot be read: {why_failed(error)}; --faces needs a zip or a folder of"
            " SPLIT/CLASS/ROW.png made of FER-2013; without it the demo reel's faces are used"
        ) from error


def _crowd(path: Path) -> dict[str, Emotion]:
    """Row → the emotion with the most votes; rows with a tie are left out. Raises DataError."""
    found: dict[str, Emotion] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for line in csv.DictReader(file):
                votes = [int(line[name]) for name in VOTES]
                best = max(votes)
                if votes.count(best) == 1:
                    found[line["row"]] = EMOTIONS[votes.index(best)]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise DataError(f"{path}: not a table of FER+ votes by row: {why_failed(error)}") from error
    return found


def _decoded(content: bytes, name: str) -> GrayImage:
    image = decoded(np.frombuffer(content, np.uint8))
    if image is None:
        raise DataError(f"{name}: cannot be read as a picture")
    return image
