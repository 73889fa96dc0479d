"""Corrects what a network reads in a face at rest that it does not take for neutral.

Some faces, or some faces behind some glasses in some light, look angry or sad to the network when
they show nothing. Their owner shows that face for a minute; from then on the emotions that it was
taken for count less, as after a change of the prior (Saerens et al. 2002, "Adjusting the Outputs of
a Classifier to New a Priori Probabilities").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from appliance.protocols import Classifier
from appliance.records import EMOTIONS, Emotion, EmotionScores, Face, Factors, Frame, Priors

LASTS_S = 60.0
ENOUGH_SAMPLES = 30
# One minute of one face must not silence an emotion for good.
MAX_FACTOR = 10.0
# A factor for the mean is not the mean of what it makes of single faces: after one step a face that
# is read as angry in every second frame was still read so in every third.
STEPS = 10

RESULT = "calibration: "  # what every answer with a result begins with
TOO_FEW = RESULT + "too few samples of a face; sit down before the camera, in light, and try again"

NONE: Factors = (1.0,) * len(EMOTIONS)


def factors_for(samples: Sequence[Sequence[float]], neutral: Sequence[float]) -> Factors:
    """The factors by which to multiply the probabilities, each from 0.1 to 10.

    samples: probabilities of the resting face. neutral: the mean of neutral faces, as the network
    reads them (Priors), which the corrected samples come to in the mean. Only neutral is raised,
    and only the others are lowered.
    """
    is_neutral = np.array([emotion is Emotion.NEUTRAL for emotion in EMOTIONS])
    read, factors = np.asarray(samples), np.ones(len(EMOTIONS))
    for _ in range(STEPS):
        weighed = read * factors
        mean = (weighed / weighed.sum(axis=1, keepdims=True)).mean(axis=0)
        ratios = np.asarray(neutral) / np.maximum(mean, 1e-3)
        ratios = np.where(is_neutral, np.maximum(ratios, 1.0), np.minimum(ratios, 1.0))
        factors = np.clip(factors * ratios, 1 / MAX_FACTOR, MAX_FACTOR)
    return tuple(factors.round(4).tolist())


def corrected(probabilities: Sequence[float], factors: Factors) -> tuple[float, ...]:
    """The probabilities times the factors, scaled to sum to 1 again."""
    weighed = np.asarray(probabilities) * factors
    return tuple((weighed / weighed.sum()).tolist())


def describe_factors(factors: Factors | None) -> str:
    """One line on what a calibration found. factors: None if there were too few samples."""
    if factors is None:
        return TOO_FEW
    lowered = [
        f"{emotion} ×{factor:.2g}"
        for emotion, factor in zip(EMOTIONS, factors, strict=True)
        if factor < 1
    ]
    if not lowered:
        return f"{RESULT}this face at rest is read as neutral already, nothing to correct"
    return f"{RESULT}for this face at rest {', '.join(lowered)}"


class Calibrated:
    """A classifier whose answers are corrected.

    uncorrected: the classifier. factors, in the order of EMOTIONS: NONE corrects nothing. Both may
    be replaced at any time. last: the uncorrected scores of the last frame.
    """

    def __init__(self, classifier: Classifier, factors: Factors = NONE) -> None:
        self.factors = factors
        self.uncorrected = classifier
        self.last: tuple[EmotionScores, ...] = ()

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """The corrected scores of each face, in the order of faces."""
        self.last = scores = self.uncorrected.classify(frame, faces)
        if self.factors == NONE:
            return scores
        return tuple(
            replace(
                score,
                probabilities=corrected(score.probabilities, self.factors),
                mean_probabilities=corrected(score.mean_probabilities, self.factors),
            )
            for score in scores
        )


class RestingFace:
    """Samples of the largest face during a minute.

    time_s: when the minute begins. priors: of the network that reads the face.
    """

    def __init__(self, time_s: float, priors: Priors) -> None:
        self._began_s = time_s
        self._neutral = priors.neutral
        self._samples: list[tuple[float, ...]] = []

    @property
    def samples(self) -> int:
        """In how many frames there was a face."""
        return len(self._samples)

    def watch(self, scores: Sequence[EmotionScores]) -> None:
        """Takes a sample of one more frame. scores: uncorrected, of all faces in it."""
        people = [score for score in scores if not score.picture]
        if people:
            largest = max(people, key=lambda score: score.face.box.height)
            self._samples.append(largest.mean_probabilities)

    def is_over(self, time_s: float) -> bool:
        """Whether the minute has passed."""
        return time_s - self._began_s >= LASTS_S

    def factors(self) -> Factors | None:
        """The factors that correct this face; None if there are fewer than 30 samples."""
        if self.samples < ENOUGH_SAMPLES:
            return None
        return factors_for(self._samples, self._neutral)
