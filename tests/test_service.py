"""The command `jukebox run` as a process: readiness, signals, reload, exit codes."""

import json
import signal
import socket
from contextlib import ExitStack, suppress

import cv2
import numpy as np
import pytest
from conftest import write_config, write_tone
from running import ask, running

from appliance.private_mpd.process import PrivateMpd
from appliance.remote.control_client import ControlClient


def test_it_is_ready_feeds_the_watchdog_and_tells_systemd_nothing_of_faces(config):
    with running(config) as jukebox:
        jukebox.hears("READY=1")
        jukebox.hears("WATCHDOG=1")
        assert jukebox.hears("STATUS=") == "STATUS=waiting for MPD"
        jukebox.shows("1 face: the room looks happy")
        assert jukebox.ends() == 0
        jukebox.hears("STOPPING=1")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_when_asked_with_exit_0(config, number):
    with running(config) as jukebox:
        jukebox.hears("WATCHDOG=1")
        assert jukebox.ends(number) == 0


def test_without_mpd_moods_go_on_and_with_it_the_music_begins(config, tmp_path, music):
    with running(config) as jukebox:
        jukebox.logs("player: lost")
        jukebox.shows("looks happy")
        with PrivateMpd(tmp_path / "mpd", music, "null"):
            jukebox.logs("playing happy", seconds=25.0)
            jukebox.hears("playing happy-")  # the status is told after the log
            status = ask("status", "--json", "--config", str(config))
            assert status.returncode == 0
            told = json.loads(status.stdout)
            assert (told["running"], told["playlist"]) == (True, "happy")
            assert jukebox.ends() == 0
        assert ask("status", "--config", str(config)).returncode == 1
        history = json.loads(ask("history", "--json", "--config", str(config)).stdout)
        # A busy machine's MPD answers before it knows its music; another mood's stands in.
        told = [e for e in history if e["reason"] != "there is no music for happy"]
        assert {(e["what"], e["emotion"]) for e in told} == {("mood", "happy"), ("play", "happy")}
        assert "happy-" in ask("history", "--config", str(config)).stdout


def test_while_mpd_is_away_it_is_asked_and_says_so(config):
    with running(config) as jukebox:
        jukebox.logs("player: lost")
        told = ask("tell", "mood", "sad", "--config", str(config))
        assert (told.returncode, told.stdout) == (0, "music for sad, until you say auto\n")
        answer = json.loads(ask("tell", "status", "--json", "--config", str(config)).stdout)
        assert answer["ok"]
        assert answer["text"].endswith("waiting for MPD; somebody asked for sad")
        assert (answer["data"]["player"], answer["data"]["asked"]) == ("lost", "sad")
        config.with_name("jukebox.status.json").unlink(missing_ok=True)
        live = json.loads(ask("status", "--json", "--config", str(config)).stdout)
        assert (live["running"], live["asked"]) == (True, "sad")
        assert "seq" not in live
        assert jukebox.ends() == 0
    assert not config.with_name("control.sock").exists()
    assert ask("tell", "auto", "--config", str(config)).returncode == 1


@pytest.mark.parametrize("more", [[], ["--json"]])
@pytest.mark.parametrize(
    ("words", "text"),
    [("foo", "the commands are mood NAME"), ("hold -3", "number of minutes"),
     ("mood merry", "must be one of")],
)  # fmt: skip
def test_to_tell_it_nonsense_ends_with_2_also_where_no_jukebox_runs(config, words, text, more):
    told = ask("tell", *words.split(), *more, "--config", str(config))
    assert told.returncode == 2
    assert text in (told.stdout if more else told.stderr)
    if more:
        error = json.loads(told.stdout)["error"]
        assert (error["code"], text in error["text"]) == ("usage", True)


def test_programs_that_behave_badly_do_not_stop_the_moods(config):
    with running(config) as jukebox, ExitStack() as at_end:
        jukebox.shows("looks happy")
        flood = b'{"id": 1, "do": "settings"}\n' * 10_000
        for number in range(100):
            client = at_end.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(config.with_name("control.sock")))
            client.setblocking(False)
            with suppress(OSError):
                client.send(flood if number % 2 else b"x" * 70_000)
            if number % 10 == 9:
                jukebox.hears("WATCHDOG=1")
        told = ask("tell", "why", "--config", str(config))
        assert "Now: face 1: happy " in told.stdout
        assert jukebox.ends() == 0


def test_a_socket_that_cannot_be_made_is_one_warning_and_moods_are_read(config, room, tmp_path):
    (tmp_path / "taken").mkdir()
    write_config(config, room, tmp_path, more=f'[control]\npath = "{tmp_path / "taken"}"\n')
    with running(config) as jukebox:
        jukebox.shows("looks happy")
        assert jukebox.log.read_text().count("taken: programs cannot ask") == 1
        assert ask("status", "--config", str(config)).returncode == 0
        assert jukebox.ends() == 0
    assert (tmp_path / "taken").is_dir()


def test_a_reload_is_told_to_programs(config, room, tmp_path):
    with running(config) as jukebox:
        jukebox.shows("looks happy")
        with ControlClient(tmp_path / "control.sock") as client:
            client.ask("subscribe")
            write_config(config, room, tmp_path, more="[mood]\ndwell_s = -3\n")
            jukebox.process.send_signal(signal.SIGHUP)
            bad = client.event("settings", 10.0)
            assert (bad["good"], "mood.dwell_s is -3" in bad["text"]) == (False, True)
            write_config(config, room, tmp_path, more="[mood]\ndwell_s = 3\n")
            assert client.ask("reload")["ok"] is True
            assert client.event("settings", 10.0)["good"] is True
            assert client.ask("settings")["data"]["mood"]["dwell_s"] == 3.0


def test_a_reload_keeps_the_mood_and_a_bad_file_keeps_the_settings(config, room, tmp_path):
    with running(config) as jukebox:
        jukebox.shows("looks happy")
        write_config(config, room, tmp_path, more='[mood]\ndwell = "long"\n')
        jukebox.process.send_signal(signal.SIGHUP)
        jukebox.hears("RELOADING=1")
        jukebox.hears("READY=1")
        jukebox.logs("the running settings stay in force")
        assert "did you mean" in jukebox.log.read_text()
        write_config(config, tmp_path / "nowhere", tmp_path)
        jukebox.process.send_signal(signal.SIGHUP)
        jukebox.logs("no such file")
        write_config(config, room, tmp_path, more="[mood]\ndwell_s = 3\n[faces]\nmin_score = 0.6\n")
        jukebox.process.send_signal(signal.SIGHUP)
        jukebox.logs("reload: done")
        jukebox.hears("WATCHDOG=1")
        assert jukebox.log.read_text().count("looks happy") == 1
        assert jukebox.ends() == 0


def test_a_second_one_says_so_and_exits(config):
    with running(config) as jukebox:
        jukebox.hears("WATCHDOG=1")
        second = ask("run", "--config", str(config))
        assert second.returncode == 1
        assert f"another jukebox (pid {jukebox.process.pid})" in second.stderr
        jukebox.hears("WATCHDOG=1")


def test_killed_in_the_middle_it_starts_again_with_its_history(config):
    with running(config) as jukebox:
        jukebox.shows("looks happy")
        jukebox.process.kill()
        jukebox.process.wait()
    with running(config) as jukebox:
        jukebox.logs("looks happy")
        assert jukebox.ends() == 0
    history = json.loads(ask("history", "--json", "--config", str(config)).stdout)
    assert [entry["emotion"] for entry in history] == ["happy", "happy"]


def test_after_a_restart_the_song_that_still_plays_is_known_as_its_own(config, tmp_path, music):
    write_tone(tmp_path / "long" / "happy" / "long.wav", 440, seconds=120.0, rate=8000)
    with PrivateMpd(tmp_path / "mpd", tmp_path / "long", "null"):
        for _ in range(2):
            with running(config) as jukebox:
                jukebox.hears("playing long")
                jukebox.shows('"reason": "the room looks happy"')  # once it sounds
                status = ask("status", "--json", "--config", str(config))
                told = json.loads(status.stdout)
                assert (told["title"], told["playlist"]) == ("long", "happy")
                assert told["listener_in_charge"] is False
                assert told["reason"] == "the room looks happy"  # also in the second run
                why = ask("tell", "why", "--config", str(config)).stdout
                assert why.startswith("the room looks happy. Now: ")
                assert jukebox.ends() == 0
        history = json.loads(ask("history", "--json", "--config", str(config)).stdout)
    assert [entry["what"] for entry in history].count("play") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[mood]\ndwell_s = -3\n", "mood.dwell_s is -3"),
        ("[mood\n", "jukebox.toml"),
        ("[camera]\nsorce = 'auto'\n", "did you mean"),
    ],
)
def test_a_bad_configuration_ends_with_78_and_a_sentence(config, text, said):
    config.write_text(text)
    for verb in ("run", "status", "history", "config", "classify x.png"):
        result = ask(*verb.split(), "--config", str(config))
        assert (result.returncode, said in result.stderr) == (78, True), verb
        assert "Traceback" not in result.stderr


def test_a_camera_that_can_never_work_is_named_at_the_start(config, tmp_path):
    write_config(config, tmp_path / "nowhere", tmp_path)
    result = ask("run", "--config", str(config))
    assert result.returncode == 1
    assert "no such file" in result.stderr


def test_check_names_what_is_wrong_and_fails(config):
    result = ask("check", "--json", "--config", str(config))
    found = {check["what"]: check["good"] for check in json.loads(result.stdout)}
    assert result.returncode == 1
    assert found == {
        "config": True,
        "camera": True,
        "face detector": True,
        "picture": True,
        "emotion model": True,
        "database": True,
        "page": True,
        "MPD": False,
    }


def test_check_finds_nothing_wrong_with_a_working_jukebox(config, room, tmp_path, music):
    with PrivateMpd(tmp_path / "mpd", music, "null"):
        some = ask("check", "--config", str(config))
        assert some.returncode == 1  # four of the moods have no music
        assert "FAIL playlist angry" in some.stdout
        own = ["angry", "disgust", "fear", "surprise"]
        lists = "\n".join(f'{emotion} = "own"' for emotion in own)
        write_config(config, room, tmp_path, more=f"[playlists]\n{lists}\n")
        whole = ask("check", "--config", str(config))
        assert (whole.returncode, "FAIL" in whole.stdout) == (0, False), whole.stdout
        assert "ok   playlist angry: 2 songs" in whole.stdout


def test_classify_reads_the_faces_of_a_picture(room, tmp_path):
    empty = tmp_path / "empty.png"
    cv2.imwrite(str(empty), np.full((480, 640), 90, np.uint8))
    result = ask("classify", "--json", str(room / "1.png"), str(empty))
    assert result.returncode == 0
    seen, nothing = json.loads(result.stdout)
    (face,) = seen["faces"]
    assert max(face["probabilities"], key=face["probabilities"].get) == "happy"
    assert nothing["faces"] == []
    words = ask("classify", str(room / "1.png"), str(empty)).stdout
    assert "looks happy" in words
    assert "no face found" in words


def test_classify_goes_on_after_a_file_that_is_not_a_picture(room, tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "empty.png").touch()
    names = [str(tmp_path / name) for name in ("text.png", "empty.png", "missing.png")]
    result = ask("classify", *names, str(tmp_path), str(room / "1.png"))
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 5
    assert "looks happy" in lines[-1]


def test_the_password_is_masked(tmp_path):
    file = tmp_path / "secret.toml"
    file.write_text('[mpd]\npassword = "hush"\n')
    for options in ([], ["--json"]):
        result = ask("config", "--config", str(file), *options)
        assert result.returncode == 0
        assert "hush" not in result.stdout
        assert "********" in result.stdout


def test_misuse_ends_with_2():
    assert ask("dance").returncode == 2
    assert ask().returncode == 2
    assert ask("--version").returncode == 0
