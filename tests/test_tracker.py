"""Following: the shipped tracker, when the detector is asked, and the shared videos."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from bench.following import compare, cut, frames, overlap
from conftest import DATA
from test_faces import Scripted, composite, face, frame, picture

from appliance.errors import ModelError
from appliance.records import Box
from appliance.vision.faces import FollowingFaceDetector
from appliance.vision.geometry import Detection
from appliance.vision.preprocessing import INPUT
from appliance.vision.tracker import FaceTracker

PROJECT = Path(__file__).resolve().parents[1]
MODELS = PROJECT / "models"
VIDEOS = DATA / "video"


@pytest.fixture(scope="module")
def tracker():
    return FaceTracker(MODELS / "tracker_float32.tflite")


def a_room(box=None, seed=0):
    """A simulated wall in half light, with a composite face in a box."""
    noise = np.random.default_rng(seed).normal(120, 25, (30, 40)).clip(0, 255).astype(np.uint8)
    luma = cv2.resize(noise, (640, 480), interpolation=cv2.INTER_CUBIC)
    if box:
        luma[box.y : box.y + box.height, box.x : box.x + box.width] = cv2.resize(
            composite(), (box.width, box.height)
        )
    return luma


ROOMS = [a_room(seed=seed) for seed in range(6)]

# -- the network --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["int8", "float32"])
@pytest.mark.parametrize("side", [48, 100, 200])
@pytest.mark.parametrize(("right", "down"), [(0, 0), (0.3, 0), (-0.2, 0.2), (0, -0.3)])
def test_a_face_that_moves_is_followed(kind, side, right, down):
    tracker = FaceTracker(MODELS / f"tracker_{kind}.tflite")
    box = Box(220, 140, side, side)
    last = Detection(220 + side / 2 - right * side, 140 + side / 2 - down * side, side, 1.0)
    now = tracker.follow(a_room(box), last)
    assert now is not None
    assert 0.5 <= now.score <= 1.0
    assert overlap(now.box(), box) >= 0.6


@pytest.mark.parametrize("luma", [*ROOMS, picture(), np.zeros((480, 640), np.uint8)])
def test_nothing_is_followed_where_there_is_no_face(tracker, luma):
    assert tracker.follow(luma, Detection(320, 240, 120, 1.0)) is None


@pytest.mark.parametrize(("covered_px", "is_followed"), [(35, True), (45, False)])
def test_a_face_is_lost_when_its_eyes_are_covered_and_not_when_its_forehead_is(
    tracker, covered_px, is_followed
):
    luma = a_room(Box(220, 140, 100, 100))
    luma[140 : 140 + covered_px, 220:320] = 120
    now = tracker.follow(luma, Detection(270, 190, 100, 1.0))
    assert (now is not None) == is_followed


def test_the_square_does_not_creep_while_nothing_moves(tracker):
    box = Box(200, 150, 150, 150)
    luma, now = a_room(box), Detection(275, 225, 150, 1.0)
    for _ in range(300):
        now = tracker.follow(luma, now)
        assert now is not None
    assert overlap(now.box(), box) >= 0.6


@pytest.mark.parametrize(("x", "y"), [(0, 240), (639, 479), (320, 0)])
def test_the_window_may_overhang_the_picture(tracker, x, y):
    tracker.follow(a_room(), Detection(x, y, 300, 1.0))


@pytest.fixture
def model(tmp_path):
    for suffix in (".tflite", ".json"):
        shutil.copy(MODELS / f"tracker_int8{suffix}", tmp_path)
    return tmp_path / "tracker_int8.tflite"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"task": "emotion"}, "not the card of a model for track"),
        ({"sha256": "0"}, "not the model its card describes"),
        ({"outputs": [{"head": "face", "index": 0}]}, "must say: face, box, room"),
        ({"input": {"size_px": 40}}, "must say: input.channels"),
        ({"input": INPUT | {"size_px": 48, "room": 2.0}}, "has shapes"),
        ({"outputs": [{"head": "face", "index": 0}, {"head": "box", "index": 7}]}, "has shapes"),
    ],
)
def test_a_model_that_its_card_does_not_describe_is_refused(model, change, said):
    card = json.loads(model.with_suffix(".json").read_text())
    model.with_suffix(".json").write_text(json.dumps(card | change))
    with pytest.raises(ModelError, match=said):
        FaceTracker(model)


# -- when the detector is asked -----------------------------------------------------------------


class Following:
    """A tracker that answers as it is told to, then that nothing has moved."""

    def __init__(self, *script):
        self.script = list(script)

    def follow(self, luma, last):
        return self.script.pop(0) if self.script else last


def following(detector, tracker, every_s=1.0):
    return FollowingFaceDetector(
        detector, tracker, min_score=0.7, min_height_px=40, search_every_s=every_s
    )


def test_the_detector_is_asked_once_a_second_while_a_face_is_followed():
    detector = Scripted(*[[face(300.0)]] * 100)
    faces = following(detector, Following())
    for n in range(50):
        assert [f.track for f in faces.find(frame(picture(), n / 10))] == [1]
    assert len([followed for followed in detector.followed if followed]) == 4


def test_the_search_for_newcomers_is_spread_over_the_second_and_never_beside_a_confirmation():
    detector = Scripted(*[[face(300.0)]] * 100)
    faces = following(detector, Following())
    for n in range(50):
        faces.find(frame(picture(), n / 10))
    assert detector.newcomers[:2] == [1.0, 1.0]
    assert {round(share, 2) for share in detector.newcomers[2:]} == {0.0, 0.33}
    assert 4.0 <= sum(detector.newcomers[2:]) <= 5.0
    for followed, share in zip(detector.followed, detector.newcomers, strict=True):
        assert not (followed and share)


@pytest.mark.heavy
def test_a_lost_face_is_searched_for_in_the_same_frame():
    detector = Scripted([face(300.0)], [], [], [face(340.0)])
    faces = following(detector, Following(face(310.0), face(320.0), None))
    seen = [[f.track for f in faces.find(frame(picture(), n / 10))] for n in range(4)]
    assert seen == [[1], [1], [1], [1]]
    assert detector.followed == [[], [], [], [face(320.0)]]
    assert detector.newcomers[-1] == 0.0


def test_nobody_where_neither_sees_a_face():
    faces = following(Scripted([face(300.0)], [], []), Following(None, None))
    assert [len(faces.find(frame(picture(), n / 10))) for n in range(3)] == [1, 0, 0]


def test_every_frame_is_searched_while_nobody_is_followed():
    detector = Scripted(*[[]] * 20)
    faces = following(detector, Following())
    for n in range(20):
        faces.find(frame(picture(), n / 10))
    assert detector.newcomers == [True] * 20


@pytest.mark.parametrize(("search_every_s", "gone_s"), [(1.0, 3.1), (0.5, 3.1)])
def test_what_only_the_tracker_sees_is_given_up_at_the_first_search_after_three_seconds(
    search_every_s, gone_s
):
    faces = following(Scripted([face(300.0)], *[[]] * 100), Following(), search_every_s)
    seen = [bool(faces.find(frame(picture(), n / 10))) for n in range(60)]
    assert seen == [n / 10 < gone_s for n in range(60)]


@pytest.mark.parametrize(("score", "is_seen"), [(0.79, False), (0.81, True)])
def test_below_four_fifths_the_tracker_is_not_sure(score, is_seen):
    faces = following(Scripted([face(300.0)], *[[]] * 5), Following(face(300.0, score=score)))
    assert [bool(faces.find(frame(picture(), n / 10))) for n in range(2)] == [True, is_seen]


@pytest.mark.parametrize(
    ("found", "stays"),
    [
        (face(315.0), True),
        (face(325.0), False),
        (face(300.0, side=80.0), True),
        (face(300.0, side=70.0), False),
        (face(300.0, side=130.0), True),
        (face(300.0, side=140.0), False),
    ],
)
def test_the_trackers_square_stays_while_the_detectors_is_nearly_the_same(found, stays):
    faces = following(Scripted([face(300.0)], [found]), Following(), every_s=0.1)
    last = [faces.find(frame(picture(), n / 10))[0] for n in range(2)][-1]
    assert last.box == (face(300.0) if stays else found).box()


def test_what_the_tracker_is_unsure_of_needs_the_detector():
    doubtful = Detection(300.0, 200.0, 100.0, 0.6)
    faces = following(Scripted([face(300.0)], [], [face(300.0)], [], []), Following(doubtful, None))
    assert [len(faces.find(frame(picture(), n / 10))) for n in range(3)] == [1, 0, 1]


def test_a_newcomer_is_seen_beside_a_followed_face():
    detector = Scripted([face(100.0)], *[[face(100.0), face(450.0)]] * 40)
    faces = following(detector, Following())
    seen = [[f.track for f in faces.find(frame(picture(), n / 10))] for n in range(20)]
    assert seen[:1] == [[1]]
    assert seen[-1] == [1, 2]


def test_two_followed_faces_that_run_into_one_become_the_older_one():
    detector = Scripted([face(100.0), face(400.0)], *[[]] * 10)
    faces = following(detector, Following(face(250.0), face(255.0)))
    assert [f.track for f in faces.find(frame(picture(), 0.0))] == [1, 2]
    assert [f.track for f in faces.find(frame(picture(), 0.1))] == [1]


def test_a_square_that_has_slipped_is_set_right_by_the_detector():
    slipped = Detection(340.0, 200.0, 100.0, 0.9)
    detector = Scripted(*[[face(300.0)]] * 30)
    faces = following(detector, Following(slipped))
    boxes = [faces.find(frame(picture(), n / 10))[0].box for n in range(11)]
    assert boxes[1] == boxes[9] == slipped.box()
    assert boxes[10] == face(300.0).box()


# -- the shared videos --------------------------------------------------------------------------


def video(pattern):
    if not VIDEOS.is_dir():
        pytest.skip("the shared videos are not on this machine")
    return next(VIDEOS.rglob(pattern))


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "people"),
    [("again.mkv", 1), ("eat.mkv", 1), ("no.mkv", 1), ("sorry.mkv", 1), ("thanks.mkv", 1),
     ("yes.mkv", 1), ("head-pose*.gif", 1), ("*walking*.gif", 3)],
)  # fmt: skip
def test_following_keeps_what_detection_on_every_frame_finds(name, people):
    found = compare(name, list(frames(video(name))))
    assert found.kept >= 0.95
    assert found.drifted_in_a_row <= 3
    assert found.tracks == people


@pytest.mark.parametrize("name", ["again.mkv", "thanks.mkv"])
def test_a_lost_face_is_noticed_within_three_frames(name):
    bottles = [f.luma for f, _ in zip(frames(video("bottle*.mp4")), range(60), strict=False)]
    assert cut(list(frames(video(name))), bottles) <= 3
