"""How the network reads one person: errors that stay the same all day.

The numbers in personas.json were measured on ten people (tests/bench/personas.py): what the
network answers to each emotion on average, and how much that differs between people, between one
person's emotions, and between two pictures of the same person and emotion.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from appliance.records import EMOTIONS, Emotion

LEAST = 0.01  # the least probability that a reading tells apart
Reading = npt.NDArray[np.float64]  # (7,): log-probabilities, each of at least 1 %


class Persona:
    """One simulated person. random: decides who it is, and then how each expression turns out."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        numbers = _numbers()
        offset = self._drawn(numbers["person"])
        self._readings = [
            np.asarray(mean) + offset + self._drawn(numbers["person_and_emotion"])
            for mean in numbers["means"]
        ]

    def expression(self, emotion: Emotion) -> Reading:
        """What the network would answer to the next face that shows this emotion."""
        number = EMOTIONS.index(emotion)
        deviation = self._drawn(_numbers()["expression"][number])
        return np.asarray(self._readings[number] + deviation, np.float64)

    def _drawn(self, covariance: Sequence[Sequence[float]]) -> Reading:
        # What the seven have in common is taken out, so that the covariance is singular.
        spread = np.asarray(covariance)
        drawn = self._random.multivariate_normal(
            np.zeros(len(spread)), spread, check_valid="ignore"
        )
        return np.asarray(drawn, np.float64)


def as_reading(probabilities: Sequence[float]) -> Reading:
    """What a network's answer says, small differences of unlikely emotions apart."""
    return np.asarray(np.log(np.maximum(probabilities, LEAST)), np.float64)


def probabilities_of(reading: Reading) -> tuple[float, ...]:
    """The probabilities, with sum 1, of a reading."""
    powers = np.exp(reading - reading.max())
    return tuple((powers / powers.sum()).tolist())


@cache
def _numbers() -> dict[str, Any]:
    text = (files("appliance.rehearsal") / "personas.json").read_text(encoding="utf-8")
    return dict(json.loads(text))
