"""The pictures of the day: composites that the box brings along, or faces of FER-2013."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path, PurePosixPath

import numpy as np

from appliance.errors import DataError
from appliance.images import decoded
from appliance.records import EMOTIONS, Emotion, GrayImage

# The columns of ferplus_votes.csv in the order of EMOTIONS.
VOTES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")


@dataclass(frozen=True, slots=True)
class FaceSet:
    """Pictures of each emotion, cut as FER-2013's are. resting: the owner's neutral ones."""

    name: str
    pictures: Mapping[Emotion, tuple[GrayImage, ...]]
    resting: tuple[GrayImage, ...]

    def counts(self) -> dict[str, int]:
        """How many there are of each."""
        return {emotion.value: len(self.pictures[emotion]) for emotion in EMOTIONS}


def composites() -> FaceSet:
    """The seven of the demo reel: nobody's faces, one of each emotion."""
    folder = files("appliance.camera") / "reel_faces"
    pictures = {
        emotion: (_decoded((folder / f"{emotion}.png").read_bytes(), f"{emotion}.png"),)
        for emotion in EMOTIONS
    }
    return FaceSet("composites", pictures, pictures[Emotion.NEUTRAL])


def load(path: Path, split: str, votes: Path | None = None) -> FaceSet:
    """Faces of a zip or folder of SPLIT/CLASS/ROW.png; the class is the mood that they show.

    votes: of FER+, as a CSV with a column "row"; only pictures are taken whose class more of the
    crowd chose than any other of the seven. Raises DataError.
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
    kept = {emotion: tuple(some) for emotion, some in pictures.items()}
    return FaceSet(f"{path.name} {split}", kept, kept[Emotion.NEUTRAL])


def with_resting(album: FaceSet, looks: Callable[[GrayImage], Emotion], like: Emotion) -> FaceSet:
    """The same, its owner's neutral face being one that is taken for another. Raises DataError."""
    resting = tuple(face for face in album.pictures[Emotion.NEUTRAL] if looks(face) is like)
    if not resting:
        raise DataError(f"{album.name}: no neutral picture of it is taken for {like}")
    return replace(album, resting=resting)


def _entries(path: Path, split: str) -> Iterator[tuple[str, bytes]]:
    """(name, content) of the split's pictures, sorted."""
    wanted = {f"{split}/{emotion}".lower() for emotion in EMOTIONS}

    def is_one(name: str) -> bool:
        folder = "/".join(PurePosixPath(name).parent.parts[-2:])
        return folder.lower() in wanted and name.lower().endswith((".png", ".jpg"))

    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if is_one(file.relative_to(path).as_posix()):
                yield file.as_posix(), file.read_bytes()
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for name in filter(is_one, sorted(archive.namelist())):
                yield name, archive.read(name)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: cannot be read: {error}; --faces needs a zip or a folder of"
            " SPLIT/CLASS/ROW.png made of FER-2013; without it the box's own composites are used"
        ) from error


def _crowd(path: Path) -> dict[str, Emotion]:
    """Row → the emotion that most of the crowd saw; rows without a single one are left out."""
    found: dict[str, Emotion] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for line in csv.DictReader(file):
                votes = [int(line[name]) for name in VOTES]
                best = max(votes)
                if votes.count(best) == 1:
                    found[line["row"]] = EMOTIONS[votes.index(best)]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise DataError(f"{path}: not a table of FER+ votes by row: {error!r}") from error
    return found


def _decoded(content: bytes, name: str) -> GrayImage:
    image = decoded(np.frombuffer(content, np.uint8))
    if image is None:
        raise DataError(f"{name}: not a picture that can be read")
    return image
