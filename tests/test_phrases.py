"""What people read: each sentence as it stands, since no machine would miss it."""

import logging
from dataclasses import replace

import pytest
from test_policy import EARLY, ENDING, NOBODY, SILENCE, UNCERTAIN, settled

from appliance.decide.phrases import counted, describe, describe_pictures, how_sure
from appliance.decide.policy import MusicPolicy
from appliance.records import Emotion, Mood
from appliance.settings import ListenerSettings, MusicSettings, Settings, StrategySettings

HAPPY, SAD, NEUTRAL = Emotion.HAPPY, Emotion.SAD, Emotion.NEUTRAL


@pytest.mark.parametrize(
    ("mood", "line"),
    [
        (NOBODY, "nobody is here"),
        (settled(HAPPY), "1 face: the room looks happy"),
        (Mood("settled", Emotion.DISGUST, 0.8, 2, 0.0), "2 faces: the room looks disgusted"),
        (Mood("settled", SAD, 0.8, 0, 0.0), "no faces: the room looks sad"),
        (UNCERTAIN, "1 face: the mood is uncertain"),
        (
            Mood("uncertain", None, 0.3, 1, 0.0, unclear="dark"),
            "1 face: the mood is uncertain, it is too dark",
        ),
    ],
)
def test_a_mood_is_one_line(mood, line):
    assert describe(mood) == line


def test_numbers_and_sureness_are_words():
    assert [counted(number, "minute") for number in (0.5, 1, 2, 30)] == [
        "0.5 minutes", "1 minute", "2 minutes", "30 minutes",
    ]  # fmt: skip
    assert [describe_pictures(number) for number in (0, 1, 2)] == [
        "", "1 picture on the wall is left out", "2 pictures are left out",
    ]  # fmt: skip
    moods = [Mood("settled", HAPPY, sure, 1, 0.0) for sure in (0.69, 0.7, 0.89, 0.9)]
    assert [how_sure(mood) for mood in (UNCERTAIN, *moods)] == [
        "", "fairly", "quite", "quite", "very",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("action", "minutes", "line"),
    [
        ("pause", 10, "somebody paused the music; it stays so until somebody presses play"),
        ("stop", 10, "somebody stopped the music; it stays so until somebody presses play"),
        ("skip", 10, "somebody chose another song; nothing else is changed for 10 minutes"),
        ("queue", 1, "somebody changed the queue; nothing else is changed for 1 minute"),
        ("volume", 0, "somebody changed the volume"),
    ],
)
def test_what_somebody_did_is_told_with_how_long_it_counts(action, minutes, line, caplog):
    caplog.set_level(logging.INFO)
    policy = MusicPolicy(Settings(listener=ListenerSettings(override_minutes=minutes)))
    policy.decide(0.0, 0.0, settled(HAPPY), EARLY)
    policy._step_aside(1.0, action, playing=True)
    assert caplog.messages == [line]


def policy_of(**strategies):
    return MusicPolicy(
        Settings(music=MusicSettings(change="end"), strategies=StrategySettings(**strategies))
    )


def test_every_song_has_a_reason_in_words():
    policy = policy_of(sad="lift")
    reasons = [policy.decide(0.0, 0.0, settled(HAPPY), SILENCE).reason]
    reasons.append(policy.decide(1.0, 0.0, UNCERTAIN, ENDING).reason)
    reasons.append(policy.decide(2.0, 0.0, settled(SAD), ENDING).reason)
    policy.hold(3.0, 5)
    reasons.append(policy.decide(4.0, 0.0, settled(SAD), ENDING).reason)
    policy.ask_for(NEUTRAL)
    decision = policy.decide(5.0, 0.0, settled(SAD), ENDING)
    policy.refused(5.0, decision)
    reasons += [decision.reason, policy.decide(6.0, 0.0, settled(SAD), ENDING).reason]
    assert reasons == [
        "the room looks happy",
        "the mood is uncertain, so happy goes on",
        "the room looks sad; lift",
        "automatic changes are paused, so happy goes on",
        "somebody asked for neutral",
        "there is no music for neutral",
    ]


def test_what_is_not_a_song_has_a_reason_too():
    policy, paused = policy_of(), replace(EARLY, state="pause", charge="resting")
    policy.resume()
    assert policy.decide(0.0, 0.0, settled(HAPPY), paused).reason == "somebody asked for it"
    policy.decide(1.0, 0.0, settled(HAPPY), EARLY)
    assert policy.decide(2.0, 0.0, settled(HAPPY), paused).reason == "somebody is back"
    policy.sleep(2.0, 1)
    assert policy.decide(62.0, 0.0, settled(HAPPY), EARLY).reason == "time to sleep"


def test_nobody_asked_for_a_mood_until_somebody_does():
    policy = policy_of()
    assert policy.wishes(0.0, 0.0).asked_mood == ""
    policy.ask_for(SAD)
    assert policy.wishes(0.0, 0.0).asked_mood == "sad"
