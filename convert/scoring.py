"""Figures from logits and labels: the same code for float and int8, for held-out and test rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from appliance.records import EMOTIONS, GENDERS

Logits = npt.NDArray[np.float32]  # (n, classes)
Labels = npt.NDArray[np.int64]  # (n), index into the classes

BINS = 15  # of the expected calibration error
# The names of the classes, by how many there are.
CLASSES = {len(names): tuple(map(str, names)) for names in (EMOTIONS, GENDERS)}


@dataclass(frozen=True, slots=True)
class ClassScore:
    """The figures of one class, 0…1; a share of no rows is 0. count: rows with this label."""

    precision: float
    recall: float
    f1: float
    count: int


@dataclass(frozen=True, slots=True)
class Score:
    """How well logits agree with labels. All shares are 0…1.

    interval95: Wilson's, of the accuracy; ece: expected calibration error;
    confusion[label][answer]: counts of rows, in the order of per_class; reliability: for each of
    the 15 bins of ece [count, mean certainty, share right].
    """

    count: int
    accuracy: float
    interval95: tuple[float, float]
    ece: float
    per_class: dict[str, ClassScore]
    confusion: list[list[int]]
    reliability: list[list[float]]

    def as_json(self) -> dict[str, Any]:
        """The same as plain dicts and lists, shares rounded to five places."""
        return {field: rounded(value) for field, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Share:
    """How often something was right, 0…1. count: of the trials; interval95: Wilson's."""

    count: int
    accuracy: float
    interval95: tuple[float, float]


def softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Probabilities along the last axis, float32 of the same shape as the logits."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def score(logits: Logits, labels: Labels, temperature: float = 1.0) -> Score:
    """The figures of one head.

    logits: float32 (n, classes); labels: int64 (n), at least one, none of them -1; temperature:
    divides the logits, above 0.
    """
    classes = CLASSES[logits.shape[1]]
    probabilities = softmax(logits / np.float32(temperature))
    answers = probabilities.argmax(axis=1)
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (labels, answers), 1)
    right = int(np.trace(confusion))
    return Score(
        count=len(labels),
        accuracy=right / len(labels),
        interval95=wilson(right, len(labels)),
        ece=calibration_error(probabilities, labels),
        per_class=_per_class(confusion, classes),
        confusion=confusion.tolist(),
        reliability=reliability(probabilities, labels),
    )


def balanced(result: Score) -> float:
    """The mean recall of the classes that have rows, 0…1."""
    return float(np.mean([found.recall for found in result.per_class.values() if found.count]))


def share_of(right: npt.NDArray[np.bool_]) -> Share:
    """The share of right answers. right: bool (n), at least one."""
    count, good = len(right), int(right.sum())
    return Share(count, good / count, wilson(good, count))


def wilson(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927), which also holds near 0 and 1. count: above 0."""
    z = 1.96
    share, spread = right / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * np.sqrt(share * (1 - share) / count + spread / count / 4)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def calibration_error(probabilities: Logits, labels: Labels) -> float:
    """How far certainty and success lie apart, averaged over 15 equal bins of certainty: 0…1.

    Guo et al. 2017, "On Calibration of Modern Neural Networks". probabilities: float32
    (n, classes); labels: int64 (n).
    """
    bins = reliability(probabilities, labels)
    return sum(count * abs(certain - right) for count, certain, right in bins) / len(labels)


def reliability(probabilities: Logits, labels: Labels) -> list[list[float]]:
    """[count, mean certainty, share right] in each of 15 equal bins of certainty, 0…1.

    probabilities: float32 (n, classes); labels: int64 (n).
    """
    certainty = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((certainty * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    means = (
        np.bincount(bins, values, BINS) / np.maximum(counts, 1) for values in (certainty, right)
    )
    return [list(row) for row in zip(counts.tolist(), *(m.tolist() for m in means), strict=True)]


def fit_temperature(logits: Logits, labels: Labels) -> float:
    """The divisor of the logits that makes these labels likeliest (Guo et al. 2017): 0.2…5.

    logits: float32 (n, classes); labels: int64 (n), none of them -1.
    """
    candidates = np.exp(np.linspace(np.log(0.2), np.log(5), 400))
    rows = np.arange(len(labels))
    losses = [
        -np.log(softmax(logits / np.float32(divisor))[rows, labels] + 1e-12).mean()
        for divisor in candidates
    ]
    return round(float(candidates[int(np.argmin(losses))]), 4)


def rounded(value: Any) -> Any:
    """The value as plain dicts and lists, with every float rounded to five places."""
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    return value


def _per_class(confusion: npt.NDArray[np.int64], classes: Sequence[str]) -> dict[str, ClassScore]:
    right, labelled, answered = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    return {
        name: ClassScore(
            precision=_share(right[i], answered[i]),
            recall=_share(right[i], labelled[i]),
            f1=_share(2 * right[i], answered[i] + labelled[i]),
            count=int(labelled[i]),
        )
        for i, name in enumerate(classes)
    }


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else 0.0
