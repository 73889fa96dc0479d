from dataclasses import replace

import pytest

from appliance.policy import REFUSED_FOR_S, Policy
from appliance.records import EMOTIONS, Emotion, Mood, Playback
from appliance.settings import MusicSettings, Settings

HAPPY, SAD, NEUTRAL = Emotion.HAPPY, Emotion.SAD, Emotion.NEUTRAL
SILENCE = Playback("stop", "", None, None, 0, listener=False)
EARLY = Playback("play", "Sunny", HAPPY, 50.0, 0, listener=False)
ENDING = replace(EARLY, remaining_s=3.0)
STREAM = replace(EARLY, remaining_s=None)


def settled(emotion: Emotion) -> Mood:
    return Mood("settled", emotion, 0.8, 1, 0.0)


UNCERTAIN = Mood("uncertain", None, 0.3, 1, 0.0)
NOBODY = Mood("nobody", None, 0.0, 0, 0.0)


def decided(change, mood, playback, before=None):
    policy = Policy(Settings(music=MusicSettings(change=change)))
    if before is not None:
        policy.decide(0.0, 0.0, settled(before), EARLY)
    decision = policy.decide(1.0, 0.0, mood, playback)
    return None if decision is None else (decision.emotion, decision.how)


@pytest.mark.parametrize(
    ("change", "mood", "playback", "expected"),
    [
        # Out of song: look up the mood, pick from its playlist.
        ("end", settled(HAPPY), SILENCE, (HAPPY, "switch")),
        ("end", settled(SAD), EARLY, None),
        ("end", settled(SAD), ENDING, (SAD, "append")),
        ("end", settled(HAPPY), ENDING, (HAPPY, "append")),
        ("end", settled(SAD), replace(ENDING, songs_after=1), None),
        ("end", settled(SAD), STREAM, (SAD, "switch")),
        ("end", settled(HAPPY), STREAM, None),
        # In the middle of the song.
        ("now", settled(SAD), EARLY, (SAD, "switch")),
        ("now", settled(HAPPY), EARLY, None),
        ("now", settled(HAPPY), ENDING, (HAPPY, "append")),
        ("crossfade", settled(SAD), EARLY, (SAD, "fade")),
        ("crossfade", settled(SAD), STREAM, (SAD, "switch")),
    ],
)
def test_the_music_follows_the_mood(change, mood, playback, expected):
    assert decided(change, mood, playback) == expected


@pytest.mark.parametrize("change", ["end", "now", "crossfade"])
@pytest.mark.parametrize("mood", [UNCERTAIN, NOBODY])
def test_no_mood_never_changes_the_music_and_never_lets_it_run_out(change, mood):
    assert decided(change, mood, EARLY, before=HAPPY) is None
    assert decided(change, mood, STREAM, before=HAPPY) is None
    assert decided(change, mood, ENDING, before=HAPPY) == (HAPPY, "append")


@pytest.mark.parametrize("mood", [UNCERTAIN, NOBODY])
def test_nothing_begins_before_anybody_was_read(mood):
    assert decided("now", mood, SILENCE) is None


@pytest.mark.parametrize("change", ["end", "now", "crossfade"])
@pytest.mark.parametrize("playback", [SILENCE, EARLY, ENDING, STREAM])
def test_the_listener_in_charge_is_left_alone(change, playback):
    assert decided(change, settled(SAD), replace(playback, listener=True)) is None


def test_an_empty_playlist_is_replaced_by_others_for_a_while():
    policy = Policy(Settings(music=MusicSettings(change="now")))
    first = policy.decide(0.0, 0.0, settled(SAD), SILENCE)
    assert first is not None
    policy.refused(0.0, first)
    second = policy.decide(0.2, 0.0, settled(SAD), SILENCE)
    assert second is not None
    assert (second.emotion, second.reason) == (NEUTRAL, "there is no music for sad")
    assert policy.decide(0.4, 0.0, settled(SAD), replace(EARLY, emotion=NEUTRAL)) is None
    later = policy.decide(REFUSED_FOR_S, 0.0, settled(SAD), SILENCE)
    assert later is not None
    assert later.emotion is SAD


def test_with_no_music_at_all_it_waits_instead_of_spinning():
    policy = Policy(Settings())
    asked = []
    for tick in range(100):
        decision = policy.decide(tick / 10, 0.0, settled(HAPPY), SILENCE)
        if decision is not None:
            asked.append(decision.emotion)
            policy.refused(tick / 10, decision)
    assert sorted(asked) == sorted(EMOTIONS)


def test_the_reason_is_a_sentence_that_says_looks():
    decision = Policy(Settings()).decide(0.0, 0.0, settled(HAPPY), SILENCE)
    assert decision is not None
    assert decision.reason == "the room looks happy"
