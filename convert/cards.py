"""A model's card: what it is, how it was made, how good it is and what it must not be used for.

README.md of this folder says what each field means and which ones the jukebox reads.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf

from appliance.records import Unclear
from appliance.vision.interpreter import Interpreter
from appliance.vision.preprocessing import INPUT, Light
from convert import card_words
from convert.card_text import write_card
from convert.data import Portraits
from convert.evaluate import run_model
from convert.examples import GENDER_TEST, DataSet, Examples, Pictures
from convert.groups import gender_figures
from convert.networks import QUALITY, multiply_adds, with_views
from convert.priors import priors
from convert.quantize import output_positions, slim, to_dynamic, to_float32, to_int8
from convert.recipes import History, Recipe
from convert.scoring import Labels, Logits, fit_temperature, score
from convert.why import to_why, why_card

WORDS = {"emotion": card_words.EMOTION, "gender": card_words.GENDER}
HELD_OUT = "Training, held out"
# Networks for these tasks get files with a single view, too, NAME_KIND_single: the running jukebox
# shows them a face and its mirror image in turn, and averages over time anyway.
SEEN_IN_TURN = ("emotion",)
SINGLE = "_single"

# Logits of each head: of one model, on one split.
Answers = dict[str, Logits]


@dataclass(frozen=True, slots=True)
class Training:
    """What came before the model.

    hashes: SHA-256 of each data file by its name. helpers: the recipes of the networks that it
    began with and learned from, and of theirs.
    """

    recipe: Recipe
    history: History
    hashes: dict[str, str]
    helpers: dict[str, Recipe] = field(default_factory=dict)


def write_models(
    name: str, network: keras.Model, dataset: DataSet, training: Training, folder: Path
) -> dict[str, dict[str, Any]]:
    """Writes the network in all its kinds with their cards into folder; the cards by name."""
    views = training.recipe.views
    cards = write_kinds(name, with_views(network, views), dataset, training, folder=folder)
    if name in SEEN_IN_TURN:
        cards |= write_kinds(name, network, dataset, training, folder=folder, suffix=SINGLE)
    if dataset.task == "emotion":
        # TFLite cannot differentiate the resizing of the further views.
        content = to_why(with_views(network, min(views, 2)), cards[f"{name}_int8"]["head"])
        write_model(folder, content, why_card(f"{name}_why", content, list(cards.values())))
    return cards


def write_model(folder: Path, content: bytes, card: dict[str, Any]) -> dict[str, Any]:
    """Writes a model with its card beside it, and returns the card."""
    folder.mkdir(parents=True, exist_ok=True)
    path: Path = folder / card["file"]
    path.write_bytes(content)
    write_card(path, card)
    return card


def answer(content: bytes, images: Pictures, light: Light | None = None) -> Answers:
    """Logits, float32 (n, classes), of each head of a file. images: uint8 (n, side, side)."""
    size_px = Interpreter(content).input_shape[1]
    outputs = run_model(content, images, size_px, light)
    positions = output_positions(content)
    return {head: outputs[index] for head, index in positions.items() if head != QUALITY}


def of_the_file(name: str, content: bytes, task: str, labels: Sequence[str]) -> dict[str, Any]:
    """What a card says of a file."""
    return {
        "name": name,
        "task": task,
        "file": f"{name}.tflite",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "labels": [str(label) for label in labels],
    }


def of_the_network(network: keras.Model, light: Light | None = None) -> dict[str, Any]:
    """What a card says of a network."""
    size_px = network.input_shape[1]
    return {
        "input": {"size_px": size_px} | INPUT | ({"light": asdict(light)} if light else {}),
        "network": network.name,
        "parameters": network.count_params(),
        "multiply_adds": multiply_adds(network),
    }


def of_the_training(training: Training, trained: int, held_out: int) -> dict[str, Any]:
    """What a card says of how a network was made. trained, held_out: how many pictures."""
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


def known(logits: Logits, labels: Labels) -> tuple[Logits, Labels]:
    """Both without the rows whose label is -1. logits: (n, classes); labels: (n)."""
    return logits[labels >= 0], labels[labels >= 0]


def write_kinds(
    name: str,
    network: keras.Model,
    dataset: DataSet,
    training: Training,
    *,
    folder: Path,
    suffix: str = "",
    quality: Mapping[Unclear, float] | None = None,
) -> dict[str, dict[str, Any]]:
    """Writes the files NAME_KIND and the suffix; with a suffix there is no dynamic kind.

    quality: of a network with that output, from which number on each cause is believed.
    """
    float32, int8 = f"{name}_float32{suffix}", f"{name}_int8{suffix}"
    light = dataset.light
    contents = {float32: to_float32(network), int8: to_int8(network, dataset.calibration)}
    if not suffix:
        contents[f"{name}_dynamic"] = to_dynamic(network)
    judged = {HELD_OUT: dataset.held_out, **dataset.tests}
    answers = {
        file: {split: answer(content, examples.images, light) for split, examples in judged.items()}
        for file, content in contents.items()
    }
    common = of_the_network(network, light) | {
        "views": 1 if suffix else training.recipe.views,
        "training": of_the_training(training, len(dataset.training), len(dataset.held_out)),
        "int8_float_agreement": agreement(answers[int8], answers[float32]),
    }
    cards = {}
    for file, named in contents.items():
        content = slim(named)
        card = of_the_file(file, content, dataset.task, dataset.labels) | common
        positions = output_positions(named)
        if quality:
            card["quality"] = {
                "index": positions.pop(QUALITY),
                "least": dict(quality),
                **card_words.QUALITY,
            }
        card |= measured(positions, answers[file], judged, dataset)
        cards[file] = write_model(folder, content, card | WORDS[dataset.task])
    return cards


def measured(
    positions: dict[str, int],
    answers: dict[str, Answers],
    judged: dict[str, Examples],
    dataset: DataSet,
) -> dict[str, Any]:
    """All that a card says of one file's answers. positions: of the heads among its outputs."""
    logits, labels = answers[HELD_OUT], judged[HELD_OUT].labels
    temperatures = {head: fit_temperature(*known(logits[head], labels[head])) for head in positions}
    fields = {
        "outputs": [
            {"head": head, "index": index, "temperature": temperatures[head]}
            for head, index in sorted(positions.items(), key=itemgetter(1))
        ],
        # Where there are two, what a crowd sees in a face, rather than one labeller.
        "head": max(positions),
        "accuracy": _accuracy(answers, judged, temperatures),
    }
    if dataset.task == "emotion":
        fields |= priors(logits, temperatures, labels)
    if dataset.portraits:
        fields |= _of_groups(answers[GENDER_TEST]["gender"], dataset.portraits)
    return fields


def _accuracy(
    answers: dict[str, Answers], judged: dict[str, Examples], temperatures: Mapping[str, float]
) -> dict[str, dict[str, Any]]:
    """The figures of each head on each split."""
    return {
        split: {
            head: score(*known(logits, judged[split].labels[head]), temperatures[head]).as_json()
            for head, logits in logits_by_head.items()
        }
        for split, logits_by_head in answers.items()
    }


def _of_groups(logits: Logits, portraits: Portraits) -> dict[str, Any]:
    figures = gender_figures(logits, portraits, temperature=1.0)
    kept = ("groups", "race_gap", "without_0_5")
    return {field: value for field, value in figures.items() if field.endswith(kept)}


def agreement(some: dict[str, Answers], others: dict[str, Answers]) -> dict[str, dict[str, float]]:
    """The share of faces on which two models make the same first choice, by split and head."""
    return {
        split: {
            head: round(float(np.mean(logits.argmax(1) == others[split][head].argmax(1))), 5)
            for head, logits in logits_by_head.items()
        }
        for split, logits_by_head in some.items()
    }
