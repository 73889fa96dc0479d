"""Which song comes next, without an MPD: a client with folders and stickers that a test names."""

import random
from datetime import date, timedelta
from itertools import pairwise

import pytest

from appliance.history.state import StateFile
from appliance.player.capabilities import Capabilities
from appliance.player.likes import Likes
from appliance.player.selection import Selection
from appliance.player.sources import Song
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

    def listallinfo(self, folder):
        self.asked.append(folder)
        return [{"file": uri} for uri in self.folders.get(folder, [])]

    def sticker_set(self, kind, uri, name, value):
        self.stickers.setdefault(name, {})[uri] = value

    def sticker_find(self, kind, folder, name):
        values = self.stickers.get(name, {})
        return [{"file": uri, "sticker": f"{name}={value}"} for uri, value in values.items()]


def likes(today=date.today):
    capabilities = Capabilities()
    capabilities.has_stickers = True
    return Likes(capabilities, today)


def selection(*sources):
    return Selection({HAPPY: sources}, random.Random(1), likes())


def uris(selection, client, time_s):
    return {song.uri for song in selection.draw(client, HAPPY, time_s, local=True)}


NINE = {"happy": [f"happy/{number}.ogg" for number in range(9)]}
TWO = {"happy": ["happy/0.ogg", "happy/1.ogg"]}


def test_a_draw_offers_five_different_songs():
    songs = selection("happy").draw(Client(NINE), HAPPY, 0.0, local=True)
    assert len(songs) == len(set(songs)) == 5


def test_the_time_of_a_draw_grows_with_the_songs_not_with_their_square(monkeypatch):
    compared = 0

    def equal(song, other):
        nonlocal compared
        compared += 1
        return song.uri == other.uri

    monkeypatch.setattr(Song, "__eq__", equal)
    draws = selection("happy")
    songs = {Song(f"{number}.ogg", "", "happy"): 1.0 for number in range(3000)}
    draws.mark_heard(HAPPY, draws._shuffled(HAPPY, songs)[0])
    compared = 0
    draws._shuffled(HAPPY, songs)
    assert compared < 10 * len(songs)


def test_a_song_that_failed_is_left_out_for_five_minutes(caplog):
    draws = selection("happy")
    draws.leave_out(Song("happy/0.ogg", "", "happy"), "it is broken", 100.0)
    assert uris(draws, Client(TWO), 399.0) == {"happy/1.ogg"}
    assert uris(draws, Client(TWO), 401.0) == {"happy/0.ogg", "happy/1.ogg"}
    assert caplog.messages == ["happy/0.ogg cannot be played: it is broken; another song is tried"]


def test_a_mood_without_songs_is_read_again_after_ten_seconds(caplog):
    draws, client = selection("happy"), Client()
    assert uris(draws, client, 100.0) == set()
    client.folders = TWO
    assert uris(draws, client, 109.0) == set()
    assert uris(draws, client, 111.0) == set(TWO["happy"])
    assert len(caplog.messages) == 1


class MpdHangsError(Exception):
    pass


def test_a_source_on_which_mpd_hung_is_left_out_for_five_minutes(caplog):
    class HangingClient(Client):
        def listallinfo(self, folder):
            if folder == "slow":
                self.asked.append(folder)
                raise MpdHangsError
            return super().listallinfo(folder)

    draws, client = selection("slow", "happy"), HangingClient(TWO)
    with pytest.raises(MpdHangsError):
        draws.draw(client, HAPPY, 100.0, local=True)
    for time_s in (101.0, 399.0):
        assert uris(draws, client, time_s) == set(TWO["happy"])
    assert client.asked.count("slow") == 1
    with pytest.raises(MpdHangsError):
        draws.draw(client, HAPPY, 401.0, local=True)
    assert caplog.messages == ["happy: MPD hung on slow; it is left out for five minutes"]


def test_a_source_that_works_again_is_warned_of_again_when_it_fails_again(caplog):
    draws, client = selection("happy"), Client()
    for time_s, folders in enumerate([{}, {}, TWO, {}, {}]):
        client.folders = folders
        draws.draw(client, HAPPY, 100.0 * time_s, local=True)
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


@pytest.mark.parametrize("songs", [2, 3, 4, 9])
@pytest.mark.parametrize("seed", range(5))
def test_next_never_brings_the_same_song_again(songs, seed):
    uris = [f"happy/{number}.ogg" for number in range(songs)]
    client = Client({"happy": uris})
    draws = Selection({HAPPY: ("happy",)}, random.Random(seed), likes())
    before = ""
    for time_s in range(60):
        song, *_ = drawn = draws.draw(client, HAPPY, float(time_s), local=True)
        assert song.uri != before
        if before and songs <= 5:
            assert drawn[-1].uri == before  # it is there, in case MPD refuses all others
        draws.mark_heard(HAPPY, song)
        skip(draws, client, song)
        before = song.uri


def test_a_skipped_song_waits_even_for_one_that_nobody_likes():
    client = Client(TWO, {"like": {"happy/1.ogg": "0"}})
    draws = selection("happy")
    (first, *_) = draws.draw(client, HAPPY, 0.0, local=True)
    for time_s in range(1, 9):  # unskipped, it comes again and again
        first, *_ = draws.draw(client, HAPPY, float(time_s), local=True)
        draws.mark_heard(HAPPY, first)
    draws.mark_heard(HAPPY, Song("happy/0.ogg", "", "happy"))
    skip(draws, client, Song("happy/0.ogg", "", "happy"))
    assert draws.draw(client, HAPPY, 99.0, local=True)[0].uri == "happy/1.ogg"


def test_an_only_song_comes_again_after_a_skip():
    client = Client({"happy": ["happy/0.ogg"]})
    draws = selection("happy")
    for time_s in range(5):
        (song,) = draws.draw(client, HAPPY, float(time_s), local=True)
        draws.mark_heard(HAPPY, song)
        skip(draws, client, song)


def test_a_song_skipped_in_one_mood_does_not_come_next_in_another():
    client = Client({"happy": ["happy/0.ogg"], "sad": ["happy/0.ogg", "sad/1.ogg"]})
    for path in ("happy/0.ogg", "/srv/music/happy/0.ogg"):
        draws = Selection({HAPPY: ("happy",), SAD: ("sad",)}, random.Random(1), likes())
        for time_s in range(9):
            draws.mark_skipped(Song(path, "", "happy"))
            assert draws.draw(client, SAD, float(time_s), local=True)[0].uri == "sad/1.ogg"


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
            draws = Selection({HAPPY: ("happy",)}, random.Random(time_s), likes(), state, put_on)
        song = draws.draw(client, HAPPY, float(time_s), local=True)[0]
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
