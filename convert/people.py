"""People whose pictures are known by their names: how well the jukebox reads each of them.

A zip or folder of SET/PERSON/EMOTION_….jpg, whole heads. The faces are found as `jukebox classify`
finds them, the largest of each picture counts, and a face that is not found counts as wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from appliance.records import EMOTIONS, Face, GrayImage, Picture
from appliance.vision.emotion import face_pixels
from convert.detect import Find
from convert.pictures import DataError, decode, pictures
from convert.reader import Reader
from convert.scoring import rounded, wilson

NOT_FOUND = -1  # the answer where there is no face
SPLITS = ("odd", "even")  # places of the sorted names: the first, third, …, and the others


@dataclass(frozen=True, slots=True)
class ActedFace:
    """One picture of a person: uint8 (height, width). person: SET/PERSON. label: of EMOTIONS.

    kind: how it was acted, a number in EMOTION_KIND_NUMBER.jpg; None where names have none.
    """

    person: str
    label: int
    luma: GrayImage
    kind: int | None = None


def load_people(path: Path, split: str | None = None) -> list[ActedFace]:
    """The pictures of all people, or of those at the odd or even places of the sorted names.

    Raises DataError if there is none.
    """
    found = [
        ActedFace(_person(name), label, decode(content, name), _kind(name))
        for name, content in pictures(path)
        if (label := _label(name)) is not None
    ]
    names = sorted({picture.person for picture in found})
    if split in SPLITS:
        names = names[SPLITS.index(split) :: 2]
    chosen = [picture for picture in found if picture.person in names]
    if not chosen:
        raise DataError(f"{path}: no pictures named PERSON/EMOTION_….jpg")
    return chosen


def judge(people: Sequence[ActedFace], find: Find, reader: Reader) -> dict[str, Any]:
    """The figures of all pictures and of each person, as JSON."""
    progress = tqdm(people, "pictures", leave=False, disable=None)
    answers = np.array([_answer(picture.luma, find, reader) for picture in progress])
    labels = np.array([picture.label for picture in people])
    names = np.array([picture.person for picture in people])
    return figures(labels, answers) | {
        "people": {
            name: figures(labels[names == name], answers[names == name])
            for name in sorted(set(names.tolist()))
        }
    }


def figures(labels: npt.NDArray[np.int64], answers: npt.NDArray[np.int64]) -> dict[str, Any]:
    """How many answers are right, as JSON; balanced_accuracy: the mean over the emotions shown.

    labels: int64 (n), at least one; answers: int64 (n), NOT_FOUND where there is none.
    """
    right = labels == answers
    shares = [right[labels == label].mean() for label in np.unique(labels)]
    return {
        "count": len(labels),
        "found": int((answers != NOT_FOUND).sum()),
        "accuracy": rounded(float(right.mean())),
        "balanced_accuracy": rounded(float(np.mean(shares))),
        "interval95": rounded(wilson(int(right.sum()), len(labels))),
    }


def largest(faces: Iterable[Face]) -> Face | None:
    """The largest of the faces found in a picture; None if there is none."""
    return max(faces, key=lambda face: face.box.height, default=None)


def _answer(luma: GrayImage, find: Find, reader: Reader) -> int:
    face = largest(find(Picture(luma)))
    if face is None:
        return NOT_FOUND
    return int(reader.logits(face_pixels(luma, face)[np.newaxis])[0].argmax())


def _person(name: str) -> str:
    return PurePosixPath(*PurePosixPath(name).parts[-3:-1]).as_posix()


def _label(name: str) -> int | None:
    word = PurePosixPath(name).name.partition("_")[0]
    return EMOTIONS.index(word) if word in set(EMOTIONS) else None


def _kind(name: str) -> int | None:
    parts = PurePosixPath(name).stem.split("_")
    return int(parts[1]) if len(parts) == 3 and parts[1].isdecimal() else None
