"""The pace: few looks where nothing happens, at once more when something does, fewer when hot."""

import numpy as np
import pytest

from appliance.camera.pacing import (
    CALM_S,
    LEAST,
    MEASURED_EVERY_S,
    FrameRatePolicy,
    Need,
    PacedCamera,
    processor_need,
)
from appliance.records import EMOTIONS, Box, Emotion, EmotionScores, Face, Frame, Mood, Step

COOL = Need(45.0, 0.1)
ROOM = np.full((480, 640), 120, np.uint8)


def step(time_s, looks=None, mood=None, luma=ROOM):
    """looks: of the one face there, None for nobody."""
    scores = ()
    if looks:
        shares = tuple(0.9 if each is looks else 0.1 / 6 for each in EMOTIONS)
        scores = (EmotionScores(Face(Box(0, 0, 90, 90), 0.9, 1), shares, shares, 0.5),)
    state = "settled" if mood else "uncertain" if looks else "nobody"
    told = Mood(state, mood, 0.9 if mood else 0.0, len(scores), 0.0)
    return Step(Frame(time_s, 0.0, luma), scores, told, None, None)


def after(seconds, *, need=COOL, most=5.0, **seen):
    pace = FrameRatePolicy(most, lambda: need)
    for n in range(int(seconds * most) + 1):
        pace.note(step(n / most, **seen))
    return pace


def test_an_empty_room_is_looked_at_less_often():
    assert after(CALM_S - 1).frames_per_second == 5.0
    pace = after(CALM_S + 1)
    assert pace.frames_per_second == LEAST
    assert pace.reason == "nobody is here"


def test_a_face_that_looks_like_the_mood_needs_few_looks():
    pace = after(CALM_S + 1, looks=Emotion.HAPPY, mood=Emotion.HAPPY)
    assert pace.frames_per_second == LEAST
    assert pace.reason == "nothing changes"


@pytest.mark.parametrize("seen", [
    {"looks": Emotion.SAD, "mood": Emotion.HAPPY},
    {"looks": Emotion.SAD, "mood": None},
], ids=["another look", "no mood yet"])  # fmt: skip
def test_a_mood_that_may_change_needs_all_looks(seen):
    assert after(CALM_S + 20, **seen).frames_per_second == 5.0


def test_whoever_comes_is_looked_at_at_once():
    pace = after(CALM_S + 1)
    pace.note(step(CALM_S + 2, looks=Emotion.SAD))
    assert pace.frames_per_second == 5.0
    assert pace.reason == ""


def test_movement_is_something_new_and_noise_is_not():
    noise = np.random.default_rng(0)
    pace = FrameRatePolicy(5.0, lambda: COOL)
    for n in range(200):
        grain = noise.normal(0, 1.5, ROOM.shape).round().astype(np.int16)
        pace.note(step(n / 5, luma=(ROOM + grain).astype(np.uint8)))
    assert pace.frames_per_second == LEAST
    somebody = ROOM.copy()
    somebody[:, 200:300] = 40
    pace.note(step(40.2, luma=somebody))
    assert pace.frames_per_second == 5.0


def test_time_without_a_picture_says_nothing():
    pace = after(CALM_S - 1)
    pace.note(step(CALM_S + 60, luma=None))
    assert pace.frames_per_second == 5.0


@pytest.mark.parametrize(
    ("need", "reason"),
    [
        (Need(83.2, 0.1), "the processor is hot"),
        (Need(None, 2.5), "the processor is busy"),
        (Need(60.0, 1.0), ""),
    ],
)
def test_a_processor_in_need_is_spared(need, reason):
    pace = after(MEASURED_EVERY_S, need=need, most=10.0, looks=Emotion.SAD)
    assert pace.reason == reason
    assert pace.frames_per_second == (5.0 if reason else 10.0)


def test_never_less_often_than_the_loop_waits_or_the_owner_wants():
    assert after(CALM_S + 1, need=Need(90.0, 9.0)).frames_per_second == LEAST
    assert after(CALM_S + 1, most=1.0).frames_per_second == 1.0


def test_this_machine_tells_how_it_is():
    need = processor_need()
    assert need.queue >= 0.0
    assert need.celsius is None or -40 < need.celsius < 130


class Cameras:
    """A camera that always has a picture, and a clock that sleeping moves."""

    def __init__(self):
        self.now_s, self.read_at_s = 0.0, []

    def read(self, timeout_s):
        self.now_s += 0.01
        self.read_at_s.append(self.now_s)
        return step(self.now_s).frame

    def clock(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds


@pytest.mark.parametrize(("calm", "most"), [(True, 5), (False, 100)])
def test_the_camera_is_read_as_often_as_the_pace_says(calm, most):
    pace = after(CALM_S + 1) if calm else after(1, looks=Emotion.SAD)
    camera = Cameras()
    paced = PacedCamera(camera, pace, camera.clock, camera.sleep)
    while camera.now_s < 10.0:
        paced.read(0.5)
    expected = 10 * LEAST if calm else 10 * most
    assert len(camera.read_at_s) == pytest.approx(expected, rel=0.05)
