"""`jukebox calibrate` where no jukebox runs: it has camera and database to itself."""

from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from controls import serving
from priors import PRIORS

from appliance.commands import calibrate as command
from appliance.errors import CameraError
from appliance.history.files import Lock
from appliance.history.queries import read_calibration, read_people
from appliance.history.store import SqliteStore
from appliance.records import Emotion, TaughtFace
from appliance.remote.control_socket import listen
from appliance.running.teaching_alone import can_be_taught
from appliance.settings import ControlSettings, Settings, StoreSettings

ANGRY = (0.6, 0.0, 0.1, 0.0, 0.1, 0.0, 0.2)
FACE = SimpleNamespace(
    mean_probabilities=ANGRY, face=SimpleNamespace(box=SimpleNamespace(height=9)), picture=False
)


class Room:
    """Camera, detector, network and clock: each frame takes half a second."""

    def __init__(self, scores):
        self.now_s = 100.0
        self.waits_s = []
        self.failure = None
        self.priors = PRIORS
        self._scores = scores
        self.is_closed = False

    def open(self):
        return self

    def read(self, timeout_s):
        self.waits_s.append(timeout_s)
        self.now_s += 0.5

    def find(self, frame):
        return ()

    def classify(self, frame, faces):
        return self._scores

    def close(self):
        self.is_closed = True


@pytest.fixture
def settings(tmp_path):
    return Settings(store=StoreSettings(path=str(tmp_path / "jukebox.db")))


@pytest.fixture
def make_room(monkeypatch):
    def make(*scores):
        room = Room(scores)
        for name in ("build_camera", "build_faces", "build_classifier"):
            monkeypatch.setattr(command, name, lambda settings: room)
        clock = SimpleNamespace(monotonic=lambda: room.now_s, time=lambda: 1e9)
        monkeypatch.setattr(command, "time", clock)
        monkeypatch.setattr(command, "can_be_taught", lambda settings: False)
        return room

    return make


def database_of(settings):
    return Path(settings.store.path)


def kept(settings):
    return read_calibration(database_of(settings))


def test_a_minute_of_a_resting_face_is_kept_until_it_is_forgotten(settings, make_room, capsys):
    room = make_room(FACE)
    assert command.calibrate(settings, forget=False)
    assert 60.0 <= room.now_s - 100.0 <= 61.0
    assert room.is_closed
    assert max(room.waits_s) <= 2.0  # so that the minute ends even where no picture comes
    assert capsys.readouterr().out.startswith("calibration: for this face at rest angry ×")
    assert kept(settings)[0] < 1.0
    assert command.calibrate(settings, forget=True)
    assert kept(settings) is None


def test_without_a_face_nothing_is_kept(settings, make_room, capsys):
    make_room()
    assert not command.calibrate(settings, forget=False)
    assert "too few samples" in capsys.readouterr().out
    assert kept(settings) is None


def test_a_camera_that_failed_all_the_time_is_named(settings, make_room):
    room = make_room()
    room.failure = CameraError("/dev/video0: no such device")
    with pytest.raises(CameraError, match="no such device"):
        command.calibrate(settings, forget=False)


@pytest.mark.parametrize("good", [True, False])
def test_a_running_jukebox_is_asked_at_its_control_socket(settings, make_room, capsys, good):
    database = database_of(settings)
    lock = Lock(database)
    lock.take()
    with (
        serving(listen(ControlSettings(), database, {})) as (tell, controls),
        ExitStack() as at_end,
    ):
        at_end.callback(lock.release)

        def calibrate(time_s):
            tell("touch", action="pause")
            tell("calibration", good=good, text="calibration: this or that")
            return "look at the camera"

        controls.calibrate = calibrate
        assert command.calibrate(settings, forget=False) == good
        assert command.calibrate(settings, forget=True)
    assert capsys.readouterr().out == (
        "look at the camera\ncalibration: this or that\nfaces are read as they are\n"
    )


@pytest.mark.parametrize(
    ("forget", "message", "later_s"), [(False, "calibrate", 65.0), (True, "calibrate forget", 0.0)]
)
def test_a_running_jukebox_without_a_socket_is_asked_by_way_of_mpd(
    settings, make_room, monkeypatch, capsys, forget, message, later_s
):
    asked = []

    def tell(mpd, words, later, result):
        asked.append((words, later))
        yield from ("look at the camera", "calibration: done")

    monkeypatch.setattr(command.tell, "tell", tell)
    lock = Lock(database_of(settings))
    lock.take()
    try:
        assert command.calibrate(settings, forget=forget)
    finally:
        lock.release()
    assert asked == [(message, later_s)]
    assert capsys.readouterr().out == "look at the camera\ncalibration: done\n"


def test_a_network_that_can_be_taught_is_taught_the_owners_face_at_rest(
    settings, make_room, monkeypatch, capsys
):
    make_room()
    monkeypatch.setattr(command, "can_be_taught", lambda settings: True)

    def lesson(settings, name, rest):
        assert (name, rest) == ("owner", True)
        yield {"stage": "begin", "text": "owner: look at the camera"}
        yield {"stage": "hold", "text": "rest your face"}
        yield {"stage": "over", "text": "owner: done", "good": True}

    monkeypatch.setattr(command, "teach_alone", lesson)
    assert command.calibrate(settings, forget=False)
    assert capsys.readouterr().out == "owner: look at the camera\nowner: done\n"


@pytest.mark.parametrize(("emotions", "left"), [(("neutral",), 0), (("neutral", "sad"), 2)])
def test_forgetting_the_calibration_leaves_what_a_lesson_taught(
    settings, make_room, emotions, left
):
    make_room()
    with closing(SqliteStore(settings.store)) as store:
        faces = [TaughtFace("owner", Emotion(e), 2.0, "net", (1.0,)) for e in emotions]
        store.record_taught(0.0, faces)
        store.write(0.0)
    assert command.calibrate(settings, forget=True)
    assert len(read_people(database_of(settings))) == left


def test_the_running_networks_can_be_taught(settings):
    assert can_be_taught(settings)
