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
from playing import HAPPY, NEUTRAL, SAD, SOURCES, Box

from appliance.errors import PlayerError
from appliance.player import state as player_state
from appliance.player.client import Client
from appliance.private_mpd.process import PrivateMpd

broken_sockets = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
SONG_S = 60.0  # so long that nothing comes to its end unless a test says so


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
    for name in ("like", "rating", *(f"jukebox_skips_{emotion}" for emotion in SOURCES)):
        for one in client.sticker_find("song", "", name):
            client.sticker_delete("song", one["file"], name)
    client.disconnect()


@pytest.fixture
def box(clean):
    box = Box(clean)
    yield box
    box.close()


@pytest.fixture
def born(clean, tmp_path):
    """Makes boxes that keep their memory in one file, one after the other."""
    boxes = []

    def make(**more):
        boxes.append(Box(clean, state=tmp_path / "player.json", **more))
        return boxes[-1]

    yield make
    for box in boxes:
        if box.player._connection.is_open:
            box.close()


def until_quiet(box):
    """Look until MPD has told all that it has to tell."""
    for _ in range(3):
        box.look()


def put_on(box, *emotions):
    """Songs on and waiting, and MPD some seconds into the first."""
    box.put_on(emotions[0])
    box.look()
    for emotion in emotions[1:]:
        box.put_on(emotion, "append")
    wait_for(lambda: float(box.app.status()["elapsed"]) > 0)
    box.app.seekcur(20)
    wait_for(lambda: box.look(after_s=0.1).listener_action == "seek")
    until_quiet(box)


# Who did it


DEEDS = {
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


@pytest.mark.parametrize("deed", DEEDS)
def test_what_a_person_does_is_told_once(box, deed):
    touch, do = DEEDS[deed]
    box.app.setvol(60)
    put_on(box, HAPPY, SAD)
    do(box.app)
    assert box.look(after_s=0.2).listener_action == touch
    for _ in range(3):
        assert box.look().listener_action is None


def test_a_person_who_goes_back_to_the_song_before_is_told_of_and_skips_none(box):
    put_on(box, SAD)
    put_on(box, HAPPY)
    box.app.previous()
    seen = box.look()
    assert (seen.listener_action, seen.listener) == ("skip", True)
    assert skips(box.mpd, HAPPY) == {}


@pytest.mark.parametrize("deed", ["pause", "stop"])
def test_a_person_who_plays_on_is_told_of(box, deed):
    put_on(box, HAPPY)
    DEEDS[deed][1](box.app)
    assert box.look().listener
    box.app.play()
    seen = box.look()
    assert (seen.listener_action, seen.listener) == ("play", False)


def test_a_person_who_moves_within_a_paused_song_is_told_of(box):
    put_on(box, HAPPY)
    box.app.pause(1)
    box.look()
    box.app.seekcur(40)
    assert box.look().listener_action == "seek"


def fade_over(box):
    box.put_on(SAD, "fade")
    for _ in range(30):
        yield box.look(after_s=0.1)


def switch(box):
    box.put_on(SAD)
    yield box.look()


def append_twice(box):
    box.put_on(SAD, "append")
    yield box.look()
    box.put_on(NEUTRAL, "append")
    yield box.look()


def pause_and_go_on(box):
    box.adjust("pause")
    for _ in range(30):
        yield box.look(after_s=0.1)
    box.adjust("resume")
    for _ in range(30):
        yield box.look(after_s=0.1)


def turn_the_volume(box):
    for percent in (30, 70):
        box.adjust("volume", percent)
        yield box.look(after_s=0.2)
        yield box.look(after_s=3)


def many_songs(box):
    for number in range(6):
        box.put_on((HAPPY, SAD)[number % 2])
        yield box.look()


@pytest.mark.parametrize(
    "doing", [fade_over, switch, append_twice, pause_and_go_on, turn_the_volume, many_songs]
)
@pytest.mark.parametrize("mode", [None, "repeat", "random", "single", "consume"])
def test_what_the_box_does_is_no_persons_touch(box, doing, mode):
    if mode:
        getattr(box.app, mode)(1)
    put_on(box, HAPPY)
    seen = [*doing(box), box.look(), box.look()]
    assert [one.listener_action for one in seen if one.listener_action] == []
    assert not seen[-1].listener
    assert seen[-1].state == "play"


def end_the_song(box):
    box.app.seekcur(SONG_S - 2.5)  # time enough on a busy machine
    wait_for(lambda: box.look(after_s=0.01).listener_action == "seek")
    song = box.app.currentsong()["id"]
    wait_for(lambda: box.app.currentsong().get("id") != song or not box.state_is("play"))


@pytest.mark.parametrize("modes", [{}, {"consume": 1}, {"single": 1}, {"single": "oneshot"}])
@pytest.mark.parametrize("follows", [True, False])
def test_a_song_that_ends_is_no_persons_touch(box, modes, follows):
    for mode, value in modes.items():
        getattr(box.app, mode)(value)
    put_on(box, HAPPY, *([SAD] if follows else []))
    end_the_song(box)
    assert [box.look().listener_action for _ in range(3)] == [None] * 3


def test_a_radios_new_title_is_no_edit(box):
    box.player._playlists._sources = {HAPPY: ("http://127.0.0.1:9/radio",)}
    box.app.add("own/own-0.wav")
    box.app.play()
    until_quiet(box)
    box.put_on(HAPPY, "append")  # is followed by nothing: waits
    radio = box.app.addid("http://127.0.0.1:9/other")
    until_quiet(box)
    version = box.app.status()["playlist"]
    box.app.addtagid(radio, "Title", "News")
    assert box.app.status()["playlist"] != version
    assert box.look().listener_action is None


def test_both_of_two_people_are_seen(box):
    put_on(box, HAPPY, SAD)
    other = MPDClient()
    other.connect(str(box.mpd.socket))
    box.app.setvol(40)
    assert box.look(after_s=0.2).listener_action == "volume"
    other.pause(1)
    assert box.look(after_s=0.2).listener_action == "pause"
    box.app.add("own/own-0.wav")
    assert box.look(after_s=0.2).listener_action == "queue"
    other.disconnect()
    assert box.look().listener


# In the middle of their doing


@pytest.mark.parametrize("how", ["switch", "append", "fade"])
@pytest.mark.parametrize("deed", ["pause", "add", "clear", "louder", "next", "repeat"])
def test_between_a_look_and_the_deed_a_person_comes_first(box, how, deed):
    touch, do = DEEDS[deed]
    box.app.setvol(60)
    put_on(box, HAPPY, SAD)
    do(box.app)
    before = box.app.playlistinfo(), box.app.status()["state"], box.app.status()["volume"]
    assert box.put_on(NEUTRAL, how) is None
    assert before == (
        box.app.playlistinfo(),
        box.app.status()["state"],
        box.app.status()["volume"],
    )
    assert box.look(after_s=0.1).listener_action == touch
    assert box.look().listener_action is None


def test_the_time_that_reading_playlists_takes_is_no_seek(box, monkeypatch):
    put_on(box, HAPPY)
    draw = box.player._playlists.draw

    def slowly(*args, **more):
        box.app.seekcur(26)  # as far as MPD would have come in six seconds
        return draw(*args, **more)

    monkeypatch.setattr(box.player._playlists, "draw", slowly)
    assert box.put_on(SAD, "append")
    assert [box.look().listener_action for _ in range(2)] == [None, None]


def test_a_client_that_edits_the_queue_step_by_step_is_not_disturbed(box):
    put_on(box, HAPPY)
    steps = [
        box.app.clear,
        lambda: box.app.add("own/own-0.wav"),
        lambda: box.app.add("own/own-1.wav"),
        lambda: box.app.move(1, 0),
        box.app.play,
    ]
    for step in steps:
        step()
        seen = box.look(after_s=0.1)
        assert seen.listener_action or seen.listener
        if not seen.listener:
            assert box.put_on(HAPPY, "append") is None
    assert [song["file"] for song in box.app.playlistinfo()] == ["own/own-1.wav", "own/own-0.wav"]
    assert box.look().listener


@pytest.mark.parametrize("how", ["pause", "resume", "volume"])
def test_between_a_look_and_an_adjustment_a_person_comes_first(box, how):
    put_on(box, HAPPY)
    if how == "resume":
        box.adjust("pause")
        for _ in range(30):
            box.look(after_s=0.1)
    box.app.add("own/own-0.wav")
    before = box.app.status()
    box.adjust(how, 10)
    assert (box.app.status()["state"], box.app.status()["volume"]) == (
        before["state"],
        before["volume"],
    )
    assert box.look().listener_action == "queue"


def test_a_queue_edited_all_the_time_never_loses_a_song_of_the_listeners(box):
    """A second client adds, removes and skips as fast as it can while the box acts."""
    put_on(box, HAPPY)
    chance, stop, added = random.Random(2), threading.Event(), []

    def edit():
        app = MPDClient()
        app.connect(str(box.mpd.socket))
        while not stop.is_set():
            added.append(app.addid("own/own-1.wav", chance.randrange(0, 2)))
            app.status()
        app.disconnect()

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        for number in range(60):
            box.put_on((HAPPY, SAD)[number % 2], ("append", "switch")[number % 2])
            box.look(after_s=0.1)
    finally:
        stop.set()
        editor.join()
    there = {song["id"] for song in box.app.playlistinfo()}
    assert len(added) > 20
    assert set(added) <= there


# Presence


def test_the_box_fades_out_pauses_and_comes_back_at_the_listeners_volume(box):
    box.app.setvol(60)
    put_on(box, HAPPY)
    box.adjust("pause")
    down = []
    while box.state_is("play"):
        seen = box.look(after_s=0.1)
        assert (seen.state, seen.resting, seen.listener) == ("pause", True, False)
        down.append(int(box.app.status()["volume"]))
    assert down[:-1] == sorted(down[:-1], reverse=True)
    assert 10 < len(down) < 30
    assert min(down) <= 4
    assert box.app.status()["volume"] == "60"
    assert box.look().volume_percent == 60
    box.adjust("resume")
    up = []
    for _ in range(15):
        seen = box.look(after_s=0.1)
        assert (seen.state, seen.resting, seen.emotion) == ("play", False, HAPPY)
        up.append(int(box.app.status()["volume"]))
    assert up == sorted(up)
    assert up[0] < 20
    assert up[-1] == 60


def test_somebody_who_is_back_during_the_fade_turns_it_round(box):
    box.app.setvol(60)
    put_on(box, HAPPY)
    box.adjust("pause")
    for _ in range(10):
        box.look(after_s=0.1)
    low = int(box.app.status()["volume"])
    assert 10 < low < 50
    box.adjust("resume")
    volumes = []
    for _ in range(20):
        assert box.look(after_s=0.1).state == "play"
        volumes.append(int(box.app.status()["volume"]))
    assert volumes == sorted(volumes)
    assert volumes[0] >= low - 4
    assert volumes[-1] == 60


def rest(box):
    box.adjust("pause")
    for _ in range(30):
        box.look(after_s=0.1)
    assert box.look().resting


@pytest.mark.parametrize("deed", ["pause", "stop", "next", "a song of their own", "add"])
def test_a_person_ends_the_fade_into_a_pause(box, deed):
    box.app.setvol(60)
    put_on(box, HAPPY, SAD)
    box.adjust("pause")
    for _ in range(10):
        box.look(after_s=0.1)
    DEEDS[deed][1](box.app)
    state = box.app.status()["state"]
    seen = [box.look(after_s=0.1) for _ in range(30)]
    assert seen[0].listener_action == DEEDS[deed][0]
    assert not any(one.resting for one in seen)
    assert (box.app.status()["state"], box.app.status()["volume"]) == (state, "60")


def test_a_hand_on_the_volume_ends_the_fade_into_a_pause(box):
    box.app.setvol(60)
    put_on(box, HAPPY)
    box.adjust("pause")
    for _ in range(10):
        box.look(after_s=0.1)
    box.app.setvol(80)
    assert box.look(after_s=0.1).listener_action == "volume"
    seen = [box.look(after_s=0.1) for _ in range(30)]
    assert (seen[-1].state, seen[-1].resting, seen[-1].volume_percent) == ("play", False, 80)


def test_who_plays_while_the_box_rests_is_in_charge(box):
    put_on(box, HAPPY)
    rest(box)
    box.app.play()
    seen = box.look()
    assert (seen.listener_action, seen.resting, seen.state, seen.listener) == (
        "play",
        False,
        "play",
        False,
    )
    box.app.pause(1)
    seen = box.look()
    assert (seen.listener_action, seen.resting, seen.listener) == ("pause", False, True)


@pytest.mark.parametrize("deed", ["stop", "a song of their own"])
def test_what_a_person_does_to_the_resting_music_stays(box, deed):
    put_on(box, HAPPY)
    rest(box)
    DEEDS[deed][1](box.app)
    seen = box.look()
    assert seen.listener_action
    assert (seen.resting, seen.listener) == (False, True)


# Volume


@pytest.mark.parametrize(("volume", "first"), [(100, "30"), (20, "20")])
def test_the_first_song_is_not_louder_than_the_start_volume(clean, volume, first):
    box = Box(clean, start_percent=30)
    box.app.setvol(volume)
    box.look()
    box.put_on(HAPPY)
    assert box.app.status()["volume"] == first
    box.app.setvol(80)
    box.app.stop()
    box.look()
    box.put_on(HAPPY)
    assert box.app.status()["volume"] == "80"
    box.close()


@pytest.mark.parametrize("deed", ["plays already", "turned before"])
def test_a_volume_that_a_person_listens_to_is_no_start(clean, deed):
    box = Box(clean, start_percent=30)
    if deed == "plays already":
        box.app.add("own/own-0.wav")
        box.app.play()
        box.look()
        box.app.stop()
    else:
        box.look()
        box.app.setvol(80)
    box.app.setvol(80)
    box.look()
    box.put_on(HAPPY)
    assert box.app.status()["volume"] == "80"
    box.close()


@pytest.mark.parametrize("how", ["fade", "pause", "volume"])
def test_the_box_never_turns_the_volume_above_its_limit(clean, how):
    box = Box(clean, max_percent=50)
    box.app.setvol(80)
    put_on(box, HAPPY)
    assert box.app.status()["volume"] == "50"  # it began
    box.app.setvol(80)
    box.look()
    if how == "fade":
        box.put_on(SAD, "fade")
        assert box.app.currentsong()["file"].startswith("sad")
    elif how == "pause":
        box.adjust("pause")
        assert box.state_is("pause")
        box.adjust("resume")
        assert box.state_is("play")
    else:
        box.adjust("volume", 70)
        assert box.app.status()["volume"] == "50"
        return box.close()
    assert box.app.status()["volume"] == "80"
    assert box.look().listener_action is None
    return box.close()


def test_a_volume_that_mpd_tells_only_when_it_plays_is_lowered_then(clean, monkeypatch):
    whole = Client.state

    def as_with_pulseaudio(client):
        status = whole(client)
        hidden = "volume" if status["state"] == "stop" else None
        return {key: value for key, value in status.items() if key != hidden}

    monkeypatch.setattr(Client, "state", as_with_pulseaudio)
    box = Box(clean, start_percent=30)
    assert box.look().volume_percent is None
    box.put_on(HAPPY)
    seen = [box.look() for _ in range(3)]
    assert box.app.status()["volume"] == "30"
    assert {one.listener_action for one in seen} == {None}
    box.close()


# The chime


def test_a_box_that_begins_in_silence_rings_and_goes_on_with_music(clean):
    box = Box(clean, chime="bell", start_percent=40)
    seen = box.look()
    assert (seen.title, seen.emotion, seen.listener) == ("bell", None, False)
    assert box.app.status()["volume"] == "40"
    wait_for(lambda: box.state_is("stop"))
    seen = box.look()
    assert (seen.state, seen.listener, seen.listener_action) == ("stop", False, None)
    box.put_on(HAPPY)
    assert box.plays(HAPPY)
    box.app.stop()
    box.look()
    box.close()
    assert "jukebox_skips" not in str(skips(clean, HAPPY))


@pytest.mark.parametrize("state", ["play", "pause"])
def test_a_box_that_begins_beside_music_does_not_ring(clean, state):
    box = Box(clean, chime="bell")
    box.app.add("own/own-0.wav")
    box.app.play()
    box.app.pause(int(state == "pause"))
    assert box.look().title == "own-0"
    box.app.stop()
    assert box.look().state == "stop"
    box.close()


@pytest.mark.parametrize("chime", ["", "nowhere", "http://127.0.0.1:9/list.m3u"])
def test_no_chime_is_no_fault(clean, chime, caplog):
    box = Box(clean, chime=chime)
    assert box.look().state == "stop"
    assert box.app.status()["playlistlength"] == "0"
    assert [one for one in caplog.records if one.levelname == "WARNING"] == []
    box.close()


# Skips


def skips(mpd, emotion):
    client = MPDClient()
    client.connect(str(mpd.socket))
    found = client.sticker_find("song", "", f"jukebox_skips_{emotion}")
    client.disconnect()
    return {one["file"]: one["sticker"].partition("=")[2] for one in found}


def test_a_skipped_song_is_counted_in_its_mood_only(box):
    put_on(box, HAPPY, SAD)
    skipped = box.app.currentsong()["file"]
    box.app.next()
    box.look()
    assert skips(box.mpd, HAPPY) == {skipped: "1"}
    box.app.next()  # past the end
    seen = box.look()
    assert (seen.listener_action, seen.state, seen.listener) == (
        None,
        "stop",
        False,
    ) or seen.listener_action == "skip"
    assert len(skips(box.mpd, SAD)) == 1
    assert skips(box.mpd, HAPPY) == {skipped: "1"}


def test_a_second_skip_is_counted_up(box):
    box.app.sticker_set("song", "happy/happy-0.wav", "jukebox_skips_happy", "3")
    box.player._playlists._sources = {HAPPY: ("happy/happy-0.wav",)}
    put_on(box, HAPPY)
    box.app.next()
    box.look()
    assert skips(box.mpd, HAPPY) == {"happy/happy-0.wav": "4"}


@pytest.mark.parametrize("deed", ["a song of their own", "pause", "stop", "clear", "forward"])
def test_only_going_on_is_a_skip(box, deed):
    put_on(box, NEUTRAL, HAPPY)
    DEEDS[deed][1](box.app)
    box.look()
    assert skips(box.mpd, NEUTRAL) == {}


def test_a_skipped_song_outside_mpds_music_is_no_fault(clean, tmp_path, caplog):
    write_tone(tmp_path / "mine" / "mine.wav", 440, seconds=SONG_S, rate=8000)
    box = Box(clean, {HAPPY: (str(tmp_path / "mine"),)})
    put_on(box, HAPPY)
    box.app.next()
    assert box.look().listener_action == "skip"
    assert caplog.records == []
    box.close()


# What outlives the box


def cut_off_in_a_fade(born):
    """A box that was killed when it had faded down."""
    box = born()
    box.app.setvol(60)
    put_on(box, HAPPY)
    box.put_on(SAD, "fade")
    for _ in range(8):
        box.look(after_s=0.1)
    assert int(box.app.status()["volume"]) < 20
    box.die()


def test_a_box_killed_in_a_fade_gives_the_volume_back_when_it_returns(born):
    cut_off_in_a_fade(born)
    box = born()
    box.look()
    assert box.app.status()["volume"] == "60"
    box.app.setvol(10)
    box.die()
    box = born()  # once
    box.look()
    assert box.app.status()["volume"] == "10"


FADING = """
import sys
from pathlib import Path
from playing import HAPPY, SAD, Box

class Mpd:
    socket = sys.argv[1]

box = Box(Mpd, state=Path(sys.argv[2]))
box.put_on(HAPPY)
box.look()
box.put_on(SAD, "fade")
for _ in range(8):
    box.look(after_s=0.1)
print("faded", flush=True)
input()
"""


def test_a_process_that_is_killed_in_a_fade_gives_the_volume_back_when_it_returns(born, tmp_path):
    watcher = born()
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
    box = born()
    box.look()
    assert box.app.status()["volume"] == "60"
    watcher.close()


def test_a_volume_that_was_turned_while_the_box_was_away_stays(born):
    cut_off_in_a_fade(born)
    box = born()
    box.app.setvol(45)
    box.look()
    assert box.app.status()["volume"] == "45"


@pytest.mark.parametrize(("volume", "then"), [(45, "60"), (0, "60"), (90, "90")])
def test_after_a_power_cut_any_volume_of_the_fade_is_its_own(born, volume, then, monkeypatch):
    cut_off_in_a_fade(born)
    monkeypatch.setattr(player_state, "BOOT_ID", player_state.Path("/no/such/file"))
    box = born()
    box.app.setvol(volume)  # MPD restored what it had noted some time before
    box.look()
    assert box.app.status()["volume"] == then


def test_a_box_that_comes_back_knows_that_it_paused_the_music_itself(born):
    box = born()
    put_on(box, HAPPY)
    rest(box)
    box.die()
    box = born()
    seen = box.look()
    assert (seen.state, seen.resting, seen.listener, seen.listener_action) == (
        "pause",
        True,
        False,
        None,
    )
    box.adjust("resume")
    assert box.state_is("play")
    box.die()
    box = born()
    box.app.pause(1)
    assert box.look().listener  # that was a person


@pytest.mark.parametrize("deed", ["moved", "another song", "played on"])
def test_a_pause_that_changed_while_the_box_was_away_is_a_persons(born, deed):
    box = born()
    put_on(box, HAPPY)
    rest(box)
    box.die()
    box = born()
    if deed == "moved":
        box.app.seekcur(40)
    elif deed == "another song":
        place = float(box.app.status()["elapsed"])
        box.app.playid(box.app.addid("own/own-0.wav"))
        wait_for(lambda: float(box.app.status()["elapsed"]) > 0)
        box.app.seekcur(place)
        box.app.pause(1)
    else:
        box.app.play()
    seen = box.look()
    assert not seen.resting
    box.app.pause(1)
    assert box.look().listener


@broken_sockets
def test_resting_music_survives_a_restarted_mpd(tmp_path, long_music):
    with PrivateMpd(tmp_path / "mpd", long_music, "null") as mpd:
        box = Box(mpd, state=tmp_path / "player.json")
        put_on(box, HAPPY)
        rest(box)
        mpd.stop()
        with pytest.raises(PlayerError):
            box.look()
        mpd.start()
        box.open_app()
        assert box.look().resting
        box.adjust("resume")
        assert box.plays(HAPPY) or box.look().state == "play"
        box.close()


def test_the_volume_before_the_quiet_hours_outlives_the_box(born):
    box = born()
    box.app.setvol(70)
    put_on(box, HAPPY)
    assert box.adjust("volume", 30, 70)
    assert (box.look().volume_percent, box.look().volume_before) == (30, 70)
    box.die()
    box = born()
    assert box.look().volume_before == 70
    box.app.setvol(50)
    assert (box.look().listener_action, box.look().volume_before) == ("volume", None)


def test_a_stop_is_kept_from_the_chime_of_the_next_start(born):
    box = born()
    put_on(box, HAPPY)
    box.app.stop()
    assert box.look().listener
    box.die()
    box = born(chime="bell")
    assert box.look().listener
    assert box.app.status()["state"] == "stop"


def test_it_says_when_there_was_nothing_to_be_done(box):
    put_on(box, HAPPY)
    assert not box.adjust("resume")
    box.app.pause(1)
    assert not box.adjust("pause"), "a person was there first"


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"volume": "loud"}', '{"what": 1}'])
def test_a_spoilt_memory_begins_anew(clean, tmp_path, text):
    file = tmp_path / "player.json"
    file.write_text(text)
    box = Box(clean, state=file)
    put_on(box, HAPPY)
    rest(box)
    assert '"paused": "happy/' in file.read_text()
    box.close()


def test_a_memory_that_cannot_be_written_is_one_warning(clean, tmp_path, caplog):
    (tmp_path / "player.part").mkdir()  # in the way
    box = Box(clean, state=tmp_path / "player.json")
    put_on(box, HAPPY)
    rest(box)
    box.adjust("resume")
    assert len([one for one in caplog.records if one.levelname == "WARNING"]) == 1
    assert "cannot be written" in caplog.text
    box.close()


# Messages


def test_messages_come_in_and_are_answered(box):
    box.app.subscribe("jukebox-status")
    box.look()
    box.app.sendmessage("jukebox", "mood happy")
    box.app.sendmessage("jukebox", "status")
    seen = box.look(after_s=0.1)
    assert seen.listener_action is None
    assert box.player.messages() == ["mood happy", "status"]
    assert box.player.messages() == []
    box.player.answer("first line\nsecond line " + "ä" * 5000)
    (answer,) = wait_for(box.app.readmessages)
    assert answer["message"].startswith("first line second line ää")
    box.app.sendmessage("jukebox", "again")
    assert wait_for(lambda: box.look() and box.player.messages()) == ["again"]


def test_messages_are_heard_during_a_fade(box):
    put_on(box, HAPPY)
    box.put_on(SAD, "fade")
    box.look(after_s=0.1)
    box.app.sendmessage("jukebox", "status")
    assert wait_for(lambda: box.look(after_s=0.1) and box.player.messages()) == ["status"]
    assert box.player._fader.active


def test_an_answer_to_nobody_is_no_fault(box):
    box.look()
    box.player.answer("hello?")
    assert box.look().state == "stop"


# Faults


@broken_sockets
@pytest.mark.parametrize("moment", ["idle", "after acting", "in a fade"])
def test_a_lost_connection_is_one_error_and_the_next_call_goes_on(box, moment):
    box.app.setvol(60)
    put_on(box, HAPPY)
    if moment == "after acting":
        box.put_on(SAD)
    elif moment == "in a fade":
        box.put_on(SAD, "fade")
        for _ in range(8):
            box.look(after_s=0.1)
    box.player._connection._client._sock.shutdown(socket.SHUT_RDWR)
    with pytest.raises(PlayerError):
        box.look()
    seen = box.look()
    assert (seen.state, seen.listener, seen.listener_action) == ("play", False, None)
    assert box.app.status()["volume"] == "60"
    box.app.pause(1)
    assert box.look(after_s=0.1).listener_action == "pause"


def test_an_mpd_that_hangs_loses_no_touch_of_a_person(box):
    put_on(box, HAPPY)
    os.kill(box.mpd.pid, signal.SIGSTOP)
    try:
        for _ in range(5):
            assert box.look(after_s=0.2).state == "play"  # nobody waits for it
    finally:
        os.kill(box.mpd.pid, signal.SIGCONT)
    box.app.pause(1)
    assert box.look().listener_action == "pause"
