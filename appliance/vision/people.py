"""How one person's faces are read, from a few examples of each emotion: numbers, never pictures.

Before its last layer the network knows 72 numbers of a face, which tell more than its seven
answers, for one person above all. They are seen in a space in which two faces of one person with
one expression are one unit apart in every direction (FaceSpace). A person's emotions lie there
where those of all people lie, moved to where this person's faces are, and each one a part of the
way to its own examples (Profile): with few examples mostly as with everybody. docs/teaching.md has
what each step is worth; `python -m convert.people_space` measures the space.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import exp, log
from pathlib import Path

import numpy as np
import numpy.typing as npt

from appliance.errors import ModelError
from appliance.records import EMOTIONS, Emotion, Numbers, TaughtFace

Logs = npt.NDArray[np.float64]  # (7,) log-probabilities, but for a constant

SPACE = Path(__file__).with_name("people.json")
# All of these were chosen on the ten people at the odd places of people.zip, each of them left out
# in turn, and reported on the others (docs/teaching.md). As many examples as OWN of an emotion
# bring it half of the way from where it lies for everybody to where its examples are.
OWN = 4.0
# How sharply distances tell emotions apart, so that the probabilities are true; and how much the
# network's own answer counts beside them.
SHARPNESS, NETWORK = 0.2, 0.5
# With so many examples a profile is believed to 63 %: three bad ones alone must do no harm.
BELIEVED = 2.0
# What "looks sad" says counts half of a guided example, and less where the profile is sure that it
# shows something else: by a slip, or by somebody else's hand.
TOLD, LEAST_TRUST = 0.5, 0.3
# A profile applies to a face whose mean fit is above this: to all of a person's own faces, 97 % if
# acted in other ways than the examples, and 9 % of others', who lose nothing (docs/teaching.md).
LEAST_FIT = -3.0
MOST_EXAMPLES = 8.0  # of an emotion; with more of them the older ones fade


@dataclass(frozen=True, slots=True)
class FaceSpace:
    """Where faces lie. network: what the cards of the files that give these numbers call the space.

    whitening: float64 (72, d). means: where the emotions of all people lie, float64 (7, d).
    between: the variance between people in each direction; of one person's faces it is 1.
    """

    network: str
    whitening: npt.NDArray[np.float64]
    means: npt.NDArray[np.float64]
    between: float

    def place(self, numbers: Numbers) -> npt.NDArray[np.float64]:
        """Where a face lies: float64 (d,)."""
        return np.asarray(numbers @ self.whitening, np.float64)


def read_space(path: Path = SPACE) -> FaceSpace | None:
    """The space of the jukebox's own networks; None if there is none. Raises ModelError."""
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        return FaceSpace(
            str(stated["network"]),
            np.array(stated["whitening"], np.float64),
            np.array(stated["means"], np.float64),
            float(stated["between"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: cannot be used: {error!r}; git checkout appliance") from error


class Profile:
    """How a person's faces are read. faces: what is known of them, those of other networks apart.

    Nothing known reads as the network does.
    """

    def __init__(self, space: FaceSpace, faces: Iterable[TaughtFace] = ()) -> None:
        self._space = space
        self.faces = {face.emotion: face for face in faces if face.network == space.network}
        counts = np.array([self._count(emotion) for emotion in EMOTIONS])
        self._believed = 1.0 - exp(-counts.sum() / BELIEVED)
        self._means, self._variances = space.means, np.ones(len(EMOTIONS))
        if not self.faces:
            return
        own = [number for number, count in enumerate(counts) if count]
        shown = np.array([self.faces[EMOTIONS[number]].numbers for number in own]) @ space.whitening
        shares = (counts / (counts + OWN))[own, np.newaxis]
        # Of a new face in each direction: its own, and how little is known of where it should be.
        known = counts[own]
        self._variances += 1.0 / (counts + OWN) + (1.0 / OWN + (1.0 / known).mean()) / len(own)
        moved = ((shown - space.means[own]) * shares).sum(axis=0) / shares.sum()
        self._means = space.means + moved
        self._means[own] += shares * (shown - self._means[own])

    def logs(self, numbers: Numbers, evidence: Logs) -> Logs:
        """How likely each emotion makes this face, as logarithms, but for a constant.

        evidence: what the network says alone, the priors taken out.
        """
        near = -0.5 * self._distances(numbers, self._means)
        taught = SHARPNESS * (near + NETWORK * evidence)
        return np.asarray(self._believed * taught + (1.0 - self._believed) * evidence)

    def fits(self, numbers: Numbers) -> float:
        """How much likelier this face is as this person's than as anybody's: a natural logarithm.

        Above 0 it is likelier to be this person's.
        """
        anybodys = np.full(len(EMOTIONS), 1.0 + self._space.between)
        return self._likelihood(numbers, self._means, self._variances) - self._likelihood(
            numbers, self._space.means, anybodys
        )

    def with_example(
        self, name: str, emotion: Emotion, numbers: Numbers, weight: float = 1.0
    ) -> Profile:
        """The profile with one more example, that counts so many times."""
        before = self._count(emotion)
        known = np.array(self.faces[emotion].numbers) if before else np.zeros_like(numbers)
        mean = known + (numbers - known) * (weight / (before + weight))
        rounded = tuple(np.round(mean.astype(float), 3).tolist())
        examples = round(min(before + weight, MOST_EXAMPLES), 3)
        face = TaughtFace(name, emotion, examples, self._space.network, rounded)
        return Profile(self._space, {**self.faces, emotion: face}.values())

    def trust(self, emotion: Emotion, numbers: Numbers, evidence: Logs) -> float:
        """How much a face that is told to show this emotion counts as an example."""
        if not self._count(emotion):
            return TOLD
        logs = self.logs(numbers, evidence)
        ratio = exp(float(logs[EMOTIONS.index(emotion)] - logs.max()))
        return TOLD * min(1.0, max(LEAST_TRUST, 2.0 * ratio))

    def renamed(self, name: str) -> Profile:
        """The same for another name."""
        return Profile(self._space, [replace(face, name=name) for face in self.faces.values()])

    def _count(self, emotion: Emotion) -> float:
        return self.faces[emotion].examples if emotion in self.faces else 0.0

    def _likelihood(
        self, numbers: Numbers, means: npt.NDArray[np.float64], variances: npt.NDArray[np.float64]
    ) -> float:
        """Of a face that shows any of the emotions, as a logarithm."""
        directions = means.shape[1]
        squares = self._distances(numbers, means)
        logs = -0.5 * (squares / variances + directions * np.log(variances))
        most = float(logs.max())
        return most + log(float(np.exp(logs - most).sum()))

    def _distances(self, numbers: Numbers, means: npt.NDArray[np.float64]) -> Logs:
        """The squares of how far the face is from each emotion: float64 (7,)."""
        return np.asarray(((self._space.place(numbers) - means) ** 2).sum(axis=1))


def evidence_of(probabilities: Iterable[float], priors: Iterable[float]) -> Logs:
    """What the network says alone. priors: its average answer, evened (Priors.evened)."""
    shares = np.asarray(tuple(probabilities)) / tuple(priors)
    return np.asarray(np.log(np.maximum(shares, 1e-9)))


def probabilities_of(logs: Logs) -> tuple[float, ...]:
    """The probabilities, with sum 1, of log-probabilities."""
    powers = np.exp(logs - logs.max())
    return tuple((powers / powers.sum()).tolist())
