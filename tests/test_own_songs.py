"""Which songs of the queue are the jukebox's own, from what it kept; no MPD is needed."""

import json

import pytest

from appliance.player.own_songs import Entry, Layout, OwnSong, OwnSongs, find_own
from appliance.player.sources import Song
from appliance.records import Emotion, Play

HAPPY = Emotion.HAPPY


def known(*layouts, version=90, **more):
    """What is known of own songs, "A7" for the song A with id 7. layouts: newest first, "-" for
    somebody else's song, such as "- A7"."""
    made, songs = [], {}
    for text in layouts:
        names = text.split()
        made.append(
            Layout({name[1:]: n for n, name in enumerate(names) if name != "-"}, len(names))
        )
    for text in reversed(layouts):
        for name in text.split():
            if name != "-":
                songs[name[1:]] = OwnSong(name[0], Song(name[0], name[0], "list"), HAPPY)
    return OwnSongs(songs, tuple(made), version=version, **more)


def found(knowledge, queue, current="", version=99):
    """The ids of the songs in the queue, "A7 B8", that are found to be the jukebox's own."""
    entries = [Entry(name[1:], name[0]) for name in queue.split()]
    return sorted(find_own(knowledge, entries, current, version).values())


# A jukebox or its connection that was away, and an MPD that lived on: ids tell for sure.
SAME_MPD = [
    ("the own song plays on", ["A7"], "A7", ["7"]),
    ("an older copy stands before it", ["A5 A7"], "A5 A7", ["5", "7"]),
    ("a person chose the same song", ["A7"], "A7 A9", ["7"]),
    ("a person put the same song before it", ["A7"], "A9 A7", ["7"]),
    ("a person moved it", ["A7 - -"], "B3 C4 A7", ["7"]),
    ("a person removed it and chose the same", ["A7"], "A9", []),
    ("a person removed it and chose the same into its place", ["- A7"], "B3 A9", []),
    ("a person cleared the queue", ["A7 B8"], "", []),
    ("the same id means another song", ["A7"], "B7", []),
]


@pytest.mark.parametrize(
    ("layouts", "queue", "own"), [row[1:] for row in SAME_MPD], ids=[row[0] for row in SAME_MPD]
)
def test_while_mpd_lives_its_ids_tell_own_songs(layouts, queue, own):
    assert found(known(*layouts), queue) == own


# MPD restarted and counts its ids from 1 in the queue's order.
NEW_MPD = [
    ("its queue is as it was", ["A7 B8"], "A1 B2", ["1", "2"]),
    ("an older own copy stands before it", ["A5 A7"], "A1 A2", ["1", "2"]),
    ("many copies of a radio", ["R5 R7 - R9"], "R1 R2 R3 R4", ["1", "2", "4"]),
    ("a person's copy stands before it", ["- A7"], "A1 A2", ["2"]),
    ("a person's copy stands behind it", ["A7 -"], "A1 A2", ["1"]),
    ("an own song has the id that a person's copy gets", ["- A1"], "A1 A2", ["2"]),
    ("a person's queue with the same songs, of none known", ["- - -"], "A1 B2 A3", []),
    # A power cut: MPD saves its queue every two minutes.
    ("the newest song was not saved", ["A5 B7", "A5"], "A1", ["1"]),
    ("an old song comes back", ["B7 C8", "A5 B7"], "A1 B2", ["1", "2"]),
    ("an old copy comes back", ["R7 R8", "R5 R7"], "R1 R2", ["1", "2"]),
    ("a person's song, before the jukebox put on the same", ["- A7", "-"], "A1", []),
    ("a person's two songs, before the jukebox put on the same", ["- A7 -", "- -"], "A1 A2", []),
    ("a queue that was never seen", ["A7 B8"], "C1 A2 B3", ["2", "3"]),
    ("a queue that was never seen, with copies", ["- A7 -"], "A1 C2 D3 A4", []),
    ("the queue is lost", ["A7 B8"], "", []),
]


@pytest.mark.parametrize(
    ("layouts", "queue", "own"), [row[1:] for row in NEW_MPD], ids=[row[0] for row in NEW_MPD]
)
def test_after_mpds_restart_their_places_tell_own_songs(layouts, queue, own):
    assert found(known(*layouts), queue, version=2) == own


def test_a_restarted_mpd_whose_queue_was_edited_at_once_is_known_by_its_count_of_edits():
    assert found(known("- A5 B6", version=90), "A1 A2 B3 D5", version=4) == ["2", "3"]


def test_an_mpd_that_is_new_itself_is_known_by_its_ids_though_it_counts_few_edits():
    assert found(known("- A1", version=2), "A1 A2", version=2) == ["2"]


# Nothing was kept: only the history tells what was put on last.
PUT_ON = [
    ("the copy that plays", "A", "A1 A2 A3", "2", ["2"]),
    ("the last copy", "A", "A1 B2 A3", "2", ["3"]),
    ("the song before it, too", "B A", "B1 A2 A3", "3", ["1", "3"]),
    ("a song that a person removed", "A", "B1", "1", []),
]


@pytest.mark.parametrize(
    ("put_on", "queue", "current", "own"),
    [row[1:] for row in PUT_ON],
    ids=[row[0] for row in PUT_ON],
)
def test_without_known_places_what_was_put_on_last_is_the_copy_that_plays(
    put_on, queue, current, own
):
    plays = [Play(name, name, HAPPY, "list", "") for name in put_on.split()]
    assert found(OwnSongs.of_plays(plays), queue, current) == own


def test_own_songs_come_oldest_first_however_they_stand():
    knowledge = known("B8 A7", "- A7")
    entries = [Entry("8", "B"), Entry("7", "A")]
    assert list(find_own(knowledge, entries, "", 99).values()) == ["7", "8"]


@pytest.mark.parametrize("uri", ["a.ogg", "http://radio/", "m\udce4rz.ogg"])
@pytest.mark.parametrize("emotion", [HAPPY, None])
def test_what_is_kept_is_read_back(uri, emotion):
    songs = {"3": OwnSong(uri, Song(f"x{uri}", "t", "list"), emotion)}
    knowledge = OwnSongs(songs, (Layout({"3": 0}, 1), Layout({}, 2)), "3", None, 7)
    assert OwnSongs.kept(json.loads(json.dumps(knowledge.to_keep()))) == knowledge


@pytest.mark.parametrize(
    "spoilt",
    [{}, {"songs": []}, {"songs": {"1": ["a"]}}, {"layouts": [[{"9": 0}, 1]]}, {"layouts": 3},
     {"version": "many"}, {"songs": {"1": ["a", "a", "a", "a", "bored"]}}],
)  # fmt: skip
def test_a_spoilt_file_is_as_none(spoilt):
    good = known("A1").to_keep()
    assert OwnSongs.kept(good | spoilt if spoilt else {}) is None


def test_the_last_six_layouts_are_known():
    knowledge = known("A1")
    for place in range(1, 9):
        knowledge = OwnSongs(knowledge.songs, knowledge.moved_to({"1": place}, 9))
    assert [layout.places["1"] for layout in knowledge.layouts] == [8, 7, 6, 5, 4, 3]
    assert knowledge.moved_to({"1": 8}, 10)[:2] == (Layout({"1": 8}, 10), Layout({"1": 7}, 9))


def test_the_history_tells_as_what_own_songs_were_put_on():
    plays = [Play("Song", "a.ogg", HAPPY, "list", "why"), Play("Song", "a.ogg", HAPPY, "list", "")]
    knowledge = OwnSongs.of_plays(plays)
    assert (
        list(knowledge.songs.values())
        == [OwnSong("a.ogg", Song("a.ogg", "Song", "list"), HAPPY)] * 2
    )
    # The later of two is the later copy.
    queue = [Entry("1", "a.ogg"), Entry("2", "a.ogg")]
    assert find_own(knowledge, queue, "", 9) == {"before 0": "1", "before 1": "2"}


def test_an_mpd_whose_queue_nobody_has_edited_since_is_the_same_one():
    assert found(known("A7 - -", version=90), "B3 C4 A7", version=90) == ["7"]


def test_why_a_song_that_nobody_has_heard_yet_was_put_on_is_kept():
    own = OwnSong("a.ogg", Song("a.ogg", "t", "list"), HAPPY, "the room looks happy")
    kept = OwnSongs({"3": own}, (Layout({"3": 0}, 1),)).to_keep()
    assert OwnSongs.kept(json.loads(json.dumps(kept))).songs == {"3": own}
    kept["songs"]["3"].pop()  # as an earlier version wrote it
    assert OwnSongs.kept(kept).songs["3"].reason == ""
