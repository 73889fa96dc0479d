"""Trains one network on FER-2013 and FER+; resumes where it was stopped.

    python -m convert.train \
        --data ../shared/data/fer2013.zip --votes ../shared/data/ferplus_votes.csv

Leaves checkpoint.npz, written after every epoch, in the run's folder (see --run). python -m convert
goes on from there to the models.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tqdm import tqdm

from appliance.preprocessing import scale
from appliance.records import EMOTIONS
from convert import data
from convert.augment import augment
from convert.networks import NETWORKS

Arrays = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what comes out. The defaults made the shipped model."""

    network: str = "mini_xception_fast"  # a name in networks.NETWORKS
    epochs: int = 100
    batch: int = 128
    peak_rate: float = 4e-3  # highest learning rate of the one cycle
    weight_decay: float = 5e-3
    smoothing: float = 0.05  # of the FER-2013 labels; the crowd's votes are smooth already
    averaging: float = 0.999  # of the weights, a step
    hold_out: float = 0.05  # of Training, never trained on: for every choice and the temperature
    seed: int = 0
    limit: int = 0  # train on this many rows only; 0 is all of them


@dataclass(frozen=True, slots=True)
class Examples:
    """What is trained on. targets[head]: float32 (n, 7) shares; weights[head]: float32 (n)."""

    images: npt.NDArray[np.uint8]
    targets: Arrays
    weights: Arrays


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate: up from a 25th to its peak in a quarter of the steps, down to nothing."""

    def __init__(self, peak: float, steps: int) -> None:
        self.peak, self.steps = peak, steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The rate at this step."""
        done = tf.cast(step, tf.float32) / self.steps
        up = 0.04 + 0.96 * (1 - tf.cos(math.pi * done / 0.25)) / 2
        down = (1 + tf.cos(math.pi * (done - 0.25) / 0.75)) / 2
        return self.peak * tf.where(done < 0.25, up, down)


class Trainer:
    """One network in training: a step at a time, saved and restored as a whole."""

    def __init__(self, recipe: Recipe, steps: int) -> None:
        keras.utils.set_random_seed(recipe.seed)
        self.recipe = recipe
        self.network = NETWORKS[recipe.network]()
        self.optimizer = keras.optimizers.AdamW(
            OneCycle(recipe.peak_rate, steps), weight_decay=recipe.weight_decay
        )
        self.optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        self.optimizer.build(self.network.trainable_variables)
        self.averages = [tf.Variable(weight) for weight in self.network.weights]

    @tf.function
    def step(self, images: tf.Tensor, targets: dict, weights: dict) -> tf.Tensor:
        """The loss of one batch after learning from it. images: float32 (batch, side, side, 1)."""
        with tf.GradientTape() as tape:
            logits = self.network(images, training=True)
            loss = sum(
                tf.reduce_mean(
                    weights[head]
                    * tf.nn.softmax_cross_entropy_with_logits(targets[head], logits[head])
                )
                for head in logits
            )
        variables = self.network.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        # Shorter at first, or the random start would stay in the average for several epochs.
        done = tf.cast(self.optimizer.iterations, tf.float32)
        keep = tf.minimum(self.recipe.averaging, (1 + done) / (10 + done))
        for average, weight in zip(self.averages, self.network.weights, strict=True):
            average.assign(keep * average + (1 - keep) * weight)
        return loss

    def averaged_network(self) -> keras.Model:
        """A network with the averaged weights, the one to judge and to ship."""
        network = NETWORKS[self.recipe.network]()
        network.set_weights([average.numpy() for average in self.averages])
        return network

    def save(self, path: Path, epoch: int, history: list[dict]) -> None:
        """Everything to go on from, written whole or not at all."""
        arrays = {f"v{i:03}": variable.numpy() for i, variable in enumerate(self._variables())}
        notes = json.dumps({"recipe": asdict(self.recipe), "epoch": epoch, "history": history})
        with (beside := path.with_suffix(".tmp")).open("wb") as file:
            np.savez(file, notes=notes, **arrays)
        os.replace(beside, path)

    def restore(self, path: Path) -> tuple[int, list[dict]]:
        """(epochs done, history) of a saved training. Raises DataError if its recipe differs."""
        with np.load(path) as saved:
            notes = json.loads(str(saved["notes"]))
            if notes["recipe"] != asdict(self.recipe):
                raise data.DataError(f"{path}: another recipe; choose another --run or remove it")
            for i, variable in enumerate(self._variables()):
                variable.assign(saved[f"v{i:03}"])
        return notes["epoch"], notes["history"]

    def _variables(self) -> list:
        return [*self.network.weights, *self.optimizer.variables, *self.averages]


def train(
    recipe: Recipe, faces: data.Faces, votes: data.Votes, run: Path
) -> tuple[keras.Model, list[dict]]:
    """(averaged network, history) after all epochs, going on from run/checkpoint.npz if there."""
    rest, held = split_training(recipe, faces)
    examples, judged = make_examples(recipe, rest, votes), make_examples(recipe, held, votes)
    steps = len(rest) // recipe.batch
    trainer = Trainer(recipe, steps * recipe.epochs)
    run.mkdir(parents=True, exist_ok=True)
    done, history = 0, []
    if (checkpoint := run / "checkpoint.npz").exists():
        done, history = trainer.restore(checkpoint)
        print(f"going on after epoch {done} of {recipe.epochs} ({checkpoint})", file=sys.stderr)
    for epoch in range(done, recipe.epochs):
        started = time.monotonic()
        loss = _one_epoch(trainer, examples, epoch)
        scores = accuracies(trainer.averaged_network(), judged)
        seconds = round(time.monotonic() - started, 1)
        history.append({"epoch": epoch + 1, "loss": round(loss, 4), **scores, "seconds": seconds})
        trainer.save(checkpoint, epoch + 1, history)
        print(json.dumps(history[-1]), file=sys.stderr, flush=True)
    return trainer.averaged_network(), history


def split_training(recipe: Recipe, faces: data.Faces) -> tuple[data.Faces, data.Faces]:
    """(rows to train on, held-out rows), both from Training, cleaned. Deterministic."""
    clean = data.clean_training(faces)
    if recipe.limit and recipe.limit < len(clean):
        chosen = np.random.default_rng(recipe.seed).permutation(len(clean))[: recipe.limit]
        clean = clean.take(np.sort(chosen))
    return data.hold_out(clean, recipe.hold_out, recipe.seed)


def make_examples(recipe: Recipe, faces: data.Faces, votes: data.Votes) -> Examples:
    """Targets for both heads: the smoothed FER-2013 label, and the crowd's votes for the seven.

    A row's crowd target counts as much as the share of its votes that fell on the seven.
    """
    labels = np.eye(len(EMOTIONS), dtype=np.float32)[faces.labels]
    labels = labels * (1 - recipe.smoothing) + recipe.smoothing / len(EMOTIONS)
    ballots = data.join_votes(faces, votes)
    counts = ballots[:, data.EMOTION_COLUMNS].astype(np.float32)
    on_seven = counts.sum(axis=1, keepdims=True)
    crowd = np.divide(counts, on_seven, out=np.full_like(counts, 1 / 7), where=on_seven > 0)
    share = on_seven[:, 0] / np.maximum(ballots.sum(axis=1), 1)
    return Examples(
        faces.images,
        {"fer": labels, "ferplus": crowd},
        {"fer": np.ones(len(faces), np.float32), "ferplus": share.astype(np.float32)},
    )


def accuracies(network: keras.Model, examples: Examples) -> dict[str, float]:
    """How often each head's first choice is its target's; a watch on the training, not a result."""
    logits = predict(network, examples.images)
    scores = {}
    for head, values in logits.items():
        counts = examples.weights[head] > 0.5
        right = values.argmax(axis=1) == examples.targets[head].argmax(axis=1)
        scores[head] = round(float(right[counts].mean()), 4)
    return scores


def predict(network: keras.Model, images: npt.NDArray[np.uint8]) -> Arrays:
    """Logits (n, 7) of each head for uint8 images (n, side, side)."""
    parts = [
        network(to_batch(images[start : start + 256]), training=False)
        for start in range(0, len(images), 256)
    ]
    return {head: np.concatenate([part[head] for part in parts]) for head in parts[0]}


def to_batch(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Pictures as the networks take them: float32 (n, side, side, 1)."""
    return scale(images)[..., np.newaxis]


def _one_epoch(trainer: Trainer, examples: Examples, epoch: int) -> float:
    """The mean loss of one epoch, whose order and augmentation depend on seed and epoch alone."""
    rng = np.random.default_rng((trainer.recipe.seed, epoch))
    batch = trainer.recipe.batch
    order = rng.permutation(len(examples.images))
    starts = range(0, len(order) - batch + 1, batch)
    losses = []
    for start in tqdm(starts, f"epoch {epoch + 1}", leave=False, disable=None):
        chosen = order[start : start + batch]
        images = to_batch(augment(examples.images[chosen], rng))
        targets = {head: values[chosen] for head, values in examples.targets.items()}
        weights = {head: values[chosen] for head, values in examples.weights.items()}
        losses.append(trainer.step(tf.constant(images), _tensors(targets), _tensors(weights)))
    return float(np.mean(losses))


def _tensors(arrays: Arrays) -> dict[str, tf.Tensor]:
    return {name: tf.constant(array) for name, array in arrays.items()}


def default_run(recipe: Recipe) -> Path:
    """A training's folder: outside the checkout, so that a training outlives it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "emotional-jukebox" / f"{recipe.network}-seed{recipe.seed}"


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 trained, 1 data that cannot be used."""
    parser = argparse.ArgumentParser("convert.train", description=__doc__)
    add_options(parser)
    options = parser.parse_args(arguments)
    recipe = recipe_from(options)
    use_threads(options.threads)
    try:
        faces, votes = data.load_emotions(options.data), data.load_votes(options.votes)
        train(recipe, faces, votes, options.run or default_run(recipe))
    except data.DataError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a training; one for each field of the recipe."""
    parser.add_argument("--data", type=Path, required=True, help="FER-2013: zip, folder or CSV")
    parser.add_argument("--votes", type=Path, required=True, help="FER+: either CSV")
    parser.add_argument("--run", type=Path, help="folder of the checkpoint; default: in the cache")
    parser.add_argument("--threads", type=int, default=1)
    for field in fields(Recipe):
        name = "--" + field.name.replace("_", "-")
        parser.add_argument(name, type=type(field.default), default=field.default)


def recipe_from(options: argparse.Namespace) -> Recipe:
    """The recipe that the options say."""
    return Recipe(**{field.name: getattr(options, field.name) for field in fields(Recipe)})


def use_threads(count: int) -> None:
    """How many cores TensorFlow may use; only before its first operation."""
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(1)


if __name__ == "__main__":
    sys.exit(main())
