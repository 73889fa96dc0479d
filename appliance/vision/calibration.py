"""A face at rest that the network takes for a mood: what makes it neutral again.

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
STRONGEST = 10.0

RESULT = "calibration: "  # what every answer with a result begins with
TOO_FEW = RESULT + "too few samples of a face; sit down before the camera, in light, and try again"

NONE: Factors = (1.0,) * len(EMOTIONS)


def factors_for(mean: Sequence[float], neutral: Sequence[float]) -> Factors:
    """By what to multiply each probability.

    mean: of the resting face; neutral: of neutral faces as the network reads them (Priors). Both
    are in the order of EMOTIONS.

    Only what the face was wrongly taken for is lowered, and only neutral raised.
    """
    ratios = np.asarray(neutral) / np.maximum(mean, 1e-3)
    is_neutral = np.array([emotion is Emotion.NEUTRAL for emotion in EMOTIONS])
    ratios = np.where(is_neutral, np.maximum(ratios, 1.0), np.minimum(ratios, 1.0))
    return tuple(np.clip(ratios, 1 / STRONGEST, STRONGEST).round(4).tolist())


def corrected(probabilities: Sequence[float], factors: Factors) -> tuple[float, ...]:
    """The probabilities by these factors, summing to 1 again."""
    weighed = np.asarray(probabilities) * factors
    return tuple((weighed / weighed.sum()).tolist())


def describe_factors(factors: Factors | None) -> str:
    """One line on what a calibration found. factors: None if there was too little to see."""
    if factors is None:
        return TOO_FEW
    lowered = [f"{emotion} ×{f:.2g}" for emotion, f in zip(EMOTIONS, factors, strict=True) if f < 1]
    if not lowered:
        return f"{RESULT}this face at rest is read as neutral already, nothing to correct"
    return f"{RESULT}for this face at rest {', '.join(lowered)}"


class Calibrated:
    """A classifier whose answers are corrected. Both fields may be replaced at any time.

    last: its scores for the last frame, uncorrected.
    """

    def __init__(self, classifier: Classifier, factors: Factors = NONE) -> None:
        self.factors = factors
        self.uncorrected = classifier
        self.last: tuple[EmotionScores, ...] = ()

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """How each of these faces looks."""
        self.last = scores = self.uncorrected.classify(frame, faces)
        if self.factors == NONE:
            return scores
        return tuple(
            replace(
                one,
                probabilities=corrected(one.probabilities, self.factors),
                mean_probabilities=corrected(one.mean_probabilities, self.factors),
            )
            for one in scores
        )


class RestingFace:
    """Watches the largest face for a minute. time_s: when it begins; priors: of the network."""

    def __init__(self, time_s: float, priors: Priors) -> None:
        self._began_s = time_s
        self._neutral = priors.neutral
        self._samples: list[tuple[float, ...]] = []

    @property
    def samples(self) -> int:
        """How often a face was seen."""
        return len(self._samples)

    def watch(self, scores: Sequence[EmotionScores]) -> None:
        """One more frame. scores: without any correction."""
        if scores:
            largest = max(scores, key=lambda one: one.face.box.height)
            self._samples.append(largest.mean_probabilities)

    def is_over(self, time_s: float) -> bool:
        """Whether the minute is."""
        return time_s - self._began_s >= LASTS_S

    def factors(self) -> Factors | None:
        """What corrects this face; None if it was seen too rarely to tell."""
        if self.samples < ENOUGH_SAMPLES:
            return None
        return factors_for(np.mean(self._samples, axis=0).tolist(), self._neutral)
