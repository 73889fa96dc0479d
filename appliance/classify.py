"""Pictures from files → the faces in them and how they look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from appliance.errors import CameraError
from appliance.pictures import read_gray
from appliance.records import EMOTIONS, EmotionScores, Frame
from appliance.service import build_classifier, build_faces
from appliance.settings import Settings

# A photo has no next frame: every part of it is searched at once.
EVERYWHERE = 1000


def classify(settings: Settings, pictures: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """For each picture its faces, as JSON knows them, or what is wrong with the file."""
    classifier = build_classifier(settings)
    for path in pictures:
        try:
            luma = read_gray(path)
        except CameraError as error:
            yield {"picture": str(path), "error": str(error)}
            continue
        # Faces of one picture are no continuation of those in the last.
        finder = build_faces(settings.faces, looks=EVERYWHERE)
        frame = Frame(0, 0.0, 0.0, luma)
        scores = classifier.classify(frame, finder.find(frame))
        yield {"picture": str(path), "faces": [_face(score) for score in scores]}


def describe(reading: dict[str, Any]) -> str:
    """One line for each face, for people."""
    if "error" in reading:
        return str(reading["error"])
    lines = []
    for face in reading["faces"]:
        best = sorted(face["probabilities"].items(), key=lambda item: -item[1])
        words = ", ".join(f"{name} {share:.0%}" for name, share in best if share >= 0.05)
        x, y, width, height = face["box"]
        lines.append(f"{reading['picture']}: face at {x},{y} ({width}×{height}) looks {words}")
    return "\n".join(lines) or f"{reading['picture']}: no face found"


def _face(score: EmotionScores) -> dict[str, Any]:
    box = score.face.box
    return {
        "box": [box.x, box.y, box.width, box.height],
        "score": round(score.face.score, 4),
        "probabilities": {
            str(emotion): round(probability, 4)
            for emotion, probability in zip(EMOTIONS, score.probabilities, strict=True)
        },
    }
