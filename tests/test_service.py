"""The command `jukebox run` as a process: readiness, signals, reload, exit codes."""

import json
import signal

import cv2
import numpy as np
import pytest
from conftest import write_config, write_tone
from running import ask, running

from appliance.private_mpd.process import PrivateMpd


def test_it_is_ready_feeds_the_watchdog_and_shows_the_mood_to_systemd(config):
    with running(config) as jukebox:
        jukebox.hears("READY=1")
        jukebox.hears("WATCHDOG=1")
        said = jukebox.hears("looks happy")
        assert said.startswith("STATUS=1 face: the room looks happy")
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
        jukebox.hears("looks happy")
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
        assert {(entry["what"], entry["emotion"]) for entry in history} == {
            ("mood", "happy"),
            ("play", "happy"),
        }
        assert "happy-" in ask("history", "--config", str(config)).stdout


def test_a_reload_keeps_the_mood_and_a_bad_file_keeps_the_settings(config, room, tmp_path):
    with running(config) as jukebox:
        jukebox.hears("looks happy")
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
        jukebox.hears("looks happy")
        jukebox.process.kill()
        jukebox.process.wait()
    with running(config) as jukebox:
        jukebox.hears("looks happy")
        assert jukebox.ends() == 0
    history = json.loads(ask("history", "--json", "--config", str(config)).stdout)
    assert [entry["emotion"] for entry in history] == ["happy", "happy"]


def test_after_a_restart_the_song_that_still_plays_is_known_as_its_own(config, tmp_path, music):
    write_tone(tmp_path / "long" / "happy" / "long.wav", 440, seconds=120.0, rate=8000)
    with PrivateMpd(tmp_path / "mpd", tmp_path / "long", "null"):
        for _ in range(2):
            with running(config) as jukebox:
                jukebox.hears("looks happy; playing long")
                status = ask("status", "--json", "--config", str(config))
                told = json.loads(status.stdout)
                assert (told["title"], told["playlist"]) == ("long", "happy")
                assert told["listener_in_charge"] is False
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
        "emotion model": True,
        "database": True,
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
