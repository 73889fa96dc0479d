import os
import random
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import wait_for, write_tone
from mpd import MPDClient
from playing import HAPPY, NEUTRAL, SAD, SOURCES, DrivenPlayer, carried_out

from appliance.decide.policy import MusicPolicy
from appliance.errors import PlayerError
from appliance.player import state as player_state
from appliance.player.client import Client
from appliance.private_mpd.process import PrivateMpd
from appliance.records import Decision, Mood
from appliance.settings import Settings

broken_sockets = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
SONG_S = 60.0  # so long that no song ends unless a test makes it


@pytest.fixture(scope="module")
def long_music(tmp_path_factory, music):
    folder = tmp_path_factory.mktemp("long")
    for name in ("happy", "sad", "neutral", "own"):
        for number in range(3):
            write_tone(folder / name / f"{name}-{number}.wav", 440, seconds=SONG_S, rate=8000)
    write_tone(folder / "bell" / "bell.wav", 880, seconds=1.0)
    return folder


@pytest.fixture(scope="module")
def mpd(tmp_path_factory, long_music):
    with PrivateMpd(tmp_path_factory.mktemp("mpd"), long_music, "null") as running:
        yield running


@pytest.fixture
def clean(mpd):
    """An MPD as good as new."""
    yield mpd
    client = MPDClient()
    client.connect(str(mpd.socket))
    client.stop()
    client.clear()
    for mode in ("repeat", "random", "single", "consume", "crossfade"):
        getattr(client, mode)(0)
    client.setvol(100)
    for stored in client.listplaylists():
        client.rm(stored["playlist"])
    for name in (
        "like",
        "rating",
        *(f"jukebox_{what}_{emotion}" for what in ("skips", "skip_day") for emotion in SOURCES),
    ):
        for song in client.sticker_find("song", "", name):
            client.sticker_delete("song", song["file"], name)
    client.disconnect()


@pytest.fixture
def jukebox(clean):
    jukebox = DrivenPlayer(clean)
    yield jukebox
    jukebox.close()


@pytest.fixture
def make_jukebox(clean, tmp_path):
    """Makes one player after the other, which keep their state in the same file."""
    jukeboxes = []

    def make(**more):
        jukeboxes.append(DrivenPlayer(clean, state=tmp_path / "player.json", **more))
        return jukeboxes[-1]

    yield make
    for jukebox in jukeboxes:
        if jukebox.player._connection.is_open:
            jukebox.close()


def until_quiet(jukebox):
    """Ask MPD until it has reported all its changes."""
    for _ in range(3):
        jukebox.playback()


def put_on(jukebox, *emotions):
    """Put the first song on and queue the others, with MPD some seconds into the first."""
    jukebox.put_on(emotions[0])
    jukebox.playback()
    for emotion in emotions[1:]:
        jukebox.put_on(emotion, "append")
    wait_for(lambda: float(jukebox.app.status()["elapsed"]) > 0)
    jukebox.app.seekcur(20)
    wait_for(lambda: jukebox.playback(after_s=0.1).listener_action == "seek")
    until_quiet(jukebox)


# Whose action it was


ACTIONS = {
    "pause": ("pause", lambda app: app.pause(1)),
    "stop": ("stop", lambda app: app.stop()),
    "next": ("skip", lambda app: app.next()),
    "next twice, past the end": ("skip", lambda app: (app.next(), app.next())),
    "previous, which begins the first song anew": ("seek", lambda app: app.previous()),
    "a song of their own": ("skip", lambda app: app.playid(app.addid("own/own-0.wav"))),
    "forward": ("seek", lambda app: app.seekcur(30)),
    "back": ("seek", lambda app: app.seekcur(10)),
    "add": ("queue", lambda app: app.add("own/own-0.wav")),
    "delete": ("queue", lambda app: app.delete(1)),
    "move": ("queue", lambda app: app.move(1, 0)),
    "clear": ("queue", lambda app: app.clear()),
    "louder": ("volume", lambda app: app.setvol(90)),
    "a little softer": ("volume", lambda app: app.setvol(59)),
    "repeat": ("mode", lambda app: app.repeat(1)),
    "random": ("mode", lambda app: app.random(1)),
    "single": ("mode", lambda app: app.single(1)),
    "consume": ("mode", lambda app: app.consume(1)),
    "crossfade": ("mode", lambda app: app.crossfade(3)),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_what_a_person_does_is_told_once(jukebox, action):
    told, do = ACTIONS[action]
    jukebox.app.setvol(60)
    put_on(jukebox, HAPPY, SAD)
    do(jukebox.app)
    assert jukebox.playback(after_s=0.2).listener_action == told
    for _ in range(3):
        assert jukebox.playback().listener_action is None


def test_a_person_who_goes_back_to_the_song_before_is_told_of_and_skips_none(jukebox):
    put_on(jukebox, SAD)
    put_on(jukebox, HAPPY)
    jukebox.app.previous()
    seen = jukebox.playback()
    assert (seen.listener_action, seen.listener) == ("skip", True)
    assert skips(jukebox.mpd, HAPPY) == {}


@pytest.mark.parametrize("action", ["pause", "stop"])
def test_a_person_who_plays_on_is_told_of(jukebox, action):
    put_on(jukebox, HAPPY)
    ACTIONS[action][1](jukebox.app)
    assert jukebox.playback().listener
    jukebox.app.play()
    seen = jukebox.playback()
    assert (seen.listener_action, seen.listener) == ("play", False)


def test_a_person_who_moves_within_a_paused_song_is_told_of(jukebox):
    put_on(jukebox, HAPPY)
    jukebox.app.pause(1)
    jukebox.playback()
    jukebox.app.seekcur(40)
    assert jukebox.playback().listener_action == "seek"


def fade_over(jukebox):
    jukebox.put_on(SAD, "fade")
    for _ in range(30):
        yield jukebox.playback(after_s=0.1)


def switch(jukebox):
    jukebox.put_on(SAD)
    yield jukebox.playback()


def append_twice(jukebox):
    jukebox.put_on(SAD, "append")
    yield jukebox.playback()
    jukebox.put_on(NEUTRAL, "append")
    yield jukebox.playback()


def pause_and_go_on(jukebox):
    jukebox.adjust("pause")
    for _ in range(30):
        yield jukebox.playback(after_s=0.1)
    jukebox.adjust("resume")
    for _ in range(30):
        yield jukebox.playback(after_s=0.1)


def turn_the_volume(jukebox):
    for percent in (30, 70):
        jukebox.adjust("volume", percent)
        yield jukebox.playback(after_s=0.2)
        yield jukebox.playback(after_s=3)


def many_songs(jukebox):
    for number in range(6):
        jukebox.put_on((HAPPY, SAD)[number % 2])
        yield jukebox.playback()


@pytest.mark.parametrize(
    "act", [fade_over, switch, append_twice, pause_and_go_on, turn_the_volume, many_songs]
)
@pytest.mark.parametrize("mode", [None, "repeat", "random", "single", "consume"])
def test_what_the_jukebox_does_is_not_a_persons_action(jukebox, act, mode):
    if mode:
        getattr(jukebox.app, mode)(1)
    put_on(jukebox, HAPPY)
    seen = [*act(jukebox), jukebox.playback(), jukebox.playback()]
    assert [playback.listener_action for playback in seen if playback.listener_action] == []
    assert not seen[-1].listener
    assert seen[-1].state == "play"


def end_the_song(jukebox):
    jukebox.app.seekcur(SONG_S - 2.5)  # time enough on a busy machine
    wait_for(lambda: jukebox.playback(after_s=0.01).listener_action == "seek")
    song = jukebox.app.currentsong()["id"]
    wait_for(lambda: jukebox.app.currentsong().get("id") != song or not jukebox.state_is("play"))


@pytest.mark.parametrize("modes", [{}, {"consume": 1}, {"single": 1}, {"single": "oneshot"}])
@pytest.mark.parametrize("follows", [True, False])
def test_the_end_of_a_song_is_not_a_persons_action(jukebox, modes, follows):
    for mode, value in modes.items():
        getattr(jukebox.app, mode)(value)
    put_on(jukebox, HAPPY, *([SAD] if follows else []))
    end_the_song(jukebox)
    assert [jukebox.playback().listener_action for _ in range(3)] == [None] * 3


def test_a_radios_new_title_is_not_an_edit(jukebox):
    jukebox.player._lists._sources = {HAPPY: ("http://127.0.0.1:9/radio",)}
    jukebox.app.add("own/own-0.wav")
    jukebox.app.play()
    until_quiet(jukebox)
    jukebox.put_on(HAPPY, "append")  # is followed by nothing: waits
    radio = jukebox.app.addid("http://127.0.0.1:9/other")
    until_quiet(jukebox)
    version = jukebox.app.status()["playlist"]
    jukebox.app.addtagid(radio, "Title", "News")
    assert jukebox.app.status()["playlist"] != version
    assert jukebox.playback().listener_action is None


def test_both_of_two_people_are_seen(jukebox):
    put_on(jukebox, HAPPY, SAD)
    other = MPDClient()
    other.connect(str(jukebox.mpd.socket))
    jukebox.app.setvol(40)
    assert jukebox.playback(after_s=0.2).listener_action == "volume"
    other.pause(1)
    assert jukebox.playback(after_s=0.2).listener_action == "pause"
    jukebox.app.add("own/own-0.wav")
    assert jukebox.playback(after_s=0.2).listener_action == "queue"
    other.disconnect()
    assert jukebox.playback().listener


# A queue that a person clears


def clear(jukebox):
    put_on(jukebox, HAPPY)
    jukebox.app.clear()
    seen = jukebox.playback()
    assert (seen.listener_action, seen.listener) == ("queue", True)
    assert (seen.empty, seen.charge) == (True, "cleared")


def offer(jukebox, emotion=SAD):
    play = jukebox.put_on(emotion, "offer")
    seen = [jukebox.playback() for _ in range(3)]
    assert [playback.listener_action for playback in seen] == [None] * 3
    return play


def test_a_song_that_is_offered_waits_until_any_app_plays_it(jukebox):
    clear(jukebox)
    assert offer(jukebox).emotion is SAD
    assert (jukebox.queue(), jukebox.app.status()["state"]) == (["sad"], "stop")
    assert jukebox.playback().charge == "cleared"
    jukebox.app.play()
    seen = jukebox.playback()
    assert (seen.listener_action, seen.state, seen.emotion) == ("play", "play", SAD)
    assert seen.charge == "jukebox"
    assert jukebox.put_on(HAPPY, "append")
    assert jukebox.queue() == ["sad", "happy"]
    assert jukebox.playback().listener_action is None


def test_a_song_is_never_offered_twice_nor_beside_another(jukebox):
    clear(jukebox)
    offer(jukebox)
    assert offer(jukebox) is None
    assert jukebox.queue() == ["sad"]
    jukebox.app.clear()
    jukebox.app.add("own/own-0.wav")
    assert jukebox.put_on(SAD, "offer") is None
    seen = jukebox.playback()
    assert (seen.listener_action, seen.empty, seen.charge) == ("queue", False, "stopped")
    assert jukebox.queue() == ["own"]


def test_a_song_that_a_person_adds_in_the_moment_of_the_offer_stays_alone(jukebox, monkeypatch):
    clear(jukebox)
    claim = jukebox.player._queue.claim

    def and_somebody_adds(*args):
        jukebox.app.add("own/own-0.wav")
        return claim(*args)

    monkeypatch.setattr(jukebox.player._queue, "claim", and_somebody_adds)
    assert jukebox.put_on(SAD, "offer") is None
    assert jukebox.queue() == ["own"]
    assert jukebox.playback().listener_action == "queue"


def test_the_jukebox_begins_again_in_place_of_the_song_that_it_offered(jukebox):
    clear(jukebox)
    offer(jukebox)
    assert jukebox.put_on(NEUTRAL)
    seen = jukebox.playback()
    assert (seen.listener_action, seen.charge) == (None, "jukebox")
    assert (jukebox.queue(), seen.state) == (["neutral"], "play")


@pytest.mark.parametrize("action", ["pause", "stop"])
def test_who_stops_the_music_and_then_clears_the_queue_wants_silence(jukebox, action):
    put_on(jukebox, HAPPY)
    ACTIONS[action][1](jukebox.app)
    silenced = jukebox.playback().charge
    assert silenced == {"pause": "paused", "stop": "stopped"}[action]
    jukebox.app.clear()
    seen = jukebox.playback()
    assert (seen.charge, seen.empty) == (silenced, True)
    assert offer(jukebox)
    assert jukebox.playback().charge == silenced


def test_who_goes_on_from_the_last_song_with_consume_wants_music(jukebox):
    jukebox.app.consume(1)
    put_on(jukebox, HAPPY)
    jukebox.app.next()
    seen = jukebox.playback()
    assert (seen.listener_action, seen.charge, seen.empty) == ("skip", "jukebox", True)
    assert jukebox.put_on(HAPPY)


@pytest.mark.parametrize("offered", [False, True])
def test_a_cleared_queue_is_known_after_a_restart(make_jukebox, offered):
    jukebox = make_jukebox()
    clear(jukebox)
    plays = [offer(jukebox)] if offered else []
    jukebox.die()
    jukebox = make_jukebox(put_on=plays)
    seen = jukebox.playback()
    assert (seen.charge, seen.empty) == ("cleared", not offered)
    assert (offer(jukebox) is None) is offered
    assert jukebox.queue() == ["sad"]
    jukebox.app.play()
    seen = jukebox.playback()
    assert (seen.listener_action, seen.emotion, seen.listener) == ("play", SAD, False)


def test_a_song_that_is_offered_survives_a_restarted_mpd(tmp_path, long_music):
    with PrivateMpd(tmp_path / "mpd", long_music, "null") as mpd:
        jukebox = DrivenPlayer(mpd, state=tmp_path / "player.json")
        clear(jukebox)
        offer(jukebox)
        mpd.stop()
        with pytest.raises(PlayerError):
            jukebox.playback()
        mpd.start()
        jukebox.open_app()
        assert jukebox.playback().charge == "cleared"
        assert offer(jukebox) is None
        jukebox.app.play()
        seen = jukebox.playback()
        assert (seen.listener_action, seen.emotion, seen.listener) == ("play", SAD, False)
        jukebox.close()


def test_after_a_clear_the_real_policy_gives_play_something_to_play(jukebox):
    """Policy and player together, as the loop calls them; the room stays happy."""
    policy, mood = MusicPolicy(Settings()), Mood("settled", HAPPY, 0.9, 1, 0.0)

    def live(seconds):
        for _ in range(seconds):
            playback = jukebox.playback(after_s=1.0)
            decision = policy.decide(jukebox.time_s, 0.0, mood, playback)
            if isinstance(decision, Decision):
                carried_out(jukebox.player, decision, jukebox.time_s)

    put_on(jukebox, HAPPY)
    live(3)
    jukebox.app.clear()
    live(9)
    assert jukebox.queue() == []
    live(60)
    assert (jukebox.queue(), jukebox.app.status()["state"]) == (["happy"], "stop")
    song = jukebox.app.playlistinfo()[0]["id"]
    jukebox.app.play()
    live(5)
    assert jukebox.app.currentsong()["id"] == song
    jukebox.app.clear()
    live(31)
    jukebox.time_s += 30 * 60
    live(3)
    assert (jukebox.queue(), jukebox.app.status()["state"]) == (["happy"], "play")


# While a person is acting


def test_a_person_who_moves_within_a_song_keeps_it_in_the_middle_of_a_fade(jukebox):
    jukebox.app.setvol(60)
    put_on(jukebox, HAPPY)
    song = jukebox.app.currentsong()["id"]
    jukebox.put_on(SAD, "fade")
    for _ in range(5):
        jukebox.playback(after_s=0.1)
    jukebox.app.seekcur(40)
    seen = [jukebox.playback(after_s=0.1) for _ in range(30)]
    assert [playback.listener_action for playback in seen if playback.listener_action] == ["seek"]
    assert (jukebox.app.currentsong()["id"], jukebox.queue()) == (song, ["happy"])
    assert jukebox.app.status()["volume"] == "60"
    assert seen[-1].emotion == HAPPY


def test_a_person_who_moves_within_the_new_song_of_a_fade_hears_it_rise(jukebox):
    jukebox.app.setvol(60)
    put_on(jukebox, HAPPY)
    jukebox.put_on(SAD, "fade")
    wait_for(lambda: jukebox.playback(after_s=0.1) and jukebox.app.currentsong()["file"] > "sad")
    jukebox.playback(after_s=0.1)
    jukebox.app.seekcur(40)
    seen = [jukebox.playback(after_s=0.1) for _ in range(20)]
    assert seen[-1].emotion == SAD
    assert (jukebox.plays(SAD), jukebox.app.status()["volume"]) == (True, "60")


@pytest.mark.parametrize("how", ["switch", "append", "fade"])
@pytest.mark.parametrize("action", ["pause", "add", "clear", "louder", "next", "repeat"])
def test_a_person_who_acts_just_before_a_decision_comes_first(jukebox, how, action):
    told, do = ACTIONS[action]
    jukebox.app.setvol(60)
    put_on(jukebox, HAPPY, SAD)
    do(jukebox.app)
    before = (
        jukebox.app.playlistinfo(),
        jukebox.app.status()["state"],
        jukebox.app.status()["volume"],
    )
    assert jukebox.put_on(NEUTRAL, how) is None
    assert before == (
        jukebox.app.playlistinfo(),
        jukebox.app.status()["state"],
        jukebox.app.status()["volume"],
    )
    assert jukebox.playback(after_s=0.1).listener_action == told
    assert jukebox.playback().listener_action is None


def test_a_client_that_edits_the_queue_step_by_step_is_not_disturbed(jukebox):
    put_on(jukebox, HAPPY)
    steps = [
        jukebox.app.clear,
        lambda: jukebox.app.add("own/own-0.wav"),
        lambda: jukebox.app.add("own/own-1.wav"),
        lambda: jukebox.app.move(1, 0),
        jukebox.app.play,
    ]
    for step in steps:
        step()
        seen = jukebox.playback(after_s=0.1)
        assert seen.listener_action or seen.listener
        if not seen.listener:
            assert jukebox.put_on(HAPPY, "append") is None
    assert [song["file"] for song in jukebox.app.playlistinfo()] == [
        "own/own-1.wav",
        "own/own-0.wav",
    ]
    assert jukebox.playback().listener


@pytest.mark.parametrize("how", ["pause", "resume", "volume"])
def test_a_person_who_acts_just_before_an_adjustment_comes_first(jukebox, how):
    put_on(jukebox, HAPPY)
    if how == "resume":
        jukebox.adjust("pause")
        for _ in range(30):
            jukebox.playback(after_s=0.1)
    jukebox.app.add("own/own-0.wav")
    before = jukebox.app.status()
    jukebox.adjust(how, 10)
    assert (jukebox.app.status()["state"], jukebox.app.status()["volume"]) == (
        before["state"],
        before["volume"],
    )
    assert jukebox.playback().listener_action == "queue"


def test_a_queue_that_is_edited_all_the_time_never_loses_a_song_of_the_listeners(jukebox):
    """A second client adds, removes and skips as fast as it can while the jukebox acts."""
    put_on(jukebox, HAPPY)
    chance, stop, added = random.Random(2), threading.Event(), []

    def edit():
        app = MPDClient()
        app.connect(str(jukebox.mpd.socket))
        while not stop.is_set():
            added.append(app.addid("own/own-1.wav", chance.randrange(0, 2)))
            app.status()
        app.disconnect()

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        for number in range(60):
            jukebox.put_on((HAPPY, SAD)[number % 2], ("append", "switch")[number % 2])
            jukebox.playback(after_s=0.1)
    finally:
        stop.set()
        editor.join()
    there = {song["id"] for song in jukebox.app.playlistinfo()}
    assert len(added) > 20
    assert set(added) <= there


def test_a_seek_while_playlists_are_read_is_seen(jukebox, monkeypatch):
    put_on(jukebox, HAPPY)
    draw = jukebox.player._selection.draw

    def slowly(*args, **more):
        jukebox.app.seekcur(40)
        return draw(*args, **more)

    monkeypatch.setattr(jukebox.player._selection, "draw", slowly)
    assert jukebox.put_on(SAD, "append") is None
    assert jukebox.playback().listener_action == "seek"


# How often MPD is asked


def is_asked(jukebox, after_s):
    """Whether MPD is asked for its status so many seconds later."""
    jukebox.wait_for_news()
    jukebox.time_s += after_s
    with pytest.MonkeyPatch.context() as patch:
        asked, state = [], Client.state
        patch.setattr(Client, "state", lambda self: asked.append(1) or state(self))
        jukebox.player.playback(jukebox.time_s)
    return bool(asked)


def test_after_the_jukebox_has_acted_mpd_is_not_asked_for_a_second(jukebox):
    put_on(jukebox, HAPPY)
    jukebox.put_on(SAD, "append")
    assert not is_asked(jukebox, 0.9)
    assert is_asked(jukebox, 0.2)


def test_in_the_last_ten_seconds_of_a_song_mpd_is_asked_every_second(jukebox):
    put_on(jukebox, HAPPY)
    jukebox.app.seekcur(SONG_S - 15)
    wait_for(lambda: jukebox.playback(after_s=0.1).listener_action == "seek")
    wait_for(lambda: not is_asked(jukebox, 0.0))  # MPD has reported all
    left_s = jukebox.player.playback(jukebox.time_s).remaining_s
    assert not is_asked(jukebox, left_s - 10.1)
    assert is_asked(jukebox, 0.2)
    jukebox.app.seekcur(SONG_S - 8)
    wait_for(lambda: jukebox.playback(after_s=0.1).listener_action == "seek")
    wait_for(lambda: not is_asked(jukebox, 0.0))
    assert is_asked(jukebox, 1.1)
    assert not is_asked(jukebox, 0.9)
    assert is_asked(jukebox, 0.2)


# Presence


def test_the_jukebox_fades_out_pauses_and_comes_back_at_the_listeners_volume(jukebox):
    jukebox.app.setvol(60)
    put_on(jukebox, HAPPY)
    jukebox.adjust("pause")
    down = []
    while jukebox.state_is("play"):
        seen = jukebox.playback(after_s=0.1)
        assert (seen.state, seen.resting, seen.listener) == ("pause", True, False)
        down.append(int(jukebox.app.status()["volume"]))
    assert down[:-1] == sorted(down[:-1], reverse=True)
    assert 10 < len(down) < 30
    assert min(down) <= 4
    assert jukebox.app.status()["volume"] == "60"
    assert jukebox.playback().volume_percent == 60
    jukebox.adjust("resume")
    up = []
    for _ in range(15):
        seen = jukebox.playback(after_s=0.1)
        assert (seen.state, seen.resting, seen.emotion) == ("play", False, HAPPY)
        up.append(int(jukebox.app.status()["volume"]))
    assert up == sorted(up)
    assert up[0] < 20
    assert up[-1] == 60


def test_a_person_who_comes_back_during_the_fade_reverses_it(jukebox):
    jukebox.app.setvol(60)
    put_on(jukebox, HAPPY)
    jukebox.adjust("pause")
    for _ in range(10):
        jukebox.playback(after_s=0.1)
    low = int(jukebox.app.status()["volume"])
    assert 10 < low < 50
    jukebox.adjust("resume")
    volumes = []
    for _ in range(20):
        assert jukebox.playback(after_s=0.1).state == "play"
        volumes.append(int(jukebox.app.status()["volume"]))
    assert volumes == sorted(volumes)
    assert volumes[0] >= low - 4
    assert volumes[-1] == 60


def rest(jukebox):
    jukebox.adjust("pause")
    for _ in range(30):
        jukebox.playback(after_s=0.1)
    assert jukebox.playback().resting


@pytest.mark.parametrize("action", ["pause", "stop", "next", "a song of their own", "add"])
def test_a_person_ends_the_fade_into_a_pause(jukebox, action):
    jukebox.app.setvol(60)
    put_on(jukebox, HAPPY, SAD)
    jukebox.adjust("pause")
    for _ in range(10):
        jukebox.playback(after_s=0.1)
    ACTIONS[action][1](jukebox.app)
    state = jukebox.app.status()["state"]
    seen = [jukebox.playback(after_s=0.1) for _ in range(30)]
    assert seen[0].listener_action == ACTIONS[action][0]
    assert not any(playback.resting for playback in seen)
    assert (jukebox.app.status()["state"], jukebox.app.status()["volume"]) == (state, "60")


def test_a_person_who_changes_the_volume_ends_the_fade_into_a_pause(jukebox):
    jukebox.app.setvol(60)
    put_on(jukebox, HAPPY)
    jukebox.adjust("pause")
    for _ in range(10):
        jukebox.playback(after_s=0.1)
    jukebox.app.setvol(80)
    assert jukebox.playback(after_s=0.1).listener_action == "volume"
    seen = [jukebox.playback(after_s=0.1) for _ in range(30)]
    assert (seen[-1].state, seen[-1].resting, seen[-1].volume_percent) == ("play", False, 80)


def test_a_person_who_plays_resting_music_is_in_charge(jukebox):
    put_on(jukebox, HAPPY)
    rest(jukebox)
    jukebox.app.play()
    seen = jukebox.playback()
    assert (seen.listener_action, seen.resting, seen.state, seen.listener) == (
        "play",
        False,
        "play",
        False,
    )
    jukebox.app.pause(1)
    seen = jukebox.playback()
    assert (seen.listener_action, seen.resting, seen.listener) == ("pause", False, True)


@pytest.mark.parametrize("action", ["stop", "a song of their own"])
def test_what_a_person_does_to_the_resting_music_stays(jukebox, action):
    put_on(jukebox, HAPPY)
    rest(jukebox)
    ACTIONS[action][1](jukebox.app)
    seen = jukebox.playback()
    assert seen.listener_action
    assert (seen.resting, seen.listener) == (False, True)


# Volume


@pytest.mark.parametrize(("volume", "first"), [(100, "30"), (20, "20")])
def test_the_first_song_is_not_louder_than_the_start_volume(clean, volume, first):
    jukebox = DrivenPlayer(clean, start_percent=30)
    jukebox.app.setvol(volume)
    jukebox.playback()
    jukebox.put_on(HAPPY)
    assert jukebox.app.status()["volume"] == first
    jukebox.app.setvol(80)
    jukebox.app.stop()
    jukebox.playback()
    jukebox.put_on(HAPPY)
    assert jukebox.app.status()["volume"] == "80"
    jukebox.close()


@pytest.mark.parametrize("action", ["plays already", "turned before"])
def test_a_volume_that_a_person_chose_is_not_lowered_at_the_start(clean, action):
    jukebox = DrivenPlayer(clean, start_percent=30)
    if action == "plays already":
        jukebox.app.add("own/own-0.wav")
        jukebox.app.play()
        jukebox.playback()
        jukebox.app.stop()
    else:
        jukebox.playback()
        jukebox.app.setvol(80)
    jukebox.app.setvol(80)
    jukebox.playback()
    jukebox.put_on(HAPPY)
    assert jukebox.app.status()["volume"] == "80"
    jukebox.close()


@pytest.mark.parametrize("how", ["fade", "pause", "volume"])
def test_the_jukebox_never_turns_the_volume_above_its_limit(clean, how):
    jukebox = DrivenPlayer(clean, max_percent=50)
    jukebox.app.setvol(80)
    put_on(jukebox, HAPPY)
    assert jukebox.app.status()["volume"] == "50"  # it began
    jukebox.app.setvol(80)
    jukebox.playback()
    if how == "fade":
        jukebox.put_on(SAD, "fade")
        assert jukebox.app.currentsong()["file"].startswith("sad")
    elif how == "pause":
        jukebox.adjust("pause")
        assert jukebox.state_is("pause")
        jukebox.adjust("resume")
        assert jukebox.state_is("play")
    else:
        jukebox.adjust("volume", 70)
        assert jukebox.app.status()["volume"] == "50"
        return jukebox.close()
    assert jukebox.app.status()["volume"] == "80"
    assert jukebox.playback().listener_action is None
    return jukebox.close()


def test_a_volume_that_mpd_tells_only_while_it_plays_is_lowered_then(clean, monkeypatch):
    whole = Client.state

    def as_with_pulseaudio(client):
        status = whole(client)
        hidden = "volume" if status["state"] == "stop" else None
        return {key: value for key, value in status.items() if key != hidden}

    monkeypatch.setattr(Client, "state", as_with_pulseaudio)
    jukebox = DrivenPlayer(clean, start_percent=30)
    assert jukebox.playback().volume_percent is None
    jukebox.put_on(HAPPY)
    seen = [jukebox.playback() for _ in range(3)]
    assert jukebox.app.status()["volume"] == "30"
    assert {playback.listener_action for playback in seen} == {None}
    jukebox.close()


# The chime


def test_a_jukebox_that_starts_in_silence_plays_its_chime_and_then_music(clean):
    jukebox = DrivenPlayer(clean, chime="bell", start_percent=40)
    seen = jukebox.playback()
    assert (seen.title, seen.emotion, seen.listener) == ("bell", None, False)
    assert jukebox.app.status()["volume"] == "40"
    wait_for(lambda: jukebox.state_is("stop"))
    seen = jukebox.playback()
    assert (seen.state, seen.listener, seen.listener_action) == ("stop", False, None)
    jukebox.put_on(HAPPY)
    assert jukebox.plays(HAPPY)
    jukebox.app.stop()
    jukebox.playback()
    jukebox.close()
    assert "jukebox_skips" not in str(skips(clean, HAPPY))


@pytest.mark.parametrize("state", ["play", "pause"])
def test_a_jukebox_that_starts_beside_music_plays_no_chime(clean, state):
    jukebox = DrivenPlayer(clean, chime="bell")
    jukebox.app.add("own/own-0.wav")
    jukebox.app.play()
    jukebox.app.pause(int(state == "pause"))
    assert jukebox.playback().title == "own-0"
    jukebox.app.stop()
    assert jukebox.playback().state == "stop"
    jukebox.close()


@pytest.mark.parametrize("chime", ["", "nowhere", "http://127.0.0.1:9/list.m3u"])
def test_a_missing_chime_is_not_an_error(clean, chime, caplog):
    jukebox = DrivenPlayer(clean, chime=chime)
    assert jukebox.playback().state == "stop"
    assert jukebox.app.status()["playlistlength"] == "0"
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []
    jukebox.close()


# Skips


def skips(mpd, emotion):
    client = MPDClient()
    client.connect(str(mpd.socket))
    found = client.sticker_find("song", "", f"jukebox_skips_{emotion}")
    client.disconnect()
    return {song["file"]: song["sticker"].partition("=")[2] for song in found}


def test_a_skipped_song_is_counted_in_its_mood_only(jukebox):
    put_on(jukebox, HAPPY, SAD)
    skipped = jukebox.app.currentsong()["file"]
    jukebox.app.next()
    jukebox.playback()
    assert skips(jukebox.mpd, HAPPY) == {skipped: "1"}
    jukebox.app.next()  # past the end
    seen = jukebox.playback()
    assert (seen.listener_action, seen.state, seen.listener) == (
        None,
        "stop",
        False,
    ) or seen.listener_action == "skip"
    assert len(skips(jukebox.mpd, SAD)) == 1
    assert skips(jukebox.mpd, HAPPY) == {skipped: "1"}


def test_next_never_brings_the_same_song_again(jukebox):
    jukebox.put_on(HAPPY)
    before = ""
    for _ in range(15):
        wait_for(lambda: jukebox.plays(HAPPY))
        now = jukebox.app.currentsong()["file"]
        assert now != before
        before = now
        jukebox.app.next()
        assert jukebox.playback().listener_action == "skip"
        assert jukebox.put_on(HAPPY)


def test_a_second_skip_is_counted_up(jukebox):
    jukebox.app.sticker_set("song", "happy/happy-0.wav", "jukebox_skips_happy", "3")
    jukebox.player._lists._sources = {HAPPY: ("happy/happy-0.wav",)}
    put_on(jukebox, HAPPY)
    jukebox.app.next()
    jukebox.playback()
    assert skips(jukebox.mpd, HAPPY) == {"happy/happy-0.wav": "4"}


@pytest.mark.parametrize("action", ["a song of their own", "pause", "stop", "clear", "forward"])
def test_only_going_on_to_the_next_song_is_a_skip(jukebox, action):
    put_on(jukebox, NEUTRAL, HAPPY)
    ACTIONS[action][1](jukebox.app)
    jukebox.playback()
    assert skips(jukebox.mpd, NEUTRAL) == {}


def test_a_skipped_song_outside_mpds_music_is_not_an_error(clean, tmp_path, caplog):
    write_tone(tmp_path / "mine" / "mine.wav", 440, seconds=SONG_S, rate=8000)
    jukebox = DrivenPlayer(clean, {HAPPY: (str(tmp_path / "mine"),)})
    put_on(jukebox, HAPPY)
    jukebox.app.next()
    assert jukebox.playback().listener_action == "skip"
    assert caplog.records == []
    jukebox.close()


# What survives a restart


def cut_off_in_a_fade(make_jukebox):
    """Kill a jukebox after it has faded down."""
    jukebox = make_jukebox()
    jukebox.app.setvol(60)
    put_on(jukebox, HAPPY)
    jukebox.put_on(SAD, "fade")
    for _ in range(8):
        jukebox.playback(after_s=0.1)
    assert int(jukebox.app.status()["volume"]) < 20
    jukebox.die()


def test_a_jukebox_killed_in_a_fade_gives_the_volume_back_when_it_returns(make_jukebox):
    cut_off_in_a_fade(make_jukebox)
    jukebox = make_jukebox()
    jukebox.playback()
    assert jukebox.app.status()["volume"] == "60"
    jukebox.app.setvol(10)
    jukebox.die()
    jukebox = make_jukebox()  # the volume is restored only once
    jukebox.playback()
    assert jukebox.app.status()["volume"] == "10"


FADING = """
import sys
from pathlib import Path
from playing import HAPPY, SAD, DrivenPlayer

class Mpd:
    socket = sys.argv[1]

jukebox = DrivenPlayer(Mpd, state=Path(sys.argv[2]))
jukebox.put_on(HAPPY)
jukebox.playback()
jukebox.put_on(SAD, "fade")
for _ in range(8):
    jukebox.playback(after_s=0.1)
print("faded", flush=True)
input()
"""


def test_a_process_that_is_killed_in_a_fade_gives_the_volume_back_when_it_returns(
    make_jukebox, tmp_path
):
    watcher = make_jukebox()
    watcher.app.setvol(60)
    arguments = [str(watcher.mpd.socket), str(tmp_path / "player.json")]
    with subprocess.Popen(
        [sys.executable, "-c", FADING, *arguments],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as fading:
        assert fading.stdout.readline() == b"faded\n"
        assert int(watcher.app.status()["volume"]) < 20
        fading.kill()
    jukebox = make_jukebox()
    jukebox.playback()
    assert jukebox.app.status()["volume"] == "60"
    watcher.close()


def test_a_volume_that_was_turned_while_the_jukebox_was_away_stays(make_jukebox):
    cut_off_in_a_fade(make_jukebox)
    jukebox = make_jukebox()
    jukebox.app.setvol(45)
    jukebox.playback()
    assert jukebox.app.status()["volume"] == "45"


@pytest.mark.parametrize(("volume", "then"), [(45, "60"), (0, "60"), (90, "90")])
def test_after_a_power_cut_any_volume_of_the_fade_counts_as_the_fades(
    make_jukebox, volume, then, monkeypatch
):
    cut_off_in_a_fade(make_jukebox)
    monkeypatch.setattr(player_state, "BOOT_ID", player_state.Path("/no/such/file"))
    jukebox = make_jukebox()
    jukebox.app.setvol(volume)  # MPD restored what it had noted some time before
    jukebox.playback()
    assert jukebox.app.status()["volume"] == then


def test_a_jukebox_that_comes_back_knows_that_it_paused_the_music_itself(make_jukebox):
    jukebox = make_jukebox()
    put_on(jukebox, HAPPY)
    rest(jukebox)
    jukebox.die()
    jukebox = make_jukebox()
    seen = jukebox.playback()
    assert (seen.state, seen.resting, seen.listener, seen.listener_action) == (
        "pause",
        True,
        False,
        None,
    )
    jukebox.adjust("resume")
    assert jukebox.state_is("play")
    jukebox.die()
    jukebox = make_jukebox()
    jukebox.app.pause(1)
    assert jukebox.playback().listener  # that was a person


@pytest.mark.parametrize("action", ["moved", "another song", "played on"])
def test_a_pause_that_changed_while_the_jukebox_was_away_is_a_persons(make_jukebox, action):
    jukebox = make_jukebox()
    put_on(jukebox, HAPPY)
    rest(jukebox)
    jukebox.die()
    jukebox = make_jukebox()
    if action == "moved":
        jukebox.app.seekcur(40)
    elif action == "another song":
        place = float(jukebox.app.status()["elapsed"])
        jukebox.app.playid(jukebox.app.addid("own/own-0.wav"))
        wait_for(lambda: float(jukebox.app.status()["elapsed"]) > 0)
        jukebox.app.seekcur(place)
        jukebox.app.pause(1)
    else:
        jukebox.app.play()
    seen = jukebox.playback()
    assert not seen.resting
    jukebox.app.pause(1)
    assert jukebox.playback().listener


@broken_sockets
def test_resting_music_survives_a_restarted_mpd(tmp_path, long_music):
    with PrivateMpd(tmp_path / "mpd", long_music, "null") as mpd:
        jukebox = DrivenPlayer(mpd, state=tmp_path / "player.json")
        put_on(jukebox, HAPPY)
        rest(jukebox)
        mpd.stop()
        with pytest.raises(PlayerError):
            jukebox.playback()
        mpd.start()
        jukebox.open_app()
        assert jukebox.playback().resting
        jukebox.adjust("resume")
        assert jukebox.plays(HAPPY) or jukebox.playback().state == "play"
        jukebox.close()


def test_the_volume_before_the_quiet_hours_survives_a_restart(make_jukebox):
    jukebox = make_jukebox()
    jukebox.app.setvol(70)
    put_on(jukebox, HAPPY)
    assert jukebox.adjust("volume", 30, 70)
    assert (jukebox.playback().volume_percent, jukebox.playback().volume_before) == (30, 70)
    jukebox.die()
    jukebox = make_jukebox()
    assert jukebox.playback().volume_before == 70
    jukebox.app.setvol(50)
    assert (jukebox.playback().listener_action, jukebox.playback().volume_before) == (
        "volume",
        None,
    )


def test_after_a_persons_stop_the_next_start_plays_no_chime(make_jukebox):
    jukebox = make_jukebox()
    put_on(jukebox, HAPPY)
    jukebox.app.stop()
    assert jukebox.playback().listener
    jukebox.die()
    jukebox = make_jukebox(chime="bell")
    assert jukebox.playback().listener
    assert jukebox.app.status()["state"] == "stop"


def test_adjust_tells_when_there_was_nothing_to_do(jukebox):
    put_on(jukebox, HAPPY)
    assert not jukebox.adjust("resume")
    jukebox.app.pause(1)
    assert not jukebox.adjust("pause"), "a person was there first"


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"volume": "loud"}', '{"what": 1}'])
def test_a_damaged_state_file_begins_anew(clean, tmp_path, text):
    file = tmp_path / "player.json"
    file.write_text(text)
    jukebox = DrivenPlayer(clean, state=file)
    put_on(jukebox, HAPPY)
    rest(jukebox)
    assert '"paused": "happy/' in file.read_text()
    jukebox.close()


def test_a_state_file_that_cannot_be_written_is_one_warning(clean, tmp_path, caplog):
    (tmp_path / "player.part").mkdir()  # in the way
    jukebox = DrivenPlayer(clean, state=tmp_path / "player.json")
    put_on(jukebox, HAPPY)
    rest(jukebox)
    jukebox.adjust("resume")
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1
    assert "cannot be written" in caplog.text
    jukebox.close()


# Messages


def test_messages_come_in_and_are_answered(jukebox):
    jukebox.app.subscribe("jukebox-status")
    jukebox.playback()
    jukebox.app.sendmessage("jukebox", "mood happy")
    jukebox.app.sendmessage("jukebox", "status")
    seen = jukebox.playback(after_s=0.1)
    assert seen.listener_action is None
    assert jukebox.player.messages() == ["mood happy", "status"]
    assert jukebox.player.messages() == []
    jukebox.player.answer("first line\nsecond line " + "ä" * 5000)
    (answer,) = wait_for(jukebox.app.readmessages)
    assert answer["message"] == "first line second line " + "ä" * 977  # 1000 characters
    jukebox.app.sendmessage("jukebox", "again")
    assert wait_for(lambda: jukebox.playback() and jukebox.player.messages()) == ["again"]


def test_messages_are_heard_during_a_fade(jukebox):
    put_on(jukebox, HAPPY)
    jukebox.put_on(SAD, "fade")
    jukebox.playback(after_s=0.1)
    jukebox.app.sendmessage("jukebox", "status")
    assert wait_for(lambda: jukebox.playback(after_s=0.1) and jukebox.player.messages()) == [
        "status"
    ]
    assert jukebox.player._fader.active


def test_an_answer_to_nobody_is_not_an_error(jukebox):
    jukebox.playback()
    jukebox.player.answer("hello?")
    assert jukebox.playback().state == "stop"


# Faults


@broken_sockets
@pytest.mark.parametrize("moment", ["idle", "after acting", "in a fade"])
def test_a_lost_connection_is_one_error_and_the_next_call_goes_on(jukebox, moment):
    jukebox.app.setvol(60)
    put_on(jukebox, HAPPY)
    if moment == "after acting":
        jukebox.put_on(SAD)
    elif moment == "in a fade":
        jukebox.put_on(SAD, "fade")
        for _ in range(8):
            jukebox.playback(after_s=0.1)
    jukebox.player._connection._client._sock.shutdown(socket.SHUT_RDWR)
    with pytest.raises(PlayerError):
        jukebox.playback()
    seen = jukebox.playback()
    assert (seen.state, seen.listener, seen.listener_action) == ("play", False, None)
    assert jukebox.app.status()["volume"] == "60"
    jukebox.app.pause(1)
    assert jukebox.playback(after_s=0.1).listener_action == "pause"


def test_an_mpd_that_hangs_loses_no_action_of_a_person(jukebox):
    put_on(jukebox, HAPPY)
    os.kill(jukebox.mpd.pid, signal.SIGSTOP)
    try:
        for _ in range(5):
            assert jukebox.playback(after_s=0.2).state == "play"  # nobody waits for it
    finally:
        os.kill(jukebox.mpd.pid, signal.SIGCONT)
    jukebox.app.pause(1)
    assert jukebox.playback().listener_action == "pause"
