"""What two snapshots of MPD mean for whose doing it is that music plays, or that it does not."""

from types import SimpleNamespace

import pytest

from appliance.player.own_songs import OwnSong
from appliance.player.snapshot import Snapshot, describe, event_between
from appliance.player.sources import Song
from appliance.records import Emotion, Playback

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


# What is told of it

OWN = OwnSong("a.ogg", Song("a.ogg", "Own", "list"), Emotion.HAPPY)
NEW = OwnSong("b.ogg", Song("b.ogg", "New", "list"), Emotion.SAD)
FADER = {"new_id": None, "is_going_out": False, "active": False, "refused": False}
LOUD = {"volume": "60"}


def told(status, *, song=None, charge="jukebox", link=False, own=OWN, **fader):
    queue = SimpleNamespace(
        own={"1": own, "2": NEW} if own else {},
        song={"file": "folder/a.ogg"} if song is None else song,
        is_link=lambda song_id: link and song_id == "1",
        queued_after=lambda status: int(status["playlistlength"]) - 1,
    )
    return describe(status, queue, SimpleNamespace(**FADER | fader), charge)


def test_a_song_of_the_jukeboxs_is_told_with_its_mood_and_what_is_left_of_it():
    assert told(at(20, **LOUD)) == Playback(
        "play", "Own", Emotion.HAPPY, 40.0, 1, volume_percent=60, has_end=True
    )


def test_a_persons_song_has_no_mood_and_is_called_by_its_file():
    seen = told(at(20), own=None, charge="chosen")
    assert seen == Playback("play", "a", None, 40.0, 1, "chosen", has_end=True)
    assert told(at(20), own=None, song={"title": "T", "artist": "A"}).title == "A – T"
    assert told(at(20), own=None, song={}).title == ""


def test_when_nothing_plays_nothing_is_left():
    assert told(EMPTY) == Playback("stop", "", None, None, -1, empty=True)
    assert told(at(20, state="stop")) == Playback("stop", "", None, None, 1)


def test_the_goal_of_a_fade_counts_as_reached():
    seen = told(at(20, **LOUD), new_id="2", active=True)
    assert (seen.emotion, seen.title, seen.volume_percent) == (Emotion.SAD, "Own", None)
    assert told(at(20, **LOUD), refused=True).volume_percent is None
    out = told(at(20), is_going_out=True)
    assert (out.state, out.charge, out.remaining_s) == ("pause", "resting", 40.0)
    assert told(at(20, state="pause"), is_going_out=True).charge == "jukebox"
    assert told(at(20, state="pause"), charge="resting").state == "pause"


@pytest.mark.parametrize(
    ("status", "song", "link", "left_s", "has_end"),
    [
        (at(63), None, False, 0.0, True),  # a file tells its length not to the second
        (at(63.1), None, False, None, True),
        (at(20, duration="0.000"), None, False, None, True),
        (STREAM, None, False, None, True),
        ({key: value for key, value in PLAYS.items() if key != "elapsed"}, None, False, None, True),
        (at(20), None, True, 40.0, False),  # a podcast
        (at(20), {"name": "Radio One"}, True, None, False),
        (at(20), {"name": "A file"}, False, 40.0, True),
    ],
)
def test_of_what_has_no_known_length_nobody_knows_what_is_left(status, song, link, left_s, has_end):
    seen = told(status, song=song, link=link)
    assert (seen.remaining_s, seen.has_end) == (left_s, has_end)
