"""A model's card: what it is, how it was made, how good it is and what it must not be used for.

The box reads name, task, sha256, labels, input, outputs and head, and refuses a model that differs.
README.md of this folder says what each field means.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf

from appliance.vision.interpreter import Interpreter
from appliance.vision.preprocessing import INPUT
from convert.card_text import write_card
from convert.data import Portraits
from convert.evaluate import run_model
from convert.examples import GENDER_TEST, DataSet, Examples, Pictures
from convert.groups import gender_figures
from convert.networks import multiply_adds, with_views
from convert.quantize import output_positions, slim, to_dynamic, to_float32, to_int8
from convert.recipes import Recipe
from convert.scoring import Labels, Logits, fit_temperature, score
from convert.why import to_why, why_card

EMOTION_WORDS = {
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
GENDER_WORDS = {
    "terms": (
        "The project gives the weights under MIT. They were trained on UTKFace, which its authors "
        "offer for non-commercial research only: mind these terms for anything but private use."
    ),
    "intended_use": (
        "Off by default. It tells whether a face looks male or female to those who labelled "
        "UTKFace (an estimate by a program, checked by a person), and nothing of who somebody is."
    ),
    "misuse": EMOTION_WORDS["misuse"],
    "weaknesses": (
        "Two labels for what has more. Small children are read much worse than others, and "
        "the errors differ between groups of race and age: see the table of groups."
    ),
}
WORDS = {"emotion": EMOTION_WORDS, "gender": GENDER_WORDS}
HELD_OUT = "Training, held out"
# Of these there are files with a single look too, NAME_KIND_single: the running box shows them
# a face and its mirror image in turn, and averages over time anyway.
SEEN_IN_TURN = ("emotion",)

# logits of each head, of one model on one split
Answers = dict[str, Logits]


@dataclass(frozen=True, slots=True)
class Training:
    """What came before the model.

    hashes: SHA-256 of each data file by its name. helpers: the recipes of the networks it began
    with and learned from, and of theirs.
    """

    recipe: Recipe
    history: list[dict]
    hashes: dict[str, str]
    helpers: dict[str, Recipe] = field(default_factory=dict)


def write_models(
    name: str, network: keras.Model, dataset: DataSet, training: Training, folder: Path
) -> dict[str, dict]:
    """Writes the network in all its kinds with their cards into folder; the cards by name."""
    views = training.recipe.views
    cards = _write_kinds(name, with_views(network, views), dataset, training, folder=folder)
    if name in SEEN_IN_TURN:
        cards |= _write_kinds(name, network, dataset, training, folder=folder, suffix="_single")
    if dataset.task == "emotion":
        # TFLite cannot differentiate the resizing of the further views.
        content = to_why(with_views(network, min(views, 2)), cards[f"{name}_int8"]["head"])
        write_model(folder, content, why_card(f"{name}_why", content, list(cards.values())))
    return cards


def _write_kinds(
    name: str,
    network: keras.Model,
    dataset: DataSet,
    training: Training,
    *,
    folder: Path,
    suffix: str = "",
) -> dict[str, dict]:
    """The files NAME_KIND and the suffix; a single look is not made in the dynamic kind."""
    float32, int8 = f"{name}_float32{suffix}", f"{name}_int8{suffix}"
    contents = {float32: to_float32(network), int8: to_int8(network, dataset.calibration)}
    if not suffix:
        contents[f"{name}_dynamic"] = to_dynamic(network)
    judged = {HELD_OUT: dataset.held_out, **dataset.tests}
    answers = {
        file: {split: answer(content, examples.images) for split, examples in judged.items()}
        for file, content in contents.items()
    }
    common = of_the_network(network) | {
        "views": 1 if suffix else training.recipe.views,
        "training": of_the_training(training, len(dataset.training), len(dataset.held_out)),
        "int8_float_agreement": _agreement(answers[int8], answers[float32]),
    }
    cards = {}
    for file, named in contents.items():
        figures = _figures(output_positions(named), answers[file], judged)
        content = slim(named)
        card = of_the_file(file, content, dataset.task, dataset.labels) | common | figures
        card |= WORDS[dataset.task]
        if dataset.portraits:
            card |= _of_groups(answers[file][GENDER_TEST]["gender"], dataset.portraits)
        cards[file] = write_model(folder, content, card)
    return cards


def write_model(folder: Path, content: bytes, card: dict) -> dict:
    """Write a model and beside it its card. Return the card."""
    folder.mkdir(parents=True, exist_ok=True)
    path: Path = folder / card["file"]
    path.write_bytes(content)
    write_card(path, card)
    return card


def answer(content: bytes, images: Pictures) -> Answers:
    """What a TFLite file says of these pictures: logits (n, classes) of each of its heads."""
    size_px = Interpreter(content).input_shape[1]
    outputs = run_model(content, images, size_px)
    return {head: outputs[index] for head, index in output_positions(content).items()}


def of_the_file(name: str, content: bytes, task: str, labels: Sequence[str]) -> dict:
    """What a card says of a file."""
    return {
        "name": name,
        "task": task,
        "file": f"{name}.tflite",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "labels": [str(label) for label in labels],
    }


def of_the_network(network: keras.Model) -> dict:
    """What a card says of a network."""
    size_px = network.input_shape[1]
    return {
        "input": {"size_px": size_px} | INPUT,
        "network": network.name,
        "parameters": network.count_params(),
        "multiply_adds": multiply_adds(network),
    }


def of_the_training(training: Training, trained: int, held_out: int) -> dict:
    """What a card says of how a network came about. trained, held_out: how many pictures."""
    return {
        "recipe": asdict(training.recipe),
        "helpers": {name: asdict(recipe) for name, recipe in training.helpers.items()},
        "data_sha256": training.hashes,
        "rows": {"trained": trained, "held_out": held_out},
        "epochs_done": len(training.history),
        "hours": round(sum(epoch["seconds"] for epoch in training.history) / 3600, 2),
        "versions": {
            "python": platform.python_version(),
            **{module.__name__: module.__version__ for module in (tf, keras, np, cv2)},
        },
        "history": training.history,
    }


def _figures(
    positions: dict[str, int], answers: dict[str, Answers], judged: dict[str, Examples]
) -> dict:
    """Temperatures, fitted on held-out rows, and the accuracy on each split with them."""
    temperatures = {
        head: fit_temperature(*_known(answers[HELD_OUT][head], judged[HELD_OUT].labels[head]))
        for head in positions
    }
    accuracy = {
        split: {
            head: score(*_known(logits, judged[split].labels[head]), temperatures[head]).as_json()
            for head, logits in probabilities_by_head.items()
        }
        for split, probabilities_by_head in answers.items()
    }
    outputs = [
        {"head": head, "index": index, "temperature": temperatures[head]}
        for head, index in sorted(positions.items(), key=lambda pair: pair[1])
    ]
    # Where there are two, what a crowd sees in a face, rather than one labeller.
    return {"outputs": outputs, "head": max(positions), "accuracy": accuracy}


def _of_groups(logits: Logits, portraits: Portraits) -> dict:
    figures = gender_figures(logits, portraits, temperature=1.0)
    kept = ("groups", "race_gap", "without_0_5")
    return {field: value for field, value in figures.items() if field.endswith(kept)}


def _known(logits: Logits, labels: Labels) -> tuple[Logits, Labels]:
    """Without the rows on which the crowd saw none of the seven."""
    return logits[labels >= 0], labels[labels >= 0]


def _agreement(one: dict[str, Answers], other: dict[str, Answers]) -> dict:
    """The share of faces on which two models make the same first choice, by split and head."""
    return {
        split: {
            head: round(float(np.mean(logits.argmax(1) == other[split][head].argmax(1))), 5)
            for head, logits in probabilities_by_head.items()
        }
        for split, probabilities_by_head in one.items()
    }
