"""What the networks learn from and are judged by: pictures with targets and labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from appliance.records import EMOTIONS, GENDERS
from appliance.vision.preprocessing import Light
from convert import data
from convert.networks import GENDER_SIZE_PX
from convert.quantize import representative, representative_portraits
from convert.recipes import Recipe
from convert.scoring import Labels

GENDER_TEST = "heldout"  # the split that convert.evaluate calls so
Pictures = npt.NDArray[np.uint8]
Arrays = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Examples:
    """Pictures, and for each head what it should answer.

    images: uint8 (n, side, side). targets[head]: float32 (n, classes), shares that sum to 1;
    weights[head]: float32 (n), 0…1; labels[head]: int64 (n), -1 where a row has no label.
    """

    images: Pictures
    targets: Arrays
    weights: Arrays
    labels: dict[str, Labels]

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, slots=True)
class DataSet:
    """All that one network is made from.

    labels: of every head, in the order of its outputs. held_out: a part of the training split that
    is never trained on, for every choice, the temperatures and the priors. tests: by the names of
    their splits. calibration: uint8 (n, side, side), the pictures that measure int8's ranges.
    portraits: of the test, for its groups. light: to which faces are brought before the network.
    """

    task: str
    labels: tuple[str, ...]
    training: Examples
    held_out: Examples
    tests: dict[str, Examples]
    calibration: Pictures
    portraits: data.Portraits | None = None
    light: Light | None = None


def emotion_data(recipe: Recipe, faces: data.Faces, votes: data.Votes) -> DataSet:
    """FER-2013 with the crowd's votes. Raises DataError if the votes do not belong to the faces."""
    training = data.clean_training(faces)
    rest, held = data.hold_out(training.take(_limited(recipe, len(training))), recipe.hold_out, 0)
    smoothing = recipe.smoothing
    return DataSet(
        "emotion",
        tuple(str(emotion) for emotion in EMOTIONS),
        _of_faces(rest, votes, smoothing),
        _of_faces(held, votes, smoothing),
        {
            split: _of_faces(test.take(_limited(recipe, len(test))), votes, smoothing)
            for split, test in _test_splits(faces)
        },
        representative(rest).images,
        light=recipe.level,
    )


def gender_data(recipe: Recipe, portraits: data.Portraits) -> DataSet:
    """UTKFace with its labels of gender, in pictures as small as the network takes them."""
    training, test = data.split_portraits(portraits)
    test = test.take(_limited(recipe, len(test)))
    training = training.take(_limited(recipe, len(training)))
    rest, held = data.portraits_held_out(training, recipe.hold_out)
    return DataSet(
        "gender",
        GENDERS,
        _of_portraits(rest, recipe),
        _of_portraits(held, recipe),
        {GENDER_TEST: _of_portraits(test, recipe)},
        _of_portraits(representative_portraits(rest), recipe).images,
        test,
    )


def _of_portraits(portraits: data.Portraits, recipe: Recipe) -> Examples:
    size_px = GENDER_SIZE_PX
    images = [cv2.resize(image, (size_px, size_px), interpolation=cv2.INTER_AREA)
              for image in portraits.images]  # fmt: skip
    return Examples(
        np.array(images, np.uint8),
        {"gender": smoothed(portraits.genders, len(GENDERS), recipe.smoothing)},
        {"gender": np.ones(len(portraits), np.float32)},
        {"gender": portraits.genders},
    )


def _of_faces(faces: data.Faces, votes: data.Votes, smoothing: float) -> Examples:
    """Targets for both heads: the smoothed FER-2013 label, and the crowd's votes for the seven.

    For the head `ferplus` a row has the weight of the share of its votes that fell on the seven.
    """
    ballots = data.join_votes(faces, votes)
    counts = ballots[:, data.EMOTION_COLUMNS].astype(np.float32)
    on_seven = counts.sum(axis=1, keepdims=True)
    crowd = np.divide(counts, on_seven, out=np.full_like(counts, 1 / 7), where=on_seven > 0)
    share = on_seven[:, 0] / np.maximum(ballots.sum(axis=1), 1)
    return Examples(
        faces.images,
        {"fer": smoothed(faces.labels, len(EMOTIONS), smoothing), "ferplus": crowd},
        {"fer": np.ones(len(faces), np.float32), "ferplus": share.astype(np.float32)},
        {"fer": faces.labels, "ferplus": data.majority(ballots)},
    )


def smoothed(labels: Labels, classes: int, smoothing: float) -> npt.NDArray[np.float32]:
    """Shares, float32 (n, classes): 1 - smoothing for the label, smoothing spread over all classes.

    labels: int64 (n). smoothing: 0…1.
    """
    certain = np.eye(classes, dtype=np.float32)[labels]
    return certain * np.float32(1 - smoothing) + np.float32(smoothing / classes)


def _limited(recipe: Recipe, count: int) -> npt.NDArray[np.int64]:
    """Positions in a split of the pictures to use: all, or recipe.limit of them at random."""
    chosen = np.random.default_rng(0).permutation(count)
    return np.sort(chosen[: recipe.limit] if recipe.limit else chosen)


def _test_splits(faces: data.Faces) -> Iterator[tuple[str, data.Faces]]:
    for name in sorted(set(faces.splits)):
        if name.lower() not in data.TRAINING_SPLITS:
            yield name, data.select_split(faces, name)
