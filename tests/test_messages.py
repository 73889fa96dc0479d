"""What people can say to the jukebox, and what it answers."""

from dataclasses import replace

import pytest
from controls import HAPPY, PLAYING, STEP, RecordingControls

from appliance.decide.policy import NEVER
from appliance.remote import messages


@pytest.fixture
def controls():
    return RecordingControls()


def answered(controls, message):
    return messages.answer(message, STEP, controls)


def test_a_mood_is_asked_for_until_auto(controls):
    assert answered(controls, "mood happy") == "music for happy, until you say auto"
    assert controls.policy.asked is HAPPY
    assert "somebody asked for happy" in answered(controls, "status")
    assert answered(controls, " AUTO ") == "the music follows the faces"
    assert controls.policy.asked is None


@pytest.mark.parametrize("message", ["mood happy", "auto", "resume"])
def test_who_asks_for_music_is_told_that_mpd_does_not_allow_it(controls, message):
    why = "MPD does not allow add, so it plays nothing"
    refused = replace(STEP, playback=replace(PLAYING, refusal=why))
    assert messages.answer(message, refused, controls).endswith(f"; but {why}")
    assert "but" not in answered(controls, message)


def test_hold_takes_minutes_or_the_usual_ones_and_resume_ends_it(controls):
    assert answered(controls, "hold 45") == "nothing is changed for 45 minutes"
    assert controls.policy.hold_until_s == 1000.0 + 45 * 60
    assert answered(controls, "hold") == "nothing is changed for 30 minutes"
    assert answered(controls, "resume") == "automatic changes are allowed again"
    assert not controls.policy.holds(1000.0)


def test_the_sleep_timer_can_be_set_and_taken_back(controls):
    assert answered(controls, "sleep 20") == "the music fades out in 20 minutes"
    assert controls.policy.sleep_at_s == 1000.0 + 20 * 60
    assert (
        answered(controls, "resume")
        == "automatic changes are allowed again; the sleep timer is off"
    )
    answered(controls, "sleep 20")
    answered(controls, "sleep off")
    assert controls.policy.sleep_at_s == NEVER


def test_the_camera_can_be_switched(controls):
    assert answered(controls, "camera off") == "the camera is off"
    assert controls.off is True
    answered(controls, "camera on")
    assert controls.off is False


@pytest.mark.parametrize("message", ["camera off", "mood sad", "hold 5", "sleep 9", "auto"])
def test_what_a_full_disk_does_not_keep_is_not_promised(controls, message):
    kept = answered(controls, message)
    controls.keeps = False
    assert (
        answered(controls, message)
        == f"{kept}; but its disk cannot be written, so a restart forgets that"
    )
    assert "forgets" not in answered(controls, "status")


def test_why_says_which_face_is_a_picture(controls):
    poster = replace(STEP, scores=(replace(STEP.scores[0], weight=0.0, picture=True),))
    answer = messages.answer("why", poster, controls)
    assert answer.endswith("Now: face 3: a picture, which is left out")


def test_why_says_why_a_face_cannot_be_read_well(controls):
    aside = replace(STEP, scores=(replace(STEP.scores[0], unclear="turned"),))
    answer = messages.answer("why", aside, controls)
    assert answer.endswith("face 3: happy 90%, surprise 6%, fear 2% (I see you from the side)")


def test_status_and_why_are_one_line_each_that_says_looks_not_is(controls):
    assert answered(controls, "status") == "1 face: the room looks happy; playing Sunny"
    assert answered(controls, "why") == (
        "the room looks happy. Now: face 3: happy 90%, surprise 6%, fear 2%"
    )


def test_a_resting_face_is_watched(controls):
    assert answered(controls, "calibrate") == "look at the camera"
    assert controls.calibrations == [1000.0]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("", "unknown command ''; the commands are mood NAME"),
        ("dance", "unknown command 'dance'"),
        ("mood merry", "it must be one of angry, disgust"),
        ("hold -3", "it must be a number of minutes"),
        ("hold nan", "it must be a number of minutes"),
        ("hold 1441", "it must be a number of minutes up to 1440"),
        ("sleep", "it must be a number of minutes"),
        ("camera", "it must be camera on or camera off"),
        ("calibrate me", "it must be calibrate or calibrate forget"),
        ("x" * 5000, "unknown command 'xxx"),
    ],
)
def test_what_cannot_be_done_is_answered_with_what_can(controls, message, text):
    answer = answered(controls, message)
    assert text in answer
    assert len(answer) < 300
    assert "\n" not in answer


def test_a_hold_says_how_long_nothing_is_really_changed(controls):
    policy = controls.policy
    policy.listener = policy.listener.acted("skip", 1000.0 + 30 * 60)
    said = "nothing is changed for 30 minutes, because somebody used the player; resume ends that"
    assert answered(controls, "hold 5") == said
    assert answered(controls, "hold 45") == "nothing is changed for 45 minutes"
    assert answered(controls, "hold 5") == said  # the shorter wish counts, but so does the act


def test_one_is_one_minute(controls):
    assert answered(controls, "hold 1") == "nothing is changed for 1 minute"
    assert answered(controls, "sleep 1") == "the music fades out in 1 minute"
    assert answered(controls, "hold 1.5") == "nothing is changed for 1.5 minutes"


def test_of_a_song_from_before_there_is_a_word_where_no_reason_is_kept(controls):
    controls.status = lambda: replace(RecordingControls().status(), reason="")
    said = {
        emotion: messages.answer(
            "why", replace(STEP, playback=replace(PLAYING, emotion=emotion)), controls
        )
        for emotion in (HAPPY, None)
    }
    assert said[HAPPY].startswith("the song that was put on before goes on. Now: ")
    assert said[None].startswith("nothing was put on yet. Now: ")


def test_a_day_is_the_longest_hold(controls):
    assert answered(controls, "hold 1440") == "nothing is changed for 1440 minutes"


@pytest.mark.parametrize(
    ("message", "request_"),
    [
        ("mood happy", ("mood", {"emotion": "happy"})),
        ("auto", ("auto", {})),
        ("hold", ("hold", {})),
        (" Hold  45 ", ("hold", {"minutes": "45"})),
        ("resume", ("resume", {})),
        ("sleep off", ("sleep", {"minutes": "off"})),
        ("camera on", ("camera", {"state": "on"})),
        ("calibrate", ("calibrate", {})),
        ("calibrate forget", ("calibrate", {"forget": True})),
        ("status", ("status", {})),
        ("why", ("why", {})),
    ],
)
def test_a_message_and_its_request_say_the_same(message, request_):
    assert messages.as_request(message) == request_
    assert messages.as_message(*request_) == " ".join(message.lower().split())


def test_the_usage_names_every_word():
    named = {part.split()[0] for part in messages.USAGE.split("·")}
    assert named == set(messages.WORDS)
