import os
import random
import re
import shutil
import threading
import time
from contextlib import closing
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import TONES_HZ, wait_for, write_tone
from playing import carried_out

from appliance.errors import SongsAwaitedError
from appliance.player.client import Client
from appliance.player.mpd_player import MpdPlayer
from appliance.player.sources import PlaylistError, given_title, name_of, read_songs
from appliance.private_mpd.process import PrivateMpd
from appliance.private_mpd.recording import wav_header
from appliance.records import Decision, Emotion

HAPPY, SAD = Emotion.HAPPY, Emotion.SAD


@pytest.fixture
def shelf(tmp_path, music):
    """Music outside MPD's own directory, with names that people give."""
    shelf = tmp_path / "Müsik of mine"
    for name in ("b 100%20.wav", "a #1.wav", "deep/er/c.WAV"):
        write_tone(shelf / name, 330, seconds=0.5)
    (shelf / "cover.jpg").write_bytes(b"no music")
    (shelf / "one.m3u").write_text("b 100%20.wav\n")
    (shelf / "two.m3u8").write_text(
        "#EXTM3U\n#EXTINF:1,The First\na #1.wav\n"
        f"{music}/happy/happy-0.wav\n#EXTINF:-1,My Radio\nhttp://127.0.0.1:9/radio.ogg\n"
    )
    return shelf


class Station(SimpleHTTPRequestHandler):
    """Files, an endless stream at /radio.wav, and a request that is never answered: /hangs.m3u."""

    released = threading.Event()

    def do_GET(self):
        if self.path == "/hangs.m3u":
            self.released.wait(20)
        elif self.path == "/radio.wav":
            self.send_response(200)
            self.send_header("Content-Type", "audio/wav")
            self.end_headers()
            self.wfile.write(wav_header(0xFFFFFFFF - 36))
            while not self.released.is_set():
                try:
                    self.wfile.write(bytes(48000))
                except OSError:  # MPD has disconnected
                    return
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def station(tmp_path):
    """The address of a web server on this machine."""
    folder = tmp_path / "www"
    write_tone(folder / "song.wav", TONES_HZ[SAD], seconds=1)
    Station.released.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Station, directory=str(folder))) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        (folder / "list.m3u").write_text(f"{address}/song.wav\n{address}/radio.wav\n")
        (folder / "list.pls").write_text(
            f"[playlist]\nNumberOfEntries=1\nFile1={address}/radio.wav\nTitle1=Radio Nowhere\n"
        )
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield address
        Station.released.set()
        server.shutdown()


def names(songs):
    return [Path(song.uri).name for song in songs]


def test_each_kind_of_source_gives_its_songs_in_order(app, music, shelf, station):
    app.add("sad/sad-1.wav")
    app.add("happy/happy-2.wav")
    for name in ("evening", "own"):  # "own" is a folder too: what a person saved comes first
        app.save(name)
    app.clear()
    expected = {
        "evening": ["sad-1.wav", "happy-2.wav"],
        "own": ["sad-1.wav", "happy-2.wav"],
        "happy": ["happy-0.wav", "happy-1.wav", "happy-2.wav"],
        "sad/sad-0.wav": ["sad-0.wav"],
        str(shelf): ["a #1.wav", "b 100%20.wav", "c.WAV"],
        str(music / "sad"): ["sad-0.wav", "sad-1.wav", "sad-2.wav"],
        str(shelf / "one.m3u"): ["b 100%20.wav"],
        str(shelf / "two.m3u8"): ["a #1.wav", "happy-0.wav", "radio.ogg"],
        f"{station}/radio.wav": ["radio.wav"],
        f"{station}/list.m3u": ["song.wav", "radio.wav"],
        f"{station}/list.pls": ["radio.wav"],
        f"{station}/list.m3u?for=me": ["song.wav", "radio.wav"],
    }
    for source, songs in expected.items():
        found = read_songs(app, HAPPY, source, local=True)
        assert names(found) == songs, source
        assert {song.source for song in found} == {source}
    titles = [song.title for song in read_songs(app, HAPPY, str(shelf / "two.m3u8"), local=True)]
    assert titles == ["The First", "", "My Radio"]


@pytest.mark.parametrize(
    ("source", "local", "said"),
    [
        ("nowhere", True, "no stored playlist and no folder .* called 'nowhere'; save one"),
        ("music/nowhere", True, "no stored playlist and no folder .* called 'music/nowhere'"),
        ("/no/such/folder", True, "nothing to play in /no/such/folder; put songs"),
        ("/no/such.m3u", True, "nothing to play in /no/such.m3u; put songs"),
        ("http://127.0.0.1:9/list.pls", True, "no playlist from http://127.0.0.1:9/list.pls"),
        ("/music/happy", False, "over the network it opens no local files; set the player's"),
    ],
)
def test_a_source_that_cannot_be_used_is_an_error_that_says_what_to_do(app, source, local, said):
    with pytest.raises(PlaylistError, match=f"^happy: .*{said}"):
        read_songs(app, HAPPY, source, local=local)
    app.ping()


@pytest.fixture
def library(tmp_path):
    """An MPD whose folders are named as people name them."""
    for folder in ("Happy Songs", "Rock/Live", "Fro\u0308hlich", "twice", "Twice"):
        write_tone(tmp_path / "library" / folder / "a.wav", 330, seconds=0.5)
    with PrivateMpd(tmp_path / "mpd", tmp_path / "library", "null") as mpd:
        client = Client()
        client.connect(str(mpd.socket))
        client.playlistadd("Evening", "Rock/Live/a.wav")
        yield mpd.music, client
        client.disconnect()


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Happy Songs/", "Happy Songs/a.wav"),
        ("./Happy Songs", "Happy Songs/a.wav"),
        ("happy songs", "Happy Songs/a.wav"),
        ("rock//live/./", "Rock/Live/a.wav"),
        ("fr\u00f6hlich", "Fro\u0308hlich/a.wav"),  # macOS writes the dots by themselves
        ("EVENING", "Rock/Live/a.wav"),
        ("Twice", "Twice/a.wav"),
        ("file://{music}/Happy%20Songs", "{music}/Happy Songs/a.wav"),
        ("FILE://localhost{music}/Rock/", "{music}/Rock/Live/a.wav"),
    ],
)
def test_music_is_found_as_owners_write_its_name(library, written, found):
    music, client = library
    (song,) = read_songs(client, HAPPY, written.format(music=music), local=True)
    assert song.uri == found.format(music=music)


@pytest.mark.parametrize(
    ("written", "near"),
    [("Hapy Song", "Happy Songs"), ("Rock/Life", "Rock/Live"), ("evning", "Evening")],
)
def test_the_nearest_name_is_suggested(library, written, near):
    with pytest.raises(PlaylistError, match=f"called '{written}'; did you mean '{near}'"):
        read_songs(library[1], HAPPY, written, local=True)


def test_of_two_folders_that_differ_in_case_neither_is_taken_for_a_third(library):
    with pytest.raises(PlaylistError, match="called 'TWICE'"):
        read_songs(library[1], HAPPY, "TWICE", local=True)


def test_files_whose_names_mpd_cannot_read_are_told_once(tmp_path, shared_mpd, caplog):
    shelf = tmp_path / "shelf"
    write_tone(shelf / "a.wav", 330, seconds=0.5)
    for name in (b"Gr\xfc\xdfe.wav", b"two\nlines.wav"):
        shutil.copy(shelf / "a.wav", os.fsencode(shelf) + b"/" + name)
    sources = {HAPPY: (str(shelf),)}
    with closing(MpdPlayer(address=str(shared_mpd.socket), playlists=sources,
                           random=random.Random(1))) as player:  # fmt: skip
        for time_s in range(3):
            assert carried_out(player, Decision(HAPPY, "switch", ""), float(time_s))
        missing = [song.uri for song in player.songs(HAPPY) if not song.there]
    (line,) = [r.getMessage() for r in caplog.records if "MPD does not have" in r.getMessage()]
    assert f"2 of the 3 songs in {shelf}, such as {shelf}/Grüße.wav (its name is not UTF-8" in line
    assert [name.count("rename it") for name in missing] == [1, 1]
    assert f"{shelf}/two\\nlines.wav (" in missing[1]


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        ({"file": "a/b.ogg", "title": "Song", "artist": "Someone"}, "Someone – Song"),
        ({"file": "a/b.ogg", "title": "Song", "artist": ["One", "Two"]}, "One, Two – Song"),
        ({"file": "http://x/y", "name": "Radio"}, "Radio"),
        ({"file": "a/b.ogg", "artist": "Someone"}, ""),
    ],
)
def test_titles(entry, title):
    assert given_title(entry) == title


def test_a_song_without_a_title_is_called_by_its_file():
    assert name_of("a/Some song.ogg") == "Some song"
    assert name_of("http://radio.example/live") == "http://radio.example/live"


def player_for(mpd, *sources):
    return MpdPlayer(address=str(mpd.socket), playlists={HAPPY: sources}, random=random.Random(1))


@pytest.mark.parametrize("kind", ["folder", "m3u", "stream", "linked playlist"])
def test_what_lies_outside_mpd_really_plays(shared_mpd, app, shelf, station, kind):
    sources = {
        "folder": str(shelf),
        "m3u": str(shelf / "one.m3u"),
        "stream": f"{station}/radio.wav",
        "linked playlist": f"{station}/list.pls",
    }
    player = player_for(shared_mpd, sources[kind])
    play = carried_out(player, Decision(HAPPY, "switch", ""), 0.0)
    assert play.source == sources[kind]
    wait_for(lambda: float(app.status().get("elapsed", 0)) > 0.1)
    seen = player.playback(1.1)
    assert (seen.emotion, seen.listener) == (HAPPY, False)
    if kind == "linked playlist":
        assert (play.title, seen.title) == ("Radio Nowhere", "Radio Nowhere")
    if "station" in play.uri:
        assert seen.remaining_s is None
    player.close()


@pytest.mark.usefixtures("app")
def test_a_good_source_serves_beside_a_bad_one(shared_mpd, caplog):
    player = player_for(shared_mpd, "nowhere", "sad")
    titles = {carried_out(player, Decision(HAPPY, "switch", ""), 0.0).title for _ in range(6)}
    assert titles == {"sad-0", "sad-1", "sad-2"}
    assert len(caplog.records) == 1
    player.close()


class NoPlaylistsMpd(PrivateMpd):
    def _config(self):
        lines = super()._config().splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("playlist_directory"))


def test_an_mpd_without_stored_playlists_still_has_its_folders(tmp_path, music):
    with NoPlaylistsMpd(tmp_path / "mpd", music, "null") as mpd:
        player = player_for(mpd, "sad")
        assert len(player.songs(HAPPY)) == 3
        player.close()


@pytest.mark.usefixtures("app")
def test_another_song_plays_instead_of_a_file_that_mpd_refuses(shared_mpd, shelf, caplog):
    for name in ("a #1.wav", "deep/er/c.WAV"):
        (shelf / name).write_bytes(b"no music at all")
    player = player_for(shared_mpd, str(shelf))
    for time_s in (0.0, 2.0, 4.0):
        assert carried_out(player, Decision(HAPPY, "switch", ""), time_s).title == "b 100%20"
    assert len(caplog.records) <= 2
    player.close()


def test_a_link_on_which_mpd_hangs_is_left_out_and_told_with_its_time(
    shared_mpd, app, station, caplog
):
    player = player_for(shared_mpd, f"{station}/hangs.m3u", "sad")
    player._reader._patience_s = 0.3
    with pytest.raises(SongsAwaitedError):
        player.carry_out(Decision(HAPPY, "switch", ""), 0.0)
    time.sleep(0.5)
    Station.released.set()  # MPD, which serves nobody meanwhile, gives up
    app.ping()
    for time_s in (1.0, 3.0):
        assert carried_out(player, Decision(HAPPY, "switch", ""), time_s).source == "sad"
    (line,) = caplog.messages
    assert re.fullmatch(r"happy: .*/hangs.m3u: MPD at .*: timed out, after 0\.\d s\. The.*", line)
    player.close()


@pytest.mark.parametrize("link", ["list.pls", "list.m3u", "list.m3u?for=me"])
def test_a_linked_playlist_inside_a_stored_one_plays_what_it_names(
    shared_mpd, app, station, caplog, link
):
    app.playlistadd("evening", "sad/sad-0.wav")
    app.playlistadd("evening", f"{station}/{link}")
    app.playlistadd("evening", "http://127.0.0.1:9/gone.pls")
    player = player_for(shared_mpd, "evening")
    songs = player.songs(HAPPY)
    expected = {"list.pls": ["radio.wav"]}.get(link, ["song.wav", "radio.wav"])
    assert names(songs) == ["sad-0.wav", *expected, "gone.pls"]
    assert [song.there for song in songs] == [True] * (len(songs) - 1) + [False]
    assert {song.source for song in songs} == {"evening"}
    played = {
        carried_out(player, Decision(HAPPY, "switch", ""), float(time_s)).uri.rpartition("/")[2]
        for time_s in range(6)
    }
    assert played == {"sad-0.wav", *expected}
    (line,) = caplog.messages
    assert "does not have 1 of the" in line
    player.close()


def test_a_folder_without_songs_is_an_error_that_says_what_to_do(app, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(PlaylistError, match="let the user that MPD runs as read it"):
        read_songs(app, HAPPY, str(empty), local=True)
