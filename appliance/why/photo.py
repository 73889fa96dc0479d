"""Why the faces in a picture file are read as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2

from appliance.build import build_classifier, build_faces, emotion_model
from appliance.errors import JukeboxError
from appliance.images import read_picture
from appliance.records import Box, Emotion, Face, Frame, GrayImage
from appliance.settings import Settings
from appliance.vision.description import face_as_json, in_words
from appliance.vision.detectors import EVERYWHERE
from appliance.why.drawing import sheet
from appliance.why.explainer import Explainer, Explanation


def explain(
    settings: Settings, path: Path, *, emotion: Emotion | None = None, whole: bool = False
) -> list[Explanation]:
    """An explanation for each face in the picture, at least one, the weightiest face first.

    emotion: by default the likeliest one of each face. whole: the picture is one face, already cut.
    Raises JukeboxError if there is no face, CameraError if the file cannot be read as a picture,
    ModelError.
    """
    explainer = Explainer(emotion_model(settings))
    classifier = build_classifier(settings, still=True)
    picture = read_picture(path)
    luma = picture.luma
    frame = Frame(0.0, 0.0, luma, picture.chroma)
    faces = (
        [_all_of(luma)]
        if whole
        else build_faces(settings, squares_per_search=EVERYWHERE).find(frame)
    )
    if not faces:
        raise JukeboxError(f"{path}: no face found; if it is one face already cut, say --whole")
    scores = sorted(classifier.classify(frame, faces), key=lambda score: -score.weight)
    return [explainer.explain(luma, score, emotion) for score in scores]


def write(path: Path, explanations: Sequence[Explanation]) -> None:
    """Draws explanations into a PNG file, a row for each face.

    Raises JukeboxError if the file cannot be written.
    """
    content = cv2.imencode(".png", sheet(explanations))[1].tobytes()
    try:
        path.write_bytes(content)
    except OSError as error:
        raise JukeboxError(f"{path}: cannot be written: {error.strerror}") from error


def as_json(explanation: Explanation) -> dict[str, Any]:
    """The face, its probabilities, what spoke for which emotion, and the milliseconds it took."""
    return {
        **face_as_json(explanation.scores),
        "explained": str(explanation.emotion),
        "spoke": {name: round(share, 4) for name, share in explanation.regions.items()},
        "ms": round(explanation.took_ms, 2),
    }


def describe(path: Path, explanation: Explanation) -> str:
    """One line for people: where a face is, how it looks, what spoke for it, what makes it hard."""
    face = as_json(explanation)
    x, y, width, height = face["box"]
    return (
        f"{path}: face at {x},{y} ({width}×{height}) "
        f"looks {in_words(face['probabilities'], least=0.05)}; "
        f"for {explanation.emotion} spoke {in_words(face['spoke'], least=0.0)}"
        + (f"; hard to read: {face['unclear']}" if face["unclear"] else "")
    )


def _all_of(luma: GrayImage) -> Face:
    """The whole picture as a face: the largest square in its middle."""
    height, width = luma.shape
    side = min(height, width)
    return Face(Box((width - side) // 2, (height - side) // 2, side, side), 1.0, 1)
