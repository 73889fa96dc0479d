"""What an answer means for people unlike those whom the network learned from."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.records import EMOTIONS, Box, Emotion, Face, Frame
from appliance.vision.correction import LEAST, Correction, centred
from appliance.vision.emotion import EmotionClassifier, numbers_of

MODELS = Path(__file__).parent.parent / "models"
REEL_FACES = Path(__file__).parent.parent / "appliance" / "camera" / "reel_faces"
EVENED = (0.15, 0.05, 0.1, 0.25, 0.15, 0.1, 0.2)
NOTHING = Correction.of(np.eye(7).tolist(), np.zeros((7, 2)).tolist(), [0.0] * 7)
SAYS = (0.2, 0.1, 0.1, 0.3, 0.1, 0.1, 0.1)
NUMBERS = np.float32([1.0, 2.0])


def test_the_weights_that_it_is_drawn_to_change_nothing():
    assert NOTHING.corrected(SAYS, NUMBERS, EVENED) == pytest.approx(SAYS)


def test_numbers_that_speak_for_an_emotion_raise_it():
    numbers = np.zeros((7, 2))
    numbers[EMOTIONS.index(Emotion.FEAR), 1] = 1.0
    for_fear = Correction.of(np.eye(7).tolist(), numbers.tolist(), [0.0] * 7)
    corrected = for_fear.corrected(SAYS, NUMBERS, EVENED)
    # e² times as likely, by a number of 2 and a weight of 1
    assert corrected[2] / corrected[0] == pytest.approx(SAYS[2] / SAYS[0] * np.e**2)
    assert sum(corrected) == pytest.approx(1.0)


def test_an_answer_of_nought_is_only_a_no():
    (sure,) = centred(np.array([[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]), (1 / 7,) * 7)
    assert sure.max() - sure.min() == pytest.approx(np.log(7.0 / LEAST))
    assert NOTHING.corrected((1.0, *[0.0] * 6), NUMBERS, (1 / 7,) * 7)[1] == pytest.approx(
        LEAST / 7 / (1 + 6 * LEAST / 7)
    )


def test_what_is_learned_from_is_what_runs():
    (evidence,) = centred(np.array([SAYS]), EVENED)
    weights = np.random.default_rng(0).normal(size=(7, 9))
    made = Correction(weights, np.zeros(7))
    logs = weights @ np.concatenate([evidence, NUMBERS])
    corrected = made.corrected(SAYS, NUMBERS, EVENED)
    assert np.log(np.array(corrected) / EVENED) == pytest.approx(
        logs - np.log((np.exp(logs) * EVENED).sum())
    )


def test_numbers_are_roots_of_the_mean_of_maps():
    maps = np.zeros((1, 2, 2, 3), np.float32)
    maps[0, :, :, 1] = 4.0
    maps[0, 0, 0, 2] = 4.0
    maps[0, :, :, 0] = -1.0
    assert numbers_of(maps) == pytest.approx([0.0, 2.0, 1.0])


@pytest.mark.parametrize("kind", ["int8", "float32"])
@pytest.mark.parametrize("emotion", ["happy", "sad", "surprise", "neutral"])
def test_plain_faces_stay_what_they_are(kind, emotion):
    classifier = EmotionClassifier(MODELS / f"emotion_{kind}_single.tflite")
    assert classifier.card.correction is not None
    luma = cv2.imread(str(REEL_FACES / f"{emotion}.png"), cv2.IMREAD_GRAYSCALE)
    face = Face(Box(0, 0, luma.shape[1], luma.shape[0]), 1.0, 1)
    (score,) = classifier.classify(Frame(0.0, 0.0, luma), [face])
    evidence = np.array(score.mean_probabilities) / classifier.priors.evened()
    assert EMOTIONS[int(evidence.argmax())] == emotion
