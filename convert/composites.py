"""Composite faces for the demo reel: one for each emotion, the average of dozens of faces.

    python -m convert.composites --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv

Leaves EMOTION.png and faces.json in appliance/camera/reel_faces. Chosen are FER-2013 training faces
whose label the FER+ crowd shared, seen from the front, most typical in shape for their emotion, and
no two alike; no classifier has a say. Each is bent onto the mean shape of its emotion, the average
is averaged with its mirror image, and the contrast that averaging took is put back.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

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

SIDE_PX = 160
# Median place of the outer corners of the eyes in FER-2013's pictures, by the mesh.
EYES = np.array([[11.2, 18.4], [36.8, 18.4]], np.float32) * (SIDE_PX / data.SIZE_PX)

MOST_FACES = 60
WANTED_FACES = 40  # the crowd's agreement is lowered, from 10 of 10 votes, until so many are found
FEWEST_VOTES = 4  # disgust, the rarest, gets here and finds 36
# Only so many of the most agreed are looked at, which is enough and takes a minute.
MOST_CANDIDATES = 1200
# Above this correlation two upright faces are taken for pictures of one person. Of 70 pairs looked
# at, all above 0.9 were one person, a third of those around 0.84, none of ten around 0.8. Another
# pose of the same person stays below it: somebody may be in an average two or three times.
SAME_PERSON = 0.8
# A sad face with an open mouth is mostly a crying child; the reel is to be borne by its viewers.
CLOSED_MOUTH = 0.06

# What the reel needs to bend one composite into another: every mesh point is far too many.
REEL_POINTS = (
    61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91, 81, 13, 311, 402, 14, 178,  # lips
    33, 160, 158, 133, 153, 144, 263, 387, 385, 362, 380, 373,  # eyes
    70, 105, 107, 300, 334, 336,  # brows
    1, 98, 327, 168,  # nose
    10, 297, 251, 454, 361, 397, 378, 152, 149, 172, 132, 234, 21, 67,  # edge of the face
)  # fmt: skip


# Pictures are enlarged before the mesh and the warp look at them.
ENLARGED_PX = 192


@dataclass(frozen=True, slots=True)
class Candidates:
    """Faces of one emotion. pictures: uint8 (n, 192, 192); points: their mesh, (n, 468, 2)."""

    rows: npt.NDArray[np.int64]
    votes: npt.NDArray[np.int64]
    pictures: npt.NDArray[np.uint8]
    points: Points

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Candidates:
        """Those of a mask or of a list of positions, in its order."""
        return Candidates(
            self.rows[which], self.votes[which], self.pictures[which], self.points[which]
        )


@dataclass(frozen=True, slots=True)
class Composite:
    """An averaged face. image: uint8 (160, 160); shape: (468, 2) in it; faces: its parts."""

    image: GrayImage
    shape: Points
    faces: Candidates


def find_candidates(
    faces: data.Faces, votes: npt.NDArray[np.int64], emotion: Emotion, mesh: FaceMesh
) -> Candidates:
    """The faces on which label and crowd agree, seen from the front, the most agreed first."""
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
    """The most agreed and, among these, the most typical faces, without a second of one person."""
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


def nearest_training_face(composite: Composite, pictures: npt.NDArray[np.uint8]) -> dict:
    """How like the composite its nearest training picture is, beside the tenth and the typical.

    pictures: uint8 (n, 48, 48). Correlation of the inner faces, as both are cut. A face that could
    be recognised would stand out: one picture much nearer than the tenth.
    """
    small = cv2.resize(composite.image, (data.SIZE_PX, data.SIZE_PX), interpolation=cv2.INTER_AREA)
    likeness = _inner_faces(pictures) @ _inner_faces(small[np.newaxis])[0]
    order = np.argsort(-likeness)
    return {
        "position": int(order[0]),
        "nearest": round(float(likeness[order[0]]), 3),
        "tenth": round(float(likeness[order[9]]), 3),
        "median": round(float(np.median(likeness)), 3),
    }


def main() -> int:
    """Makes all composites; see the module."""
    arguments = _arguments()
    try:
        mesh = FaceMesh()
        faces = data.clean_training(data.load_emotions(arguments.data))
        votes = data.join_votes(faces, data.load_votes(arguments.votes))
    except (data.DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    notes, sheet = {}, []
    for emotion in EMOTIONS:
        composite = average(choose(find_candidates(faces, votes, emotion, mesh)))
        png = cv2.imencode(".png", composite.image, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()
        (arguments.out / f"{emotion}.png").write_bytes(png)
        likeness = nearest_training_face(composite, faces.images)
        nearest = likeness.pop("position")
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
    parser.add_argument("--sheet", type=Path, help="also: each beside its nearest training picture,"
                        " to look at and delete; never commit it")  # fmt: skip
    return parser.parse_args()


def _note(composite: Composite, png: bytes) -> dict:
    return {
        "faces": len(composite.faces),
        "votes_at_least": int(composite.faces.votes.min()),
        "rows": sorted(int(row) for row in composite.faces.rows),
        "sha256": sha256(png).hexdigest(),
        "points": composite.shape[list(REEL_POINTS)].astype(float).round(1).tolist(),
    }


def _write_note(arguments: argparse.Namespace, notes: dict) -> None:
    """faces.json: what was averaged, from what, how alike; one line for each face."""
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
    """Those nearest to the mean shape first."""
    shapes = upright(candidates.points, EYES)
    return candidates.take(((shapes - shapes.mean(axis=0)) ** 2).sum(axis=(1, 2)).argsort())


def _without_repeats(candidates: Candidates) -> Candidates:
    """The first MOST_FACES of which no two are pictures of one person."""
    views = np.array([
        _upright_picture(*face) for face in zip(candidates.pictures, candidates.points, strict=True)
    ])  # fmt: skip
    faces = _inner_faces(views)
    kept: list[int] = []
    for n, face in enumerate(faces):
        if len(kept) < MOST_FACES and not (faces[kept] @ face > SAME_PERSON).any():
            kept.append(n)
    return candidates.take(np.array(kept, np.int64))


def _upright_picture(picture: GrayImage, points: Points) -> GrayImage:
    """A face as FER-2013 would cut it if it had stood upright, 48×48."""
    fit = similarity(EYES * (data.SIZE_PX / SIDE_PX), points[list(OUTER_EYES)])
    return cv2.warpAffine(
        picture,
        fit,
        (data.SIZE_PX, data.SIZE_PX),
        flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _inner_faces(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Unit vectors whose product is the correlation of brows to chin. pictures: (n, 48, 48)."""
    inner = pictures[:, 8:46, 7:41].reshape(len(pictures), -1).astype(np.float32)
    inner -= inner.mean(axis=1, keepdims=True)
    return inner / np.maximum(np.linalg.norm(inner, axis=1, keepdims=True), 1e-6)


def _inside(shape: Points) -> npt.NDArray[np.bool_]:
    """The pixels of the face, bool (160, 160)."""
    mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(shape).astype(np.int32), 1)
    return mask > 0


def _standardized(plane: Plane, where: npt.NDArray[np.bool_]) -> Plane:
    """Mean 0 and deviation 1 over the face; clipped, so that no glint or shadow rules the rest."""
    values = plane[where]
    return np.clip((plane - values.mean()) / (values.std() + 1e-6), -4, 4)


def _sized(picture: GrayImage, side_px: int) -> GrayImage:
    return cv2.resize(picture, (side_px, side_px), interpolation=cv2.INTER_CUBIC)


if __name__ == "__main__":
    sys.exit(main())
