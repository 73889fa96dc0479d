"""Against a real Mopidy: JUKEBOX_MOPIDY, a program, or `mopidy` on the path. Skips without one.

PATH="$(tests/servers.sh):$PATH" run/test/bin/python -m pytest tests/test_mopidy.py
"""

import os
import shutil
import subprocess

import pytest
from conftest import wait_for, write_tone
from mpd import MPDClient
from playing import FEAR, HAPPY, NEUTRAL, SAD, DrivenPlayer

from appliance.records import Emotion
from appliance.resolver.protocol import answers

PROGRAM = os.environ.get("JUKEBOX_MOPIDY") or shutil.which("mopidy")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs mopidy: tests/servers.sh")

CONFIG = """
[core]
cache_dir = {folder}/cache
config_dir = {folder}/config
data_dir = {folder}/data
[audio]
output = fakesink sync=true
[file]
media_dirs = {folder}/music
[m3u]
playlists_dir = {folder}/playlists
[mpd]
hostname = unix:{folder}/socket
[http]
enabled = false
"""
SOURCES = {HAPPY: ("happy",), SAD: ("Files/sad",), NEUTRAL: ("Files/neutral",), FEAR: ("nowhere",)}
SONG_S = 20.0


class Mopidy:
    """A running Mopidy with a stored playlist "happy" and a folder for each of three moods."""

    def __init__(self, folder):
        self.folder, self.socket = folder, folder / "socket"
        (folder / "playlists").mkdir()
        for name in ("happy", "sad", "neutral", "own"):
            for number in range(3):
                file = folder / "music" / name / f"{name}-{number}.wav"
                write_tone(file, 440, seconds=SONG_S, rate=8000)
        (folder / "mopidy.conf").write_text(CONFIG.format(folder=folder))
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [PROGRAM, "--config", folder / "mopidy.conf"],
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": ""},
        )

    def song(self, name):
        return f"file://{self.folder}/music/{name}"

    def answers(self):
        assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
        return answers(self.socket)

    def close(self):
        self._process.terminate()
        self._process.wait(10)
        self._log.close()


@pytest.fixture(scope="module")
def mopidy(tmp_path_factory):
    mopidy = Mopidy(tmp_path_factory.mktemp("mopidy"))
    try:
        wait_for(mopidy.answers, 90)  # it takes 3 s, and the first tests of many begin with it
        client = MPDClient()
        client.connect(str(mopidy.socket))
        for number in range(3):
            client.playlistadd("happy", mopidy.song(f"happy/happy-{number}.wav"))
        client.disconnect()
        yield mopidy
    finally:
        mopidy.close()


@pytest.fixture
def jukebox(mopidy):
    jukebox = DrivenPlayer(mopidy, SOURCES)
    jukebox.app.setvol(60)
    jukebox.playback()
    yield jukebox
    jukebox.app.stop()
    jukebox.app.clear()
    for mode in ("repeat", "random", "single", "consume"):
        getattr(jukebox.app, mode)(0)
    jukebox.close()


def put_on(jukebox, emotion, *more):
    jukebox.put_on(emotion)
    wait_for(lambda: jukebox.plays(emotion))
    wait_for(lambda: float(jukebox.app.status().get("elapsed", 0)) > 0)
    for other in more:
        jukebox.put_on(other, "append")
    for _ in range(3):
        assert jukebox.playback().listener_action is None


def test_what_mopidy_lacks_is_said_once_and_is_not_an_error(mopidy, caplog):
    caplog.set_level("INFO", logger="jukebox")
    jukebox = DrivenPlayer(mopidy, SOURCES, chime="chime", state=mopidy.folder / "player.json")
    for _ in range(2):
        assert jukebox.playback().state == "stop"
        jukebox.player.answer("nobody hears it")
        assert jukebox.player.messages() == []
        jukebox.player._connection.close()
    lacking = (
        "Mopidy, protocol 0.19.0 without stickers (likes and skips have no effect) "
        "and messages (MPD apps cannot tell the jukebox anything)"
    )
    assert jukebox.player.server == lacking
    said = [record.message for record in caplog.records if record.name == "jukebox"]
    assert [line for line in said if not line.startswith("no stored playlist is made")] == [lacking]
    jukebox.close()


@pytest.mark.parametrize("emotion", [HAPPY, SAD])
def test_stored_playlists_and_folders_play(jukebox, emotion):
    play = jukebox.put_on(emotion)
    assert play.title.startswith(emotion)
    wait_for(lambda: jukebox.plays(emotion))
    wait_for(lambda: jukebox.playback(after_s=0.1).remaining_s)  # Mopidy may be late to tell
    seen = jukebox.playback(after_s=0.1)
    assert 15 < seen.remaining_s <= SONG_S
    assert (seen.queued_after, seen.listener, seen.listener_action) == (0, False, None)


def test_a_source_that_is_not_there_is_one_warning(jukebox, caplog):
    assert jukebox.put_on(FEAR) is None
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


def test_an_appended_song_follows_and_the_end_of_the_queue_is_not_an_action(jukebox):
    put_on(jukebox, HAPPY, SAD)
    assert jukebox.playback().queued_after == 1
    for next_up in (lambda: jukebox.plays(SAD), lambda: jukebox.state_is("stop")):
        jukebox.app.seekcur(SONG_S - 1)
        wait_for(lambda: jukebox.playback(after_s=0.2).listener_action == "seek")
        wait_for(next_up)
    seen = [jukebox.playback() for _ in range(3)]
    assert [(playback.listener_action, playback.listener) for playback in seen] == [
        (None, False)
    ] * 3
    assert jukebox.put_on(SAD)
    assert wait_for(lambda: jukebox.plays(SAD))


def test_a_fade_goes_over_and_ends_at_the_listeners_volume(jukebox):
    put_on(jukebox, HAPPY)
    jukebox.put_on(SAD, "fade")
    volumes = []
    for _ in range(30):
        seen = jukebox.playback(after_s=0.1)
        assert (seen.emotion, seen.listener_action, seen.listener) == (SAD, None, False)
        volumes.append(int(jukebox.app.status()["volume"]))
    assert min(volumes) < 10
    assert volumes[-1] == 60
    assert jukebox.app.currentsong()["file"].startswith(jukebox.mpd.song("sad"))
    assert jukebox.playback().listener_action is None


def test_the_jukebox_pauses_and_goes_on(jukebox):
    put_on(jukebox, HAPPY)
    for how, state in (("pause", "pause"), ("resume", "play")):
        jukebox.adjust(how)
        seen = [jukebox.playback(after_s=0.1) for _ in range(30)]
        assert {playback.listener_action for playback in seen} == {None}
        assert (seen[-1].state, seen[-1].volume_percent) == (state, 60)
        assert seen[-1].resting == (state == "pause")


@pytest.mark.parametrize(
    ("told", "action"),
    [
        ("pause", lambda app: app.pause(1)),
        ("stop", lambda app: app.stop()),
        ("skip", lambda app: app.next()),
        ("seek", lambda app: app.seekcur(12)),
        ("queue", lambda app: app.delete(1)),
        ("queue", lambda app: app.clear()),
        ("volume", lambda app: app.setvol(80)),
        ("mode", lambda app: app.random(1)),
        ("mode", lambda app: app.consume(1)),
    ],
)
def test_what_a_person_does_is_told_once(jukebox, told, action):
    put_on(jukebox, HAPPY, SAD)
    action(jukebox.app)
    seen = [wait_for(lambda: jukebox.playback(after_s=0.2).listener_action)]
    seen += [jukebox.playback().listener_action for _ in range(3)]
    assert seen == [told, None, None, None]


def test_the_listeners_modes_and_songs_stay(jukebox):
    jukebox.app.add(jukebox.mpd.song("own/own-0.wav"))
    for mode in ("repeat", "random", "single", "consume"):
        getattr(jukebox.app, mode)(1)
    jukebox.playback()
    put_on(jukebox, HAPPY)
    status = jukebox.app.status()
    assert [status[mode] for mode in ("repeat", "random", "single", "consume")] == ["1"] * 4
    assert jukebox.queue().count("own") == 1
    assert Emotion.HAPPY in jukebox.queue()
