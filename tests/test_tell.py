"""Talking to a running jukebox, as an owner's terminal and, over a real MPD, a phone does."""

import json
import signal
import time

import pytest
from conftest import wait_for
from mpd import MPDClient
from running import ask, running

from appliance.commands import calibrate as calibration_command
from appliance.config.loading import load
from appliance.errors import ControlError, PlayerError
from appliance.private_mpd.process import PrivateMpd
from appliance.remote import tell as tell_module
from appliance.settings import MpdSettings


@pytest.fixture
def mpd(tmp_path, music):
    with PrivateMpd(tmp_path / "mpd", music, "null") as server:
        yield server


@pytest.fixture
def phone(mpd):
    """A listener's own client."""
    client = MPDClient()
    client.connect(str(mpd.socket))
    yield client
    client.disconnect()


def tell(config, *words):
    """The answer to a message."""
    result = ask("tell", *words, "--config", str(config))
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def status(config):
    return json.loads(ask("status", "--json", "--config", str(config)).stdout)


def test_any_client_can_ask_for_a_mood_and_hand_it_back(config, phone):
    with running(config) as jukebox:
        jukebox.hears("playing happy-")
        phone.subscribe("jukebox-status")
        phone.sendmessage("jukebox", "mood sad")
        phone.idletimeout = 30
        assert phone.idle("message") == ["message"]
        (answer,) = phone.readmessages()
        assert answer["message"] == "music for sad, until you say auto"
        wait_for(lambda: phone.currentsong()["file"].startswith("sad/"), 15)
        wait_for(lambda: status(config)["asked"] == "sad")
        tell(config, "auto")
        wait_for(lambda: status(config)["asked"] is None)


def test_the_running_jukebox_tells_how_it_is_and_why(config, mpd):
    with running(config) as jukebox:
        jukebox.hears("playing happy-")
        assert tell(config, "status").startswith("1 face: the room looks happy; playing happy-")
        assert tell(config, "why").startswith("the room looks happy. Now: face 1: happy ")


def test_the_camera_can_be_closed_and_the_watchdog_is_still_fed(config, mpd):
    with running(config) as jukebox:
        jukebox.hears("playing happy-")
        assert tell(config, "camera", "off") == "the camera is off"
        jukebox.hears("the camera is off")
        jukebox.hears("WATCHDOG=1")
        tell(config, "camera", "on")
        jukebox.shows("looks happy")


def test_what_people_asked_for_outlives_the_process(config, phone):
    with running(config) as jukebox:
        jukebox.hears("playing happy-")
        tell(config, "camera", "off")
        phone.stop()
        jukebox.logs("somebody stopped the music; it stays so until somebody presses play")
    with running(config) as jukebox:
        jukebox.hears("the camera is off")
        time.sleep(1.5)  # as long as the jukebox would need to undo it
        assert phone.status()["state"] == "stop"
        tell(config, "mood", "happy")
        jukebox.hears("playing happy-")


def test_what_people_asked_for_outlives_a_plug_that_is_pulled_as_soon_as_it_is_answered(
    config, phone
):
    for words in (["mood", "sad"], ["hold", "60"], ["sleep", "90"]):
        with running(config) as jukebox:
            jukebox.hears("READY=1")
            wait_for(lambda: status(config)["faces"] == 1)
            tell(config, *words)
            jukebox.ends(signal.SIGKILL)
    with running(config) as jukebox:
        jukebox.hears("READY=1")
        wait_for(lambda: phone.currentsong().get("file", "").startswith("sad/"), 15)
        told = status(config)
        assert told["asked"] == "sad"
        assert told["hold_until"]
        assert told["sleep_at"]
        tell(config, "auto")  # a wish that ends the hold, too
        tell(config, "sleep", "off")
        jukebox.ends(signal.SIGKILL)
    with running(config) as jukebox:
        jukebox.hears("playing happy-", 20)
        told = status(config)
        assert (told["asked"], told["hold_until"], told["sleep_at"]) == (None, None, None)


def test_what_a_person_did_pauses_automatic_changes_over_a_restart_too(config, phone):
    with running(config) as jukebox:
        jukebox.hears("playing happy-")
        phone.random(1)
        jukebox.logs("somebody changed how MPD plays; nothing else is changed for 30 minutes")
        until = status(config)["hold_until"]
        time.sleep(0.7)  # it is kept twice a second
        jukebox.ends(signal.SIGKILL)
    with running(config) as jukebox:
        jukebox.hears("READY=1")
        wait_for(lambda: status(config)["faces"] == 1)
        assert status(config)["hold_until"] == until


def test_a_cleared_queue_stays_silent_over_a_restart_though_somebody_is_there(config, phone):
    with running(config) as jukebox:
        jukebox.hears("playing happy-")
        phone.clear()
        jukebox.logs("somebody changed the queue")
        time.sleep(0.7)  # it is kept twice a second
        jukebox.ends(signal.SIGKILL)
    with running(config) as jukebox:
        jukebox.hears("READY=1")
        wait_for(lambda: status(config)["faces"] == 1)
        time.sleep(3)  # as long as the jukebox would need to put a song on
        assert phone.status()["state"] == "stop"
        told = status(config)
        assert (told["charge"], told["listener_in_charge"]) == ("cleared", True)


def test_a_pause_on_the_phone_is_seen_said_and_kept(config, phone):
    with running(config) as jukebox:
        jukebox.hears("playing happy-")
        phone.pause(1)
        jukebox.logs("somebody paused the music; it stays so until somebody presses play")
        wait_for(lambda: status(config)["listener_in_charge"])  # told up to 0.5 s after the log
        time.sleep(1.5)  # as long as the jukebox would need to undo it
        assert phone.status()["state"] == "pause"
        history = json.loads(ask("history", "--json", "--config", str(config)).stdout)
        assert history[-1]["reason"] == "pause"


def test_a_resting_face_is_watched_by_the_running_jukebox(config, mpd):
    with running(config) as jukebox:
        jukebox.hears("playing happy-")
        assert tell(config, "calibrate").startswith("look at the camera with a face at rest")
        assert tell(config, "calibrate", "forget") == "faces are read as they are"


def test_the_result_of_a_calibration_comes_to_who_asked_for_it(config, mpd, monkeypatch, capsys):
    monkeypatch.setattr(calibration_command, "LASTS_S", 0.1)
    with running(config) as jukebox:
        jukebox.hears("playing happy-")
        with pytest.raises(ControlError, match="gave no answer"):  # it takes a minute
            calibration_command.calibrate(load(config), forget=False)
        assert calibration_command.calibrate(load(config), forget=True)
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("look at the camera with a face at rest")
    assert told[1] == "faces are read as they are"


def test_without_a_control_socket_it_is_asked_by_way_of_mpd(config, mpd):
    with running(config) as jukebox:
        jukebox.hears("playing happy-")
        config.with_name("control.sock").unlink()
        assert tell(config, "mood", "sad") == "music for sad, until you say auto"
        told = json.loads(tell(config, "auto", "--json"))
        assert told == {"ok": True, "text": "the music follows the faces", "data": {}}
        wait_for(lambda: status(config)["asked"] is None)  # from the file


def test_by_both_ways_the_same_is_answered(config, phone):
    with running(config) as jukebox:
        jukebox.hears("playing happy-")
        phone.subscribe("jukebox-status")
        phone.idletimeout = 30
        for words in ("hold 45", "resume", "sleep 20", "sleep off", "camera off", "camera on"):
            phone.sendmessage("jukebox", words)
            phone.idle("message")
            (answer,) = phone.readmessages()
            assert tell(config, *words.split()) == answer["message"].replace(
                "again; the sleep timer is off", "again"
            )


def test_answers_to_others_are_not_taken_for_the_result(config, phone, monkeypatch):
    monkeypatch.setattr(calibration_command, "LASTS_S", 0.1)
    others = iter(["status", "why", "dance"])
    said = []

    def print_and_ask(text, **_more):
        said.append(text)
        phone.sendmessage("jukebox", next(others))

    monkeypatch.setattr(calibration_command, "print", print_and_ask, raising=False)
    monkeypatch.setattr(calibration_command, "connect", lambda paths: None)
    with running(config) as jukebox:
        jukebox.hears("playing happy-")
        with pytest.raises(PlayerError, match="gave no answer"):
            calibration_command.calibrate(load(config), forget=False)
    assert len(said) == 1


def test_without_a_jukebox_tell_says_so(config, mpd):
    result = ask("tell", "status", "--config", str(config))
    assert result.returncode == 1
    assert result.stderr.startswith("no jukebox runs here; start it with: jukebox run.")
    assert "no jukebox listens at MPD" in result.stderr


def test_without_mpd_tell_says_so(config):
    result = ask("tell", "status", "--config", str(config))
    assert result.returncode == 1
    assert result.stderr.startswith("no jukebox runs here; start it with: jukebox run.")
    assert result.stderr.endswith("/mpd/socket: No such file or directory\n")


class Silent:
    """A connection to an MPD at which a jukebox listens but never answers."""

    address = "nowhere"

    def __init__(self):
        self.waits_s = []

    def __call__(self, address, begin):
        return self

    def client(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        pass

    def sendmessage(self, channel, message):
        assert channel == "jukebox"

    def idle(self, subsystem):
        self.waits_s.append(self.idletimeout)
        raise TimeoutError


def test_a_jukebox_that_does_not_answer_is_waited_for_some_seconds(monkeypatch):
    silent = Silent()
    monkeypatch.setattr(tell_module, "Connection", silent)
    with pytest.raises(PlayerError, match="the jukebox at MPD at nowhere gave no answer"):
        list(tell_module.tell(MpdSettings(), "status"))
    (wait_s,) = silent.waits_s
    assert 2.0 <= wait_s <= 10.0
