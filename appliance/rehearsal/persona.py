"""How the network reads one person: errors that stay the same all day.

The numbers in personas.json were measured on ten people (tests/bench/personas.py): what the
network answers to each emotion on average, and how much that differs between people, between one
person's emotions, and between two pictures of the same person and emotion.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from appliance.records import EMOTIONS, Emotion, Numbers
from appliance.rehearsal.persona_numbers import PersonaNumbers

LEAST = 0.01  # the least probability that a reading tells apart
Reading = npt.NDArray[np.float64]  # (7,): log-probabilities, each of at least 1 %


@dataclass(frozen=True, slots=True)
class Expression:
    """One face of a person, as the network reads it, and the numbers that it knows of it."""

    reading: Reading
    numbers: Numbers


class Persona:
    """One simulated person. random: decides who it is, and then how each expression turns out."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        numbers = _numbers()
        person = self._drawn(numbers["person"])
        own = [self._drawn(numbers["person_and_emotion"]) for _ in EMOTIONS]
        means = zip(numbers["means"], own, strict=True)
        self._readings = [np.asarray(mean) + person + of_emotion for mean, of_emotion in means]
        # A stream of chance of its own: whether anybody looks at them changes no reading.
        self._inside = PersonaNumbers(random.spawn(1)[0], numbers["inside"], person, own)

    def expression(self, emotion: Emotion) -> Expression:
        """The next face that shows this emotion."""
        number = EMOTIONS.index(emotion)
        deviation = self._drawn(_numbers()["expression"][number])
        reading = np.asarray(self._readings[number] + deviation, np.float64)
        return Expression(reading, self._inside.of(number, deviation))

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
