"""What a person did, told from two snapshots of MPD; no MPD is needed."""

import pytest

from appliance.player.listener_action import action_between, is_passed_over
from appliance.player.snapshot import Snapshot, length_of
from appliance.records import Playback

# MPD plays the first of two songs, 20 s into its 60 s.
PLAYS = {
    "state": "play",
    "songid": "1",
    "nextsongid": "2",
    "elapsed": "20",
    "duration": "60",
    "playlistlength": "2",
    "single": "0",
}
# The same song one second later.
LATER = PLAYS | {"elapsed": "21"}
STREAM = {key: value for key, value in PLAYS.items() if key != "duration"}
UNKNOWN = PLAYS | {"duration": "0.000"}


def without(status, *keys):
    return {key: value for key, value in status.items() if key not in keys}


def snapshot(status):
    """A snapshot at second 100."""
    remaining_s = None
    if (length_s := length_of(status)) is not None:
        remaining_s = length_s - float(status["elapsed"])
    return Snapshot(100.0, status, Playback(status["state"], "", None, remaining_s, 1))


def action(before, status, *, after_s=1.0, edited=False, turned=False, link=False):
    return action_between(
        snapshot(before), status, 100.0 + after_s, edited=edited, turned=turned, link=link
    )


def at(elapsed_s, **more):
    return PLAYS | {"elapsed": str(elapsed_s)} | more


SECOND_SONG = at(1, songid="2")
NO_SONG = without(PLAYS | {"state": "stop"}, "songid", "nextsongid", "elapsed", "duration")


@pytest.mark.parametrize(
    ("before", "status", "expected"),
    [
        # A song that changes within 3 s of its end has ended, else a person skipped it.
        (at(56.1), SECOND_SONG, None),
        (at(55.9), SECOND_SONG, "skip"),
        (at(56.1), NO_SONG, None),
        (at(55.9), NO_SONG, "skip"),
        # MPD's own crossfade of 5 s begins that much earlier.
        (at(51.1, xfade="5"), SECOND_SONG | {"xfade": "5"}, None),
        (at(50.9, xfade="5"), SECOND_SONG | {"xfade": "5"}, "skip"),
        # A position may be 3 s ahead of the time, and 1.5 s behind the last one.
        (at(20), at(23.9), None),
        (at(20), at(24.1), "seek"),
        (at(20), at(18.6), None),
        (at(20), at(18.4), "seek"),
        (at(20, state="pause"), at(22.9, state="pause"), None),
        (at(20, state="pause"), at(23.1, state="pause"), "seek"),
        (at(20, state="pause"), at(16.9, state="pause"), "seek"),
        (at(20, state="pause"), at(20, state="pause", songid="2"), "skip"),
        (at(58), SECOND_SONG | {"songid": "7"}, None),  # at its end, with "random"
        # A file whose length nobody knows may have come to its end after half a minute.
        (UNKNOWN, SECOND_SONG, "skip"),
        (UNKNOWN, NO_SONG, "skip"),
        (UNKNOWN | {"elapsed": "30"}, SECOND_SONG, None),
        (UNKNOWN | {"elapsed": "30"}, NO_SONG, None),
        (UNKNOWN | {"elapsed": "30"}, SECOND_SONG | {"songid": "7"}, "skip"),
        (UNKNOWN, UNKNOWN | {"elapsed": "21"}, None),
        (UNKNOWN, UNKNOWN | {"elapsed": "90"}, "seek"),
        (UNKNOWN | {"elapsed": "50"}, UNKNOWN | {"elapsed": "20"}, "seek"),
        (UNKNOWN | {"elapsed": "50"}, UNKNOWN | {"elapsed": "1"}, None),  # again, by "repeat"
        # So has one that is beyond the length that was told.
        (at(70), SECOND_SONG, None),
        (at(70), at(71), None),
        (at(70), at(90), "seek"),
        # A person pauses and stops; at the end of a song "single" does.
        (at(20), at(21, state="pause"), "pause"),
        (at(20), at(21, state="stop"), "stop"),
        (at(59, single="1"), at(0, songid="2", state="pause", single="1"), None),
        (at(59, single="1"), at(0, state="stop", single="1"), None),
        (at(20, single="1"), at(0, state="stop", single="1"), "stop"),
        (at(20, state="pause"), at(21), "play"),
        (at(20, state="stop"), at(0), "play"),
        (at(20, state="pause"), at(0, state="stop"), "stop"),
        # A song or an output that failed is not a person's action.
        (at(20), NO_SONG | {"error": "Failed to decode a.ogg"}, None),
        # An error that was there before is old: MPD keeps it while the music plays on.
        (at(20, error="x"), at(21, error="x", state="pause"), "pause"),
        (at(20, error="x"), at(0, error="x", state="stop"), "stop"),
        (at(20, error="x"), SECOND_SONG | {"error": "x"}, "skip"),
        (at(20, error="x", state="pause"), at(21, error="x"), "play"),
        (at(20, error="x", state="pause"), at(0, error="x", state="stop"), "stop"),
        (at(20, error="x"), at(21, error="All audio outputs are disabled", state="pause"), None),
        # A refused seek stops some decoders, but it pauses nothing.
        (at(20), at(21, error="Not seekable", state="pause"), "pause"),
        (at(20), at(21, error="Decoder failed to seek", state="pause"), "pause"),
        (at(20), at(0, error="Decoder failed to seek", state="stop"), None),
        (at(20), at(0, error="Not seekable", state="stop"), "stop"),
        # Outputs that fail pause the music, they do not stop it.
        (at(20), at(0, error="All audio outputs are disabled", state="stop"), "stop"),
        # Modes.
        (at(20, repeat="0"), at(21, repeat="1"), "mode"),
        (at(20, xfade="0"), at(21, xfade="3"), "mode"),
        (at(20, single="oneshot"), at(21, single="0"), None),
        (at(20, single="0"), at(21, single="oneshot"), "mode"),
        (at(20), at(21, volume="3", bitrate="128"), None),
    ],
)
def test_time_explains_what_mpd_does_by_itself_and_a_person_did_the_rest(before, status, expected):
    assert action(before, status) == expected


ALONE = {"nextsongid": "1", "repeat": "1"}  # the same song comes again and again


@pytest.mark.parametrize(
    ("before", "status", "expected"),
    [
        # A download may break off at any time: MPD goes on to the next song, or past the last.
        (at(20), SECOND_SONG, None),
        (at(20), NO_SONG, None),
        (at(20, **ALONE), at(1, **ALONE), None),
        (STREAM, SECOND_SONG, None),
        (STREAM, NO_SONG, None),
        (STREAM, STREAM | {"elapsed": "90"}, None),
        (at(70), at(200), None),  # a radio that begins like a file, with a length
        # What only a person does.
        (STREAM, SECOND_SONG | {"songid": "7"}, "skip"),
        (at(20), at(1, songid="7"), "skip"),
        (at(20), at(40), "seek"),
        (at(20), at(10), "seek"),
        (at(20, **ALONE), at(30, **ALONE), "seek"),
        (at(20, **ALONE), at(10, **ALONE), "seek"),
        (at(20), at(20, state="pause"), "pause"),
        (at(20), at(20, state="stop"), "stop"),
        # With "single", MPD pauses before the next song; only a person goes on to it.
        (at(20, single="1"), at(0, songid="2", state="pause", single="1"), None),
        (at(20, single="oneshot"), at(0, songid="2", state="pause", single="0"), None),
        (at(20, single="1"), at(20, state="pause", single="1"), "pause"),
        (at(20, single="1"), at(20, state="stop", single="1"), "stop"),
        (at(20, single="1"), at(1, songid="2", single="1"), "skip"),
        (at(20, single="1"), NO_SONG | {"single": "1"}, None),
        (at(20, state="pause"), at(0, songid="2", state="pause"), "skip"),
    ],
)
def test_a_song_that_comes_over_a_network_may_break_off_at_any_time(before, status, expected):
    assert action(before, status, link=True) == expected


@pytest.mark.parametrize(
    ("status", "edited", "turned", "expected"),
    [
        (LATER, True, True, "queue"),
        (LATER, False, True, "volume"),
        (LATER | {"state": "pause"}, True, True, "pause"),
        (LATER | {"repeat": "1"}, False, True, "volume"),
        (NO_SONG | {"playlistlength": "0"}, True, False, "queue"),  # the queue was cleared
    ],
)
def test_of_several_actions_the_most_important_one_is_told(status, edited, turned, expected):
    assert action(PLAYS, status, edited=edited, turned=turned) == expected


@pytest.mark.parametrize(
    ("status", "passed_over"),
    [
        (SECOND_SONG, True),
        (at(1, songid="7"), False),
        (NO_SONG, True),
        (NO_SONG | {"playlistlength": "0"}, False),
    ],
)
def test_a_skip_leads_to_the_next_song_or_past_the_last(status, passed_over):
    assert is_passed_over(snapshot(PLAYS), status) == passed_over


def test_a_song_that_has_passed_its_told_length_may_end_at_any_time():
    assert action(at(15, duration="10"), SECOND_SONG) is None


def test_who_clears_the_queue_changes_the_queue_playing_or_not():
    empty = NO_SONG | {"playlistlength": "0"}
    assert action(PLAYS, empty, edited=True) == "queue"
    assert action(NO_SONG, empty, edited=True) == "queue"
    # "consume" has emptied it.
    assert action(at(30, consume="1"), empty | {"consume": "1"}) == "skip"


def test_a_podcast_that_a_person_begins_anew_is_a_seek_and_a_radio_that_ends_with_single_is_none():
    assert action(PLAYS, at(1), link=True) == "seek"
    radio = STREAM | {"elapsed": "5", "single": "1"}
    assert action(radio, radio | {"state": "pause"}, link=True) is None
    assert action(radio, radio | {"state": "pause"}) == "pause"
