"""A real MPD of the tests' own, with tones for music, so that a recording tells them apart."""

import logging
import os
import shutil
import subprocess
import time
import wave
from pathlib import Path

import cv2
import numpy as np
import pytest
from web_radio import on_air

from appliance.errors import PlayerError
from appliance.player.client import Client
from appliance.private_mpd.process import PrivateMpd, find_program
from appliance.records import Emotion

# Data that only developers have; tests that need it skip where it is absent, and say so.
DATA = Path(os.environ.get("JUKEBOX_DATA", Path(__file__).parents[2] / "shared" / "data"))
TONES_HZ = {Emotion.HAPPY: 440, Emotion.SAD: 880, Emotion.NEUTRAL: 1760}
TONE_S = 4.0
FACES = Path(__file__).parents[1] / "appliance" / "camera" / "reel_faces"


def write_tone(path, hertz, seconds=TONE_S, rate=44100):
    """A WAV file of one pure tone, 16 bit mono."""
    samples = 0.3 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes((samples * 32767).astype("<i2").tobytes())


def wait_for(condition, seconds=20.0):
    """What condition() returns, as soon as it is true."""
    give_up = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < give_up, f"not within {seconds:g} s"
        time.sleep(0.02)
    return result


# What `./setup.sh test --fast` leaves out, by file; single tests are marked where they stand.
SERVER = {
    "test_broken_downloads", "test_likes", "test_mopidy", "test_player", "test_player_errors",
    "test_player_listener", "test_refusals", "test_rehearsal_mpd", "test_resolver",
    "test_bounds", "test_home_broker", "test_restarts", "test_rooms_in_step", "test_skip_copies",
    "test_sorting_lists",
    "test_stored", "test_streams", "test_tell", "test_web_browser", "test_web_https",
    "test_web_server",
    "test_web_upload_server", "test_whole",
}  # fmt: skip
REAL_TIME = {"test_bench", "test_boot", "test_demo", "test_panel", "test_service"}
HEAVY = {"test_instructions", "test_sorting"}
# The same by fixture: a real MPD, the level of every track, a network made by Keras.
FIXTURES = {"music": "server", "levels": "heavy", "tiny_gender_model": "heavy"}
# These are not even opened in the fast run: importing TensorFlow takes six seconds.
WORKSHOP = {
    "test_composites", "test_convert", "test_detect", "test_evaluate", "test_evaluate_room",
    "test_explain", "test_figures", "test_finder", "test_import_keras", "test_quality_training",
    "test_still", "test_tracker_training",
}  # fmt: skip
MARKED = {"server": SERVER, "real_time": REAL_TIME, "heavy": HEAVY, "workshop": WORKSHOP}


def pytest_addoption(parser):
    parser.addoption(
        "--fast", action="store_true", help="only tests without servers, TensorFlow and real time"
    )


def pytest_configure():
    named = SERVER | REAL_TIME | HEAVY | WORKSHOP
    if gone := {name for name in named if not Path(__file__).with_name(f"{name}.py").exists()}:
        raise pytest.UsageError(f"tests/conftest.py names files that are not there: {gone}")


def pytest_report_header():
    """Which MPD the tests run against."""
    try:
        told = subprocess.run(
            [find_program(), "--version"], check=False, capture_output=True, text=True
        )
    except PlayerError as error:
        return f"MPD: {error}"
    return told.stdout.partition("\n")[0] or f"MPD: {told.stderr}"


def pytest_ignore_collect(collection_path, config):
    """True for files that need not even be opened: the workshop's, or all others'."""
    marks = config.getoption("markexpr")
    if marks == "workshop" and collection_path.suffix == ".py":
        return collection_path.stem not in WORKSHOP or None
    without = config.getoption("--fast") or "workshop" in marks
    return True if without and collection_path.stem in WORKSHOP else None


def pytest_collection_modifyitems(config, items):
    for item in items:
        for mark, files in MARKED.items():
            if item.path.stem in files:
                item.add_marker(mark)
        for fixture, mark in FIXTURES.items():
            if fixture in item.fixturenames:
                item.add_marker(mark)
    if config.getoption("--fast"):
        config.hook.pytest_deselected(items=[item for item in items if _is_slow(item)])
        items[:] = [item for item in items if not _is_slow(item)]


def _is_slow(item):
    return any(item.get_closest_marker(mark) for mark in ("server", "real_time", "heavy"))


@pytest.fixture(scope="session")
def music(tmp_path_factory):
    """MPD's music directory: three tones for each of three emotions, and two of the listener's.

    Skips the test where there is no MPD to play it.
    """
    try:
        find_program()
    except PlayerError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("music")
    for emotion, hertz in TONES_HZ.items():
        for number in range(3):
            write_tone(folder / emotion / f"{emotion}-{number}.wav", hertz)
    for number in range(2):
        write_tone(folder / "own" / f"own-{number}.wav", 220)
    return folder


@pytest.fixture(scope="module")
def shared_mpd(tmp_path_factory, music):
    with PrivateMpd(tmp_path_factory.mktemp("mpd"), music, "null") as running:
        yield running


@pytest.fixture
def radio():
    """The address of a live radio."""
    with on_air() as address:
        yield address


@pytest.fixture
def app(shared_mpd):
    """A listener's connection to an MPD as good as new, in real time, that nobody hears."""
    client = Client()
    client.connect(str(shared_mpd.socket))
    yield client
    client.stop()
    client.clear()
    for mode in ("repeat", "random", "single", "consume"):
        getattr(client, mode)(0)
    client.setvol(100)
    for stored in client.listplaylists():
        client.rm(stored["playlist"])
    client.disconnect()


@pytest.fixture
def own_mpd(tmp_path, music):
    """An MPD for one test alone, which may end it or spoil its copy of the music."""
    shutil.copytree(music, tmp_path / "music")
    with PrivateMpd(tmp_path / "mpd", tmp_path / "music", "null") as running:
        yield running


@pytest.fixture
def room(tmp_path):
    """A folder that serves as the camera: one picture of a composite face that looks happy."""
    picture = np.full((480, 640), 90, np.uint8)
    face = cv2.imread(str(FACES / "happy.png"), cv2.IMREAD_GRAYSCALE)
    picture[120:340, 210:430] = cv2.resize(face, (220, 220))
    (tmp_path / "room").mkdir()
    cv2.imwrite(str(tmp_path / "room" / "1.png"), picture)
    return tmp_path / "room"


@pytest.fixture
def config(tmp_path, room):
    """A jukebox.toml for this room and an MPD that may come later."""
    file = tmp_path / "jukebox.toml"
    write_config(file, room, tmp_path)
    return file


def write_config(file: Path, room: Path, folder: Path, more: str = "") -> None:
    file.write_text(
        f'[camera]\nsource = "{room}"\n'
        f'[mpd]\naddress = "{folder / "mpd" / "socket"}"\n'
        f'[store]\npath = "{folder / "jukebox.db"}"\n{more}'
    )


@pytest.fixture(autouse=True)
def log_as_before():
    """A command sets how much the jukebox says, which is not for the tests after it."""
    log = logging.getLogger("jukebox")
    level = log.level
    yield
    log.setLevel(level)
