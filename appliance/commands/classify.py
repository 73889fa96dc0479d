"""`jukebox classify PICTURE…`: finds the faces in pictures and says how they look."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from appliance.build import build_classifier, build_faces, build_gender
from appliance.commands.shared import add_json, print_json, settings_of
from appliance.errors import CameraError
from appliance.images import read_picture
from appliance.records import GENDERS, Frame
from appliance.settings import Settings
from appliance.vision.description import face_as_json, in_words, named
from appliance.vision.detectors import EVERYWHERE


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds the pictures, and --json."""
    verb.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE")
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Prints a line for each face. Returns 1 if a picture cannot be read. Raises ModelError."""
    readings = []
    for reading in classify(settings_of(chosen), chosen.pictures):
        readings.append(reading)
        if not chosen.json:
            print(describe(reading), flush=True)
    if chosen.json:
        print_json(readings)
    return 1 if any("error" in reading for reading in readings) else 0


def classify(settings: Settings, pictures: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """For each picture its faces as values for JSON, or what is wrong with the file.

    Raises ModelError.
    """
    classifier = build_classifier(settings, still=True)
    gender = build_gender(settings) if settings.gender.enabled else None
    for path in pictures:
        try:
            picture = read_picture(path)
        except CameraError as error:
            yield {"picture": str(path), "error": str(error)}
            continue
        # A detector of its own: faces of one picture do not continue those of the picture before.
        finder = build_faces(settings, squares_per_search=EVERYWHERE)
        frame = Frame(0.0, 0.0, picture.luma, picture.chroma)
        faces = []
        for score in classifier.classify(frame, finder.find(frame)):
            faces.append(face_as_json(score))
            if gender:
                faces[-1]["gender"] = named(GENDERS, gender.classify(picture.luma, score.face))
        yield {"picture": str(path), "faces": faces}


def describe(reading: dict[str, Any]) -> str:
    """One line for each face, for people. reading: an item of classify()."""
    if "error" in reading:
        return str(reading["error"])
    lines = []
    for face in reading["faces"]:
        x, y, width, height = face["box"]
        looks = in_words(face["probabilities"], least=0.05)
        if "gender" in face:
            looks += f"; looks {in_words(face['gender'], least=0.5)}"
        if face["unclear"]:
            looks += f"; hard to read: {face['unclear']}"
        lines.append(f"{reading['picture']}: face at {x},{y} ({width}×{height}) looks {looks}")
    return "\n".join(lines) or f"{reading['picture']}: no face found"
