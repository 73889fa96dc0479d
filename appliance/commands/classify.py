"""Pictures from files → the faces in them and how they look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from appliance.build import build_classifier, build_faces, build_gender
from appliance.errors import CameraError
from appliance.images import read_gray
from appliance.records import EMOTIONS, GENDERS, EmotionScores, Frame
from appliance.settings import Settings
from appliance.vision.detectors import EVERYWHERE


def classify(settings: Settings, pictures: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """For each picture its faces, as JSON knows them, or what is wrong with the file."""
    classifier = build_classifier(settings, still=True)
    gender = build_gender(settings) if settings.gender.enabled else None
    for path in pictures:
        try:
            luma = read_gray(path)
        except CameraError as error:
            yield {"picture": str(path), "error": str(error)}
            continue
        # Faces of one picture are no continuation of those in the last.
        finder = build_faces(settings, squares_per_search=EVERYWHERE)
        frame = Frame(0.0, 0.0, luma)
        faces = []
        for score in classifier.classify(frame, finder.find(frame)):
            faces.append(face_as_json(score))
            if gender:
                faces[-1]["gender"] = _named(GENDERS, gender.classify(luma, score.face))
        yield {"picture": str(path), "faces": faces}


def describe(reading: dict[str, Any]) -> str:
    """One line for each face, for people."""
    if "error" in reading:
        return str(reading["error"])
    lines = []
    for face in reading["faces"]:
        x, y, width, height = face["box"]
        looks = in_words(face["probabilities"], least=0.05)
        if "gender" in face:
            looks += f"; looks {in_words(face['gender'], least=0.5)}"
        lines.append(f"{reading['picture']}: face at {x},{y} ({width}×{height}) looks {looks}")
    return "\n".join(lines) or f"{reading['picture']}: no face found"


def face_as_json(score: EmotionScores) -> dict[str, Any]:
    """Where a face is and how it looks."""
    box = score.face.box
    return {
        "box": [box.x, box.y, box.width, box.height],
        "score": round(score.face.score, 4),
        "probabilities": _named(EMOTIONS, score.probabilities),
    }


def in_words(shares: dict[str, float], least: float) -> str:
    """The classes with at least this share, the likeliest first: 'happy 90%, neutral 8%'."""
    best = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {share:.0%}" for name, share in best if share >= least)


def _named(classes: Sequence[str], shares: Sequence[float]) -> dict[str, float]:
    return {str(name): round(share, 4) for name, share in zip(classes, shares, strict=True)}
