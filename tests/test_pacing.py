"""Frames a second: few where nothing happens, at once more when something does, fewer when hot."""

import numpy as np
import pytest

from appliance.camera.pacing import FrameRatePolicy, Need, PacedCamera, processor_need
from appliance.records import EMOTIONS, Box, Emotion, EmotionScores, Face, Frame, Mood, Step

COOL = Need(45.0, 0.1)
ROOM = np.full((480, 640), 120, np.uint8)


def step(time_s, shows=None, mood=None, luma=ROOM, *, picture=False):
    """shows: the emotion of the only face there, None for nobody."""
    scores = ()
    if shows:
        shares = tuple(0.9 if emotion is shows else 0.1 / 6 for emotion in EMOTIONS)
        scores = (
            EmotionScores(Face(Box(0, 0, 90, 90), 0.9, 1), shares, shares, 0.5, picture=picture),
        )
    people = 0 if picture else len(scores)
    state = "settled" if mood else "uncertain" if people else "nobody"
    told = Mood(state, mood, 0.9 if mood else 0.0, people, 0.0)
    return Step(Frame(time_s, 0.0, luma), scores, told, None, None)


def after(seconds, *, need=COOL, most=5.0, **seen):
    """A policy after so many seconds of the same."""
    policy = FrameRatePolicy(most, lambda: need)
    for n in range(int(seconds * most) + 1):
        policy.note(step(n / most, **seen))
    return policy


def test_an_empty_room_gets_two_frames_a_second_after_half_a_minute():
    assert after(29).frames_per_second == 5.0
    policy = after(31)
    assert policy.frames_per_second == 2.0
    assert policy.reason == "nobody is here"


def test_a_poster_alone_needs_as_few_frames_as_an_empty_room():
    policy = after(31, shows=Emotion.HAPPY, picture=True)
    assert (policy.frames_per_second, policy.reason) == (2.0, "nobody is here")


def test_a_face_that_shows_the_mood_needs_few_frames():
    policy = after(31, shows=Emotion.HAPPY, mood=Emotion.HAPPY)
    assert policy.frames_per_second == 2.0
    assert policy.reason == "nothing changes"


@pytest.mark.parametrize("seen", [
    {"shows": Emotion.SAD, "mood": Emotion.HAPPY},
    {"shows": Emotion.SAD, "mood": None},
], ids=["another emotion", "no mood yet"])  # fmt: skip
def test_a_mood_that_may_change_needs_all_frames(seen):
    assert after(50, **seen).frames_per_second == 5.0


def test_a_newcomer_gets_all_frames_at_once():
    policy = after(31)
    policy.note(step(32, shows=Emotion.SAD))
    assert policy.frames_per_second == 5.0
    assert policy.reason == ""


def test_movement_is_something_new_and_noise_is_not():
    noise = np.random.default_rng(0)
    policy = FrameRatePolicy(5.0, lambda: COOL)
    for n in range(200):
        grain = noise.normal(0, 1.5, ROOM.shape).round().astype(np.int16)
        policy.note(step(n / 5, luma=(ROOM + grain).astype(np.uint8)))
    assert policy.frames_per_second == 2.0
    somebody = ROOM.copy()
    somebody[:, 200:300] = 40
    policy.note(step(40.2, luma=somebody))
    assert policy.frames_per_second == 5.0


@pytest.mark.parametrize(("grays", "frames_per_second"), [(2, 2.0), (4, 5.0)])
def test_a_frame_that_differs_by_four_grays_on_average_is_movement(grays, frames_per_second):
    policy = after(31)
    policy.note(step(31.5, luma=ROOM + np.uint8(grays)))
    assert policy.frames_per_second == frames_per_second


def test_a_strip_of_forty_pixels_that_lights_up_is_movement():
    """The pixels that are compared lie close enough together not to miss it."""
    policy = after(31)
    lit = ROOM.copy()
    lit[:, 330:370] = 250
    policy.note(step(31.5, luma=lit))
    assert policy.frames_per_second == 5.0


def test_frames_are_compared_twice_a_second():
    """A slow change is small from one frame to the next; over half a second it is not."""
    policy = FrameRatePolicy(10.0, lambda: COOL)
    for n in range(400):
        policy.note(step(n / 10, luma=ROOM + np.uint8(abs(n % 200 - 100))))
    assert policy.frames_per_second == 10.0
    for n in range(400, 800):
        policy.note(step(n / 10, luma=ROOM + np.uint8(n // 8)))
    assert policy.frames_per_second == 2.0


def test_time_without_a_picture_says_nothing():
    policy = after(29)
    policy.note(step(90, luma=None))
    assert policy.frames_per_second == 5.0


@pytest.mark.parametrize(
    ("need", "reason"),
    [
        (Need(76.0, 0.1), "the processor is hot"),
        (Need(74.0, 0.1), ""),
        (Need(None, 1.6), "the processor is busy"),
        (Need(None, 1.4), ""),
    ],
)
def test_a_hot_or_busy_processor_gets_half_the_frames(need, reason):
    policy = after(5, need=need, most=10.0, shows=Emotion.SAD)
    assert policy.reason == reason
    assert policy.frames_per_second == (5.0 if reason else 10.0)


def test_the_processor_is_asked_every_five_seconds():
    asked_s, now_s = [], 0.0

    def need():
        asked_s.append(now_s)
        return COOL

    policy = FrameRatePolicy(10.0, need)
    for n in range(170):
        now_s = n / 10
        policy.note(step(now_s))
    assert asked_s == [0.0, 5.0, 10.0, 15.0]


def test_never_fewer_frames_than_two_a_second_nor_more_than_the_owner_wants():
    assert after(31, need=Need(90.0, 9.0)).frames_per_second == 2.0
    assert after(31, most=1.0).frames_per_second == 1.0


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


@pytest.mark.parametrize(("calm", "frames_per_second"), [(True, 2), (False, 100)])
def test_the_camera_is_read_at_the_rate_of_the_policy(calm, frames_per_second):
    policy = after(31) if calm else after(1, shows=Emotion.SAD)
    camera = Cameras()
    paced = PacedCamera(camera, policy, camera.clock, camera.sleep)
    while camera.now_s < 10.0:
        paced.read(0.5)
    assert len(camera.read_at_s) == pytest.approx(10 * frames_per_second, rel=0.05)
