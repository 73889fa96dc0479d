"""Fine-tunes BlazeFace's search on people as rooms show them: from the side, half hidden, blurred.

    TF_ENABLE_ONEDNN_OPTS=0 python -m convert.finder \
        --photos ../shared/data/detect_faces.zip --negatives ../shared/data/detect_negatives.zip

Only photos at even places are learned from; those at odd ones are for reporting. The published
weights come from the package that models/blazeface_short_range.json names. A training that was
stopped continues from its last epoch, and `python -m convert.blazeface` takes the weights that it
leaves in --runs. The loss is losses.finder(). (With oneDNN, TensorFlow 2.21 ends here with a
segmentation fault.)
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf

from appliance.errors import ModelError
from appliance.records import Picture
from appliance.vision.blazeface import Network, anchors
from appliance.vision.geometry import covering_squares
from appliance.vision.pixels import Pixels
from convert import data, detect
from convert.blazeface import FACTS, RUN, WEIGHTS, blazeface
from convert.finder_squares import SIDE_PX, Published, Scene, Squares
from convert.finder_squares import Pixels as Rgb
from convert.pictures import DataError
from convert.published_blazeface import blazeface_model
from convert.recipes import History, Recipe
from convert.train import CHECKPOINT, Trainer, default_runs, use_threads

RECIPE = Recipe(
    "blazeface", epochs=24, task="detect", batch=32, peak_rate=3e-4, weight_decay=1e-4,
    loss="finder", averaging=0.998, limit=3_200, seed=7,
)  # fmt: skip
# What looks like a face in a photo without people: from this score on, and from this height on.
HARD_SCORE, LEAST_PX = 0.15, 24 * 7


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 made, 1 data that cannot be used, 2 usage."""
    options = _options(arguments)
    use_threads(options.threads)
    cv2.setNumThreads(options.threads)
    recipe = replace(RECIPE, epochs=options.epochs or RECIPE.epochs)
    run = options.runs / RUN
    try:
        content = blazeface_model()
        people = detect.of_split(detect.load_photos(options.photos), "even")
        rooms = detect.of_split(detect.load_negatives(options.negatives), "even")
        squares = squares_of(people, rooms, content, recipe.seed)
        history = train(recipe, squares, content, run)
    except (DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return 1
    hashes = {file.name: data.sha256_of(file) for file in (options.photos, options.negatives)}
    facts = {"seed": recipe.seed, "split": "even", "data": hashes, "history": history}
    (run / FACTS).write_text(json.dumps(facts, indent=1))
    print(run / WEIGHTS)
    return 0


def squares_of(
    people: Sequence[detect.Photo], rooms: Sequence[Picture], content: bytes, seed: int
) -> Squares:
    """What the finder learns from. content: of the published file."""
    network = Network(content)
    return Squares(
        [Scene(_rgb(photo.picture), photo.boxes) for photo in people],
        [Scene(_rgb(Picture(room.luma)), (), _hard(room, network)) for room in rooms],
        np.array(anchors(SIDE_PX), np.float32),
        seed,
    )


def train(recipe: Recipe, squares: Squares, content: bytes, run: Path) -> History:
    """The history of all epochs; leaves the averaged weights in run/finder.weights.h5.

    Continues run/checkpoint.npz if there is one. Raises DataError if it is of another recipe.
    """
    steps = recipe.limit // recipe.batch
    trainer = Trainer(recipe, steps * recipe.epochs)
    published = blazeface(SIDE_PX, content, colours=3)
    trainer.begin_with(published)
    answers = _answers(content)
    run.mkdir(parents=True, exist_ok=True)
    done, history = 0, History()
    if (checkpoint := run / CHECKPOINT).exists():
        done, history = trainer.restore(checkpoint)
    for epoch in range(done, recipe.epochs):
        started, losses = time.monotonic(), []
        for step in range(steps):
            images, scores, boxes = squares.batch(epoch * steps + step, recipe.batch, answers)
            ones = np.ones(recipe.batch, np.float32)
            targets, weights = {"scores": scores, "boxes": boxes}, {"scores": ones, "boxes": ones}
            batch = tf.nest.map_structure(tf.constant, (images, targets, weights))
            losses.append(float(trainer.step(False, *batch)))
        seconds = round(time.monotonic() - started, 1)
        history.append(
            {"epoch": epoch + 1, "loss": round(float(np.mean(losses)), 4), "seconds": seconds}
        )
        trainer.save(checkpoint, epoch + 1, history)
        trainer.averaged_network().save_weights(run / WEIGHTS)
        print(json.dumps(history[-1]), file=sys.stderr, flush=True)
    return history


def _answers(content: bytes) -> Published:
    """What the published network says of a square: boxes (n, 16) and logits (n)."""
    network = Network(content)
    return network.answers


def _hard(room: Picture, network: Network) -> tuple[tuple[float, float, float, float], ...]:
    """What the published network takes for a face where there are no people."""
    gray = Pixels(room.luma)
    return tuple(
        (face.x, face.y, face.side, face.score)
        for square in covering_squares(room.luma.shape, LEAST_PX)
        for face in network.detect(gray, square, HARD_SCORE)
    )


def _rgb(picture: Picture) -> Rgb:
    """All of a photo, as a camera shows it: with half the lines of its colour."""
    luma = picture.luma
    if picture.chroma is None:
        return np.asarray(cv2.cvtColor(luma, cv2.COLOR_GRAY2RGB), np.uint8)
    chroma = cv2.resize(picture.chroma(), (luma.shape[1], luma.shape[0]))
    whole = cv2.merge((luma, chroma))
    return np.asarray(cv2.cvtColor(whole, cv2.COLOR_YCrCb2RGB), np.uint8)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "convert.finder", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="with an annotations.json")
    parser.add_argument("--negatives", type=Path, required=True, help="photos without people")
    parser.add_argument("--runs", type=Path, default=default_runs(), help="folder of checkpoints")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
