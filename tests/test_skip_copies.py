"""Skips survive an update of MPD while the disk with its music is away: a real MPD and history."""

import select
import time
from contextlib import closing

import pytest
from conftest import wait_for, write_tone
from mpd import MPDClient
from playing import HAPPY, NEUTRAL, SAD, SOURCES, DrivenPlayer, OwnMpd, wait_for_housekeeping

from appliance.history.store import SqliteStore
from appliance.private_mpd.process import PrivateMpd
from appliance.records import SkipCount
from appliance.settings import StoreSettings

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
TODAY = "2026-11-20"


class Home:
    """An MPD whose music may be away, a jukebox with a history, and a person's app."""

    def __init__(self, mpd, folder):
        self.mpd, self.music, self.folder = mpd, mpd.music, folder
        self.jukebox = self.store = None
        self.app = MPDClient()
        self.app.connect(str(mpd.socket))
        self.start()

    def start(self):
        self.store = SqliteStore(StoreSettings(str(self.folder / "jukebox.db")))
        self.jukebox = DrivenPlayer(
            self.mpd, state=self.folder / "player.json", skips=self.store, sources=SOURCES
        )
        self.settle()

    def end(self):
        self.jukebox.die()
        self.store.close()

    def settle(self):
        """Let the jukebox hear everything that MPD reports."""
        quiet = 0
        while quiet < 3:
            connection = self.jukebox.player._connection
            client = connection._client if connection.is_listening else None
            news = bool(client) and select.select([client], [], [], 0.1)[0]
            quiet = 0 if news else quiet + 1
            self.jukebox.time_s += 1.01
            self.jukebox.player.playback(self.jukebox.time_s)
            wait_for_housekeeping(self.jukebox.player)
            self.store.write(1e9)

    def skip(self, uri, emotion, count=1, day=TODAY):
        self.app.sticker_set("song", uri, f"jukebox_skips_{emotion}", str(count))
        self.app.sticker_set("song", uri, f"jukebox_skip_day_{emotion}", day)

    def unmount(self, part=""):
        (self.music / part).rename(self.folder / "away")

    def mount(self, part=""):
        if part == "":
            self.music.rmdir()
        (self.folder / "away").rename(self.music / part)

    def update(self):
        if not self.music.exists():
            self.music.mkdir()  # the empty mount point
        time.sleep(max(0.0, int(self.app.stats()["db_update"]) + 1.1 - time.time()))
        self.app.update()
        wait_for(lambda: "updating_db" not in self.app.status())

    def skips(self):
        return {
            (song["file"], str(emotion)): song["sticker"].partition("=")[2]
            for emotion in (HAPPY, SAD, NEUTRAL)
            for song in self.app.sticker_find("song", "", f"jukebox_skips_{emotion}")
        }

    def days(self):
        found = self.app.sticker_find("song", "", "jukebox_skip_day_happy")
        return {song["file"]: song["sticker"].partition("=")[2] for song in found}


@pytest.fixture
def mpd(tmp_path, music):
    for name in ("happy", "sad", "neutral"):
        for number in range(3):
            write_tone(tmp_path / "music" / name / f"{name}-{number}.wav", 440, 30, rate=8000)
    with OwnMpd(tmp_path / "mpd", tmp_path / "music", "null") as running:
        yield running


@pytest.fixture
def home(mpd, tmp_path):
    home = Home(mpd, tmp_path)
    yield home
    home.end()
    home.app.disconnect()


ONE, TWO = "happy/happy-0.wav", "happy/happy-1.wav"
BOTH = {(ONE, "happy"): "2", ("sad/sad-1.wav", "sad"): "1"}


def skip_two(home):
    home.skip(ONE, HAPPY, 2)
    home.skip("sad/sad-1.wav", SAD)
    home.settle()


def test_mpd_itself_deletes_all_stickers_in_an_update_without_music(home):
    home.end()
    home.skip(ONE, HAPPY, 2)
    home.unmount()
    home.update()
    home.mount()
    home.update()
    assert home.skips() == {}
    home.start()


def test_skips_come_back_with_the_music(home):
    skip_two(home)
    home.unmount()
    home.update()
    home.settle()
    assert home.skips() == {}
    home.mount()
    home.update()
    home.settle()
    assert home.skips() == BOTH
    assert home.days() == {ONE: TODAY}


def test_a_skip_that_the_jukebox_itself_counted_comes_back(home):
    jukebox = home.jukebox
    jukebox.put_on(HAPPY)
    assert wait_for(lambda: jukebox.plays(HAPPY))
    jukebox.put_on(SAD, "append")
    jukebox.playback()
    jukebox.app.next()
    home.settle()
    before = home.skips()
    assert len(before) == 1
    home.unmount()
    home.update()
    home.settle()
    home.mount()
    home.update()
    home.settle()
    assert home.skips() == before


@pytest.mark.parametrize("away", [True, False], ids=["restarted while away", "off all the time"])
def test_skips_come_back_though_the_jukebox_was_off(home, away):
    skip_two(home)
    home.end()
    home.unmount()
    home.update()
    if away:
        home.start()
        home.end()
    home.mount()
    home.update()
    home.start()
    home.settle()
    assert home.skips() == BOTH


@pytest.mark.parametrize("restart", [False, True])
def test_skips_on_one_of_two_disks_come_back(home, restart):
    skip_two(home)
    home.unmount("happy")
    home.update()
    home.settle()
    assert home.skips() == {("sad/sad-1.wav", "sad"): "1"}
    if restart:
        home.end()
        home.start()
    home.mount("happy")
    home.update()
    home.settle()
    assert home.skips() == BOTH


def test_many_skips_come_back_by_and_by(home):
    uris = [f"{mood}/{mood}-{number}.wav" for mood in ("happy", "sad", "neutral")
            for number in range(3)]  # fmt: skip
    for uri in uris:
        for emotion in (HAPPY, SAD, NEUTRAL):
            home.skip(uri, emotion, 3)
    home.settle()
    home.unmount()
    home.update()
    home.settle()
    home.mount()
    home.update()
    home.jukebox.playback()
    assert len(home.skips()) <= 10  # the music does not wait for all 27
    home.settle()
    assert len(home.skips()) == 27


# What is not put back


@pytest.mark.parametrize("which", ["one of two", "all"])
@pytest.mark.parametrize("off", [False, True], ids=["jukebox on", "jukebox off"])
def test_skips_that_a_person_deleted_stay_deleted(home, which, off):
    skip_two(home)
    if off:
        home.end()
    for (uri, emotion), _ in list(BOTH.items())[: 1 if which == "one of two" else 2]:
        home.app.sticker_delete("song", uri, f"jukebox_skips_{emotion}")
    if off:
        home.start()
    home.settle()
    left = home.skips()
    assert len(left) == (1 if which == "one of two" else 0)
    home.unmount()
    home.update()
    home.settle()
    home.mount()
    home.update()
    home.settle()
    assert home.skips() == left


def test_one_deleted_skip_stays_deleted_though_songs_were_added_meanwhile(home):
    skip_two(home)
    home.end()
    home.app.sticker_delete("song", ONE, "jukebox_skips_happy")
    write_tone(home.music / "happy" / "new.wav", 440, 1, rate=8000)
    home.update()
    home.start()
    assert home.skips() == {("sad/sad-1.wav", "sad"): "1"}


def test_a_song_that_no_longer_exists_is_waited_for_without_an_error(home, caplog):
    skip_two(home)
    (home.music / ONE).unlink()
    home.update()
    home.settle()
    assert home.skips() == {("sad/sad-1.wav", "sad"): "1"}
    assert SkipCount(ONE, HAPPY, 2, TODAY, lost=True) in home.store.read_skips()
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_a_lost_skip_of_more_than_a_year_is_forgotten(home):
    home.skip(ONE, HAPPY, 2, day="2024-11-20")
    home.settle()
    (home.music / ONE).unlink()
    home.update()
    home.settle()
    assert home.store.read_skips() == []


def test_likes_and_ratings_are_never_written(home):
    skip_two(home)
    home.app.sticker_set("song", ONE, "like", "2")
    home.app.sticker_set("song", ONE, "rating", "8")
    home.settle()
    home.unmount()
    home.update()
    home.settle()
    home.mount()
    home.update()
    home.settle()
    assert home.skips() == BOTH
    assert set(home.app.sticker_list("song", ONE)) == {
        "jukebox_skips_happy", "jukebox_skip_day_happy"
    }  # fmt: skip


def test_a_new_mpd_with_the_same_music_gets_the_skips(home, tmp_path):
    skip_two(home)
    home.end()
    home.app.disconnect()
    with OwnMpd(tmp_path / "other", home.music, "null") as other:
        again = Home(other, tmp_path)
        wait_for(lambda: again.settle() or again.skips() == BOTH)  # MPD tells of its songs late
        again.end()
        again.app.disconnect()
    home.app.connect(str(home.mpd.socket))
    home.start()


class NoStickersMpd(PrivateMpd):
    def _config(self):
        lines = super()._config().splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("sticker_file"))


def test_an_mpd_without_stickers_forgets_no_copy(home, tmp_path):
    skip_two(home)
    before = home.store.read_skips()
    home.end()
    home.app.disconnect()
    with NoStickersMpd(tmp_path / "none", home.music, "null") as none:
        again = Home(none, tmp_path)
        again.settle()
        assert sorted(again.store.read_skips(), key=str) == sorted(before, key=str)
        again.end()
        again.app.disconnect()
    home.app.connect(str(home.mpd.socket))
    home.start()
    assert home.skips() == BOTH


def test_a_history_that_cannot_be_read_loses_nothing(home, tmp_path, monkeypatch):
    skip_two(home)
    home.end()
    home.unmount()
    home.update()
    home.mount()
    home.update()
    (tmp_path / "jukebox.db").rename(tmp_path / "kept.db")
    (tmp_path / "jukebox.db").write_bytes(b"not a database" * 999)
    with closing(SqliteStore(StoreSettings(str(tmp_path / "jukebox.db")))) as store:
        jukebox = DrivenPlayer(home.mpd, state=tmp_path / "player.json", skips=store)
        for _ in range(3):
            jukebox.playback()
        jukebox.close()
    (tmp_path / "kept.db").rename(tmp_path / "jukebox.db")
    home.start()
    home.settle()
    assert home.skips() == BOTH
