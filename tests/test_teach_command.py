"""`jukebox teach` where no jukebox runs, and what it asks of one that does."""

import json
import time
from contextlib import ExitStack

import pytest
from controls import serving
from test_teacher import Network

from appliance.build import kept_people
from appliance.cli import main
from appliance.errors import CameraError
from appliance.history.files import Lock
from appliance.records import Frame
from appliance.remote.control_socket import listen
from appliance.running import teaching_alone
from appliance.settings import ControlSettings


class Camera:
    """Frames five times a second, as fast as they are read. failure: why there is no picture."""

    def __init__(self, network, failure=None):
        self._network, self.failure = network, failure
        self.time_s = time.monotonic()

    def open(self):
        return self

    def read(self, timeout_s):
        self.time_s += 0.2
        return Frame(self.time_s, 0.0, None)

    def find(self, frame):
        return ()

    def close(self):
        self._network.closed = True


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "jukebox.toml"
    file.write_text(f'[store]\npath = "{tmp_path / "jukebox.db"}"\n')
    return "--config", str(file)


@pytest.fixture
def alone(monkeypatch):
    network = Network()
    camera = Camera(network)
    monkeypatch.setattr(teaching_alone, "build_classifier", lambda settings: network)
    for name in ("build_camera", "build_faces"):
        monkeypatch.setattr(teaching_alone, name, lambda settings: camera)
    return network, camera


def test_without_a_jukebox_it_teaches_lists_and_forgets_itself(config, alone, capsys, tmp_path):
    assert main(["teach", "Ann", *config]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("Ann: sit down before the camera, in light; I ask for 14 faces")
    assert told[1] == " 1/14  rest your face … I see: looks angry"
    assert told[-1] == "14/14  Ann: I read you by your own faces from now on"
    assert alone[0].closed
    assert {face.examples for face in kept_people(tmp_path / "jukebox.db")} == {2.0}
    assert main(["teach", "--list", *config]) == 0
    assert capsys.readouterr().out.startswith("Ann: angry 2, disgust 2")
    assert main(["teach", "--forget", "Ann", "--json", *config]) == 0
    assert json.loads(capsys.readouterr().out) == {"rows": 7}
    assert kept_people(tmp_path / "jukebox.db") == []
    assert main(["teach", "--forget", "Ann", *config]) == 2
    assert "nobody is known as 'Ann'" in capsys.readouterr().err


def test_who_shows_nothing_is_told_so_and_a_broken_camera_is_named(config, alone, capsys):
    network, camera = alone
    network.classify = lambda frame, faces: ()
    assert main(["teach", "--rest", "Ann", *config]) == 1
    assert capsys.readouterr().out.endswith("Ann: I have learned nothing\n")
    camera.failure, began_s = CameraError("/dev/video0: no such device"), camera.time_s
    assert main(["teach", "--rest", "Ann", *config]) == 1
    assert "no such device" in capsys.readouterr().err
    assert camera.time_s - began_s < 10, "nobody looks into a missing camera for a minute"


def test_a_running_jukebox_gives_the_lesson(config, capsys, tmp_path):
    database = tmp_path / "jukebox.db"
    lock = Lock(database)
    lock.take()
    with (
        serving(listen(ControlSettings(), database, {})) as (tell, controls),
        ExitStack() as at_end,
    ):
        at_end.callback(lock.release)

        def teach(name, time_s, rest):
            tell("teach", stage="next", face=1, faces=1, sees=None, good=True, text="thank you")
            tell("teach", stage="over", face=1, faces=1, sees=None, good=True, text="learned")
            return f"{name}: look at the camera"

        controls.teach = teach
        assert main(["teach", "--rest", "Ann", *config]) == 0
        assert main(["teach", "--list", "--json", *config]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Ann: look at the camera\n 1/1  thank you\n 1/1  learned\n")
    assert json.loads(told.split("learned\n")[1]) == {"people": {"Ann": {"happy": 2, "sad": 2.5}}}


@pytest.mark.parametrize("words", [[], ["Ann", "--list"], ["--rest", "Ann", "--forget", "Bob"]])
def test_one_thing_is_asked_for(config, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["teach", *words, *config])
    assert ended.value.code == 2
    assert "is needed" in capsys.readouterr().err
