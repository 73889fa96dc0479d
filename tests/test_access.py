"""Folders that this user may not read: one sentence that names the way out, never a traceback.

Root may read everything, so there the tests take the rights of another user for a moment.
"""

import os
import random
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import write_tone
from playing import carried_out

from appliance import cli
from appliance.access import closed_folder, is_socket, why_closed
from appliance.camera.sources import choose
from appliance.errors import CameraError, ModelError, StoreError
from appliance.history.backup import back_up
from appliance.history.queries import read_calibration, read_history
from appliance.history.state import state_file
from appliance.player.mpd_player import MpdPlayer
from appliance.records import Decision, Emotion
from appliance.settings import StoreSettings
from appliance.vision.cards import MODELS, read_card
from appliance.vision.precision import fastest

NOBODY = 65534
HAPPY = Emotion.HAPPY


@contextmanager
def as_an_ordinary_user():
    """The rights of an ordinary user."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def home():
    """A folder as a service with ProtectHome=yes finds /home: nobody may look into it."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    write_tone(place / "home" / "me" / "summer" / "warm.wav", 440)
    (place / "home" / "me" / "links.m3u").write_text("summer/warm.wav\n")
    (place / "home").chmod(0)
    yield place / "home"
    (place / "home").chmod(0o755)
    shutil.rmtree(place)


def test_what_stands_in_the_way_is_named(home):
    with as_an_ordinary_user():
        for path in (home, home / "me", home / "me" / "summer" / "warm.wav"):
            assert closed_folder(path) == home
        assert closed_folder(home.parent / "nothing" / "there") is None
        assert closed_folder(home.parent) is None
        assert not is_socket(home / "socket")


def test_a_file_that_may_not_be_read_stands_in_its_own_way(home):
    file = home.parent / "secret"
    file.write_text("")
    file.chmod(0)
    with as_an_ordinary_user():
        assert closed_folder(file) == file


@pytest.mark.parametrize(("folder", "said"), [("/home", True), ("/root", True), ("/mnt", False)])
def test_home_directories_are_named_as_the_reason(folder, said):
    assert ("an installed jukebox sees no home directories" in why_closed(Path(folder))) is said


@pytest.mark.server
@pytest.mark.parametrize("source", ["me/summer", "me/gone", "me/gone.m3u"])
def test_a_source_in_a_closed_folder_is_left_out_and_the_others_play(
    shared_mpd, app, home, source, caplog
):
    sources = (str(home / source), "sad")
    reachable = home.parent / "socket"  # by an ordinary user, who may not look into root's folders
    os.link(shared_mpd.socket, reachable)
    player = MpdPlayer(address=str(reachable), playlists={HAPPY: sources}, random=random.Random(1))
    player.playback(0.0)  # whatever Python loads for it, root may read
    with as_an_ordinary_user():
        for time_s in (1.0, 3.0, 5.0):
            assert carried_out(player, Decision(HAPPY, "switch", ""), time_s).source == "sad"
    player.close()
    (line,) = caplog.messages
    assert line.startswith(f"happy: {home / source} cannot be read, because this user may not read")
    assert "move the music to /srv or into MPD's music folder" in line
    app.ping()


@pytest.mark.parametrize("source", ["me/film.mp4", "me", "camera0"])
def test_a_camera_source_in_a_closed_folder_is_a_sentence(home, source):
    with as_an_ordinary_user(), pytest.raises(CameraError, match=r"may not read .*such as /srv"):
        choose(str(home / source), width_px=640, height_px=480, frames_per_second=10, picture_s=3)


def test_a_home_that_nobody_has_is_a_missing_file_not_a_traceback():
    with pytest.raises(CameraError, match="no such file"):
        choose(
            "~no-such-user/film.mp4",
            width_px=640, height_px=480, frames_per_second=10, picture_s=3,
        )  # fmt: skip


def test_a_database_in_a_closed_folder_is_a_sentence(home):
    database = home / "me" / "jukebox.db"
    with as_an_ordinary_user():
        for read in (
            lambda: read_history(database, 0.0, limit=1),
            lambda: back_up(StoreSettings(path=str(database)), 0.0),
        ):
            with pytest.raises(StoreError, match=r"may not read .*leave path in \[store\] empty"):
                read()
        assert read_calibration(database) is None
        assert not state_file(database).kept.asleep


def test_models_in_a_closed_folder_are_a_sentence(home):
    files = {kind: home / "me" / f"emotion_{kind}.tflite" for kind in ("int8", "float32")}
    with as_an_ordinary_user():
        kind = fastest(files, home.parent / "precision.json")
        with pytest.raises(ModelError, match="cannot be read"):
            read_card(files[kind], "emotion")


# python-mpd2 3.1.1 leaves a refused socket to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("verb", ["history", "backup", "check", "status", "run"])
def test_no_verb_ends_in_a_traceback(home, verb, capsys, monkeypatch):
    with as_an_ordinary_user():
        if closed := closed_folder(MODELS):
            pytest.skip(f"an ordinary user may not read {closed}, where this checkout lies")
    config = home.parent / "jukebox.toml"
    config.write_text(
        f'[camera]\nsource = "{home}/me/film.mp4"\n[store]\npath = "{home}/me/jukebox.db"\n'
        f'[emotion]\nmodel = "{home}/me/own.tflite"\n[mpd]\naddress = "{home}/socket"\n'
    )
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    cli.main([verb, "--config", str(config)])  # an ordinary user may not even read the libraries
    capsys.readouterr()
    with as_an_ordinary_user():
        assert cli.main([verb, "--config", str(config)]) in (1, 78)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    if verb == "check":
        assert [line.split(":")[0] for line in said.out.splitlines()] == [
            "ok   config", "FAIL camera", "ok   face detector", "FAIL emotion model",
            "FAIL database", "ok   page", "FAIL MPD",
        ]  # fmt: skip
        assert said.out.count(f"this user may not read {home}") >= 2
