import random
import shutil

import pytest
from conftest import wait_for
from mpd import MPDClient

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


class Days:
    """One box after the other, each with the memory of those before."""

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
        self.look(0.0)

    def look(self, time_s):
        self._player.playback(time_s)

    def put_on(self):
        return self._player.carry_out(Decision(HAPPY, "switch", ""), 100.0)

    def end(self):
        if self._player:
            self._player.close()


@pytest.fixture
def days(shared_mpd, app, tmp_path):
    days = Days(shared_mpd, tmp_path / "player.json")
    yield days
    days.end()


def lists(app):
    return {one["playlist"]: app.listplaylist(one["playlist"]) for one in app.listplaylists()}


ALL_HAPPY = [f"happy/happy-{number}.wav" for number in range(3)]


def test_folders_of_moods_become_stored_playlists_that_every_app_shows(days, app):
    days.begin()
    assert lists(app) == {"happy": ALL_HAPPY, "sad": [f"sad/sad-{n}.wav" for n in range(3)]}
    assert app.status()["playlistlength"] == "0"


def test_a_list_of_that_name_is_somebodys_and_stays(days, app):
    app.playlistadd("happy", "own/own-0.wav")
    for _ in range(2):
        days.begin()
        assert lists(app)["happy"] == ["own/own-0.wav"]
    assert days.put_on().uri == "own/own-0.wav"


def test_an_edited_list_stays_as_it_was_edited(days, app):
    days.begin()
    app.playlistdelete("happy", 0)
    app.playlistadd("happy", "own/own-0.wav")
    for _ in range(2):
        days.begin()
        assert lists(app)["happy"] == [*ALL_HAPPY[1:], "own/own-0.wav"]


def test_a_list_edited_back_to_what_it_was_is_still_somebodys(days, app):
    days.begin()
    app.playlistclear("happy")
    days.begin()
    for uri in ALL_HAPPY:
        app.playlistadd("happy", uri)
    days.begin()
    app.playlistclear("happy")
    days.begin()
    assert lists(app)["happy"] == []


@pytest.mark.parametrize("whose", ["the box's", "somebody's"])
def test_a_deleted_list_is_not_made_again_and_the_folder_plays(days, app, whose):
    if whose == "somebody's":
        app.playlistadd("happy", "own/own-0.wav")
    days.begin()
    app.rm("happy")
    for _ in range(2):
        days.begin()
        assert set(lists(app)) == {"sad"}
    assert days.put_on().uri in ALL_HAPPY


def test_an_untouched_list_follows_its_folder(own_mpd, tmp_path):
    app = MPDClient()
    app.connect(str(own_mpd.socket))
    days = Days(own_mpd, tmp_path / "player.json")
    days.begin()
    folder = own_mpd.music / "happy"
    shutil.copy(folder / "happy-0.wav", folder / "new.wav")
    shutil.copy(folder / "happy-0.wav", own_mpd.music / "sad" / "new.wav")
    app.playlistdelete("sad", 0)  # this one is somebody's from now on
    app.update()
    wait_for(lambda: "updating_db" not in app.status())
    days.look(2.0)  # in the same life: MPD told of its new songs
    wait_for(lambda: lists(app)["happy"] == [*ALL_HAPPY, "happy/new.wav"])
    (folder / "happy-1.wav").unlink()
    app.update()
    wait_for(lambda: "updating_db" not in app.status())
    days.begin()
    assert lists(app)["happy"] == ["happy/happy-0.wav", "happy/happy-2.wav", "happy/new.wav"]
    assert lists(app)["sad"] == ["sad/sad-1.wav", "sad/sad-2.wav"]
    for song in folder.iterdir():  # as when a disk is not mounted
        song.unlink()
    app.update()
    wait_for(lambda: "updating_db" not in app.status())
    days.begin()
    assert len(lists(app)["happy"]) == 3
    days.end()
    app.disconnect()


def test_without_a_memory_nothing_is_made(shared_mpd, app):
    player = MpdPlayer(address=str(shared_mpd.socket), playlists=SOURCES, random=random.Random(1))
    player.playback(0.0)
    assert lists(app) == {}
    player.close()


@pytest.mark.parametrize("why", ["none are kept", "the folder may not be written"])
def test_an_mpd_that_keeps_no_lists_is_no_fault(tmp_path, music, why, caplog):
    class Mpd(PrivateMpd):
        def _config(self):
            config = super()._config()
            if why == "none are kept":
                lines = config.splitlines(keepends=True)
                return "".join(one for one in lines if not one.startswith("playlist_directory"))
            return config.replace(f"{self.folder}/playlists", "/proc/nowhere")

    with Mpd(tmp_path / "mpd", music, "null") as mpd:
        days = Days(mpd, tmp_path / "player.json")
        for _ in range(2):
            days.begin()
            assert days.put_on()
        days.end()
    assert [one.message for one in caplog.records if one.levelname == "WARNING"] == []
