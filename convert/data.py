"""The public data sets as arrays, read from any of their usual forms.

FER-2013 as `SPLIT/CLASS/FILE` pictures in a zip or a folder (ours: `Training/angry/00000.png`;
Kaggle's: `train/angry/Training_3908.jpg`) or as the original `fer2013.csv` (emotion,pixels,Usage);
FER+ votes as our `ferplus_votes.csv` or Microsoft's `fer2013new.csv`; UTKFace as a zip or a folder.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from appliance.records import EMOTIONS, Emotion
from convert.pictures import DataError, decode, files, pictures
from convert.recipes import HOLD_OUT
from convert.tables import read_rows

SIZE_PX = 48
PORTRAIT_PX = 80  # of UTKFace; its public 200×200 pictures are averaged down to it
# UTKFace's own words, by its numbers.
RACES = ("White", "Black", "Asian", "Indian", "other")
TRAINING_SPLITS = ("training", "train")
UNKNOWN_ROW = -1  # of a picture whose name does not tell its row in fer2013.csv
USAGES = ("training", "publictest", "privatetest")

# The columns of FER+ in the order of both its files; the first of equals wins a majority.
VOTE_COLUMNS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear",
                "contempt", "unknown", "NF")  # fmt: skip
# Column of each emotion in the order of EMOTIONS.
EMOTION_COLUMNS = tuple(
    VOTE_COLUMNS.index(name)
    for name in ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
)
_FOLDER_NAMES = {emotion.value: index for index, emotion in enumerate(EMOTIONS)} | {
    "disgusted": EMOTIONS.index(Emotion.DISGUST),  # the other Kaggle copy's names
    "fearful": EMOTIONS.index(Emotion.FEAR),
    "surprised": EMOTIONS.index(Emotion.SURPRISE),
    "anger": EMOTIONS.index(Emotion.ANGRY),  # FER+'s own
    "happiness": EMOTIONS.index(Emotion.HAPPY),
    "sadness": EMOTIONS.index(Emotion.SAD),
}


@dataclass(frozen=True, slots=True)
class Faces:
    """Labelled pictures.

    images: uint8 (n, 48, 48); labels: int64 (n), index into EMOTIONS; rows: int64 (n), the row in
    the original fer2013.csv or UNKNOWN_ROW; splits: str (n), as the source names them.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    splits: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Faces:
        """The pictures of a mask or of a list of positions, in its order."""
        return Faces(*(getattr(self, field.name)[which] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Portraits:
    """UTKFace.

    images: uint8 (n, 80, 80), as they are, because preprocessing.portrait cuts the jukebox's faces
    like them; ages: int64 (n), in years; genders: int64 (n), index into records.GENDERS; races:
    int64 (n), index into RACES; names: str (n), of their files.
    """

    images: npt.NDArray[np.uint8]
    ages: npt.NDArray[np.int64]
    genders: npt.NDArray[np.int64]
    races: npt.NDArray[np.int64]
    names: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.genders)

    def take(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Portraits:
        """The pictures of a mask or of a list of positions, in its order."""
        return Portraits(*(getattr(self, field.name)[which] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Votes:
    """FER+ by row in fer2013.csv.

    counts: int64 (10), in the order of VOTE_COLUMNS; usages: in lower case, or "".
    """

    counts: dict[int, npt.NDArray[np.int64]]
    usages: dict[int, str]


Labelled = TypeVar("Labelled", Faces, Portraits)


def load_emotions(path: Path) -> Faces:
    """Every labelled face of a zip, a folder or a CSV. Raises DataError if there is none."""
    faces = _from_csv(path) if path.suffix.lower() == ".csv" else _from_pictures(path)
    if not len(faces):
        listed = path.suffix.lower() == ".csv"
        inside = [] if listed else [name for name, _ in files(path, (".csv",))]
        found = f"; it holds {inside[0]}: unpack that file and name it here" if inside else ""
        raise DataError(
            f"{path}: no faces found; expected SPLIT/CLASS/FILE pictures or a CSV{found}"
        )
    return faces


def select_split(faces: Faces, split: str | None) -> Faces:
    """The faces of one split, by its name in upper or lower case; None: the only split there is.

    Raises DataError, which names the splits, if there is not exactly one such split.
    """
    names = sorted(set(faces.splits))
    if split is None and len(names) > 1:
        raise DataError(f"no split was chosen; there are {', '.join(names)}")
    chosen = faces.take(np.char.lower(faces.splits) == (split or names[0]).lower())
    if not len(chosen):
        raise DataError(f"no split {split!r}; there are {', '.join(names)}")
    return chosen


def clean_training(faces: Faces) -> Faces:
    """The training split without blank pictures and without pictures that a test split has, too.

    In FER-2013 some 700 training rows are pixel for pixel in PublicTest or PrivateTest. Raises
    DataError if there is no training split.
    """
    in_training = np.isin(np.char.lower(faces.splits), TRAINING_SPLITS)
    tested = set(fingerprints(faces.images[~in_training]))
    training = faces.take(in_training)
    if not len(training):
        raise DataError(f"no training split; there are {', '.join(sorted(set(faces.splits)))}")
    blank = training.images.min(axis=(1, 2)) == training.images.max(axis=(1, 2))
    leaked = np.array([mark in tested for mark in fingerprints(training.images)])
    return training.take(~blank & ~leaked)


def hold_out(faces: Labelled, fraction: float, seed: int) -> tuple[Labelled, Labelled]:
    """(rest, held out): about this fraction, with identical pictures always on the same side.

    Pixels and seed alone decide; the order of the pictures stays.
    """
    salt = str(seed).encode()
    marks = (hashlib.sha256(salt + mark).digest() for mark in fingerprints(faces.images))
    held = np.array([int.from_bytes(mark[:4]) / 2**32 < fraction for mark in marks], np.bool_)
    return faces.take(~held), faces.take(held)


def emotion_held_out(faces: Faces, fraction: float = HOLD_OUT) -> tuple[Faces, Faces]:
    """(trained on, held out) of FER-2013's clean training split, always the same.

    Raises DataError if there is no training split.
    """
    return hold_out(clean_training(faces), fraction, seed=0)


def split_portraits(portraits: Portraits) -> tuple[Portraits, Portraits]:
    """(training, held out): a tenth of UTKFace, which has no splits of its own, always the same.

    Identical pictures are on one side. Two different pictures of a person may be on both.
    """
    return hold_out(portraits, 0.1, seed=0)


def portraits_held_out(
    training: Portraits, fraction: float = HOLD_OUT
) -> tuple[Portraits, Portraits]:
    """(trained on, held out) of the training part of UTKFace, always the same.

    The seed is not that of the test's split, or no picture would be left to hold out.
    """
    return hold_out(training, fraction, seed=1)


def load_votes(path: Path) -> Votes:
    """The FER+ votes of either file. Raises DataError if it is neither.

    Microsoft's file has no row number, and its "Image name" is not one: its order gives the rows.
    """

    def ballot(number: int, line: dict[str, str]) -> tuple[int, npt.NDArray[np.int64], str]:
        usage = line.get("usage") or line.get("Usage") or ""
        counts = np.array([int(line[name]) for name in VOTE_COLUMNS])
        return int(line.get("row", number)), counts, usage.lower()

    found = read_rows(path, VOTE_COLUMNS, ballot, "ten FER+ votes")
    return Votes({row: counts for row, counts, _ in found}, {row: usage for row, _, usage in found})


def join_votes(faces: Faces, votes: Votes) -> npt.NDArray[np.int64]:
    """The votes of each face, int64 (n, 10); all zero where a face has none.

    Raises DataError if no face has votes, or if they belong to other faces.
    """
    _check_rows(faces, votes)
    none = np.zeros(len(VOTE_COLUMNS), np.int64)
    joined = np.array([votes.counts.get(int(row), none) for row in faces.rows])
    if not joined.any():
        raise DataError(
            "no face has votes: the pictures' names do not tell their row in fer2013.csv, or the "
            "votes are those of other rows"
        )
    return joined


def _check_rows(faces: Faces, votes: Votes) -> None:
    known = faces.rows[faces.rows != UNKNOWN_ROW]
    if len(np.unique(known)) < len(known):
        raise DataError(
            "several pictures have the number of one row: some of them are there twice, or their "
            "names are not rows of fer2013.csv"
        )
    for row, split in zip(faces.rows.tolist(), np.char.lower(faces.splits), strict=True):
        usage = votes.usages.get(row, "")
        if usage in USAGES and split in USAGES and usage != split:
            raise DataError(
                f"row {row} is {usage} in the votes and {split} in the data, so these are not its "
                "votes; a part of fer2013.csv needs a column row: the number in the whole, from 0"
            )


def majority(votes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The crowd's label of each row, int64 (n), index into EMOTIONS; -1 for none of the seven.

    It is the argmax of all ten columns, the first of equals; contempt, unknown and not-a-face give
    -1. votes: int64 (n, 10), in the order of VOTE_COLUMNS.
    """
    emotion_of_column = np.full(len(VOTE_COLUMNS), -1)
    emotion_of_column[list(EMOTION_COLUMNS)] = np.arange(len(EMOTIONS))
    return np.where(votes.any(axis=1), emotion_of_column[votes.argmax(axis=1)], -1)


def load_utkface(path: Path) -> Portraits:
    """UTKFace, from names like 26_1_2_20170116.jpg.chip.jpg; a name that lacks a field is left out.

    Raises DataError if no picture has such a name, or if one cannot be read.
    """
    pattern = re.compile(r"(\d+)_([01])_([0-4])_")
    found = [
        (decode(content, name, PORTRAIT_PX), *map(int, match.groups()), match.string)
        for name, content in pictures(path)
        if (match := pattern.match(PurePosixPath(name).name))
    ]
    if not found:
        raise DataError(f"{path}: no pictures named age_gender_race_….jpg")
    images, *columns = zip(*found, strict=True)
    return Portraits(np.stack(images), *(np.array(column) for column in columns))


def is_own_utkface(path: Path) -> bool:
    """Whether these are pictures of 80×80, by whose pixels split_portraits chose.

    Raises DataError if they cannot be read.
    """
    shape = (PORTRAIT_PX, PORTRAIT_PX)
    return all(decode(content, name).shape == shape for name, content in islice(pictures(path), 9))


def fingerprints(images: npt.NDArray[np.uint8]) -> list[bytes]:
    """A mark for each picture, equal where the pixels are equal. images: uint8 (n, side, side)."""
    return [hashlib.sha256(image.tobytes()).digest() for image in images]


def sha256_of(path: Path) -> str:
    """The hash of a file, or of a folder's names and contents in sorted order, in hexadecimal."""
    digest = hashlib.sha256()
    if path.is_file():
        digest.update(path.read_bytes())
    else:
        for name, content in pictures(path):
            digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()


def _from_pictures(path: Path) -> Faces:
    images: list[npt.NDArray[np.uint8]] = []
    labels: list[int] = []
    rows: list[int] = []
    splits: list[str] = []
    others: set[str] = set()
    for name, content in pictures(path):
        # A folder's names begin with its own; a zip may also be a single split.
        parts = (*([] if path.is_dir() else [path.stem]), *PurePosixPath(name).parts)
        if len(parts) < 3 or parts[-2].lower() not in _FOLDER_NAMES:
            others.add(str(PurePosixPath(name).parent))
            continue
        images.append(decode(content, name, SIZE_PX))
        labels.append(_FOLDER_NAMES[parts[-2].lower()])
        stem = PurePosixPath(name).stem
        rows.append(int(stem) if stem.isdigit() else UNKNOWN_ROW)
        splits.append(parts[-3])
    if others:
        print(f"{path}: left out, because these folders are not emotions: "
              f"{', '.join(sorted(others)[:9])}", file=sys.stderr)  # fmt: skip
    return _faces(images, labels, rows, splits)


def _from_csv(path: Path) -> Faces:
    def row(number: int, line: dict[str, str]) -> tuple[npt.NDArray[np.uint8], int, int, str]:
        # bytes() refuses what is not 0 to 255; numpy would take 300 for 44.
        pixels = np.frombuffer(bytes(map(int, line["pixels"].split())), np.uint8)
        image = pixels.reshape(SIZE_PX, SIZE_PX)
        label = int(line["emotion"])
        if not 0 <= label < len(EMOTIONS) or not line["Usage"]:
            raise ValueError
        return image, label, int(line.get("row", number)), line["Usage"]

    columns = ("emotion", "pixels", "Usage")
    rows = read_rows(path, columns, row, "a face with a label 0 to 6")
    images, labels, numbers, splits = zip(*rows, strict=True) if rows else ([], [], [], [])
    return _faces(images, labels, numbers, splits)


def _faces(
    images: Sequence[npt.NDArray[np.uint8]],
    labels: Sequence[int],
    rows: Sequence[int],
    splits: Sequence[str],
) -> Faces:
    shape = (len(images), SIZE_PX, SIZE_PX)
    return Faces(
        np.array(images, np.uint8).reshape(shape),
        np.array(labels, np.int64),
        np.array(rows, np.int64),
        np.array(splits, np.str_),
    )
