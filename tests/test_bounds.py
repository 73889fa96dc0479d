"""Whatever is asked of MPD has a bound: large music and queues, and MPDs that hang up or are slow.

MPD hangs up where an answer is longer than its max_output_buffer_size, 8 MB unless set.
"""

import time

import pytest
from conftest import wait_for
from large_music import LargeMpd
from mpd import ConnectionError as MpdConnectionError
from playing import HAPPY, NEUTRAL, SAD, DrivenPlayer

from appliance.player.client import Client
from appliance.player.queue import Queue
from appliance.player.state import UnsavedState

SMALL_BUFFER = 'max_output_buffer_size "64"\n'  # KB
SOURCES = {HAPPY: ("happy",), SAD: ("sad",), NEUTRAL: ("list",)}


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """14,000 songs of a mood, more than MPD tells at once."""
    more = 'max_playlist_length "30000"\n'
    with LargeMpd(tmp_path_factory.mktemp("large"), {"happy": 14_000, "sad": 3}, more) as mpd:
        yield mpd


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """600 songs in an MPD that tells 64 KB at once."""
    folder = tmp_path_factory.mktemp("small")
    with LargeMpd(folder, {"happy": 600, "sad": 3}, SMALL_BUFFER) as mpd:
        yield mpd


@pytest.fixture(params=["large", "small"])
def mpd(request):
    mpd = request.getfixturevalue(request.param)
    yield mpd
    app = mpd.app()
    app.stop()
    app.clear()
    for stored in app.listplaylists():
        app.rm(stored["playlist"])
    app.disconnect()


@pytest.fixture
def jukebox(mpd, tmp_path):
    jukebox = DrivenPlayer(mpd, SOURCES, state=tmp_path / "player.json")
    yield jukebox
    jukebox.close()


def put_on(jukebox, emotion, how="switch"):
    # Real time passes beside the simulated one, which looks like a seek at first.
    wait_for(lambda: jukebox.playback() and jukebox.put_on(emotion, how), 20)
    wait_for(lambda: jukebox.plays(emotion), 20)


def test_mpd_hangs_up_instead_of_telling_it_all_at_once(mpd):
    app = mpd.app()
    with pytest.raises(MpdConnectionError):
        app.listallinfo("happy")


def test_a_folder_that_is_more_than_one_answer_plays(jukebox):
    put_on(jukebox, HAPPY)
    assert jukebox.app.currentsong()["file"].startswith("happy/")
    number = jukebox.mpd.songs["happy"]
    assert len(jukebox.player.songs(HAPPY)) == number
    # its stored playlist is made beside the music, and holds all of them
    wait_for(lambda: len(stored(jukebox, "happy")) == number)
    put_on(jukebox, HAPPY)


def stored(jukebox, name):
    (path,) = (jukebox.mpd.folder / "playlists").glob(f"{name}.m3u")
    return path.read_text().splitlines()


@pytest.mark.parametrize("before", [True, False])
def test_a_queue_that_is_more_than_one_answer_is_no_obstacle(mpd, jukebox, before):
    songs = 12_000 if mpd.songs["happy"] > 12_000 else 4_000
    if not before:
        jukebox.playback()
    while (length := int(jukebox.app.status()["playlistlength"])) < songs:
        jukebox.app.add("happy")
    jukebox.app.play(length // 2)
    jukebox.playback()
    jukebox.app.stop()
    jukebox.playback()
    put_on(jukebox, SAD)
    ours = jukebox.app.currentsong()["id"]
    jukebox.player._connection.close()  # found again by its id
    assert jukebox.plays(SAD)
    assert list(jukebox.player._queue.own) == [ours]


def test_a_look_at_a_queue_of_twenty_thousand_songs_takes_less_than_20_ms(large):
    app = large.app()
    client = Client()
    client.connect(str(large.socket))
    queue = Queue(UnsavedState())
    queue.recognise(client)
    app.add("happy")
    app.add("happy")
    app.delete((20_000, 28_000))
    queue.follow(client, client.state())
    took_s = []
    for _ in range(9):
        app.addid("sad/sad 00000.wav", 0)  # all places change
        status = client.state()
        began_s = time.thread_time()  # in the loop's thread, however busy the machine is
        assert queue.follow(client, status)
        took_s.append(time.thread_time() - began_s)
    app.clear()
    app.disconnect()
    client.disconnect()
    assert sorted(took_s)[4] < 0.020
