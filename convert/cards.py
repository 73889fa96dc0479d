"""A model's card: what it is, how it was made, how good it is and what it must not be used for.

The box reads name, task, sha256, labels, input, outputs and head, and refuses a model that differs.
README.md of this folder says what each field means.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf

from appliance.interpreter import Interpreter
from appliance.records import EMOTIONS
from convert import data
from convert.evaluate import run_model
from convert.networks import multiply_adds
from convert.quantize import output_positions, representative, to_float32, to_int8
from convert.scoring import Labels, Logits, Score, fit_temperature, score
from convert.train import Recipe, split_training

BOX_HEAD = "ferplus"  # what a crowd sees in a face, rather than one labeller
WORDS = {
    "terms": (
        "The project gives the weights under MIT. They were trained on FER-2013 (competition data "
        "of the ICML-2013 workshop; rights of the web images unstated: research use) with the "
        "FER+ votes (Microsoft FERPlus, MIT): mind these terms for anything but private use."
    ),
    "intended_use": (
        "Reading roughly how the faces in a private room look, to choose music. It "
        "tells how a face looks to a crowd of strangers, not what a person feels."
    ),
    "misuse": (
        "Not for workplaces or schools (EU AI Act art. 5(1)(f) forbids emotion recognition there), "
        "not for judging, selecting or watching people, not for safety. Whoever runs it must "
        "tell the people it looks at (EU AI Act art. 50(3))."
    ),
    "weaknesses": (
        "Trained on pictures that a web search found for words of emotion, many of them acted; "
        "two labellings of them agree on about two thirds of the rows. Fear, disgust and sadness "
        "are read worst. Glasses, hands, darkness, profiles and faces below 48 pixels make it "
        "worse; its errors for groups of age, gender or skin have not been measured."
    ),
}
HELD_OUT = "Training, held out"

# logits of each head, of one model on one split
Answers = dict[str, Logits]


@dataclass(frozen=True, slots=True)
class Training:
    """What a network was made from. hashes: SHA-256 of each data file by its name."""

    recipe: Recipe
    faces: data.Faces
    votes: data.Votes
    hashes: dict[str, str]
    history: list[dict]


def write_models(network: keras.Model, training: Training, folder: Path) -> dict[str, dict]:
    """Writes both files of the network and their cards into folder; the cards by name."""
    rest, held = split_training(training.recipe, training.faces)
    contents = {
        "emotion_float32": to_float32(network),
        "emotion_int8": to_int8(network, representative(rest).images),
    }
    judged = {HELD_OUT: held, **_test_splits(training.faces)}
    answers = {
        name: {split: answer(content, faces) for split, faces in judged.items()}
        for name, content in contents.items()
    }
    common = _of_the_network(network) | {
        "training": _of_the_training(training, len(rest), len(held)),
        "int8_float_agreement": _agreement(*answers.values()),
    }
    folder.mkdir(parents=True, exist_ok=True)
    cards = {}
    for name, content in contents.items():
        figures = _figures(output_positions(content), answers[name], judged, training.votes)
        cards[name] = _of_the_file(name, content) | common | figures | WORDS
        (folder / f"{name}.tflite").write_bytes(content)
        (folder / f"{name}.json").write_text(json.dumps(cards[name], indent=1) + "\n")
    return cards


def answer(content: bytes, faces: data.Faces) -> Answers:
    """What a TFLite file says of these faces: logits (n, 7) of each of its heads."""
    size_px = Interpreter(content).input_shape[1]
    outputs = run_model(content, faces.images, size_px)
    return {head: outputs[index] for head, index in output_positions(content).items()}


def _of_the_file(name: str, content: bytes) -> dict:
    return {
        "name": name,
        "task": "emotion",
        "file": f"{name}.tflite",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "labels": [str(emotion) for emotion in EMOTIONS],
    }


def _of_the_network(network: keras.Model) -> dict:
    size_px = network.input_shape[1]
    scaling = {"channels": 1, "scaling": "x/127.5-1", "dtype": "float32"}
    return {
        "input": {"size_px": size_px} | scaling,
        "network": network.name,
        "parameters": network.count_params(),
        "multiply_adds": multiply_adds(network),
    }


def _of_the_training(training: Training, trained: int, held: int) -> dict:
    return {
        "recipe": asdict(training.recipe),
        "data_sha256": training.hashes,
        "rows": {"trained": trained, "held_out": held},
        "epochs_done": len(training.history),
        "hours": round(sum(epoch["seconds"] for epoch in training.history) / 3600, 2),
        "versions": {
            "python": platform.python_version(),
            **{module.__name__: module.__version__ for module in (tf, keras, np, cv2)},
        },
    }


def _figures(
    positions: dict[str, int],
    answers: dict[str, Answers],
    judged: dict[str, data.Faces],
    votes: data.Votes,
) -> dict:
    """Temperatures, fitted on held-out rows, and the accuracy on each split with them."""
    labels = {split: _labels(faces, votes) for split, faces in judged.items()}
    temperatures = {
        head: fit_temperature(*_known(answers[HELD_OUT][head], labels[HELD_OUT][head]))
        for head in positions
    }
    accuracy = {
        split: {
            head: _short(score(*_known(logits, labels[split][head]), temperatures[head]))
            for head, logits in by_head.items()
        }
        for split, by_head in answers.items()
    }
    outputs = [
        {"head": head, "index": index, "temperature": temperatures[head]}
        for head, index in sorted(positions.items(), key=lambda pair: pair[1])
    ]
    return {"outputs": outputs, "head": BOX_HEAD, "accuracy": accuracy}


def _test_splits(faces: data.Faces) -> dict[str, data.Faces]:
    names = sorted(set(faces.splits))
    return {
        name: data.select_split(faces, name)
        for name in names
        if name.lower() not in data.TRAINING_SPLITS
    }


def _labels(faces: data.Faces, votes: data.Votes) -> dict[str, Labels]:
    return {"fer": faces.labels, "ferplus": data.majority(data.join_votes(faces, votes))}


def _known(logits: Logits, labels: Labels) -> tuple[Logits, Labels]:
    """Without the rows on which the crowd saw none of the seven."""
    return logits[labels >= 0], labels[labels >= 0]


def _agreement(one: dict[str, Answers], other: dict[str, Answers]) -> dict:
    """The share of faces on which two models make the same first choice, by split and head."""
    return {
        split: {
            head: round(float(np.mean(logits.argmax(1) == other[split][head].argmax(1))), 5)
            for head, logits in by_head.items()
        }
        for split, by_head in one.items()
    }


def _short(result: Score) -> dict:
    """Without the confusion matrix, which convert.evaluate prints."""
    return {key: value for key, value in result.as_json().items() if key != "confusion"}
