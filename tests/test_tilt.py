"""Tilted and turned heads: how the detector tells them, and how they are straightened."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.build import MODELS
from appliance.camera import reel
from appliance.images import read_picture
from appliance.records import EMOTIONS, Box, Emotion, Face, Frame
from appliance.vision import preprocessing
from appliance.vision.blazeface import _pose
from appliance.vision.detectors import EVERYWHERE, BlazeFace
from appliance.vision.emotion import EmotionClassifier, face_pixels
from appliance.vision.faces import FollowingFaceDetector
from appliance.vision.geometry import Detection
from appliance.vision.tracker import FaceTracker

FACES = Path(reel.__file__).parent / "reel_faces"


def room(emotion: str, clockwise: float, side: int = 200) -> np.ndarray:
    """A composite face in the middle of a gray frame, turned by so many degrees."""
    face = cv2.resize(read_picture(FACES / f"{emotion}.png").luma, (side, side))
    frame = np.full((480, 640), 128, np.uint8)
    frame[240 - side // 2 : 240 + side // 2, 320 - side // 2 : 320 + side // 2] = face
    turn = cv2.getRotationMatrix2D((319.5, 239.5), -clockwise, 1.0)
    return cv2.warpAffine(frame, turn, (640, 480), borderMode=cv2.BORDER_REPLICATE)


def found(luma, tracker=None, frames=1):
    detector = BlazeFace(squares_per_search=EVERYWHERE, closer="int8")
    faces = FollowingFaceDetector(
        detector, tracker, min_score=0.6, min_height_px=40, search_every_s=1.0
    )
    for number in range(frames):
        seen = faces.find(Frame(number / 5, 0.0, luma))
    assert len(seen) == 1
    return seen[0]


@pytest.mark.parametrize("clockwise", [-45, -25, 0, 25, 45])
def test_the_detector_tells_how_far_a_head_is_tilted(clockwise):
    face = found(room("neutral", clockwise))
    assert face.tilt == pytest.approx(clockwise, abs=10)
    assert abs(face.turn) < 0.3
    # The square is around the same middle, however the head is tilted.
    middle = face.box.x + face.box.width / 2, face.box.y + face.box.height / 2
    assert middle == (pytest.approx(320, abs=20), pytest.approx(240, abs=20))


def test_a_followed_face_keeps_its_tilt_between_two_searches():
    tracker = FaceTracker(MODELS / "tracker_float32.tflite")
    face = found(room("neutral", 20), tracker, frames=3)
    assert face.tilt == pytest.approx(20, abs=10)
    last = Detection(320, 240, 200, 0.9, tilt=20.0, turn=0.1)
    followed = tracker.follow(room("neutral", 20), last)
    assert (followed.tilt, followed.turn) == (20.0, 0.1)


@pytest.mark.parametrize("clockwise", [-60, -45, 35, 60])
def test_a_tilted_head_is_followed_as_surely_as_an_upright_one(clockwise):
    tracker = FaceTracker(MODELS / "tracker_float32.tflite")
    luma = room("neutral", clockwise)
    face = found(luma, tracker, frames=4)
    assert face.score > 0.98
    assert face.tilt == pytest.approx(clockwise, abs=10)
    middle = face.box.x + face.box.width / 2, face.box.y + face.box.height / 2
    assert middle == (pytest.approx(320, abs=20), pytest.approx(240, abs=20))


@pytest.mark.parametrize("clockwise", [-60.0, 30.0, 45.0])
def test_a_tilted_head_that_moves_is_followed_to_where_it_moved(clockwise):
    tracker = FaceTracker(MODELS / "tracker_float32.tflite")
    for right, down in ((30, 0), (0, -40)):
        last = Detection(320 - right, 240 - down, 200, 0.9, tilt=clockwise)
        followed = tracker.follow(room("neutral", clockwise), last)
        assert followed.x == pytest.approx(320, abs=20)
        assert followed.y == pytest.approx(240, abs=20)


@pytest.mark.parametrize("clockwise", [-70.0, 0.0, 25.0])
def test_a_window_shows_the_head_upright_and_as_large_as_told(clockwise):
    wanted = preprocessing.crop(room("happy", 0), Box(220, 140, 200, 200))
    shown = preprocessing.window(room("happy", clockwise), (320.0, 240.0), 200.0, clockwise, 100)
    half = cv2.resize(wanted, (100, 100), interpolation=cv2.INTER_AREA)
    inside = np.s_[12:88, 12:88]  # the corners of the square are turned out of it
    assert np.abs(shown[inside].astype(int) - half[inside]).mean() < 4


def test_a_window_beyond_the_edge_repeats_the_last_pixels():
    luma = np.full((100, 100), 70, np.uint8)
    assert (preprocessing.window(luma, (5.0, 95.0), 80.0, 40.0, 64) == 70).all()


@pytest.mark.parametrize(
    ("points", "tilt", "turn"),
    [
        ((40, 50, 60, 50, 50, 62), 0, 0.0),
        ((40, 50, 60, 50, 56, 62), 0, 0.3),  # the nose to the right
        ((40, 50, 60, 70, 38, 72), 45, 0.0),  # 12 below the middle, along the tilted axis
        ((50, 40, 50, 60, 38, 50), 90, 0.0),
        ((50, 50, 50, 50, 54, 60), 0, 0.0),  # the eyes of a profile may fall together
        ((), 0, 0.0),
    ],
)
def test_tilt_and_turn_follow_from_eyes_and_nose(points, tilt, turn):
    assert _pose([float(number) for number in points]) == (
        pytest.approx(tilt, abs=0.1),
        pytest.approx(turn, abs=0.02),
    )


@pytest.mark.parametrize("side", [96, 150, 200, 400])
@pytest.mark.parametrize("clockwise", [-35.0, 60.0])
def test_a_straightened_face_is_the_face_before_it_was_tilted(side, clockwise):
    straight = room("happy", 0, side)
    box = Box(320 - side // 2, 240 - side // 2, side, side)
    wanted = preprocessing.to_input(preprocessing.crop(straight, box), 48)
    pixels = preprocessing.upright(room("happy", clockwise, side), box, clockwise)
    assert pixels.shape == (min(side, 96),) * 2
    again = preprocessing.to_input(pixels, 48)[:, 4:44, 4:44]
    assert np.abs(again - wanted[:, 4:44, 4:44]).mean() < 0.03


def test_straightening_at_the_edge_repeats_the_last_pixels():
    luma = np.full((100, 100), 70, np.uint8)
    assert (preprocessing.upright(luma, Box(-30, 60, 80, 80), 40.0) == 70).all()


@pytest.mark.parametrize("emotion", [Emotion.ANGRY, Emotion.DISGUST, Emotion.SAD])
def test_a_head_tilted_by_half_a_right_angle_is_read_as_an_upright_one(emotion):
    classifier = EmotionClassifier(MODELS / "emotion_int8.tflite")
    luma = room(emotion, 45)
    face = found(luma)
    straightened, as_it_is = (
        classifier.classify(Frame(0.0, 0.0, luma), [seen])[0].probabilities[EMOTIONS.index(emotion)]
        for seen in (face, Face(face.box, face.score, 1))
    )
    assert as_it_is < 0.5 < 0.9 < straightened


def test_a_small_tilt_is_left_as_it_is():
    """The networks know it, and a straightened face costs more."""
    luma = np.random.default_rng(0).integers(0, 256, (100, 100), dtype=np.uint8)
    box = Box(10, 10, 60, 60)
    assert (face_pixels(luma, Face(box, 1.0, 1, tilt=9.0)) == luma[10:70, 10:70]).all()
