"""Trains one network by its recipe, and continues a training that was stopped.

The run's folder holds checkpoint.npz, which is written after every epoch.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tqdm import tqdm

from convert.augment import augment
from convert.examples import Arrays, DataSet, Examples
from convert.losses import LOSSES
from convert.networks import NETWORKS
from convert.pictures import DataError
from convert.predict import accuracies, to_batch
from convert.recipes import History, Recipe
from convert.rounding import rounded
from convert.teacher import Teacher

CHECKPOINT = "checkpoint.npz"

# Pictures, targets of each head, and weights of each head, of the same rows.
Batch = tuple[npt.NDArray[np.float32], Arrays, Arrays]


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate: in a quarter of the steps from a 25th up to its peak, then down to 0."""

    def __init__(self, peak: float, steps: int) -> None:
        self.peak, self.steps = peak, steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The rate at this step."""
        done = tf.cast(step, tf.float32) / self.steps
        up = 0.04 + 0.96 * (1 - tf.cos(math.pi * done / 0.25)) / 2
        down = (1 + tf.cos(math.pi * (done - 0.25) / 0.75)) / 2
        return self.peak * tf.where(done < 0.25, up, down)


def build(recipe: Recipe) -> keras.Model:
    """The recipe's network, untrained. Its variables are float32 whatever it computes in."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        return NETWORKS[recipe.network]()
    finally:
        keras.config.set_dtype_policy(before)


class Trainer:
    """One network in training, one step at a time; it is saved and restored as a whole.

    steps: of the whole training.
    """

    def __init__(self, recipe: Recipe, steps: int) -> None:
        keras.utils.set_random_seed(recipe.seed)
        self.recipe = recipe
        self.network = build(recipe)
        # The same variables.
        self.rounded = rounded(self.network) if recipe.rounding else self.network
        self.optimizer = keras.optimizers.AdamW(
            OneCycle(recipe.peak_rate, steps), weight_decay=recipe.weight_decay
        )
        self.optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        self.optimizer.build(self.network.trainable_variables)
        self.averages = [tf.Variable(weight) for weight in self.network.weights]

    @tf.function
    def step(
        self,
        rounding: bool,
        images: tf.Tensor,
        targets: dict[str, tf.Tensor],
        weights: dict[str, tf.Tensor],
    ) -> tf.Tensor:
        """The loss of one batch, a float32 scalar, after learning from it.

        rounding: whether int8's rounding is included. images: float32 (batch, side, side, 1) in
        -1…1; targets: float32 (batch, classes) of each head; weights: float32 (batch) of each head.
        """
        with tf.GradientTape() as tape:
            logits = (self.rounded if rounding else self.network)(images, training=True)
            loss = sum(
                tf.reduce_mean(
                    weights[head] * LOSSES[self.recipe.loss](targets[head], logits[head])
                )
                for head in logits
            )
        variables = self.network.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        # A shorter average at first, or the random start would stay in it for several epochs.
        done = tf.cast(self.optimizer.iterations, tf.float32)
        keep = tf.minimum(self.recipe.averaging, (1 + done) / (10 + done))
        for average, weight in zip(self.averages, self.network.weights, strict=True):
            average.assign(keep * average + (1 - keep) * weight)
        return loss

    def begin_with(self, network: keras.Model) -> None:
        """Takes over the weights of a network of the same kind."""
        self.network.set_weights(network.get_weights())
        for average, weight in zip(self.averages, self.network.weights, strict=True):
            average.assign(weight)

    def averaged_network(self) -> keras.Model:
        """A network with the averaged weights, which is the one to judge and to ship."""
        network = build(self.recipe)
        network.set_weights([average.numpy() for average in self.averages])
        return network

    def save(self, path: Path, epoch: int, history: History) -> None:
        """Writes all that a continued training needs, either completely or not at all."""
        arrays: dict[str, Any] = {
            f"v{i:03}": variable.numpy() for i, variable in enumerate(self._variables())
        }
        notes = json.dumps({"recipe": asdict(self.recipe), "epoch": epoch, "history": history})
        with (beside := path.with_suffix(".tmp")).open("wb") as file:
            np.savez(file, notes=notes, **arrays)
        os.replace(beside, path)

    def restore(self, path: Path) -> tuple[int, History]:
        """(epochs done, history) of a saved training. Raises DataError if its recipe differs."""
        with np.load(path) as saved:
            notes = json.loads(str(saved["notes"]))
            if notes["recipe"] != asdict(self.recipe):
                raise DataError(f"{path}: another recipe; choose another --runs or remove it")
            for i, variable in enumerate(self._variables()):
                variable.assign(saved[f"v{i:03}"])
        return notes["epoch"], notes["history"]

    def _variables(self) -> list[Any]:
        return [*self.network.weights, *self.optimizer.variables, *self.averages]


def epochs_done(run: Path) -> int:
    """How many epochs the checkpoint of this run has had, 0 if there is no checkpoint."""
    if not (path := run / CHECKPOINT).exists():
        return 0
    with np.load(path) as saved:
        return int(json.loads(str(saved["notes"]))["epoch"])


def train(
    recipe: Recipe,
    dataset: DataSet,
    run: Path,
    teacher: Teacher | None = None,
    start: keras.Model | None = None,
) -> tuple[keras.Model, History]:
    """(averaged network, history) after all epochs; continues run/checkpoint.npz if there is one.

    run: a folder. start: a network of the same kind, whose weights to begin with. Raises DataError
    if the checkpoint is of another recipe.
    """
    steps = len(dataset.training) // recipe.batch
    trainer = Trainer(recipe, steps * recipe.epochs)
    if start:
        trainer.begin_with(start)
    run.mkdir(parents=True, exist_ok=True)
    done, history = 0, History()
    if (checkpoint := run / CHECKPOINT).exists():
        done, history = trainer.restore(checkpoint)
        print(f"continuing after epoch {done} of {recipe.epochs} ({checkpoint})", file=sys.stderr)
    for epoch in range(done, recipe.epochs):
        started = time.monotonic()
        loss = _one_epoch(trainer, dataset.training, epoch, teacher)
        shares = accuracies(trainer.averaged_network(), dataset.held_out, recipe.level)
        seconds = round(time.monotonic() - started, 1)
        history.append({"epoch": epoch + 1, "loss": round(loss, 4), **shares, "seconds": seconds})
        trainer.save(checkpoint, epoch + 1, history)
        print(json.dumps(history[-1]), file=sys.stderr, flush=True)
    return trainer.averaged_network(), history


def _one_epoch(trainer: Trainer, examples: Examples, epoch: int, teacher: Teacher | None) -> float:
    """The mean loss of one epoch. Its order and augmentation depend on seed and epoch alone."""
    recipe = trainer.recipe
    images, targets = _augmented(recipe, examples, epoch, teacher)
    rng = np.random.default_rng((recipe.seed, epoch))
    order = rng.permutation(len(images))
    rounding = epoch >= recipe.epochs - recipe.rounding
    starts = range(0, len(order) - recipe.batch + 1, recipe.batch)
    losses = []
    for start in tqdm(starts, f"epoch {epoch + 1}", leave=False, disable=None):
        chosen = order[start : start + recipe.batch]
        batch = (
            to_batch(images[chosen], recipe.level),
            _of(targets, chosen),
            _of(examples.weights, chosen),
        )
        if recipe.mixup:
            batch = _mixed(batch, float(rng.beta(recipe.mixup, recipe.mixup)))
        losses.append(trainer.step(rounding, *tf.nest.map_structure(tf.constant, batch)))
    return float(np.mean(losses))


def _augmented(
    recipe: Recipe, examples: Examples, epoch: int, teacher: Teacher | None
) -> tuple[npt.NDArray[np.uint8], Arrays]:
    """(pictures, targets) of an epoch. recipe.augmentations epochs later they are mirrored."""
    turn, number = divmod(epoch, recipe.augmentations) if recipe.augmentations else (0, epoch)
    rng = np.random.default_rng((recipe.seed, number, 1))
    images = augment(examples.images, rng, recipe.augmentation)
    targets = examples.targets
    if teacher:
        targets = teacher.targets(number, images, targets)
    return images[:, :, ::-1] if turn % 2 else images, targets


def _of(arrays: Arrays, chosen: npt.NDArray[np.int64]) -> Arrays:
    return {head: values[chosen] for head, values in arrays.items()}


def _mixed(batch: Batch, share: float) -> Batch:
    """Each picture blended with another of the batch, and its targets too (Zhang et al. 2018)."""
    own, other = np.float32(share), 1 - np.float32(share)
    images, targets, weights = tf.nest.map_structure(
        lambda rows: own * rows + other * rows[::-1], batch
    )
    return images, targets, weights


def default_runs() -> Path:
    """The folder where trainings are kept: outside the checkout, so that they outlive it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "emotional-jukebox"


def use_threads(count: int) -> None:
    """Sets how many cores TensorFlow may use. Must be called before its first operation."""
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(1)
