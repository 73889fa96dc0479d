"""What two snapshots of MPD mean for whose doing it is that music plays, or that it does not."""

from types import SimpleNamespace

import pytest

from appliance.player.snapshot import Snapshot, event_between
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
GONE = ("songid", "nextsongid", "elapsed", "duration")
NO_SONG = {key: PLAYS[key] for key in PLAYS if key not in GONE} | {"state": "stop"}
EMPTY = NO_SONG | {"playlistlength": "0"}
STREAM = {key: value for key, value in PLAYS.items() if key != "duration"}


def at(elapsed_s, **more):
    return PLAYS | {"elapsed": str(elapsed_s)} | more


def event(before, status, *, charge="jukebox", own="1", only_own=True):
    """What has happened a second after the snapshot `before`; own: the id of the jukebox's song."""
    queue = SimpleNamespace(current_id=own, only_own=only_own)
    if before is not None:
        left_s = 60.0 - float(before["elapsed"]) if "duration" in before else None
        before = Snapshot(100.0, before, Playback(before["state"], "", None, left_s, 1))
    return event_between(before, status, queue, 101.0, charge=charge)


def test_what_is_left_of_a_song_grows_less_by_itself_to_nothing():
    snapshot = Snapshot(100.0, at(20), Playback("play", "", None, 3.0, 1))
    assert [snapshot.playback_at(100.0 + after_s).remaining_s for after_s in (0, 2.5, 9)] == [
        3.0, 0.5, 0.0,
    ]  # fmt: skip
    paused = Snapshot(100.0, at(20), Playback("pause", "", None, 3.0, 1))
    assert paused.playback_at(109.0).remaining_s == 3.0


@pytest.mark.parametrize(
    ("before", "status", "happened"),
    [
        (at(20), at(21), "own song"),
        (at(20), at(1, songid="2"), "other song"),
        (at(20), at(21, state="pause"), "pause"),
        (at(20), at(21, state="stop"), "stop"),
        (at(20), NO_SONG, "end"),  # past the end of the queue
        # With "single", MPD stops after every song, and people want that silence.
        (at(20, single="1"), NO_SONG | {"single": "1"}, "stop"),
        (at(57.1, single="1"), EMPTY | {"single": "1"}, "stop"),
        # A song that failed; an old error explains nothing.
        (at(20), NO_SONG | {"error": "Failed to decode a.ogg"}, "end"),
        (at(20), at(0, error="x", state="stop"), "end"),
        (at(20, error="x"), at(0, error="x", state="stop"), "stop"),
        (at(20, error="x", state="pause"), at(0, error="x", state="stop"), "stop"),
        # Nothing new.
        (at(20, state="stop"), NO_SONG, "end"),
        (None, NO_SONG, "end"),
        (None, at(20, state="pause"), "pause"),
        # An emptied queue: "consume" removed a song within 2 s of its end, else a person did.
        (at(57.1), EMPTY, "end"),
        (at(56.9), EMPTY, "clear"),
        (STREAM, EMPTY, "clear"),
        (at(20, state="pause"), EMPTY, "clear"),
        # With "consume" and one song, a person has gone on from it; of two, one would be left.
        (at(20, consume="1", playlistlength="1"), EMPTY, "end"),
        (at(20, consume="oneshot", playlistlength="1"), EMPTY, "end"),
        (at(20, consume="1", playlistlength="2"), EMPTY, "clear"),
    ],
)
def test_what_has_happened_between_two_snapshots(before, status, happened):
    assert event(before, status) == happened


def test_the_jukeboxs_own_pause_is_no_event():
    assert event(at(20, state="pause"), at(20, state="pause"), charge="resting") is None


def test_songs_that_people_add_to_a_silent_queue_are_an_event():
    assert event(at(20, state="stop"), NO_SONG, charge="cleared", only_own=False) == "fill"
