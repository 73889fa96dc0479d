"""Makes the network that follows a face: from the public data files to models/tracker_*.

    python -m convert.tracker --data ../shared/data/fer2013.zip \
        --portraits ../shared/data/utkface.zip --photos ../shared/data/detect_faces.zip \
        --negatives ../shared/data/detect_negatives.zip

A training that was stopped continues from its last epoch. Every epoch has new windows
(`windows.py`). An eighth of the photos, FER-2013's PublicTest and UTKFace's held-out tenth only
judge the network. The videos that following is measured on (tests/bench/following.py) are not used
here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import cv2
import keras
import numpy as np
import tensorflow as tf

from convert import card_words, data, detect
from convert.cards import Training, of_the_file, of_the_network, of_the_training, write_model
from convert.evaluate import run_model
from convert.figures import MODELS
from convert.pictures import DataError
from convert.predict import predict, to_batch
from convert.quantize import output_positions, slim, to_float32, to_int8
from convert.recipes import History, Recipe
from convert.train import CHECKPOINT, Trainer, default_runs, use_threads
from convert.windows import ROOM, Sources, Windows, make_windows, scene
from convert.windows_scoring import kept_and_noticed

RECIPE = Recipe(
    "tracker", epochs=24, task="track", batch=256, peak_rate=4e-3, weight_decay=1e-3,
    loss="face_and_box", hold_out=1 / 8, limit=60_000,
)  # fmt: skip
JUDGED = 20_000  # windows

Thing = TypeVar("Thing")


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 made, 1 data that cannot be used, 2 usage."""
    options = _options(arguments)
    use_threads(options.threads)
    cv2.setNumThreads(options.threads)
    changes = {name: value for name in ("epochs", "limit") if (value := getattr(options, name))}
    recipe = replace(RECIPE, **changes)
    try:
        learned, judged = sources(options)
        network, history = train(recipe, learned, judged, options.runs / "tracker-seed0")
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    files = options.data, options.portraits, options.photos, options.negatives
    hashes = {file.name: data.sha256_of(file) for file in files}
    for name, card in write_models(
        network, learned, judged, Training(recipe, history, hashes), options.out
    ).items():
        print(name, json.dumps(card["held_out"]))
    return 0


def sources(options: argparse.Namespace) -> tuple[Sources, Sources]:
    """(sources to learn from, sources to judge by). Raises DataError if the data cannot be used."""
    faces = data.load_emotions(options.data)
    tested = faces.take(~np.isin(np.char.lower(faces.splits), data.TRAINING_SPLITS))
    portraits = [part.images for part in data.split_portraits(data.load_utkface(options.portraits))]
    find = detect.finder("blazeface", 0.5, 24)
    scenes = [scene(photo, find) for photo in detect.load_photos(options.photos)]
    rooms = [photo.luma for photo in detect.load_negatives(options.negatives)]
    every = round(1 / RECIPE.hold_out)
    return (
        Sources(data.clean_training(faces).images, portraits[0], _without(rooms, every),
                _without(scenes, every)),
        Sources(tested.images, portraits[1], rooms[::every], scenes[::every]),
    )  # fmt: skip


def train(
    recipe: Recipe, learned: Sources, judged: Sources, run: Path
) -> tuple[keras.Model, History]:
    """(averaged network, history) after all epochs; continues run/checkpoint.npz if there is one.

    run: a folder. Raises DataError if the checkpoint is of another recipe.
    """
    steps = recipe.limit // recipe.batch
    trainer = Trainer(recipe, steps * recipe.epochs)
    run.mkdir(parents=True, exist_ok=True)
    done, history = 0, History()
    if (checkpoint := run / CHECKPOINT).exists():
        done, history = trainer.restore(checkpoint)
    held_out = _held_out(judged, recipe)
    for epoch in range(done, recipe.epochs):
        started = time.monotonic()
        windows = make_windows(learned, recipe.limit, np.random.default_rng((recipe.seed, epoch)))
        losses = [_learn(trainer, windows, step) for step in range(steps)]
        answers = predict(trainer.averaged_network(), held_out.images)
        shares = kept_and_noticed(answers["face"][:, 0], answers["box"], held_out)
        seconds = round(time.monotonic() - started, 1)
        loss = round(float(np.mean(losses)), 4)
        history.append({"epoch": epoch + 1, "loss": loss, **shares, "seconds": seconds})
        trainer.save(checkpoint, epoch + 1, history)
        print(json.dumps(history[-1]), file=sys.stderr, flush=True)
    return trainer.averaged_network(), history


def write_models(
    network: keras.Model, learned: Sources, judged: Sources, training: Training, folder: Path
) -> dict[str, dict[str, Any]]:
    """Writes the network in both kinds with their cards into folder; the cards by name."""
    calibration = make_windows(learned, 500, np.random.default_rng(2)).images
    contents = {
        "tracker_float32": to_float32(network),
        "tracker_int8": to_int8(network, calibration),
    }
    held_out = _held_out(judged, training.recipe)
    about = of_the_network(network) | {
        "training": of_the_training(training, training.recipe.limit, len(held_out))
    }
    about["input"] |= {"room": ROOM}
    cards = {}
    for name, content in contents.items():
        positions = output_positions(content)
        stripped = slim(content)
        outputs = [{"head": head, "index": index} for head, index in sorted(positions.items())]
        card = of_the_file(name, stripped, "track", ("face",)) | about | {"outputs": outputs}
        card |= {"held_out": _judged(stripped, positions, held_out)} | card_words.TRACKER
        cards[name] = write_model(folder, stripped, card)
    return cards


def _held_out(judged: Sources, recipe: Recipe) -> Windows:
    return make_windows(judged, min(JUDGED, recipe.limit), np.random.default_rng(1))


def _judged(content: bytes, positions: dict[str, int], windows: Windows) -> dict[str, float]:
    outputs = run_model(content, windows.images, windows.images.shape[1])
    logits, boxes = outputs[positions["face"]][:, 0], outputs[positions["box"]]
    return kept_and_noticed(logits, boxes, windows) | {"windows": len(windows)}


def _learn(trainer: Trainer, windows: Windows, step: int) -> float:
    """The loss of one batch. Where there is no face, the box has no weight."""
    size = trainer.recipe.batch
    part = windows.take(np.arange(step * size, (step + 1) * size))
    ones = np.ones(size, np.float32)
    targets = {"face": part.is_face[:, np.newaxis], "box": part.boxes}
    batch = to_batch(part.images), targets, {"face": ones, "box": part.is_face}
    return float(trainer.step(False, *tf.nest.map_structure(tf.constant, batch)))


def _without(things: list[Thing], every: int) -> list[Thing]:
    """All but the first of each so many."""
    return [thing for number, thing in enumerate(things) if number % every]


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "convert.tracker", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="FER-2013: zip, folder or CSV")
    parser.add_argument("--portraits", type=Path, required=True, help="UTKFace: zip or folder")
    parser.add_argument("--photos", type=Path, required=True, help="with an annotations.json")
    parser.add_argument("--negatives", type=Path, required=True, help="photos without people")
    parser.add_argument("--out", type=Path, default=MODELS, help="folder; default: models/")
    parser.add_argument("--runs", type=Path, default=default_runs(), help="folder of checkpoints")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--limit", type=int, help="windows an epoch")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
