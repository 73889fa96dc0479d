"""What people can say to the jukebox, and what it answers."""

import numpy as np
import pytest

from appliance.decide.policy import NEVER, MusicPolicy
from appliance.records import Box, Emotion, EmotionScores, Face, Frame, Mood, Playback, Step
from appliance.remote import messages as remote
from appliance.remote.status import Status
from appliance.settings import Settings

HAPPY = Emotion.HAPPY
PLAYING = Playback("play", "Sunny", HAPPY, 50.0, 0, listener=False)
LAUGHS = (0.01, 0.0, 0.02, 0.9, 0.0, 0.06, 0.01)
LAUGH = EmotionScores(Face(Box(0, 0, 9, 9), 1.0, 3), LAUGHS, LAUGHS, 1.0)
STEP = Step(
    Frame(1000.0, 0.0, np.zeros((9, 9), np.uint8)),
    (LAUGH,),
    Mood("settled", HAPPY, 0.9, 1, 0.0),
    PLAYING,
    None,
)


class Controls:
    """Keeps what it was asked for."""

    def __init__(self) -> None:
        self.policy = MusicPolicy(Settings())
        self.off: bool | None = None
        self.calibrations: list[object] = []

    def status(self) -> Status:
        return Status.of(
            STEP,
            camera="a camera",
            policy=self.policy,
            reason="the room looks happy",
            frames_per_second=5.0,
            frame_rate_reason="",
        )

    def camera_off(self, off: bool) -> None:
        self.off = off

    def calibrate(self, time_s: float) -> str:
        self.calibrations.append(time_s)
        return "look at the camera"

    def forget_calibration(self) -> str:
        return "faces are read as they are"


@pytest.fixture
def house():
    return Controls()


def told(house, message):
    return remote.answer(message, STEP, house)


def test_a_mood_is_asked_for_until_auto(house):
    assert told(house, "mood happy") == "music for happy, until you say auto"
    assert house.policy.asked is HAPPY
    assert "somebody asked for happy" in told(house, "status")
    assert told(house, " AUTO ") == "the music follows the faces"
    assert house.policy.asked is None


def test_hold_takes_minutes_or_the_usual_ones_and_resume_ends_it(house):
    assert told(house, "hold 45") == "nothing is changed for 45 minutes"
    assert house.policy.hold_until_s == 1000.0 + 45 * 60
    assert told(house, "hold") == "nothing is changed for 30 minutes"
    told(house, "resume")
    assert not house.policy.holds(1000.0)


def test_the_sleep_timer_can_be_set_and_taken_back(house):
    assert told(house, "sleep 20") == "the music fades out in 20 minutes"
    assert house.policy.sleep_at_s == 1000.0 + 20 * 60
    told(house, "sleep off")
    assert house.policy.sleep_at_s == NEVER


def test_the_camera_can_be_switched(house):
    assert told(house, "camera off") == "the camera is off"
    assert house.off is True
    told(house, "camera on")
    assert house.off is False


def test_status_and_why_are_one_line_that_says_looks(house):
    assert told(house, "status") == "1 face: the room looks happy; playing Sunny"
    assert told(house, "why") == (
        "the room looks happy. Now: face 3: happy 90%, surprise 6%, fear 2%"
    )


def test_a_resting_face_is_watched(house):
    assert told(house, "calibrate") == "look at the camera"
    assert house.calibrations == [1000.0]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("", "is nothing I know; mood NAME"),
        ("dance", "'dance' is nothing I know"),
        ("mood merry", "it must be one of angry, disgust"),
        ("hold -3", "it must be a number of minutes"),
        ("hold nan", "it must be a number of minutes"),
        ("sleep", "it must be a number of minutes"),
        ("camera", "it must be camera on or camera off"),
        ("calibrate me", "it must be calibrate or calibrate forget"),
        ("x" * 5000, "is nothing I know"),
    ],
)
def test_what_cannot_be_done_is_answered_with_what_can(house, message, text):
    answer = told(house, message)
    assert text in answer
    assert len(answer) < 300
    assert "\n" not in answer
