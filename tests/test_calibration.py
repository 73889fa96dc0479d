"""A face at rest that is not read as neutral: how a minute of it corrects the network."""

from dataclasses import replace

import numpy as np
import pytest
from priors import PRIORS

from appliance.records import EMOTIONS, Box, EmotionScores, Face, Frame
from appliance.vision.calibration import (
    NONE,
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


def resting_face(probabilities, samples=60):
    resting = RestingFace(0.0, PRIORS)
    for _ in range(samples):
        resting.watch([scores(probabilities)])
    assert resting.samples == samples
    return resting


def test_a_face_at_rest_that_looked_angry_looks_neutral_afterwards():
    factors = resting_face(SCOWL).factors()
    assert name(SCOWL) == "angry"
    assert name(corrected(SCOWL, factors)) == "neutral"
    assert sum(corrected(SCOWL, factors)) == pytest.approx(1)


def test_what_a_face_shows_plainly_stays_so():
    factors = resting_face(SCOWL).factors()
    assert name(corrected(LAUGH, factors)) == "happy"
    fury = (0.97, 0.0, 0.0, 0.0, 0.01, 0.0, 0.02)
    assert name(corrected(fury, factors)) == "angry", "a real scowl is still recognized"


def test_a_typical_face_at_rest_needs_no_correction():
    assert factors_for([PRIORS.neutral], PRIORS.neutral) == NONE
    assert "nothing to correct" in describe_factors(factors_for([PRIORS.neutral], PRIORS.neutral))


def test_no_factor_silences_an_emotion():
    factors = factors_for([(1.0, 0, 0, 0, 0, 0, 0)], PRIORS.neutral)
    assert min(factors) == 0.1
    assert max(factors) == 10.0


def test_a_face_that_looks_angry_in_every_second_frame_is_neutral_in_the_mean():
    calm = (0.02, 0.01, 0.02, 0.02, 0.06, 0.02, 0.85)
    samples = [SCOWL, calm] * 20
    factors = factors_for(samples, PRIORS.neutral)
    mean = np.mean([corrected(sample, factors) for sample in samples], axis=0)
    assert mean[0] == pytest.approx(PRIORS.neutral[0], rel=0.05)
    once = PRIORS.neutral[0] / ((SCOWL[0] + calm[0]) / 2)
    assert factors[0] < 0.8 * once, "a factor for the mean alone is not enough"


def test_only_neutral_is_raised():
    factors = dict(zip(EMOTIONS, resting_face(SCOWL).factors(), strict=True))
    assert factors.pop("neutral") > 1.0
    # The face that was shown then looks no angrier than neutral faces do on average.
    read = corrected(SCOWL, resting_face(SCOWL).factors())
    assert read[0] == pytest.approx(PRIORS.neutral[0], rel=0.02)
    assert max(factors.values()) == 1.0


@pytest.mark.parametrize(("samples", "are_enough"), [(29, False), (30, True)])
def test_a_calibration_needs_thirty_samples(samples, are_enough):
    assert (resting_face(SCOWL, samples).factors() is not None) == are_enough


def test_an_empty_room_calibrates_nothing():
    resting = RestingFace(0.0, PRIORS)
    for _ in range(500):
        resting.watch([])
    assert resting.factors() is None
    assert "too few samples" in describe_factors(None)


def test_the_largest_face_is_the_one_that_counts():
    resting = RestingFace(0.0, PRIORS)
    for _ in range(60):
        resting.watch([scores(LAUGH, height=50), scores(SCOWL, height=200)])
    assert resting.factors() == resting_face(SCOWL).factors()


def test_it_lasts_a_minute():
    assert not RestingFace(100.0, PRIORS).is_over(159.0)
    assert RestingFace(100.0, PRIORS).is_over(160.0)


class Fixed:
    def classify(self, frame, faces):
        return (scores(SCOWL),)


def test_a_classifier_is_corrected_and_its_own_scores_are_still_there():
    calibrated = Calibrated(Fixed(), resting_face(SCOWL).factors())
    (seen,) = calibrated.classify(FRAME, [])
    assert name(seen.probabilities) == "neutral"
    assert calibrated.last == (scores(SCOWL),)
    calibrated.factors = NONE
    assert calibrated.classify(FRAME, []) == (scores(SCOWL),)


def test_a_poster_is_nobodys_resting_face():
    poster = replace(scores(LAUGH, height=200), picture=True)
    resting = RestingFace(0.0, PRIORS)
    for _ in range(60):
        resting.watch([poster, scores(SCOWL)])
    assert resting.factors() == resting_face(SCOWL).factors()
