"""Where people's faces lie before the network's last layer: appliance/vision/people.json.

    python -m convert.people_space --data ../shared/data/people.zip

From the pictures of the people at the odd places of the sorted names: how one person's faces with
one expression spread (whitening: in its space this spread is 1 in every direction), where each
emotion lies on average (means), and how far people lie apart (between). vision/people.py reads
faces by it, once somebody was taught. The space belongs to the files with the same network,
emotion_int8_single and emotion_float32_single: whoever trains them anew measures it anew, and
people are taught anew.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from appliance.errors import ModelError
from appliance.records import EMOTIONS
from appliance.settings import FaceSettings
from appliance.vision.cards import MODELS, read_card
from appliance.vision.people import SPACE
from convert import detect
from convert.people import ActedFace, load_people
from convert.pictures import DataError
from convert.teaching import Eyes, Seen

MODEL = MODELS / "emotion_int8_single.tflite"
# This share of the mean spread is added in every direction: 365 pictures of ten people do not show
# all of it (chosen with each of the ten left out in turn; from 0.05 to 0.2 it hardly matters).
RIDGE = 0.2

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """whitening: float64 (72, 72); means: float64 (7, 72), whitened. between: a variance."""

    whitening: Floats
    means: Floats
    between: float


def measure(people: Sequence[ActedFace], seen: Sequence[Seen | None]) -> Measured:
    """The space of these people. seen: their pictures, in the same order."""
    cells: dict[tuple[str, int], list[Floats]] = {}
    for picture, found in zip(people, seen, strict=True):
        if found is not None:
            numbers = np.asarray(found.numbers, np.float64)
            cells.setdefault((picture.person, picture.label), []).append(numbers)
    means = {cell: np.mean(faces, axis=0) for cell, faces in cells.items()}
    left = np.concatenate([np.array(faces) - means[cell] for cell, faces in cells.items()])
    free = sum(len(faces) - 1 for faces in cells.values())
    spread = left.T @ left / free
    directions = len(spread)
    spread += RIDGE * np.trace(spread) / directions * np.eye(directions)
    values, vectors = np.linalg.eigh(spread)
    whitening = vectors / np.sqrt(values)
    placed = {cell: mean @ whitening for cell, mean in means.items()}
    everybody = np.array(
        [
            np.mean([place for (_, label), place in placed.items() if label == number], axis=0)
            for number in range(len(EMOTIONS))
        ]
    )
    return Measured(whitening, everybody, _between(placed, everybody))


def _between(placed: dict[tuple[str, int], Floats], everybody: Floats) -> float:
    """The variance between people in each direction, in the mean."""
    names = sorted({name for name, _ in placed})
    moved = np.array(
        [
            np.mean(
                [
                    place - everybody[label]
                    for (name, label), place in placed.items()
                    if name == who
                ],
                axis=0,
            )
            for who in names
        ]
    )
    return float((moved**2).sum() / (len(names) - 1) / everybody.shape[1])


def as_json(space: Measured, people: Sequence[ActedFace], data: str) -> dict[str, Any]:
    """The file's content. Raises ModelError if a network is not there."""
    inside = read_card(MODEL, "emotion").inside
    if inside is None:
        raise ModelError(f"{MODEL}: does not give its last maps; python -m convert.correction")
    return {
        "network": inside.space,
        "between": round(space.between, 3),
        "means": np.round(space.means, 3).tolist(),
        "whitening": np.round(space.whitening, 3).tolist(),
        "from": f"{data}: {len({face.person for face in people})} people, {len(people)} pictures",
    }


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 made, 1 data or model that cannot be used, 2 usage."""
    parser = argparse.ArgumentParser(
        "convert.people_space", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="SET/PERSON/EMOTION_….jpg")
    parser.add_argument("--split", default="odd", help="odd (the default), even or all")
    parser.add_argument("--out", type=Path, default=SPACE)
    options = parser.parse_args(arguments)
    try:
        people = load_people(options.data, options.split)
        rules = FaceSettings()
        find = detect.finder("blazeface", rules.min_score, rules.min_height_px)
        seen = Eyes(MODEL, find).see_all(people)
        content = as_json(measure(people, seen), people, options.data.name)
    except (DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return 1
    options.out.write_text(
        json.dumps(content, separators=(",", ":")).replace("],[", "],\n[") + "\n"
    )
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
