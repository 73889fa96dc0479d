"""The demo as a person starts and ends it."""

import signal
import stat
import subprocess

import pytest
from conftest import wait_for
from running import JUKEBOX, ask, started


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_plays_and_ends_within_two_seconds_leaving_nothing(music, tmp_path, number):
    log = tmp_path / "log"
    command = [*JUKEBOX, "demo", "--camera", "reel", "--output", "null", "--folder", str(tmp_path)]
    with log.open("w") as stderr, started(command, stderr=stderr) as demo:
        wait_for(lambda: "(neutral): the room looks neutral" in log.read_text(), 30.0)
        # The status is written twice a second, so it may come after the log's line.
        asked = ("status", "--config", str(tmp_path / "jukebox.toml"))
        wait_for(lambda: "the room looks neutral" in ask(*asked).stdout, 5.0)
        assert ask(*asked).returncode == 0
        assert stat.S_IMODE((tmp_path / "control.sock").stat().st_mode) == 0o600
        told = ask("tell", "why", "--config", str(tmp_path / "jukebox.toml"))
        assert "the room looks neutral. Now: face " in told.stdout
        demo.send_signal(number)
        assert demo.wait(2.0) == 0
    assert not (tmp_path / "mpd" / "socket").exists()
    assert not (tmp_path / "control.sock").exists()
    assert "Traceback" not in log.read_text()


def test_ctrl_c_while_it_still_begins_is_no_failure_either(music, tmp_path):
    command = [*JUKEBOX, "demo", "--camera", "reel", "--output", "null", "--folder", str(tmp_path)]
    with started(command, stderr=subprocess.PIPE, text=True) as demo:
        wait_for((tmp_path / "mpd" / "mpd.conf").exists, 30.0)
        demo.send_signal(signal.SIGINT)
        _, said = demo.communicate(timeout=3.0)
    assert demo.returncode == 0
    assert "Traceback" not in said
    assert not (tmp_path / "mpd" / "socket").exists()


def test_an_output_that_does_not_exist_is_a_sentence(music, tmp_path):
    command = [*JUKEBOX, "demo", "--output", "gramophone", "--folder", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 1
    assert "there is no output 'gramophone'" in result.stderr
    assert "Traceback" not in result.stderr
