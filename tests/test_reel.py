"""The demo reel as a source of frames, and what the shipped detector and model find in it."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.camera import reel
from appliance.records import EMOTIONS, Frame
from appliance.vision.detectors import BlazeFace
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.faces import FollowingFaceDetector

MODELS = Path(__file__).resolve().parents[1] / "models"
FRAMES_PER_S = 5
TIMES_S = [n / FRAMES_PER_S for n in range(int(reel.LENGTH_S * FRAMES_PER_S))]
HELD_S = 12.0


def is_empty(time_s):
    """Whether nobody, not even a shoulder, is in the picture."""
    return not any(visit.enters_s < time_s < visit.leaves_s + reel.WALK_S for visit in reel.VISITS)


@pytest.fixture(scope="module")
def seen():
    """What the shipped detector finds in the reel: (frame, faces), five a second."""
    detector = FollowingFaceDetector(BlazeFace(), min_score=0.7, min_height_px=40)
    frames = [Frame(time_s, 0.0, reel.frame_at(time_s)) for time_s in TIMES_S]
    return [(frame, detector.find(frame)) for frame in frames]


def test_every_time_has_a_picture():
    for time_s in (0.0, 15.0, 47.0, reel.LENGTH_S, 1e6):
        frame = reel.frame_at(time_s)
        assert (frame.shape, frame.dtype) == ((480, 640), np.uint8)


@pytest.mark.parametrize("time_s", [0.0, 5.0, 36.0, 46.7, 100.0])
def test_a_picture_depends_on_the_time_alone(time_s):
    first = reel.frame_at(time_s)
    first_copy = first.copy()
    first[:] = 0  # drawing on a frame must not change the next one
    assert (reel.frame_at(time_s) == first_copy).all()


def test_the_reel_is_a_loop():
    # Apart from the camera's noise, which may be that of the frame before, by rounding.
    for time_s in (0.0, 36.0, 46.7, reel.LENGTH_S - 0.1):
        later = reel.frame_at(time_s + 3 * reel.LENGTH_S).astype(int)
        assert np.abs(later - reel.frame_at(time_s)).mean() < 3


@pytest.mark.parametrize("visit", reel.VISITS)
def test_nobody_appears_from_nowhere(visit):
    for time_s in (visit.enters_s, visit.leaves_s + reel.WALK_S):
        before, after = (cv2.blur(reel.frame_at(time_s + s), (15, 15)) for s in (-0.02, 0.02))
        assert cv2.absdiff(before, after).max() < 5


def test_each_emotion_is_held_long_enough_for_the_mood_to_settle():
    longest = dict.fromkeys(EMOTIONS, 0)
    run = 0
    for before, now in pairwise([(), *map(reel.truth_at, TIMES_S)]):
        run = run + 1 if set(before) == set(now) else 1
        if len(set(now)) == 1:
            longest[now[0]] = max(longest[now[0]], run)
    assert min(longest.values()) >= HELD_S * FRAMES_PER_S, longest


def test_people_come_and_go():
    counts = [len(reel.truth_at(time_s)) for time_s in TIMES_S]
    assert set(counts) == {0, 1, 2}
    assert counts.count(2) > 8 * FRAMES_PER_S
    assert sum(map(is_empty, TIMES_S)) > 15 * FRAMES_PER_S
    assert is_empty(0.0)
    assert is_empty(reel.LENGTH_S - 0.01)


def test_nobody_is_found_in_the_empty_room(seen):
    empty = [faces for frame, faces in seen if is_empty(frame.time_s)]
    assert len(empty) > 15 * FRAMES_PER_S
    assert not any(empty)


def test_the_detector_finds_the_people_who_are_there(seen):
    agree = [len(faces) == len(reel.truth_at(frame.time_s)) for frame, faces in seen]
    assert np.mean(agree) > 0.97


def test_each_visitor_is_one_track(seen):
    assert {face.track for _, faces in seen for face in faces} == {1, 2, 3}


@pytest.mark.parametrize("model", ["emotion_int8", "emotion_float32"])
def test_the_shipped_model_reads_six_of_the_seven_faces_by_itself(seen, model):
    classifier = EmotionClassifier(MODELS / f"{model}.tflite")
    read = {emotion: [] for emotion in EMOTIONS}
    for frame, faces in seen:
        if len(set(truth := reel.truth_at(frame.time_s))) == 1:
            read[truth[0]] += [s.probabilities for s in classifier.classify(frame, faces)]
    answers = {
        emotion: EMOTIONS[int(np.mean(shares, axis=0).argmax())] for emotion, shares in read.items()
    }
    assert sum(answer == emotion for emotion, answer in answers.items()) >= 6, answers
