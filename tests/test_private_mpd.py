import logging
import os
import signal
import socket
import subprocess
import sys
import time
import wave
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import wait_for
from mpd import MPDClient

from appliance.errors import PlayerError
from appliance.private_mpd import process
from appliance.private_mpd.outputs import choose_output, output_blocks
from appliance.private_mpd.process import PrivateMpd
from appliance.private_mpd.recording import begin_recording
from appliance.records import EMOTIONS


def test_it_knows_its_music_at_once_and_leaves_nothing_running(tmp_path, music):
    with PrivateMpd(tmp_path / "mpd", music, "null") as mpd:
        app = MPDClient()
        app.connect(str(mpd.socket))
        assert len(app.listallinfo("happy")) == 4  # the folder and three songs
        app.disconnect()
        pid = mpd.pid
    assert not os.path.exists(f"/proc/{pid}")
    assert not mpd.socket.exists()


def test_ctrl_c_while_mpd_is_being_started_leaves_nothing_running(tmp_path, music, monkeypatch):
    begun = []

    class InterruptedPopen(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            begun.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(process.subprocess, "Popen", InterruptedPopen)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), PrivateMpd(tmp_path / "mpd", music, "null"):
            pytest.fail("the interrupt was lost")
        assert begun[0].returncode is not None
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
        for child in begun:
            child.kill()
            child.wait()


def test_it_levels_the_loudness_of_songs_by_their_tags(app):
    assert "track" in str(app.replay_gain_status())


def test_a_killed_mpd_has_saved_its_state_at_most_ten_seconds_ago(shared_mpd):
    assert 'state_file_interval "10"' in (shared_mpd.folder / "mpd.conf").read_text()


def test_it_listens_on_its_own_socket_only(shared_mpd):
    config = (shared_mpd.folder / "mpd.conf").read_text()
    listening = [line for line in config.splitlines() if line.startswith(("bind", "port"))]
    assert listening == [f'bind_to_address "{shared_mpd.socket}"']


@pytest.mark.parametrize(
    "name",
    ['with "quotes" and \\ strokes', "d" * 120],
    ids=["quotes", "too long for a socket"],
)
def test_any_folder_name_works(tmp_path, music, name):
    with PrivateMpd(tmp_path / name, music, "null") as mpd:
        app = MPDClient()
        app.connect(str(mpd.socket))
        app.ping()
        app.disconnect()
        place = mpd.socket.parent
    assert place == mpd.folder or not place.exists()


def test_what_a_killed_run_left_behind_is_removed(tmp_path, music):
    folder = tmp_path / "mpd"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / "socket"))
    with PrivateMpd(folder, music, "null") as mpd:
        mpd.kill()
        mpd.start()
        assert mpd.pid


def test_a_second_mpd_in_the_same_folder_is_refused_and_the_first_goes_on(shared_mpd, music):
    with pytest.raises(PlayerError, match="another MPD already serves"):
        PrivateMpd(shared_mpd.folder, music, "null").start()
    app = MPDClient()
    app.connect(str(shared_mpd.socket))
    app.ping()
    app.disconnect()


def test_it_dies_with_a_killed_parent(tmp_path, music):
    script = (
        "import sys, time; from pathlib import Path\n"
        "from appliance.private_mpd.process import PrivateMpd\n"
        "with PrivateMpd(Path(sys.argv[1]), Path(sys.argv[2]), 'null') as mpd:\n"
        "    print(mpd.pid, flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "mpd"), str(music)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_for(lambda: is_gone(pid), 2)


def is_gone(pid):
    """Whether a process has ended; one that only waits to be collected has."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_an_mpd_that_hangs_has_ended_within_two_seconds(tmp_path, music):
    began = None
    with PrivateMpd(tmp_path / "mpd", music, "null") as mpd:
        os.kill(mpd.pid, signal.SIGSTOP)
        began = time.monotonic()
    assert time.monotonic() - began < 2


def test_an_mpd_has_twenty_seconds_to_open_its_socket(tmp_path, music, monkeypatch):
    """A program that never listens, on a clock that runs ahead."""
    program = tmp_path / "sleeper"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    now_s = [100.0]
    clock = SimpleNamespace(
        monotonic=lambda: now_s[0], sleep=lambda s: now_s.append(now_s.pop() + s)
    )
    monkeypatch.setattr(process, "time", clock)
    monkeypatch.setattr(process, "find_program", lambda: str(program))
    mpd = PrivateMpd(tmp_path / "mpd", music, "null")
    with pytest.raises(PlayerError, match="did not open its socket within 20 s"), mpd:
        pass
    assert now_s[0] == pytest.approx(120.0, abs=0.1)
    with pytest.raises(PlayerError, match="is not running"):
        assert mpd.pid


def test_an_mpd_has_the_time_to_save_its_state(tmp_path, music):
    mpd = PrivateMpd(tmp_path / "mpd", music, "null")
    save = f"sleep 0.5; touch '{tmp_path}/saved'; exit"
    script = f'trap "{save}" TERM; echo ready; while :; do sleep 0.05; done'
    mpd._process = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE)
    with mpd._process.stdout as output:
        assert output.readline() == b"ready\n"
        mpd.stop()
    assert (tmp_path / "saved").exists()


@pytest.mark.parametrize(("path_bytes", "short"), [(107, False), (108, True)])
def test_a_socket_is_in_its_folder_if_107_bytes_are_enough(tmp_path, music, path_bytes, short):
    name = "ü" * 40  # two bytes each
    folder = Path("/", name + "x" * (path_bytes - 80 - len("//socket")))
    mpd = PrivateMpd(folder, music, "null")
    mpd._place_socket()
    assert (mpd.socket.parent != folder) == short
    if short:
        mpd.socket.parent.rmdir()


class BadMpd(PrivateMpd):
    def _config(self):
        return super()._config() + 'nonsense "yes"\n'


def test_an_mpd_that_ends_at_once_says_why(tmp_path, music):
    with (
        pytest.raises(PlayerError, match=r"ended at once.*nonsense"),
        BadMpd(tmp_path / "mpd", music, "null"),
    ):
        pass


def test_a_missing_mpd_is_an_error_that_says_what_to_do(tmp_path, music, monkeypatch):
    monkeypatch.setattr("appliance.private_mpd.process.shutil.which", lambda *_, **__: None)
    with pytest.raises(PlayerError, match="sudo apt install mpd"):
        PrivateMpd(tmp_path / "mpd", music)


@pytest.mark.parametrize("output", ["loud", "record:song.mp3", "record:", ""])
def test_an_output_that_does_not_exist_is_refused(output):
    with pytest.raises(PlayerError, match=r"record:FILE\.wav"):
        output_blocks(output, real_time=True)


CARD = " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n"
NO_CARD = "--- no soundcards ---\n"
ALL = frozenset({"pipewire", "pulse", "alsa", "null"})


@pytest.mark.parametrize(
    ("plugins", "sockets", "cards", "chosen"),
    [
        (ALL, ["pipewire-0", "pulse/native"], CARD, "pipewire"),
        (ALL - {"pipewire"}, ["pipewire-0", "pulse/native"], CARD, "pulse"),
        (ALL, ["pulse/native"], CARD, "pulse"),
        (ALL, [], CARD, "alsa"),
        (ALL - {"alsa"}, [], CARD, "null"),
        (ALL, [], NO_CARD, "null"),
    ],
)
def test_auto_takes_an_output_that_is_really_there(
    tmp_path, caplog, plugins, sockets, cards, chosen
):
    (tmp_path / "pulse").mkdir()
    (tmp_path / "cards").write_text(cards)
    for name in sockets:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / name))
    caplog.set_level(logging.INFO)
    environment = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert choose_output(plugins, environment, tmp_path / "cards") == chosen
    assert len(caplog.records) == 1


def test_an_incomplete_recording_can_be_played(tmp_path):
    file = tmp_path / "new" / "played.wav"
    begin_recording(file)
    with file.open("ab") as cut_short:
        cut_short.write(bytes(4 * 48000))
    with wave.open(str(file)) as wav:
        assert len(wav.readframes(wav.getnframes())) == 4 * 48000


def test_a_recording_survives_a_stop_and_has_its_true_length(tmp_path, music):
    file = tmp_path / "what was played.wav"
    with PrivateMpd(tmp_path / "mpd", music, f"record:{file}", real_time=False) as mpd:
        app = MPDClient()
        app.connect(str(mpd.socket))
        for song in ("happy/happy-0.wav", "sad/sad-0.wav"):
            app.clear()  # stops the music, which makes MPD's own recorder begin anew
            app.add(song)
            app.play()
            wait_for(lambda: app.status()["state"] == "stop")
        app.disconnect()
    with wave.open(str(file)) as wav:
        assert wav.getnframes() == pytest.approx(8 * 48000, rel=0.02)
        assert wav.getnframes() * 4 + 44 == file.stat().st_size


def test_the_starter_library_shows_music_only(tmp_path):
    """As phones see it in the demo: no folder is empty."""
    with PrivateMpd(tmp_path, Path(__file__).resolve().parents[1] / "music", "null") as mpd:
        client = MPDClient()
        client.connect(str(mpd.socket))
        folders = {entry["directory"] for entry in client.listall() if "directory" in entry}
        assert {str(emotion) for emotion in EMOTIONS} | {"chime"} == folders
        client.disconnect()
