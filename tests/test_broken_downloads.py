"""A download that breaks off is nobody's skip: a real MPD, and a web server that hangs up."""

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import wait_for, write_tone
from playing import HAPPY, SAD, DrivenPlayer

from appliance.private_mpd.process import PrivateMpd

SONG_S, SENT_S = 60, 4  # a song's length, and how much of it MPD gets


class Web(BaseHTTPRequestHandler):
    """Tells the length of a song, sends four seconds of it, and hangs up when the test says so.

    A path with "radio" tells no length; one with "whole" sends the whole song.
    """

    song = b""
    hangs_up = threading.Event()

    def do_GET(self):
        sent = len(self.song) * (SONG_S if "whole" in self.path else SENT_S) // SONG_S
        self.send_response(200)
        self.send_header("Content-Type", "audio/x-wav")
        if "radio" not in self.path:
            self.send_header("Content-Length", str(len(self.song)))
        self.end_headers()
        with suppress(OSError):  # MPD has hung up first
            self.wfile.write(self.song[:sent])
            self.hangs_up.wait(20)

    def log_message(self, *_):
        pass


@pytest.fixture
def web(tmp_path):
    write_tone(tmp_path / "web.wav", 440, SONG_S, rate=8000)
    Web.song = (tmp_path / "web.wav").read_bytes()
    Web.hangs_up.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield f"http://127.0.0.1:{server.server_port}"
        Web.hangs_up.set()
        server.shutdown()


@pytest.fixture
def mpd(tmp_path, music):
    for name in ("sad", "own"):
        for number in range(2):
            write_tone(tmp_path / "long" / name / f"{name}-{number}.wav", 440, SONG_S, rate=8000)
    with PrivateMpd(tmp_path / "mpd", tmp_path / "long", "null") as running:
        yield running


@pytest.fixture
def jukebox(mpd, web):
    """A jukebox whose happy songs come from the web."""
    links = (f"{web}/song-1.wav", f"{web}/song-2.wav")
    jukebox = DrivenPlayer(mpd, {HAPPY: links, SAD: ("sad",)})
    jukebox.playback()
    newer = jukebox.app.mpd_version.startswith("0.24")
    if not newer:
        yield jukebox
    jukebox.close()
    if newer:
        pytest.skip("MPD 0.24 tells no length of a WAV from a network: it ends as a radio does")


def until_it_sounds(jukebox):
    wait_for(lambda: jukebox.playback(0.1) and float(jukebox.app.status().get("elapsed", 0)) > 0)
    for _ in range(3):
        jukebox.playback(0.1)


def break_off(jukebox, goes_on):
    """Hang up, and wait until goes_on() is true of MPD's status; what the player tells then."""
    Web.hangs_up.set()
    actions = []

    def over():
        seen = jukebox.playback(0.05)
        actions.append(seen.listener_action)
        return goes_on(jukebox.app.status()) and seen

    # MPD plays on for the second or two that it has decoded already.
    seen = wait_for(over, 12)
    actions += [jukebox.playback().listener_action for _ in range(3)]
    return seen, [action for action in actions if action]


def test_a_broken_download_that_goes_on_to_the_own_next_song_is_nobodys_skip(jukebox):
    jukebox.put_on(HAPPY)
    until_it_sounds(jukebox)
    jukebox.put_on(SAD, "append")
    assert jukebox.playback().remaining_s > 50
    second = jukebox.app.playlistinfo()[1]["id"]
    seen, actions = break_off(jukebox, lambda status: status.get("songid") == second)
    assert actions == []
    assert (seen.emotion, seen.listener) == (SAD, False)


def test_a_broken_download_that_was_the_last_song_leaves_the_box_free_to_go_on(jukebox):
    jukebox.put_on(HAPPY)
    until_it_sounds(jukebox)
    seen, actions = break_off(jukebox, lambda status: status["state"] == "stop")
    assert actions == []
    assert not seen.listener
    before = jukebox.app.playlistinfo()[-1]["file"]
    assert jukebox.put_on(HAPPY).uri != before


@pytest.mark.parametrize("modes", [{"repeat": 1, "single": 1}, {"repeat": 1}])
def test_a_download_that_breaks_off_in_any_mode_is_nobodys_deed(jukebox, modes):
    jukebox.put_on(HAPPY)
    until_it_sounds(jukebox)
    for mode, value in modes.items():
        getattr(jukebox.app, mode)(value)
        jukebox.playback()
    began = []

    def goes_on(status):
        began.append(float(status.get("elapsed", 0)))
        return status["state"] == "stop" or (len(began) > 1 and began[-1] < began[-2])

    seen, actions = break_off(jukebox, goes_on)
    assert actions == []
    assert not seen.listener


def test_a_persons_own_podcast_that_breaks_off_is_no_skip_and_their_queue_plays_on(jukebox, web):
    podcast = jukebox.app.addid(f"{web}/podcast.wav")
    jukebox.app.add("own/own-0.wav")
    jukebox.app.playid(podcast)
    until_it_sounds(jukebox)
    second = jukebox.app.playlistinfo()[1]["id"]
    seen, actions = break_off(jukebox, lambda status: status.get("songid") == second)
    assert actions == []
    assert (seen.emotion, seen.listener) == (None, True)


PERSON = {
    "another song": ("skip", lambda app: app.playid(app.addid("own/own-0.wav"))),
    "two songs on": ("skip", lambda app: (app.next(), app.next())),
    "pause": ("pause", lambda app: app.pause(1)),
    "stop": ("stop", lambda app: app.stop()),
}


@pytest.mark.parametrize("what", PERSON)
def test_what_only_a_person_does_to_a_song_of_the_web_is_theirs(jukebox, web, what):
    told, act = PERSON[what]
    link = jukebox.app.addid(f"{web}/whole.wav")
    for number in range(2):
        jukebox.app.add(f"own/own-{number}.wav")
    jukebox.app.playid(link)
    until_it_sounds(jukebox)
    act(jukebox.app)
    assert jukebox.playback(0.2).listener_action == told


def test_next_beside_single_is_a_persons(jukebox, web):
    link = jukebox.app.addid(f"{web}/whole.wav")
    jukebox.app.add("own/own-0.wav")
    jukebox.app.single(1)
    jukebox.app.playid(link)
    until_it_sounds(jukebox)
    jukebox.app.next()
    assert jukebox.playback(0.2).listener_action == "skip"


def test_next_beside_a_song_of_mpds_own_music_is_a_persons(jukebox):
    jukebox.put_on(SAD)
    until_it_sounds(jukebox)
    jukebox.put_on(SAD, "append")
    jukebox.playback()
    jukebox.app.next()
    assert jukebox.playback(0.2).listener_action == "skip"
