import numpy as np
import pytest
from priors import PRIORS

from appliance.records import EMOTIONS, Box, EmotionScores, Face, Frame
from appliance.vision.calibration import (
    LASTS_S,
    NONE,
    STRONGEST,
    Calibrated,
    RestingFace,
    corrected,
    describe_factors,
    factors_for,
)

FRAME = Frame(0.0, 0.0, np.zeros((4, 4), np.uint8))
# In the order of EMOTIONS: a face at rest that the network takes for angry.
SCOWL = (0.55, 0.02, 0.02, 0.01, 0.10, 0.02, 0.28)
LAUGH = (0.01, 0.01, 0.01, 0.94, 0.01, 0.01, 0.01)


def scores(probabilities, height=100):
    return EmotionScores(Face(Box(0, 0, height, height), 1.0, 1), probabilities, probabilities, 1.0)


def name(probabilities):
    return EMOTIONS[int(np.argmax(probabilities))]


def watched(probabilities, samples=60):
    resting = RestingFace(0.0, PRIORS)
    for _ in range(samples):
        resting.watch([scores(probabilities)])
    return resting


def test_a_face_at_rest_that_looked_angry_looks_neutral_afterwards():
    factors = watched(SCOWL).factors()
    assert name(SCOWL) == "angry"
    assert name(corrected(SCOWL, factors)) == "neutral"
    assert sum(corrected(SCOWL, factors)) == pytest.approx(1)


def test_what_is_plain_stays_so():
    factors = watched(SCOWL).factors()
    assert name(corrected(LAUGH, factors)) == "happy"
    fury = (0.97, 0.0, 0.0, 0.0, 0.01, 0.0, 0.02)
    assert name(corrected(fury, factors)) == "angry", "a real scowl is still seen"


def test_a_typical_face_at_rest_needs_no_correction():
    assert factors_for(PRIORS.neutral, PRIORS.neutral) == NONE
    assert "nothing to correct" in describe_factors(factors_for(PRIORS.neutral, PRIORS.neutral))


def test_no_factor_silences_an_emotion():
    factors = factors_for((1.0, 0, 0, 0, 0, 0, 0), PRIORS.neutral)
    assert min(factors) == 1 / STRONGEST
    assert max(factors) == STRONGEST


def test_an_empty_room_calibrates_nothing():
    resting = RestingFace(0.0, PRIORS)
    for _ in range(500):
        resting.watch([])
    assert resting.factors() is None
    assert "too few samples" in describe_factors(None)


def test_the_largest_face_is_the_one_that_is_watched():
    resting = RestingFace(0.0, PRIORS)
    for _ in range(60):
        resting.watch([scores(LAUGH, height=50), scores(SCOWL, height=200)])
    assert resting.factors() == watched(SCOWL).factors()


def test_it_lasts_a_minute():
    assert not RestingFace(100.0, PRIORS).is_over(100.0 + LASTS_S - 1)
    assert RestingFace(100.0, PRIORS).is_over(100.0 + LASTS_S)


class Fixed:
    def classify(self, frame, faces):
        return (scores(SCOWL),)


def test_a_classifier_is_corrected_and_still_tells_what_it_was():
    calibrated = Calibrated(Fixed(), watched(SCOWL).factors())
    (seen,) = calibrated.classify(FRAME, [])
    assert name(seen.probabilities) == "neutral"
    assert calibrated.last == (scores(SCOWL),)
    calibrated.factors = NONE
    assert calibrated.classify(FRAME, []) == (scores(SCOWL),)
