"""`jukebox check` and its lines."""

import json
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing

import numpy as np
import pytest
from conftest import wait_for
from mpd import MPDClient
from running import JUKEBOX, ask, started

from appliance.commands import check
from appliance.errors import CameraError
from appliance.history.store import SqliteStore
from appliance.private_mpd.process import PrivateMpd
from appliance.records import Frame
from appliance.settings import EmotionSettings, MpdSettings, Settings, StoreSettings
from appliance.vision.cards import MODELS


def own_model(folder, *, priors):
    """A copy of the emotion model, as an owner's, with or without priors in its card."""
    for suffix in (".tflite", ".json"):
        shutil.copy(MODELS / f"emotion_int8{suffix}", folder / f"own{suffix}")
    card = folder / "own.json"
    content = json.loads(card.read_text())
    assert "priors" in content
    if not priors:
        del content["priors"]
    card.write_text(json.dumps(content))
    return str(folder / "own.tflite")


def result_of(what, settings):
    """The line of one test; those before it run, too."""
    return next(result for result in check.checks(lambda: settings) if result.what == what)


@pytest.fixture
def no_camera(monkeypatch):
    monkeypatch.setattr(check, "_camera", lambda pictures, settings: "none")


@pytest.mark.parametrize("priors", [True, False])
def test_a_card_without_priors_is_named_with_what_adds_them(no_camera, tmp_path, priors):
    model = own_model(tmp_path, priors=priors)
    result = result_of("emotion model", Settings(emotion=EmotionSettings(model=model)))
    assert result.good
    assert ("its card has no priors" in result.text) != priors
    assert ("python -m convert.priors" in result.text) != priors


def test_a_missing_model_fails_and_the_other_tests_run(no_camera, tmp_path):
    settings = Settings(
        emotion=EmotionSettings(model=str(tmp_path / "none.tflite")),
        store=StoreSettings(path=str(tmp_path / "jukebox.db")),
    )
    assert not result_of("emotion model", settings).good
    database = result_of("database", settings)
    assert (database.good, database.text) == (
        True,
        f"{tmp_path / 'jukebox.db'}: the first run makes it",
    )


def test_a_database_of_a_newer_jukebox_fails_because_nothing_is_recorded_in_it(no_camera, tmp_path):
    settings = StoreSettings(path=str(tmp_path / "jukebox.db"))
    with closing(SqliteStore(settings)) as store:
        store.write(0.0)
    assert result_of("database", Settings(store=settings)).good
    with closing(sqlite3.connect(settings.path)) as db:
        sql = "insert into _sqlite_migrations (migration_set, name, applied_at) values (?, ?, ?)"
        db.execute(sql, ("jukebox", "m999_newer", "2026-11-30"))
        db.commit()
    result = result_of("database", Settings(store=settings))
    assert not result.good
    assert "made by a newer jukebox (it has m999_newer)" in result.text


def test_files_are_compared_on_an_installed_jukebox_only(no_camera, tmp_path, monkeypatch):
    assert "files" not in {result.what for result in check.checks(Settings)}
    monkeypatch.setattr(check.release, "HERE", tmp_path)
    (tmp_path / "manifest").write_text(f"{'0' * 64}  ./appliance/loop.py\n")
    result = result_of("files", Settings())
    assert not result.good
    assert f"the first is {tmp_path}/appliance/loop.py" in result.text


@pytest.mark.parametrize(
    ("brightness", "is_dark"), [(0.02, True), (0.10, True), (0.15, False), (0.9, False)]
)
def test_a_dark_room_is_said_so(brightness, is_dark):
    luma = np.full((48, 64), round(255 * brightness), np.uint8)
    text = check._light(Frame(0.0, 0.0, luma))
    assert text.startswith(f"brightness {brightness:.0%}")
    assert ("too dark to read faces well" in text) == is_dark


def test_a_camera_that_gives_no_picture_within_some_seconds_fails(monkeypatch):
    waits = []

    class Blind:
        failure = None

        def open(self):
            return self

        def read(self, timeout_s):
            waits.append(timeout_s)
            return Frame(0.0, 0.0, None)

        def close(self):
            waits.append("closed")

    monkeypatch.setattr(check, "build_camera", lambda settings: Blind())
    with pytest.raises(CameraError, match="no picture within 6 s"):
        check._camera([], Settings())
    assert waits == [6.0, "closed"]


@pytest.mark.server
@pytest.mark.real_time
def test_the_camera_of_a_running_demo_is_no_failure(music, tmp_path):
    """On a machine without a camera the demo shows its reel, which check would not."""
    log = tmp_path / "log"
    command = [*JUKEBOX, "demo", "--output", "null", "--folder", str(tmp_path)]
    with log.open("w") as stderr, started(command, stderr=stderr):
        wait_for(lambda: "playing " in log.read_text(), 30.0)
        said = ask("check", "--json", "--config", str(tmp_path / "jukebox.toml"))
    (camera,) = [line for line in json.loads(said.stdout) if line["what"] == "camera"]
    assert camera["good"], camera
    assert "the running jukebox has it" in camera["text"]
    (picture,) = [line for line in json.loads(said.stdout) if line["what"] == "picture"]
    assert re.search(r"in sight|is too far away|too dark", picture["text"]), picture


def with_music(tmp_path, name, *options):
    """A file of the mood happy, of noise."""
    path = tmp_path / "library" / "happy" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = ["-f", "lavfi", "-i", "anoisesrc=d=1:a=0.1"]
    subprocess.run(["ffmpeg", "-v", "error", *noise, *options, path], check=True)


@pytest.mark.server
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_files_that_do_not_tell_how_loud_they_are_are_counted_by_format(no_camera, tmp_path):
    gain = ["-metadata", "REPLAYGAIN_TRACK_GAIN=-1.00 dB"]
    with_music(tmp_path, "a.mp3")
    with_music(tmp_path, "b.mp3")
    with_music(tmp_path, "good.mp3", *gain)
    with_music(tmp_path, "deaf.opus", *gain)
    with_music(tmp_path, "good.opus", "-metadata", "R128_TRACK_GAIN=-1280")
    with_music(tmp_path, "good.flac", *gain)
    with PrivateMpd(tmp_path / "mpd", tmp_path / "library", "null") as mpd:
        settings = Settings(mpd=MpdSettings(address=str(mpd.socket)))
        text = result_of("loudness", settings).text
        assert text.startswith("3 of 6 files do not tell how loud they are (2 mp3, 1 opus), so")
        assert "Opus without it plays 5 dB louder" in text
        client = MPDClient()
        client.connect(str(mpd.socket))
        client.replay_gain_mode("off")
        client.disconnect()
        assert "replay gain is off" in result_of("loudness", settings).text
