from dataclasses import replace
from datetime import datetime

import pytest

from appliance.decide.phrases import PHRASES
from appliance.decide.policy import MusicPolicy
from appliance.records import EMOTIONS, Emotion, Mood, Playback
from appliance.settings import (
    ListenerSettings,
    MusicSettings,
    Settings,
    StrategySettings,
    VolumeSettings,
)
from appliance.wishes import Wishes

HAPPY, SAD, NEUTRAL = Emotion.HAPPY, Emotion.SAD, Emotion.NEUTRAL
SILENCE = Playback("stop", "", None, None, 0)
EARLY = Playback("play", "Sunny", HAPPY, 50.0, 0)
ENDING = replace(EARLY, remaining_s=3.0)
STREAM = replace(EARLY, remaining_s=None)


def settled(emotion: Emotion) -> Mood:
    return Mood("settled", emotion, 0.8, 1, 0.0)


UNCERTAIN = Mood("uncertain", None, 0.3, 1, 0.0)
NOBODY = Mood("nobody", None, 0.0, 0, 0.0)


def decided(change, mood, playback, before=None):
    policy = MusicPolicy(Settings(music=MusicSettings(change=change)))
    if before is not None:
        policy.decide(0.0, 0.0, settled(before), EARLY)
    decision = policy.decide(1.0, 0.0, mood, playback)
    return None if decision is None else (decision.emotion, decision.how)


@pytest.mark.parametrize(
    ("change", "mood", "playback", "expected"),
    [
        # At the end of the song, the next one comes from the mood's playlist.
        ("end", settled(HAPPY), SILENCE, (HAPPY, "switch")),
        ("end", settled(SAD), EARLY, None),
        ("end", settled(SAD), ENDING, (SAD, "append")),
        ("end", settled(HAPPY), ENDING, (HAPPY, "append")),
        ("end", settled(SAD), replace(ENDING, queued_after=1), None),
        ("end", settled(SAD), STREAM, (SAD, "switch")),
        ("end", settled(HAPPY), STREAM, None),
        # In the middle of a song.
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


@pytest.mark.parametrize("change", ["now", "crossfade"])
def test_a_mood_kept_after_its_owner_has_left_changes_nothing(change):
    left = replace(settled(SAD), faces=0)
    assert decided(change, left, EARLY) is None
    assert decided(change, left, SILENCE) == (SAD, "switch")


@pytest.mark.parametrize("mood", [UNCERTAIN, NOBODY])
def test_nothing_begins_before_anybody_was_read(mood):
    assert decided("now", mood, SILENCE) is None


@pytest.mark.parametrize("change", ["end", "now", "crossfade"])
@pytest.mark.parametrize("playback", [SILENCE, EARLY, ENDING, STREAM])
def test_the_listener_in_charge_is_left_alone(change, playback):
    assert decided(change, settled(SAD), replace(playback, charge="chosen")) is None


def test_an_empty_playlist_is_replaced_by_others_for_a_while():
    policy = MusicPolicy(Settings(music=MusicSettings(change="now")))
    first = policy.decide(0.0, 0.0, settled(SAD), SILENCE)
    assert first is not None
    policy.refused(0.0, first)
    second = policy.decide(0.2, 0.0, settled(SAD), SILENCE)
    assert second is not None
    assert (second.emotion, second.reason) == (NEUTRAL, "there is no music for sad")
    assert policy.decide(0.4, 0.0, settled(SAD), replace(EARLY, emotion=NEUTRAL)) is None
    time_s = 0.0
    for out_s in (5, 10, 20, 40, 60, 60):  # a radio may be back soon
        assert how(policy, time_s + out_s - 0.1, settled(SAD), SILENCE) == (NEUTRAL, "switch")
        time_s += out_s
        assert how(policy, time_s, settled(SAD), SILENCE) == (SAD, "switch")
        policy.refused(time_s, first)
    policy.decide(time_s, 0.0, settled(SAD), replace(EARLY, emotion=SAD))  # it plays
    policy.refused(time_s, first)
    assert how(policy, time_s + 5.0, settled(SAD), SILENCE) == (SAD, "switch")


def test_with_no_music_at_all_it_waits_instead_of_spinning():
    policy = MusicPolicy(Settings())
    asked = []
    for tick in range(50):
        decision = policy.decide(tick / 10, 0.0, settled(HAPPY), SILENCE)
        if decision is not None:
            asked.append(decision.emotion)
            policy.refused(tick / 10, decision)
    assert sorted(asked) == sorted(EMOTIONS)


def test_the_reason_is_a_sentence_that_says_looks():
    decision = MusicPolicy(Settings()).decide(0.0, 0.0, settled(HAPPY), SILENCE)
    assert decision is not None
    assert decision.reason == "the room looks happy"


# --- people come first --------------------------------------------------------------------------

MINUTE = 60.0


def test_what_three_apps_do_over_and_over_is_a_line_each_minute(caplog):
    caplog.set_level("INFO")
    policy = MusicPolicy(Settings())
    for second in range(120):
        action = ("volume", "queue", "skip", "seek")[second % 4]
        policy.decide(float(second), 0.0, settled(SAD), replace(EARLY, listener_action=action))
    assert len(caplog.messages) == 8  # four kinds of actions in two minutes
    assert policy.holds(119.0 + 29 * MINUTE)


def with_settings(**sections):
    return MusicPolicy(Settings(music=MusicSettings(change="now"), **sections))


def how(policy, time_s, mood, playback, unix_s=0.0):
    """What it decides, as (emotion or volume, how); None for nothing."""
    decision = policy.decide(time_s, unix_s, mood, playback)
    if decision is None:
        return None
    return getattr(decision, "emotion", None) or decision.volume_percent, decision.how


@pytest.mark.parametrize("action", ["play", "skip", "seek", "queue", "volume", "mode"])
def test_whatever_a_person_does_holds_the_box_back_for_half_an_hour(action, caplog):
    caplog.set_level("INFO")
    policy = with_settings()
    assert how(policy, 0, settled(HAPPY), SILENCE) == (HAPPY, "switch")
    assert how(policy, 1, settled(HAPPY), replace(EARLY, listener_action=action)) is None
    assert how(policy, 29 * MINUTE, settled(SAD), EARLY) is None
    assert how(policy, 29 * MINUTE, settled(SAD), ENDING) == (HAPPY, "append"), "kept going"
    assert how(policy, 31 * MINUTE, settled(SAD), EARLY) == (SAD, "switch")
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("somebody ")


def test_a_volume_knob_turned_many_times_is_one_line(caplog):
    caplog.set_level("INFO")
    policy = with_settings()
    for tick in range(50):
        policy.decide(tick / 5, 0.0, settled(HAPPY), replace(EARLY, listener_action="volume"))
    assert len(caplog.messages) == 1


def test_a_pause_of_a_person_is_never_undone():
    policy = with_settings()
    paused = replace(EARLY, state="pause", charge="paused")
    policy.decide(0, 0.0, settled(HAPPY), replace(paused, listener_action="pause"))
    for minute in range(1, 600):
        assert how(policy, minute * MINUTE, settled(SAD), paused) is None


def test_it_takes_over_when_the_listeners_own_queue_ran_out():
    policy = with_settings()
    own_songs = replace(EARLY, emotion=None, charge="chosen")
    assert how(policy, 0, settled(SAD), replace(own_songs, listener_action="queue")) is None
    assert how(policy, 200, settled(SAD), own_songs) is None
    assert how(policy, 201, settled(SAD), SILENCE) == (SAD, "switch")


def test_hold_and_resume_by_message():
    policy = with_settings()
    policy.hold(0.0, 5)
    assert how(policy, 1, settled(SAD), EARLY) is None
    policy.resume()
    assert how(policy, 2, settled(SAD), EARLY) == (SAD, "switch")


def test_a_mood_that_somebody_asked_for_plays_whatever_the_faces_say():
    policy = with_settings()
    policy.ask_for(SAD)
    assert how(policy, 0, NOBODY, SILENCE) == (SAD, "switch")
    assert how(policy, 1, settled(HAPPY), replace(EARLY, emotion=SAD)) is None
    assert how(policy, 2, UNCERTAIN, EARLY) == (SAD, "switch")
    policy.ask_for(None)
    assert how(policy, 3, settled(HAPPY), replace(EARLY, emotion=SAD)) == (HAPPY, "switch")


def test_asking_for_a_mood_ends_the_listeners_own_songs():
    policy = with_settings()
    own_songs = replace(EARLY, emotion=None, charge="chosen")
    assert how(policy, 0, settled(SAD), replace(own_songs, listener_action="queue")) is None
    policy.ask_for(HAPPY)
    assert how(policy, 1, settled(SAD), own_songs) == (HAPPY, "switch")


@pytest.mark.parametrize("change", ["end", "crossfade", "now"])
@pytest.mark.parametrize("ask", ["resume", "auto"])
def test_asking_for_the_jukeboxs_music_ends_the_listeners_own_songs(change, ask):
    policy = MusicPolicy(Settings(music=MusicSettings(change=change)))
    own_songs = replace(EARLY, emotion=None, charge="chosen")
    assert how(policy, 0, settled(SAD), replace(own_songs, listener_action="queue")) is None
    policy.resume() if ask == "resume" else policy.ask_for(None)
    assert how(policy, 1, settled(SAD), own_songs) == (SAD, "switch" if change == "now" else "fade")


def test_what_a_person_stopped_plays_again_when_somebody_asks():
    policy = with_settings()
    stopped = replace(SILENCE, charge="stopped")
    assert how(policy, 0, settled(SAD), replace(stopped, listener_action="stop")) is None
    assert how(policy, 3600, settled(SAD), stopped) is None
    policy.resume()
    assert how(policy, 3601, settled(SAD), stopped) == (SAD, "switch")


def test_an_action_never_shortens_a_hold_that_was_asked_for():
    policy = with_settings()
    policy.hold(0.0, 120)
    own_songs = replace(EARLY, emotion=None, charge="chosen")
    policy.decide(60, 0.0, settled(SAD), replace(own_songs, listener_action="queue"))
    assert policy.hold_until_s == 120 * MINUTE
    policy.decide(400, 0.0, settled(SAD), SILENCE)  # their songs have run out
    assert policy.hold_until_s == 120 * MINUTE


def test_each_kind_of_action_is_logged_once_within_a_hold(caplog):
    caplog.set_level("INFO")
    policy = with_settings()
    for action in ("skip", "skip", "pause", "play"):
        policy.decide(0, 0.0, settled(HAPPY), replace(EARLY, listener_action=action))
    assert [line.partition(";")[0] for line in caplog.messages] == [
        "somebody chose another song",
        "somebody paused the music",
        "somebody pressed play",
    ]


def test_after_a_restart_with_the_camera_closed_the_music_goes_on():
    policy = with_settings()
    assert how(policy, 0, UNCERTAIN, replace(EARLY, emotion=SAD)) is None
    assert how(policy, 1, UNCERTAIN, SILENCE) == (SAD, "switch")


# --- presence, sleep ----------------------------------------------------------------------------

RESTING = replace(EARLY, state="pause", charge="resting")


def test_music_fades_out_when_nobody_is_here_and_comes_back():
    policy = with_settings()
    gone = replace(NOBODY, since_s=100.0)
    policy.decide(0, 0.0, settled(HAPPY), EARLY)
    assert how(policy, 100 + 9 * MINUTE, gone, EARLY) is None
    assert how(policy, 100 + 10 * MINUTE, gone, EARLY) == (None, "pause")
    assert how(policy, 100 + 11 * MINUTE, gone, RESTING) is None
    assert how(policy, 5000, replace(UNCERTAIN, faces=0), RESTING) is None, "a lost camera"
    assert how(policy, 5001, UNCERTAIN, RESTING) == (None, "resume")


def test_the_music_is_never_paused_while_a_face_is_in_the_picture():
    policy = with_settings()
    unknown_face = replace(NOBODY, since_s=0.0, faces=1)
    assert how(policy, 3600, unknown_face, EARLY) is None
    assert how(policy, 3601, replace(unknown_face, faces=0), EARLY) == (None, "pause")


def test_nobody_here_pauses_neither_the_listeners_songs_nor_within_the_hold_nor_if_set_so():
    gone = replace(NOBODY, since_s=0.0)
    assert how(with_settings(), 3600, gone, replace(EARLY, charge="chosen")) is None
    held = with_settings()
    held.hold(3599, 30)
    assert how(held, 3600, gone, EARLY) is None
    always = with_settings(listener=ListenerSettings(away_minutes=0))
    assert how(always, 360000, gone, EARLY) is None


# --- a queue that somebody cleared --------------------------------------------------------------

EMPTY = replace(SILENCE, charge="stopped", empty=True)
CLEARED = replace(EMPTY, charge="cleared")
OFFERED = replace(CLEARED, empty=False)
GONE = replace(NOBODY, since_s=60.0)


def cleared(mood=None, **listener):
    """A policy whose happy music somebody cleared at 100 s."""
    policy = with_settings(listener=ListenerSettings(**listener))
    policy.decide(0, 0.0, settled(HAPPY), EARLY)
    assert (
        how(policy, 100, mood or settled(HAPPY), replace(CLEARED, listener_action="queue")) is None
    )
    return policy


def test_ten_seconds_after_a_clear_one_song_of_the_present_mood_is_offered():
    policy = cleared()
    assert how(policy, 109, settled(SAD), CLEARED) is None
    assert how(policy, 110, settled(SAD), CLEARED) == (SAD, "offer")
    for second in range(111, 1000):
        assert how(policy, second, settled(SAD), OFFERED) is None


def test_a_queue_that_was_stopped_and_then_cleared_is_offered_a_song_but_never_begins():
    policy = cleared()
    assert how(policy, 101, settled(HAPPY), replace(EMPTY, listener_action="queue")) is None
    assert how(policy, 111, settled(HAPPY), EMPTY) == (HAPPY, "offer")
    for minute in range(2, 600):
        assert how(policy, minute * MINUTE, settled(SAD), replace(EMPTY, empty=False)) is None


@pytest.mark.parametrize("between", [replace(EMPTY, empty=False), replace(EARLY, emotion=None)])
def test_nothing_is_offered_to_who_added_something_meanwhile(between):
    policy = cleared()
    assert how(policy, 105, settled(HAPPY), replace(between, listener_action="queue")) is None
    theirs = replace(SILENCE, charge="stopped")
    assert all(how(policy, second, settled(HAPPY), theirs) is None for second in range(106, 9000))


def test_the_ten_seconds_begin_anew_with_each_edit_that_leaves_nothing():
    policy = cleared()
    assert how(policy, 109, settled(HAPPY), replace(CLEARED, listener_action="queue")) is None
    assert how(policy, 118, settled(HAPPY), CLEARED) is None
    assert how(policy, 119, settled(HAPPY), CLEARED) == (HAPPY, "offer")


def test_a_cleared_queue_begins_by_itself_after_the_hold():
    policy = cleared()
    assert how(policy, 100 + 30 * MINUTE - 1, settled(SAD), OFFERED) is None
    assert how(policy, 100 + 30 * MINUTE, settled(SAD), OFFERED) == (SAD, "switch")


def test_a_cleared_queue_begins_at_the_next_arrival():
    policy = cleared()
    assert how(policy, 200, UNCERTAIN, OFFERED) is None
    assert how(policy, 300, GONE, OFFERED) is None
    assert how(policy, 301, replace(UNCERTAIN, faces=0), OFFERED) is None, "a lost camera"
    assert how(policy, 302, UNCERTAIN, OFFERED) == (HAPPY, "switch")


def test_who_was_there_before_a_restart_does_not_come_by_being_seen_again():
    """At its start the jukebox sees nobody for a moment, and then whoever cleared the queue."""
    before = cleared()
    kept = before.wishes(130, 1_000_000.0)
    policy = with_settings()
    policy.restore(kept, "cleared", 500.0, 1_000_010.0, silent=False)
    assert how(policy, 500, NOBODY, OFFERED) is None
    assert how(policy, 505, NOBODY, OFFERED) is None
    for second in range(506, 2000):
        assert how(policy, second, settled(HAPPY), OFFERED) is None
    policy.restore(kept, "cleared", 5000.0, 1_000_010.0, silent=False)
    for second in range(5000, 5030):
        assert how(policy, second, NOBODY, OFFERED) is None
    assert how(policy, 5031, settled(HAPPY), OFFERED) == (HAPPY, "switch"), "who comes later"


@pytest.mark.parametrize(("away", "begins"), [(10, None), (0, (HAPPY, "switch"))])
def test_after_the_hold_nothing_begins_in_an_empty_room_only_to_fade_out(away, begins):
    policy = cleared(away_minutes=away)
    assert how(policy, 3600, GONE, OFFERED) == begins


def test_a_cleared_queue_that_the_jukebox_finds_at_its_start_counts_from_then():
    policy = with_settings()
    assert how(policy, 5, UNCERTAIN, CLEARED) is None
    assert how(policy, 15, UNCERTAIN, CLEARED) == (NEUTRAL, "offer")
    assert how(policy, 5 + 30 * MINUTE - 1, settled(HAPPY), OFFERED) is None
    assert how(policy, 5 + 30 * MINUTE, settled(HAPPY), OFFERED) == (HAPPY, "switch")


def test_without_a_hold_a_cleared_queue_stays_silent_for_ten_seconds():
    policy = cleared(override_minutes=0)
    assert how(policy, 109, settled(HAPPY), CLEARED) is None
    assert how(policy, 110, settled(HAPPY), CLEARED) == (HAPPY, "switch")


def test_an_offer_that_mpd_refuses_is_tried_with_each_mood_and_then_later():
    policy, offered = cleared(), []
    for second in (110, 111, 112, 113, 114, 114.1, 114.2, 114.3):
        decision = policy.decide(second, 0.0, settled(HAPPY), CLEARED)
        if decision is not None:
            offered.append(decision.emotion)
            policy.refused(second, decision)
    assert sorted(offered) == sorted(EMOTIONS)
    assert how(policy, 115, settled(HAPPY), CLEARED) == (HAPPY, "offer")


def test_a_queue_cleared_while_asleep_is_offered_a_song_and_stays_silent_until_somebody_plays():
    policy = cleared()
    policy.asleep = True
    assert how(policy, 110, settled(HAPPY), CLEARED) == (HAPPY, "offer")
    assert how(policy, 3600, settled(HAPPY), OFFERED) is None
    assert how(policy, 3601, settled(HAPPY), replace(EARLY, listener_action="play")) is None
    assert not policy.asleep


WISHES = {
    "mood happy": lambda policy: policy.ask_for(HAPPY),
    "auto": lambda policy: policy.ask_for(None),
    "resume": lambda policy: policy.resume(),
}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("asleep", [False, True])
def test_a_wish_from_elsewhere_plays_as_long_as_if_somebody_had_just_left(wish, asleep):
    policy = with_settings()
    policy.asleep = asleep
    assert how(policy, 3600, NOBODY, RESTING) is None
    WISHES[wish](policy)
    assert how(policy, 3601, NOBODY, RESTING) == (None, "resume")
    assert how(policy, 3602, NOBODY, EARLY) is None
    assert how(policy, 3602 + 10 * MINUTE - 1, NOBODY, EARLY) is None
    assert how(policy, 3602 + 10 * MINUTE, NOBODY, EARLY) == (None, "pause")


def test_a_wish_while_mpd_is_away_counts_from_when_it_is_back():
    policy = with_settings()
    policy.resume()  # the next decision is long after it, because the player was lost
    assert how(policy, 3600, NOBODY, RESTING) == (None, "resume")
    assert how(policy, 3600 + 9 * MINUTE, NOBODY, EARLY) is None


def test_a_hold_shorter_than_an_absence_is_a_wish_too():
    policy = with_settings()
    policy.hold(3600, 2)
    assert how(policy, 3600 + 9 * MINUTE, NOBODY, EARLY) is None
    assert how(policy, 3600 + 10 * MINUTE, NOBODY, EARLY) == (None, "pause")


@pytest.mark.parametrize("action", ["play", "skip", "seek", "queue", "volume", "mode"])
@pytest.mark.parametrize(("override", "plays"), [(30, 30), (10, 10), (2, 10), (0, 10)])
def test_a_person_with_an_app_whom_nobody_sees_is_not_faded_out(action, override, plays):
    """It plays until the hold is over, and at least for as long as a room must be empty."""
    policy = with_settings(listener=ListenerSettings(override_minutes=override))
    assert how(policy, 3600, NOBODY, replace(EARLY, listener_action=action)) is None
    assert how(policy, 3600 + plays * MINUTE - 1, NOBODY, EARLY) is None
    assert how(policy, 3600 + plays * MINUTE, NOBODY, EARLY) == (None, "pause")


def after_a_restart_asleep(*, silent):
    policy = MusicPolicy(Settings())
    policy.restore(Wishes(asleep=True), "resting", 0.0, 0.0, silent=silent)
    return policy


def test_the_sleep_timer_ends_the_music_until_somebody_asks():
    policy = with_settings()
    policy.sleep(0.0, 30)
    assert how(policy, 29 * MINUTE, settled(HAPPY), EARLY) is None
    assert how(policy, 30 * MINUTE, settled(HAPPY), EARLY) == (None, "pause")
    assert how(policy, 30.1 * MINUTE, settled(HAPPY), EARLY) == (None, "pause"), "MPD was not there"
    assert how(policy, 31 * MINUTE, settled(SAD), RESTING) is None, "somebody is in bed and is seen"
    louder = replace(RESTING, listener_action="volume")
    assert how(policy, 31.5 * MINUTE, settled(SAD), louder) is None, "and does not want to wake up"
    policy.resume()
    assert how(policy, 32 * MINUTE, settled(SAD), RESTING) == (None, "resume")
    assert how(policy, 32.1 * MINUTE, settled(SAD), RESTING) == (None, "resume"), (
        "MPD was not there again"
    )
    assert how(policy, 33 * MINUTE, settled(SAD), EARLY) == (SAD, "switch")


# --- volume ---------------------------------------------------------------------------------------

NIGHT = datetime(2026, 11, 24, 23, 30).astimezone().timestamp()
NOON = datetime(2026, 11, 24, 12, 0).astimezone().timestamp()
QUIET = VolumeSettings(quiet_hours="22:00-07:00", quiet_max=30)


def test_quiet_hours_lower_the_volume_and_give_it_back():
    policy = with_settings(volume=QUIET)
    loud = replace(EARLY, volume_percent=70)
    assert how(policy, 0, settled(HAPPY), loud, NOON) is None
    assert how(policy, 1, settled(HAPPY), loud, NIGHT) == (30, "volume")
    low = replace(loud, volume_percent=30, volume_before=70)
    assert how(policy, 2, settled(HAPPY), low, NIGHT) is None
    assert how(policy, 3, settled(HAPPY), low, NOON) == (70, "volume")
    assert how(policy, 4, settled(HAPPY), loud, NOON) is None


@pytest.mark.parametrize("came_out", [26, 29, 31, 34])
def test_quiet_hours_work_with_a_mixer_that_rounds(came_out):
    policy = with_settings(volume=QUIET)
    low = replace(EARLY, volume_percent=came_out, volume_before=70)
    assert how(policy, 0, settled(HAPPY), low, NIGHT) is None
    assert how(policy, 1, settled(HAPPY), low, NOON) == (70, "volume")


def test_a_volume_that_somebody_chose_at_night_is_theirs():
    policy = with_settings(volume=QUIET)
    loud = replace(EARLY, volume_percent=70)
    assert how(policy, 0, settled(HAPPY), loud, NIGHT) == (30, "volume")
    policy.decide(
        1, NIGHT, settled(HAPPY), replace(loud, volume_percent=50, listener_action="volume")
    )
    assert how(policy, 2, settled(HAPPY), replace(loud, volume_percent=50), NIGHT) is None
    assert how(policy, 3, settled(HAPPY), replace(loud, volume_percent=30), NOON) is None
    policy = with_settings(volume=QUIET)
    policy.decide(
        1, NIGHT, settled(HAPPY), replace(loud, volume_percent=50, listener_action="volume")
    )
    later = how(policy, 3600, settled(HAPPY), replace(loud, volume_percent=50), NIGHT)
    assert later is None, "all night"


@pytest.mark.parametrize("chosen", [24, 36, 50])
def test_a_volume_that_somebody_chose_while_the_jukebox_was_off_is_theirs(chosen):
    changed = replace(EARLY, volume_percent=chosen, volume_before=70)
    assert how(with_settings(volume=QUIET), 0, settled(HAPPY), changed, NOON) is None


def test_the_morning_is_never_louder_than_allowed():
    policy = with_settings(volume=replace(QUIET, max=50))
    assert how(policy, 0, settled(HAPPY), replace(EARLY, volume_percent=90), NIGHT)
    low = replace(EARLY, volume_percent=30, volume_before=90)
    assert how(policy, 1, settled(HAPPY), low, NOON) == (50, "volume")


def test_a_night_that_began_silent_ends_no_louder_than_the_jukebox_begins():
    policy = with_settings(volume=replace(QUIET, start=60))
    decision = policy.decide(0, NIGHT, settled(HAPPY), replace(SILENCE, volume_percent=90))
    assert (decision.volume_percent, decision.volume_before) == (30, 60)


def test_music_that_somebody_starts_while_it_sleeps_plays_even_if_nobody_saw_them_start_it():
    policy = with_settings()
    policy.sleep(0.0, 30)
    assert how(policy, 30 * MINUTE, settled(HAPPY), EARLY) == (None, "pause")
    assert how(policy, 31 * MINUTE, settled(HAPPY), RESTING) is None
    assert how(policy, 40 * MINUTE, settled(HAPPY), EARLY) is None
    restarted = after_a_restart_asleep(silent=True)
    assert how(restarted, 0, settled(HAPPY), EARLY) is None
    assert not restarted.asleep


def test_a_fade_into_sleep_that_breaks_off_wakes_nobody():
    policy = with_settings()
    policy.sleep(0.0, 30)
    assert how(policy, 1800, settled(HAPPY), EARLY) == (None, "pause")
    assert how(policy, 1801, settled(HAPPY), RESTING) is None, "a fade is reported as a pause"
    # A fade takes 6 s and is over after 2 s more. MPD was lost meanwhile.
    assert how(policy, 1808, settled(HAPPY), EARLY) == (None, "pause")
    assert how(policy, 1810, settled(HAPPY), EARLY) is None, "somebody started it"
    restarted = after_a_restart_asleep(silent=False)
    assert how(restarted, 0, settled(HAPPY), EARLY) == (None, "pause")


def test_asking_for_a_mood_keeps_the_sleep_timer():
    policy = with_settings()
    policy.sleep(0.0, 30)
    policy.ask_for(SAD)
    assert how(policy, 30 * MINUTE, settled(HAPPY), replace(EARLY, emotion=SAD)) == (None, "pause")


# --- strategies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("general", "own", "mood", "expected"),
    [
        ("match", {}, Emotion.ANGRY, NEUTRAL),  # calm by default, as for fear
        ("match", {}, Emotion.FEAR, NEUTRAL),
        ("match", {"angry": "match"}, Emotion.ANGRY, Emotion.ANGRY),
        ("lift", {}, SAD, HAPPY),
        ("lift", {"sad": "match"}, SAD, SAD),
        ("calm", {}, Emotion.SURPRISE, NEUTRAL),
        ("iso", {}, SAD, SAD),
    ],
)
def test_the_strategy_chooses_the_music(general, own, mood, expected):
    settings = Settings(music=MusicSettings(strategy=general), strategies=StrategySettings(**own))
    decision = MusicPolicy(settings).decide(0.0, 0.0, settled(mood), SILENCE)
    assert decision is not None
    assert decision.emotion is expected
    assert PHRASES[mood] in decision.reason


def test_iso_leads_from_the_mood_to_the_target_in_steps():
    settings = Settings(music=MusicSettings("now", strategy="iso", iso_minutes=20))
    policy, playing, steps = MusicPolicy(settings), SILENCE, []
    for minute in range(30):
        decision = policy.decide(minute * MINUTE, 0.0, settled(SAD), playing)
        if decision is not None:
            steps.append(decision.emotion)
            playing = replace(EARLY, emotion=decision.emotion)
    assert steps == [SAD, NEUTRAL, HAPPY]


@pytest.mark.parametrize(
    ("target", "mood", "steps"),
    [
        ("happy", Emotion.ANGRY, [(0, Emotion.ANGRY), (50, NEUTRAL), (51, HAPPY)]),
        ("happy", Emotion.DISGUST, [(0, Emotion.DISGUST), (31, NEUTRAL), (70, HAPPY)]),
        ("happy", Emotion.FEAR, [(0, Emotion.FEAR), (39, NEUTRAL), (62, HAPPY)]),
        ("happy", HAPPY, [(0, HAPPY)]),
        ("happy", SAD, [(0, SAD), (26, NEUTRAL), (75, HAPPY)]),
        ("happy", Emotion.SURPRISE, [(0, Emotion.SURPRISE), (51, HAPPY)]),
        ("happy", NEUTRAL, [(0, NEUTRAL), (51, HAPPY)]),
        ("neutral", SAD, [(0, SAD), (51, NEUTRAL)]),
        ("neutral", HAPPY, [(0, HAPPY), (51, NEUTRAL)]),
    ],
)
def test_iso_takes_the_way_that_russells_plane_shows(target, mood, steps):
    """In 100 minutes; the farther a mood is from the target, the more of the way is neutral."""
    music = MusicSettings("now", strategy="iso", iso_minutes=100, target=target)
    policy = MusicPolicy(Settings(music=music, strategies=StrategySettings(angry="", fear="")))
    playing, found = SILENCE, []
    for minute in range(101):
        decision = policy.decide(minute * MINUTE, 0.0, settled(mood), playing)
        if decision is not None:
            found.append((minute, decision.emotion))
            playing = replace(EARLY, emotion=decision.emotion)
    assert found == steps


def test_iso_begins_anew_with_people_who_come_back():
    settings = Settings(music=MusicSettings("now", strategy="iso", iso_minutes=20))
    policy = MusicPolicy(settings)
    policy.decide(0.0, 0.0, settled(SAD), SILENCE)
    policy.decide(120 * MINUTE, 0.0, NOBODY, RESTING)
    back = policy.decide(121 * MINUTE, 0.0, settled(SAD), SILENCE)
    assert back is not None
    assert back.emotion is SAD


def test_iso_stands_still_while_the_mood_is_uncertain():
    settings = Settings(music=MusicSettings("now", strategy="iso", iso_minutes=20))
    policy = MusicPolicy(settings)
    policy.decide(0.0, 0.0, settled(SAD), SILENCE)
    assert policy.decide(19 * MINUTE, 0.0, UNCERTAIN, replace(EARLY, emotion=SAD)) is None
