"""What the jukebox tells about itself: the sentence, the file, and when they are written."""

import json
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

import pytest

from appliance.decide.policy import MusicPolicy
from appliance.errors import StoreError
from appliance.history import files
from appliance.history.files import Lock
from appliance.records import Box, Emotion, EmotionScores, Face, Frame, Mood, Playback, Step
from appliance.remote import status as module
from appliance.remote.status import Status, StatusReporter
from appliance.settings import Settings

PLAYS = Playback("play", "Sunny", Emotion.HAPPY, 50.0, 0)
NOON = 1_795_780_800.0


def make(policy=None, playback=PLAYS, camera="a camera", time_s=1000.0, scores=(), **rate):
    mood = Mood("settled", Emotion.HAPPY, 0.9, 1, 0.0)
    step = Step(Frame(time_s, NOON + time_s, None), scores, mood, playback, None)
    rate = {"frames_per_second": 5.0, "frame_rate_reason": ""} | rate
    policy = policy or MusicPolicy(Settings())
    return Status.of(step, camera=camera, policy=policy, reason="", **rate)


class Systemd:
    """Notes the lines for `systemctl status`."""

    def __init__(self):
        self.lines = []

    def status(self, text):
        self.lines.append(text)


def test_a_status_is_told_and_written_only_when_it_changes(tmp_path):
    database, systemd = tmp_path / "jukebox.db", Systemd()
    reporter = StatusReporter(systemd, database)
    reporter.report(make())
    file = module.status_file(database)
    file.unlink()
    reporter.report(make(time_s=1001.0))
    assert not file.exists()
    reporter.report(make(camera="lost"))
    assert systemd.lines == [
        "playing Sunny",
        "playing Sunny; waiting for the camera",
    ]
    assert module.read(database) == make(camera="lost")


def test_the_time_of_a_hold_is_a_whole_minute_so_that_the_status_stays_the_same():
    policy = MusicPolicy(Settings())
    policy.hold(1000.0, 30.0)
    told = {make(policy, time_s=1000.0 + second).hold_until for second in range(10)}
    assert len(told) == 1
    assert make(policy, time_s=1000.0 + 31 * 60).hold_until is None


def test_the_sentence_names_what_is_unusual():
    policy = MusicPolicy(Settings())
    policy.asleep = True
    status = replace(make(policy, playback=None, camera="off"), hold_until="18:30")
    assert status.sentence() == (
        "1 face: the room looks happy; waiting for MPD; nothing is changed until 18:30; "
        "the jukebox sleeps until somebody asks for music; the camera is off"
    )


def test_the_sentence_says_why_the_listener_is_in_charge_and_since_when():
    policy, paused = MusicPolicy(Settings()), replace(PLAYS, state="pause", charge="paused")
    policy.decide(1000.0, NOON, Mood("nobody", None, 0.0, 0, 0.0), paused)
    status = make(policy, playback=paused, time_s=1000.0)
    since = f"{datetime.fromtimestamp(NOON + 1000.0).astimezone():%H:%M}"
    expected = f"paused; the listener is in charge since {since}: somebody paused the music"
    assert status.sentence() == f"1 face: the room looks happy; {expected}"
    later = make(policy, playback=paused, time_s=1400.0)
    assert later.charge_since == status.charge_since


def test_the_sentence_says_what_mpd_does_not_allow():
    refused = make(playback=replace(PLAYS, refusal="MPD does not allow add"))
    assert "; MPD does not allow add" in refused.sentence()
    assert make().refusal == ""


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, ""), (1, "; 1 picture on the wall is left out"), (2, "; 2 pictures are left out")],
)
def test_the_sentence_tells_of_faces_that_are_pictures(count, words):
    shares = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    poster = EmotionScores(Face(Box(0, 0, 9, 9), 1.0, 3), shares, shares, 0.0, picture=True)
    person = replace(poster, weight=0.5, picture=False)
    status = make(scores=(person, *[poster] * count))
    assert status.sentence() == f"1 face: the room looks happy{words}; playing Sunny"
    assert (status.faces, status.pictures) == (1, count)


def test_the_frame_rate_comes_with_its_reason():
    assert make().frame_rate() == "reads 5 frames a second"
    calm = make(frames_per_second=2.0, frame_rate_reason="nobody is here")
    assert calm.frame_rate() == "reads 2 frames a second: nobody is here"


def test_programs_read_these_keys(tmp_path):
    module.write(make(), tmp_path / "jukebox.db")
    kept = json.loads(module.status_file(tmp_path / "jukebox.db").read_text())
    assert sorted(kept) == [
        "asked", "asleep", "broker", "camera", "charge", "charge_since", "company", "emotion",
        "faces", "history", "hold_until", "joined", "listener_in_charge", "looks_per_second",
        "looks_reason", "mood", "pictures", "player", "playlist", "reason", "refusal", "resting",
        "rooms", "sleep_at", "state", "sure", "title", "unclear",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, "state"),
        ({"STATE_DIRECTORY": "{}/state"}, "state"),
        ({"STATE_DIRECTORY": "{}/state", "RUNTIME_DIRECTORY": "{}/run"}, "run"),
        ({"STATE_DIRECTORY": "{}/other", "RUNTIME_DIRECTORY": "{}/run"}, "state"),
    ],
)
def test_the_service_keeps_its_status_in_memory(tmp_path, monkeypatch, environment, folder):
    for name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    file = module.status_file(tmp_path / "state" / "jukebox.db")
    assert file == tmp_path / folder / "jukebox.status.json"


def test_on_a_full_disk_there_is_no_status_rather_than_that_of_an_old_song(tmp_path):
    database = tmp_path / "jukebox.db"
    assert module.write(make(), database)
    module.status_file(database).with_suffix(".part").mkdir()  # as good as a full disk
    assert not module.write(make(camera="lost"), database)
    with pytest.raises(StoreError):
        module.read(database)


def test_a_status_is_written_once_there_is_room_again(tmp_path):
    database = tmp_path / "jukebox.db"
    said = []
    reporter = module.StatusReporter(SimpleNamespace(status=said.append), database)
    full = module.status_file(database).with_suffix(".part")
    full.mkdir()
    reporter.report(make())
    full.rmdir()
    reporter.report(make())
    assert module.read(database) == make()
    assert len(said) == 1


def test_systemd_which_tells_every_user_is_not_told_how_people_look(tmp_path):
    told = replace(make(camera="off"), pictures=1)
    assert told.sentence().startswith("1 face: the room looks happy; ")
    assert told.outline() == "playing Sunny; the camera is off"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "no jukebox has run with this database yet"),
        ("{", "cannot be read"),
        ('{"mood": "happy"}', "cannot be read"),
        ("[]", "cannot be read"),
    ],
)
def test_a_status_that_cannot_be_read_is_explained(tmp_path, content, complaint):
    database = tmp_path / "jukebox.db"
    if content is not None:
        module.status_file(database).write_text(content)
    with pytest.raises(StoreError, match=complaint):
        module.read(database)


def test_a_lock_that_this_user_may_not_open_is_seen_all_the_same(tmp_path, monkeypatch):
    database = tmp_path / "jukebox.db"
    lock = Lock(database)
    lock.take()

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(files.os, "open", refuse)
    assert files.is_in_use(database)
    lock.release()
    assert not files.is_in_use(database)
