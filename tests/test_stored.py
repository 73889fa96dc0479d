import random
import shutil
from contextlib import closing

import pytest
from conftest import wait_for
from mpd import MPDClient
from playing import carried_out, wait_for_housekeeping

from appliance.history.state import StateFile
from appliance.player.mpd_player import MpdPlayer
from appliance.player.state import PlayerState
from appliance.private_mpd.process import PrivateMpd
from appliance.records import Decision, Emotion

HAPPY, SAD = Emotion.HAPPY, Emotion.SAD
SOURCES = {
    HAPPY: ("happy",),
    SAD: ("sad", "own/deeper", "/somewhere/else", "evening", "http://127.0.0.1:9/radio"),
}


class Restarts:
    """One player after the other, each with the state of those before."""

    def __init__(self, mpd, state):
        self._mpd, self._state = mpd, state
        self._player = None

    def begin(self):
        self.end()
        self._player = MpdPlayer(
            address=str(self._mpd.socket),
            playlists=SOURCES,
            random=random.Random(1),
            state=self._state and StateFile(self._state, PlayerState()),
        )
        self.playback(0.0)

    def playback(self, time_s):
        self._player.playback(time_s)
        wait_for_housekeeping(self._player)

    def put_on(self):
        return carried_out(self._player, Decision(HAPPY, "switch", ""), 10.0)

    def end(self):
        if self._player:
            self._player.close()


@pytest.fixture
def restarts(shared_mpd, app, tmp_path):
    restarts = Restarts(shared_mpd, tmp_path / "player.json")
    yield restarts
    restarts.end()


def lists(app):
    return {
        stored["playlist"]: app.listplaylist(stored["playlist"]) for stored in app.listplaylists()
    }


ALL_HAPPY = [f"happy/happy-{number}.wav" for number in range(3)]


def test_folders_of_moods_become_stored_playlists_that_every_app_shows(restarts, app):
    restarts.begin()
    assert lists(app) == {"happy": ALL_HAPPY, "sad": [f"sad/sad-{n}.wav" for n in range(3)]}
    assert app.status()["playlistlength"] == "0"


def test_a_folder_inside_another_gets_a_word_instead_of_a_playlist(tmp_path, music, caplog):
    caplog.set_level("INFO")
    shutil.copytree(music / "happy", tmp_path / "music" / "Moods" / "Happy")
    shutil.copytree(music / "happy", tmp_path / "music" / "Sad")
    sources = {HAPPY: ("Moods/Happy/", "moods.m3u", "lists/x.m3u", "no/where"), SAD: ("./Sad/",)}
    with PrivateMpd(tmp_path / "mpd", tmp_path / "music", "null") as mpd:
        client = MPDClient()
        client.connect(str(mpd.socket))
        for number in range(2):
            with closing(
                MpdPlayer(
                    address=str(mpd.socket),
                    playlists=sources,
                    random=random.Random(1),
                    state=StateFile(tmp_path / f"{number}.json", PlayerState()),
                )
            ) as player:
                for time_s in (0.0, 1.0):
                    player.playback(time_s)
                    wait_for_housekeeping(player)
        made = [stored["playlist"] for stored in client.listplaylists()]
        client.disconnect()
    assert made == ["Sad"]
    told = [r.getMessage() for r in caplog.records if "inside another" in r.getMessage()]
    assert len(told) == 2  # once by each player
    assert "from a folder inside another (Moods/Happy); to edit it" in told[0]


def test_a_list_that_a_person_made_stays(restarts, app):
    app.playlistadd("happy", "own/own-0.wav")
    for _ in range(2):
        restarts.begin()
        assert lists(app)["happy"] == ["own/own-0.wav"]
    assert restarts.put_on().uri == "own/own-0.wav"


def test_an_edited_list_stays_as_it_was_edited(restarts, app):
    restarts.begin()
    app.playlistdelete("happy", 0)
    app.playlistadd("happy", "own/own-0.wav")
    for _ in range(2):
        restarts.begin()
        assert lists(app)["happy"] == [*ALL_HAPPY[1:], "own/own-0.wav"]


def test_a_list_edited_back_to_what_it_was_still_belongs_to_a_person(restarts, app):
    restarts.begin()
    app.playlistclear("happy")
    restarts.begin()
    for uri in ALL_HAPPY:
        app.playlistadd("happy", uri)
    restarts.begin()
    app.playlistclear("happy")
    restarts.begin()
    assert lists(app)["happy"] == []


@pytest.mark.parametrize("whose", ["the jukebox's", "a person's"])
def test_a_deleted_list_is_not_made_again_and_the_folder_plays(restarts, app, whose):
    if whose == "a person's":
        app.playlistadd("happy", "own/own-0.wav")
    restarts.begin()
    app.rm("happy")
    for _ in range(2):
        restarts.begin()
        assert set(lists(app)) == {"sad"}
    assert restarts.put_on().uri in ALL_HAPPY


def test_an_untouched_list_follows_its_folder(own_mpd, tmp_path):
    app = MPDClient()
    app.connect(str(own_mpd.socket))
    restarts = Restarts(own_mpd, tmp_path / "player.json")
    restarts.begin()
    folder = own_mpd.music / "happy"
    shutil.copy(folder / "happy-0.wav", folder / "new.wav")
    shutil.copy(folder / "happy-0.wav", own_mpd.music / "sad" / "new.wav")
    app.playlistdelete("sad", 0)  # from now on this list belongs to a person
    app.update()
    wait_for(lambda: "updating_db" not in app.status())
    followed = [*ALL_HAPPY, "happy/new.wav"]  # without a restart: MPD reports its new songs
    wait_for(lambda: restarts.playback(2.0) or lists(app)["happy"] == followed)
    (folder / "happy-1.wav").unlink()
    app.update()
    wait_for(lambda: "updating_db" not in app.status())
    restarts.begin()
    assert lists(app)["happy"] == ["happy/happy-0.wav", "happy/happy-2.wav", "happy/new.wav"]
    assert lists(app)["sad"] == ["sad/sad-1.wav", "sad/sad-2.wav"]
    for song in folder.iterdir():  # as when a disk is not mounted
        song.unlink()
    app.update()
    wait_for(lambda: "updating_db" not in app.status())
    restarts.begin()
    assert len(lists(app)["happy"]) == 3
    restarts.end()
    app.disconnect()


def test_without_a_state_file_nothing_is_made(shared_mpd, app):
    player = MpdPlayer(address=str(shared_mpd.socket), playlists=SOURCES, random=random.Random(1))
    player.playback(0.0)
    assert lists(app) == {}
    player.close()


@pytest.mark.parametrize("why", ["none are kept", "the folder may not be written"])
def test_an_mpd_without_stored_playlists_is_not_an_error(tmp_path, music, why, caplog):
    class Mpd(PrivateMpd):
        def _config(self):
            config = super()._config()
            if why == "none are kept":
                lines = config.splitlines(keepends=True)
                return "".join(line for line in lines if not line.startswith("playlist_directory"))
            return config.replace(f"{self.folder}/playlists", "/proc/nowhere")

    with Mpd(tmp_path / "mpd", music, "null") as mpd:
        restarts = Restarts(mpd, tmp_path / "player.json")
        for _ in range(2):
            restarts.begin()
            assert restarts.put_on()
        restarts.end()
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == []
