"""Which song comes next, without an MPD: a client with folders and stickers that a test names."""

import logging
import random
import time
from concurrent.futures import Future
from datetime import date, timedelta
from itertools import pairwise

import pytest
from mpd import CommandError

from appliance.errors import JukeboxError, PlayerError, SongsAwaitedError
from appliance.history.state import StateFile
from appliance.player.capabilities import Capabilities
from appliance.player.likes import Likes
from appliance.player.selection import Selection
from appliance.player.song_lists import SongLists
from appliance.player.sources import PlaylistError, Song
from appliance.player.state import PlayerState, UnsavedState
from appliance.records import Emotion, Play

HAPPY, SAD = Emotion.HAPPY, Emotion.SAD


class Client:
    """Folders of songs by name, and the values of stickers by name and uri."""

    def __init__(self, folders=(), stickers=()):
        self.folders, self.stickers = dict(folders), dict(stickers)
        self.asked = []

    def listplaylists(self):
        return []

    def lsinfo(self, folder):
        return [] if folder else [{"directory": name} for name in self.folders]

    is_mopidy = False

    def find(self, below, window, part):
        folder, first = below[7:-2], int(part.partition(":")[0])
        if not first:
            self.asked.append(folder)
        return [{"file": uri} for uri in self.folders.get(folder, [])][first:][:2000]

    def ask(self, question):
        """What a Reader does, at once."""
        answer = Future()
        try:
            answer.set_result(question(self))
        except (CommandError, JukeboxError) as error:
            answer.set_exception(error)
        return answer

    def sticker_set(self, kind, uri, name, value):
        assert kind == "song"
        self.stickers.setdefault(name, {})[uri] = value

    def sticker_find(self, kind, folder, name):
        assert (kind, folder) == ("song", "")
        values = self.stickers.get(name, {})
        return [{"file": uri, "sticker": f"{name}={value}"} for uri, value in values.items()]


def likes(today=date.today):
    capabilities = Capabilities()
    capabilities.has_stickers = True
    return Likes(capabilities, today)


class Drawn(Selection):
    """Songs of the folders and stickers of a client. A song more than a minute later is new."""

    def __init__(self, client, sources, seed=1, **more):
        self.lists = SongLists(sources, likes(), client.ask, lambda: True)
        super().__init__(self.lists, random.Random(seed), **more)


def selection(client, *sources):
    return Drawn(client, {HAPPY: sources})


def uris(selection, time_s):
    return {song.uri for song in selection.draw(HAPPY, time_s)}


NINE = {"happy": [f"happy/{number}.ogg" for number in range(9)]}
TWO = {"happy": ["happy/0.ogg", "happy/1.ogg"]}


def test_a_draw_offers_five_different_songs():
    songs = selection(Client(NINE), "happy").draw(HAPPY, 0.0)
    assert len(songs) == len(set(songs)) == 5


def test_a_draw_from_twenty_thousand_songs_takes_less_than_five_milliseconds():
    client = Client({"happy": [f"happy/{number}.ogg" for number in range(20_000)]})
    draws = selection(client, "happy")
    draws.draw(HAPPY, 0.0)
    took_s = []
    for time_s in range(1, 101):
        began_s = time.thread_time()
        (song, *_) = draws.draw(HAPPY, time_s / 10)
        draws.mark_heard(HAPPY, song)
        took_s.append(time.thread_time() - began_s)
    assert sorted(took_s)[50] < 0.005


def test_a_song_comes_twice_in_no_round_of_any_size():
    client = Client({"happy": [f"happy/{number}.ogg" for number in range(120)]})
    draws, heard = selection(client, "happy"), []
    for time_s in range(240):
        song = draws.draw(HAPPY, float(time_s))[0]
        draws.mark_heard(HAPPY, song)
        heard.append(song.uri)
    assert len(set(heard[:120])) == len(set(heard[120:])) == 120
    assert heard[:120] != heard[120:]


def test_a_song_that_fails_is_left_out_for_longer_each_time(caplog):
    draws, broken = selection(Client(TWO), "happy"), Song("happy/0.ogg", "", "happy")
    time_s = 100.0
    for out_s in (5, 10, 20, 40, 80, 160, 300, 300):
        draws.leave_out(broken, "it is broken", time_s)
        assert uris(draws, time_s + out_s - 0.1) == {"happy/1.ogg"}
        time_s += out_s
        assert uris(draws, time_s) == {"happy/0.ogg", "happy/1.ogg"}
    draws.mark_sounding(broken)
    draws.leave_out(broken, "it is broken", time_s)
    assert "happy/0.ogg" in uris(draws, time_s + 5)
    assert caplog.messages == ["happy/0.ogg cannot be played: it is broken; another song is tried"]


def test_the_only_song_of_a_mood_is_tried_again_every_half_minute():
    draws = selection(Client({"happy": ["happy/0.ogg"]}), "happy")
    time_s = 0.0
    for out_s in (5, 10, 20, 30, 30, 30):
        draws.leave_out(Song("happy/0.ogg", "", "happy"), "away", time_s)
        assert uris(draws, time_s + out_s - 0.1) == set()
        time_s += out_s
        assert uris(draws, time_s) == {"happy/0.ogg"}


def test_many_songs_that_fail_for_one_cause_are_one_line_until_mpd_reads_its_music(caplog):
    draws = selection(Client(NINE), "happy")
    for _update in range(2):
        for uri in NINE["happy"]:
            reason = f"Failed to open '/nas/{uri}': No such file or directory"
            draws.leave_out(Song(uri, "", "happy"), reason, 100.0)
        assert uris(draws, 101.0) == set()
        draws.note_changes({"database"})
        assert len(uris(draws, 101.0)) == 5
    draws.mark_sounding(Song("happy/1.ogg", "", "happy"))
    for reason in ("Decoder failed", "Decoder failed: happy/2.ogg", "Decoder failed: happy/1.ogg"):
        draws.leave_out(Song("happy/1.ogg", "", "happy"), reason, 100.0)
    assert [line.partition(":")[2].split()[0] for line in caplog.messages] == [
        "Failed", "Failed", "Decoder", "Decoder", "Decoder",
    ]  # fmt: skip


def test_a_drive_that_is_away_costs_three_songs_and_then_one_at_a_time(caplog):
    caplog.set_level(logging.INFO)
    draws, time_s = selection(Client(NINE), "happy"), 100.0

    def fail(number):
        draws.leave_out(Song(f"happy/{number}.ogg", "", "happy"), "away", time_s)

    for number in (0, 1):
        fail(number)
        assert len(uris(draws, time_s)) == 5
    for number, out_s in ((2, 5), (3, 10), (4, 20), (5, 30), (6, 30)):
        fail(number)
        assert uris(draws, time_s + out_s - 0.1) == set()
        time_s += out_s
        assert len(uris(draws, time_s)) == 5
    draws.mark_sounding(Song("happy/7.ogg", "", "happy"))
    fail(8)
    assert len(uris(draws, time_s)) == 5
    assert caplog.messages == [
        "happy/0.ogg cannot be played: away; another song is tried",
        "songs of happy can be played again",
        "happy/8.ogg cannot be played: away; another song is tried",
    ]


def test_a_skipped_song_may_come_again_as_soon_as_another_was_put_on():
    draws = selection(Client(TWO), "happy")
    skipped, other = (Song(uri, "", "happy") for uri in TWO["happy"])
    draws.mark_heard(HAPPY, skipped)
    draws.mark_skipped(skipped)
    draws.mark_heard(HAPPY, other)
    assert uris(draws, 1.0) == {"happy/0.ogg", "happy/1.ogg"}


def test_songs_that_fail_again_and_again_do_not_cost_the_others():
    draws = selection(Client(NINE), "happy")
    for time_s in range(9):
        draws.leave_out(Song(f"happy/{time_s % 2}.ogg", "", "happy"), "broken", float(time_s))
        assert len(uris(draws, float(time_s))) == 5


def test_a_mood_without_songs_is_read_again_after_ten_seconds(caplog):
    client = Client()
    draws = selection(client, "happy")
    assert uris(draws, 100.0) == set()
    client.folders = TWO
    assert uris(draws, 109.0) == set()
    uris(draws, 111.0)
    assert uris(draws, 111.0) == set(TWO["happy"])
    assert len(caplog.messages) == 1


def test_a_folder_of_which_mpd_reports_changes_is_read_at_once():
    client = Client()
    draws = selection(client, "happy")
    assert uris(draws, 100.0) == set()
    client.folders = TWO
    for change in ("database", "stored_playlist"):
        draws.note_changes({change})
        assert uris(draws, 100.0) == set(TWO["happy"])


class Slow(Client):
    """A client that answers when a test says so."""

    def __init__(self, *args):
        super().__init__(*args)
        self.waiting = []

    def ask(self, question):
        self.waiting.append((question, Future()))
        return self.waiting[-1][1]

    def answer(self):
        for question, answer in self.waiting:
            answer.set_result(question(self))
        self.waiting = []


def test_songs_that_are_being_read_are_awaited_and_then_others_play(caplog):
    client = Slow(TWO)
    draws = selection(client, "happy")
    for time_s in (100.0, 109.9):
        with pytest.raises(SongsAwaitedError):
            draws.draw(HAPPY, time_s)
    assert draws.draw(HAPPY, 110.0) == []
    assert draws.draw(HAPPY, 120.0) == []
    client.answer()
    assert uris(draws, 121.0) == set(TWO["happy"])
    assert caplog.messages == [
        "happy: MPD has not told for 10 s what happy holds. The music goes on without it"
    ]


def test_songs_that_changed_are_awaited_for_a_second_and_then_those_of_before_serve():
    client = Slow(TWO)
    draws = selection(client, "happy")
    with pytest.raises(SongsAwaitedError):
        draws.draw(HAPPY, 100.0)
    client.answer()
    assert uris(draws, 101.0) == set(TWO["happy"])
    client.folders = NINE
    draws.note_changes({"stored_playlist"})
    with pytest.raises(SongsAwaitedError):
        draws.draw(HAPPY, 110.0)
    assert uris(draws, 111.0) == set(TWO["happy"])
    client.answer()
    assert len(uris(draws, 112.0)) == 5


def test_a_slow_list_is_told_of_with_its_time(caplog, monkeypatch):
    caplog.set_level("INFO")
    clock = iter([0.0, 5.2])
    monkeypatch.setattr("appliance.player.song_lists.time.monotonic", lambda: next(clock, 5.2))
    draws = selection(Client(TWO), "happy")
    for time_s in (0.0, 1.0):
        uris(draws, time_s)
    assert caplog.messages == ["happy: MPD took 5.2 s for the 2 songs of happy"]


class HangsUp(Client):
    """An MPD that hangs up instead of telling what is in a folder."""

    def find(self, below, window, part):
        if "slow" in below:
            self.asked.append("slow")
            raise PlayerError("MPD at x: Connection lost, after 0.1 s")
        return super().find(below, window, part)


def test_a_source_for_which_mpd_hangs_up_is_not_asked_for_again_and_again(caplog):
    client = HangsUp(TWO)
    draws = selection(client, "slow", "happy")
    for time_s in range(100, 399, 2):
        assert uris(draws, float(time_s)) == set(TWO["happy"])
    assert client.asked.count("slow") == 1
    draws.note_changes({"database"})
    uris(draws, 399.0)
    assert client.asked.count("slow") == 2
    assert caplog.messages == [
        "happy: slow: MPD at x: Connection lost, after 0.1 s. The music goes on without it"
    ]


def test_a_source_that_works_again_is_warned_of_again_when_it_fails_again(caplog):
    client = Client()
    draws = selection(client, "happy")
    for time_s, folders in enumerate([{}, {}, TWO, {}, {}]):
        client.folders = folders
        draws.note_changes({"database"})
        draws.draw(HAPPY, 100.0 * time_s)
    assert len(caplog.messages) == 2


@pytest.mark.parametrize(
    ("stickers", "weight"),
    [
        ({}, 1.0),
        ({"like": "0"}, 0.02),
        ({"like": "1"}, 1.0),
        ({"like": "2"}, 2.0),
        ({"like": "yes"}, 1.0),
        ({"rating": "0"}, 1.0),
        ({"rating": "1"}, 0.2),
        ({"rating": "5"}, 1.0),
        ({"rating": "10"}, 2.0),
        ({"rating": "99"}, 2.0),
        ({"rating": "-1"}, 1.0),
        ({"jukebox_skips_happy": "1"}, 0.5),
        ({"jukebox_skips_happy": "9"}, 0.1),
        ({"jukebox_skips_sad": "9"}, 1.0),
        ({"like": "2", "rating": "10", "jukebox_skips_happy": "1"}, 2.0),
    ],
)
@pytest.mark.parametrize("uri", ["happy/0.ogg", "/srv/music/happy/0.ogg"])
def test_what_people_think_of_a_song_is_its_weight(stickers, weight, uri):
    client = Client(TWO, {name: {"happy/0.ogg": value} for name, value in stickers.items()})
    weights = likes().weights(client, HAPPY)
    assert Likes.of(uri, weights) == pytest.approx(weight)
    assert Likes.of("happy/1.ogg", weights) == 1.0


def test_a_server_without_stickers_is_not_asked_for_them():
    assert Likes(Capabilities()).weights(Client(stickers={"like": {"a": "0"}}), HAPPY) == {}


# Skips


def skip(draws, client, song, now=likes()):  # noqa: B008 - it has no state
    """What the observer does when a person skips a song of this mood."""
    draws.mark_skipped(song)
    now.mark_skipped(client, song.uri, HAPPY)
    draws.note_changes({"sticker"})


@pytest.mark.parametrize("songs", [2, 3, 4, 9])
@pytest.mark.parametrize("seed", range(5))
def test_next_never_brings_the_same_song_again(songs, seed):
    uris = [f"happy/{number}.ogg" for number in range(songs)]
    client = Client({"happy": uris})
    draws = Drawn(client, {HAPPY: ("happy",)}, seed)
    before = ""
    for time_s in range(60):
        song, *_ = drawn = draws.draw(HAPPY, float(time_s))
        assert song.uri != before
        if before and songs <= 5:
            assert drawn[-1].uri == before  # it is there, in case MPD refuses all others
        draws.mark_heard(HAPPY, song)
        skip(draws, client, song)
        before = song.uri


def test_a_skipped_song_waits_even_for_one_that_nobody_likes():
    client = Client(TWO, {"like": {"happy/1.ogg": "0"}})
    draws = selection(client, "happy")
    (first, *_) = draws.draw(HAPPY, 0.0)
    for time_s in range(1, 9):  # unskipped, it comes again and again
        first, *_ = draws.draw(HAPPY, float(time_s))
        draws.mark_heard(HAPPY, first)
    draws.mark_heard(HAPPY, Song("happy/0.ogg", "", "happy"))
    skip(draws, client, Song("happy/0.ogg", "", "happy"))
    assert draws.draw(HAPPY, 99.0)[0].uri == "happy/1.ogg"


def test_an_only_song_comes_again_after_a_skip():
    client = Client({"happy": ["happy/0.ogg"]})
    draws = selection(client, "happy")
    for time_s in range(5):
        (song,) = draws.draw(HAPPY, float(time_s))
        draws.mark_heard(HAPPY, song)
        skip(draws, client, song)


def test_a_song_skipped_in_one_mood_does_not_come_next_in_another():
    client = Client({"happy": ["happy/0.ogg"], "sad": ["happy/0.ogg", "sad/1.ogg"]})
    for path in ("happy/0.ogg", "/srv/music/happy/0.ogg"):
        draws = Drawn(client, {HAPPY: ("happy",), SAD: ("sad",)})
        for time_s in range(9):
            draws.mark_skipped(Song(path, "", "happy"))
            assert draws.draw(SAD, float(time_s))[0].uri == "sad/1.ogg"


@pytest.mark.parametrize(
    ("days", "weight"),
    [(0, 0.25), (28, 1 / 2.5), (56, 1 / 1.75), (365, 1.0), (-3, 0.25)],
)
def test_a_skip_fades_over_weeks(days, weight):
    last = date(2026, 11, 30)
    client = Client(TWO, {
        "jukebox_skips_happy": {"happy/0.ogg": "3"},
        "jukebox_skip_day_happy": {"happy/0.ogg": last.isoformat()},
    })  # fmt: skip
    weights = likes(lambda: last + timedelta(days)).weights(client, HAPPY)
    assert weights["happy/0.ogg"] == pytest.approx(weight, abs=0.001)


def test_a_new_skip_adds_to_what_has_not_faded():
    client = Client(TWO)
    for day, count in (("2026-01-05", "1"), ("2026-01-06", "2"), ("2026-06-01", "1")):
        likes(lambda day=day: date.fromisoformat(day)).mark_skipped(client, "happy/0.ogg", HAPPY)
        assert client.stickers["jukebox_skips_happy"] == {"happy/0.ogg": count}
        assert client.stickers["jukebox_skip_day_happy"] == {"happy/0.ogg": day}


def test_a_skip_that_bears_no_date_fades_from_now_on():
    client = Client(TWO, {"jukebox_skips_happy": {"happy/0.ogg": "1"}})
    assert likes(lambda: date(2026, 3, 2)).weights(client, HAPPY) == {"happy/0.ogg": 0.5}
    later = likes(lambda: date(2026, 3, 30)).weights(client, HAPPY)
    assert later["happy/0.ogg"] == pytest.approx(1 / 1.5)


def test_a_machine_that_does_not_know_the_day_dates_no_skip():
    client = Client(TWO)
    likes(lambda: date(1970, 1, 1)).mark_skipped(client, "happy/0.ogg", HAPPY)
    assert client.stickers == {"jukebox_skips_happy": {"happy/0.ogg": "1"}}


# Rounds over a restart


def restarting(uris, state, stickers=(), times=60, every=1, put_on=()):
    """The uris of songs that are put on one after the other, with a restart after so many."""
    client = Client({"happy": uris}, stickers)
    heard = []
    for time_s in range(times):
        if time_s % every == 0:
            draws = Drawn(client, {HAPPY: ("happy",)}, time_s, state=state, put_on=put_on)
        song = draws.draw(HAPPY, float(time_s))[0]
        draws.mark_heard(HAPPY, song)
        heard.append(song.uri)
    return heard


@pytest.mark.parametrize("every", [1, 2, 7])
@pytest.mark.parametrize("name", ["happy/{}.ogg", "https://a.example/{}", "/srv/m\udce4rz/{}.ogg"])
def test_a_restart_does_not_begin_a_new_round(tmp_path, every, name):
    uris = [name.format(number) for number in range(6)]
    heard = restarting(uris, StateFile(tmp_path / "player.json", PlayerState()), every=every)
    assert all(set(heard[first : first + 6]) == set(uris) for first in range(0, 60, 6))
    assert all(uri != following for uri, following in pairwise(heard))


def test_a_liked_song_comes_twice_in_a_round_in_spite_of_restarts(tmp_path):
    uris = [f"happy/{number}.ogg" for number in range(4)]
    state = StateFile(tmp_path / "player.json", PlayerState())
    heard = restarting(uris, state, {"like": {uris[0]: "2"}}, times=50)
    assert 18 <= heard.count(uris[0]) <= 20  # 2 of 5, less what would come twice in a row


def test_what_the_history_tells_counts_where_no_state_was_kept():
    uris = [f"happy/{number}.ogg" for number in range(4)]
    plays = [Play("", uris[number], HAPPY, "happy", "") for number in (3, 1, 0, 3, 2)]
    heard = restarting(uris, UnsavedState(), times=2, every=9, put_on=plays)
    assert set(heard) == {uris[0], uris[1]}


@pytest.mark.parametrize("kept", [{"happy": 3}, {"bored": "abcdef"}, {"happy": ""}, {"happy": "x"}])
def test_rounds_that_cannot_be_understood_begin_anew(kept):
    state = UnsavedState()
    state.keep(heard=kept)
    uris = [f"happy/{number}.ogg" for number in range(3)]
    assert set(restarting(uris, state, times=3)) == set(uris)


# What is read in advance


def test_every_mood_is_read_before_its_turn_one_list_at_a_time():
    client = Slow({"happy": ["a"], "sad": ["b"], "sea": ["c"]})
    draws = Drawn(client, {HAPPY: ("happy",), SAD: ("sad", "sea")})
    for _ in range(9):
        draws.prepare(None, 100.0)
        assert len(client.waiting) <= 1
        client.answer()
    assert client.asked == ["happy", "sad", "sea"]


def test_a_folder_of_the_machine_is_read_again_before_a_song_ends(tmp_path):
    client, folder = Client(), str(tmp_path)
    client.decoders = lambda: [{"suffix": "ogg"}]
    (tmp_path / "a.ogg").touch()
    draws = selection(client, folder)
    assert uris(draws, 100.0) == {f"{folder}/a.ogg"}
    (tmp_path / "b.ogg").touch()
    draws.prepare(HAPPY, 129.0)
    assert len(uris(draws, 129.0)) == 1
    draws.prepare(HAPPY, 131.0)
    assert len(uris(draws, 131.0)) == 2


def test_all_songs_of_a_mood_are_told_with_whether_they_are_there():
    client = Client(TWO)
    draws = selection(client, "happy")
    songs = draws.lists.all_of(client, HAPPY)
    assert [(song.uri, song.there) for song in songs] == [(uri, True) for uri in TWO["happy"]]
    with pytest.raises(PlaylistError, match="sad: no playlist is named for this mood"):
        draws.lists.all_of(client, SAD)


def test_a_mood_without_sources_is_said_once(caplog):
    draws = selection(Client(TWO), "happy")
    assert [draws.draw(SAD, time_s) for time_s in (1.0, 2.0)] == [[], []]
    (line,) = caplog.messages
    assert line.startswith("sad: no playlist is named for this mood in jukebox.toml")
