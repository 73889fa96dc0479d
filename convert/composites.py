"""Composite faces for the demo reel: one for each emotion, the average of dozens of faces.

    python -m convert.composites --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv

Leaves EMOTION.png and faces.json in appliance/camera/reel_faces. The faces are chosen from
FER-2013's Training: the FER+ crowd agrees with their label, they are seen from the front, they have
the most typical shapes for their emotion, and no two are alike. No classifier takes part in the
choice. Each face is bent onto the mean shape of its emotion, the average is averaged with its
mirror image, and the contrast that averaging has removed is restored.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from appliance.errors import ModelError
from appliance.records import EMOTIONS, Emotion, GrayImage
from convert import data
from convert.composite_shape import (
    OUTER_EYES,
    FaceMesh,
    Plane,
    Points,
    Warp,
    mouth_opening,
    roll_degrees,
    similarity,
    symmetric,
    turn,
    upright,
)
from convert.pictures import DataError

SIDE_PX = 160
# Median place of the outer corners of the eyes in FER-2013's pictures, by the mesh.
EYES = np.array([[11.2, 18.4], [36.8, 18.4]], np.float32) * (SIDE_PX / data.SIZE_PX)

MOST_FACES = 60
WANTED_FACES = 40  # the crowd's agreement is lowered, from 10 of 10 votes, until so many are found
FEWEST_VOTES = 4  # disgust, the rarest, comes down to this and finds 36
# Only so many faces with the most agreement are examined, which is enough and takes a minute.
MOST_CANDIDATES = 1200
# Above this correlation two upright faces count as pictures of one person. Of 70 pairs that were
# compared by eye, all above 0.9 were one person, a third of those around 0.84, none of ten around
# 0.8. Another pose of the same person stays below it, so somebody may be in an average two or three
# times.
SAME_PERSON = 0.8
# A sad face with an open mouth is mostly a crying child, which viewers of the reel should not see.
CLOSED_MOUTH = 0.06

# What the reel needs to bend one composite into another: every mesh point is far too many.
REEL_POINTS = (
    61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91, 81, 13, 311, 402, 14, 178,  # lips
    33, 160, 158, 133, 153, 144, 263, 387, 385, 362, 380, 373,  # eyes
    70, 105, 107, 300, 334, 336,  # brows
    1, 98, 327, 168,  # nose
    10, 297, 251, 454, 361, 397, 378, 152, 149, 172, 132, 234, 21, 67,  # edge of the face
)  # fmt: skip


# Pictures are enlarged before the mesh and the warp use them.
ENLARGED_PX = 192


@dataclass(frozen=True, slots=True)
class Candidates:
    """Faces of one emotion.

    rows: int64 (n), of fer2013.csv; votes: int64 (n), of ten, for this emotion; pictures: uint8
    (n, 192, 192); points: float32 (n, 468, 2), of their meshes, in pixels.
    """

    rows: npt.NDArray[np.int64]
    votes: npt.NDArray[np.int64]
    pictures: npt.NDArray[np.uint8]
    points: Points

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Candidates:
        """The faces of a mask or of a list of positions, in its order."""
        return Candidates(
            self.rows[which], self.votes[which], self.pictures[which], self.points[which]
        )


@dataclass(frozen=True, slots=True)
class Composite:
    """An averaged face.

    image: uint8 (160, 160); shape: float32 (468, 2), its mesh in pixels; faces: what was averaged.
    """

    image: GrayImage
    shape: Points
    faces: Candidates


def find_candidates(
    faces: data.Faces, votes: npt.NDArray[np.int64], emotion: Emotion, mesh: FaceMesh
) -> Candidates:
    """The faces from the front on which label and crowd agree, those with the most votes first.

    votes: int64 (n, 10), of the faces, as data.join_votes gives them.
    """
    label = EMOTIONS.index(emotion)
    own_votes = votes[:, data.EMOTION_COLUMNS[label]]
    agreed = (faces.labels == label) & (data.majority(votes) == label)
    chosen = np.flatnonzero(agreed & (own_votes >= FEWEST_VOTES))
    chosen = chosen[np.argsort(-own_votes[chosen], kind="stable")][:MOST_CANDIDATES]
    pictures = np.array([_sized(picture, ENLARGED_PX) for picture in faces.images[chosen]])
    found = [mesh.points(face) for face in tqdm(pictures, str(emotion), leave=False, disable=None)]
    points = np.array([face for face, _ in found])
    clear = np.array([sure > 0.95 for _, sure in found])
    clear &= (abs(roll_degrees(points)) < 14) & (abs(turn(points)) < 0.2)
    if emotion is Emotion.SAD:
        clear &= mouth_opening(points) < CLOSED_MOUTH
    return Candidates(faces.rows[chosen], own_votes[chosen], pictures, points).take(clear)


def choose(candidates: Candidates) -> Candidates:
    """The faces with the most votes and, among these, the most typical ones; each person once."""
    for least in range(10, FEWEST_VOTES - 1, -1):
        agreed = candidates.take(candidates.votes >= least)
        if len(agreed) >= WANTED_FACES:
            chosen = _without_repeats(_by_typicality(agreed))
            if len(chosen) >= WANTED_FACES:
                return chosen
    return _without_repeats(_by_typicality(candidates))


def average(faces: Candidates) -> Composite:
    """The faces bent onto their mean shape, averaged, mirrored, and their contrast restored."""
    shape = symmetric(upright(faces.points, EYES).mean(axis=0), SIDE_PX)
    face = _inside(shape)
    warp = Warp(shape, SIDE_PX)
    planes = [
        _standardized(warp(picture, points), face)
        for picture, points in zip(faces.pictures, faces.points, strict=True)
    ]
    mean = np.mean(planes, axis=0)
    mean = (mean + mean[:, ::-1]) / 2
    # Where waves are 8 to 16 pixels long the average has half the amplitude of its faces, measured
    # by their spectra. This raises them again; it adds nothing that the average does not have.
    mean += 1.2 * (mean - cv2.GaussianBlur(mean, (0, 0), 3))
    gray = 130 + 42 * _standardized(mean, face)
    return Composite(np.clip(gray, 0, 255).astype(np.uint8), shape, faces)


def nearest_training_face(
    composite: Composite, pictures: npt.NDArray[np.uint8]
) -> tuple[int, dict[str, float]]:
    """(position of the most similar training picture, likenesses).

    The likenesses are correlations of the inner faces, as both are cut: of the nearest, the tenth
    nearest and the median picture. A face that could be recognised would stand out: one picture
    would be much nearer than the tenth. pictures: uint8 (n, 48, 48).
    """
    side = data.SIZE_PX, data.SIZE_PX
    small = np.asarray(cv2.resize(composite.image, side, interpolation=cv2.INTER_AREA), np.uint8)
    likeness = _inner_faces(pictures) @ _inner_faces(small[np.newaxis])[0]
    order = np.argsort(-likeness)
    return int(order[0]), {
        "nearest": round(float(likeness[order[0]]), 3),
        "tenth": round(float(likeness[order[9]]), 3),
        "median": round(float(np.median(likeness)), 3),
    }


def main() -> int:
    """The command: makes all composites. 0 made, 1 data or a package that cannot be used."""
    arguments = _arguments()
    try:
        mesh = FaceMesh()
        faces = data.clean_training(data.load_emotions(arguments.data))
        votes = data.join_votes(faces, data.load_votes(arguments.votes))
    except (DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    notes, sheet = {}, []
    for emotion in EMOTIONS:
        composite = average(choose(find_candidates(faces, votes, emotion, mesh)))
        png = cv2.imencode(".png", composite.image, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()
        (arguments.out / f"{emotion}.png").write_bytes(png)
        nearest, likeness = nearest_training_face(composite, faces.images)
        sheet.append(np.vstack([composite.image, _sized(faces.images[nearest], SIDE_PX)]))
        notes[str(emotion)] = _note(composite, png) | {"likeness": likeness}
        print(f"{emotion}: {len(composite.faces)} faces, likeness {likeness}")
    _write_note(arguments, notes)
    if arguments.sheet:
        cv2.imwrite(str(arguments.sheet), np.hstack(sheet))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make the composite faces of the demo reel.")
    parser.add_argument("--data", type=Path, required=True, help="FER-2013: zip, folder or CSV")
    parser.add_argument("--votes", type=Path, required=True, help="FER+ votes")
    parser.add_argument("--out", type=Path, default=Path("appliance/camera/reel_faces"))
    parser.add_argument("--sheet", type=Path, help="also write each beside its nearest training"
                        " picture, to inspect and delete; never commit it")  # fmt: skip
    return parser.parse_args()


def _note(composite: Composite, png: bytes) -> dict[str, Any]:
    return {
        "faces": len(composite.faces),
        "votes_at_least": int(composite.faces.votes.min()),
        "rows": sorted(int(row) for row in composite.faces.rows),
        "sha256": sha256(png).hexdigest(),
        "points": composite.shape[list(REEL_POINTS)].astype(float).round(1).tolist(),
    }


def _write_note(arguments: argparse.Namespace, notes: dict[str, Any]) -> None:
    """Writes faces.json: what was averaged, and from which data; one line for each face."""
    note = {
        "what": "averages of FER-2013 training faces; none shows a person",
        "made_by": "python -m convert.composites",
        "chosen_by": "label and FER+ crowd agree, frontal, typical in shape, sad with closed "
        "mouth; no classifier",
        "likeness": "correlation of the inner face with the nearest, the tenth nearest and the "
        "median of all training pictures",
        "points": f"x, y in the {SIDE_PX}×{SIDE_PX} picture; the same parts of the face in each",
        "data_sha256": {p.name: data.sha256_of(p) for p in (arguments.data, arguments.votes)},
        "versions": {p: version(p) for p in ("numpy", "opencv-python-headless")},
    }
    lines = [f'  "{name}": {json.dumps(value)}' for name, value in notes.items()]
    head = json.dumps(note, indent=1, ensure_ascii=False).removesuffix("\n}")
    text = head + ',\n "composites": {\n' + ",\n".join(lines) + "\n }\n}\n"
    (arguments.out / "faces.json").write_text(text, encoding="utf-8")


def _by_typicality(candidates: Candidates) -> Candidates:
    """The faces, those nearest to the mean shape first."""
    shapes = upright(candidates.points, EYES)
    return candidates.take(((shapes - shapes.mean(axis=0)) ** 2).sum(axis=(1, 2)).argsort())


def _without_repeats(candidates: Candidates) -> Candidates:
    """The first MOST_FACES of which no two are pictures of one person."""
    straight = np.array([
        _upright_picture(*face) for face in zip(candidates.pictures, candidates.points, strict=True)
    ])  # fmt: skip
    faces = _inner_faces(straight)
    kept: list[int] = []
    for number, face in enumerate(faces):
        if len(kept) < MOST_FACES and not (faces[kept] @ face > SAME_PERSON).any():
            kept.append(number)
    return candidates.take(np.array(kept, np.int64))


def _upright_picture(picture: GrayImage, points: Points) -> GrayImage:
    """A face as FER-2013 would cut it if it had been upright, uint8 (48, 48)."""
    fit = similarity(EYES * (data.SIZE_PX / SIDE_PX), points[list(OUTER_EYES)])
    straight = cv2.warpAffine(
        picture,
        fit,
        (data.SIZE_PX, data.SIZE_PX),
        flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(straight, np.uint8)


def _inner_faces(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Unit vectors, float32 (n, pixels), whose products are correlations of brows to chin.

    pictures: uint8 (n, 48, 48).
    """
    inner = pictures[:, 8:46, 7:41].reshape(len(pictures), -1).astype(np.float32)
    inner -= inner.mean(axis=1, keepdims=True)
    lengths = np.maximum(np.linalg.norm(inner, axis=1, keepdims=True), 1e-6)
    return np.asarray(inner / lengths, np.float32)


def _inside(shape: Points) -> npt.NDArray[np.bool_]:
    """The pixels of the face, bool (160, 160)."""
    mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    cv2.fillConvexPoly(mask, np.asarray(cv2.convexHull(shape), np.int32), [1])
    return np.asarray(mask > 0, np.bool_)


def _standardized(plane: Plane, where: npt.NDArray[np.bool_]) -> Plane:
    """Mean 0 and deviation 1 over the face; clipped, so that no glint or shadow dominates it."""
    values = plane[where]
    return np.asarray(np.clip((plane - values.mean()) / (values.std() + 1e-6), -4, 4), np.float32)


def _sized(picture: GrayImage, side_px: int) -> GrayImage:
    sized = cv2.resize(picture, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    return np.asarray(sized, np.uint8)


if __name__ == "__main__":
    sys.exit(main())
