"""What anybody in the network may ask over MPD, and how much of it the log tells."""

import pytest
from controls import HAPPY, STEP, RecordingControls

from appliance.remote import channel

SEEN = ("happy", "face", "looks", "%")


@pytest.fixture
def controls():
    return RecordingControls()


@pytest.mark.parametrize("message", ["why", " WHY ", "status", "Status now"])
def test_nobody_in_the_network_is_told_how_faces_look(controls, message):
    told = channel.answer("music", message, STEP, controls)
    assert not any(word in told for word in SEEN[2:])
    assert "playing Sunny" in told or "not told over MPD" in told or "unknown" in told


def test_the_music_is_steered_all_the_same(controls):
    assert channel.answer("music", "mood happy", STEP, controls) == (
        "music for happy, until you say auto"
    )
    assert controls.policy.asked is HAPPY
    assert channel.answer("music", "camera off", STEP, controls) == "the camera is off"


def test_who_wants_to_can_have_everything_told(controls):
    assert "face 3: happy 90%" in channel.answer("all", "why", STEP, controls)
    assert "the room looks happy" in channel.answer("all", "status", STEP, controls)


@pytest.mark.parametrize("message", ["mood happy", "camera off", "why", "nonsense", ""])
def test_who_wants_none_has_none_carried_out(controls, message):
    assert "[mpd] messages" in channel.answer("none", message, STEP, controls)
    assert controls.policy.asked is controls.off is None


def test_six_messages_a_minute_are_logged_whoever_sends_thousands():
    log = channel.MessageLog()
    assert sum(log.tells(number / 100) for number in range(5999)) == 6
    assert log.tells(60.0)
