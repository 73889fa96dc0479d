"""The rigs outside CI (CONTRIBUTING.md) still fit the jukebox: their tables, arguments and files.

None of them is run here. What they look for has to be there: one rig did not begin for thirteen
commits, because a face of the reel had moved by a few seconds.
"""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from appliance.camera.reel import truth_at
from appliance.config.loading import parse
from appliance.history.database import open_for_writing

PROJECT = Path(__file__).resolve().parents[1]
TESTS = PROJECT / "tests"
SHELL_RIGS = sorted(
    [*TESTS.glob("*.sh"), *TESTS.glob("[bc]*/**/*.sh"), *PROJECT.glob("findings/*.sh")]
)
GUEST = TESTS / "box" / "guest"
# Modules that do nothing at import; the guest's programs run in the emulated machine.
FILES = [TESTS / "soak.py", TESTS / "hunt.py", TESTS / "two_hours.py"]
FOLDERS = ("box", "card", "hunting", "three_apps", "bench")
FILES += [file for folder in FOLDERS for file in TESTS.glob(f"{folder}/*.py")]
MODULES = sorted(
    ".".join(file.relative_to(TESTS).with_suffix("").parts)
    for file in FILES
    if file.name != "__main__.py"
)


@pytest.fixture(scope="module", autouse=True)
def as_the_rigs_run():
    """The rigs run in tests/."""
    sys.path.insert(0, str(TESTS))
    yield
    sys.path.remove(str(TESTS))


def box(name):
    """A module of the rig in QEMU."""
    return __import__(f"box.{name}", fromlist=["x"])


def test_every_face_that_the_webcam_shows_is_in_the_reel_at_that_time():
    scenes = box("scenes")
    for name, begins_s in scenes.BEGINS_S.items():
        for number in range(scenes.FRAMES):
            time_s = begins_s + number * scenes.STEP_S
            assert truth_at(time_s) == (name,), f"{name} at {time_s} s"


def test_what_the_webcam_is_asked_for_has_a_scene_and_music():
    shown = box("life").SHOWN
    assert set(shown) <= set(box("scenes").BEGINS_S)
    assert {name for name in shown if list((PROJECT / "music" / name).glob("*.opus"))} == set(shown)


@pytest.mark.heavy
def test_every_rig_in_python_finds_what_it_imports():
    program = f"import importlib\nfor name in {MODULES!r}: importlib.import_module(name)"
    subprocess.run(
        [sys.executable, "-c", program], cwd=TESTS, check=True, timeout=110,
        env={"PYTHONPATH": f"{TESTS}:{PROJECT}", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    for file in GUEST.glob("*.py"):
        compile(file.read_text(), file, "exec")


def test_the_rig_in_qemu_takes_the_options_that_its_script_passes_on(monkeypatch, tmp_path):
    script = (TESTS / "boot_box.sh").read_text()
    (passed,) = re.findall(r"^\s+(--only[\w |-]+)\) options", script, re.MULTILINE)
    (parts,) = re.findall(r"^\s+\*\) echo \"usage: .*--only ([\w|]+)\]", script, re.MULTILINE)
    values = {"--only": parts.split("|")[0], "--cuts": "3", "--moments": "2", "--seed": "7"}
    assert set(passed.split(" | ")) == set(values)
    run = box("run")
    ran = []
    for name in (
        "from_the_firmware_on",
        "live",
        "join_networks",
        "count_writes",
        "examine_moments",
        "cut_again_and_again",
    ):
        monkeypatch.setattr(run, name, lambda *_, name=name: ran.append(name))
    words = [word for option in values.items() for word in option]
    for part in parts.split("|"):
        values["--only"] = part
        words = [word for option in values.items() for word in option]
        monkeypatch.setattr(
            sys, "argv",
            ["run", "--disk", "d", "--folder", str(tmp_path), "--kernel", "k", *words],
        )  # fmt: skip
        run.main()
    assert len(set(ran)) == len(parts.split("|")) == 6


def test_an_option_that_is_none_is_refused_with_the_usage():
    told = subprocess.run(
        [TESTS / "boot_box.sh", "--onyl", "cuts"], check=False, capture_output=True, text=True
    )
    assert told.returncode == 2
    assert "usage:" in told.stderr


@pytest.mark.parametrize("file", sorted(GUEST.glob("*.toml")), ids=lambda file: file.name)
def test_the_settings_of_the_rigs_have_no_mistakes(file):
    parse(file.read_bytes(), file.name)


def test_the_three_rooms_of_the_rig_are_a_leader_and_two_that_hear_it(monkeypatch):
    rig = __import__("bench.rooms_sound", fromlist=["x"])
    address = {"broker": "10.77.0.4", "relay": "10.77.0.5"}
    rooms = [
        parse(rig.settings_of(name, "/tmp/x", address).encode(), name).rooms for name in rig.ROOMS
    ]
    assert all(room.join and room.sound for room in rooms)
    assert [room.leader for room in rooms] == [True, False, False]
    away = __import__("bench.rooms_away", fromlist=["x"])
    more = away.rooms("/tmp/film.avi")
    parsed = [
        parse(rig.settings_of(name, "/tmp/x", address, away_minutes=1, **more[name]).encode(), name)
        for name in away.ROOMS
    ]
    assert [(room.rooms.leader, room.rooms.sound) for room in parsed] == [
        (True, True), (False, True), (False, True), (False, False),
    ]  # fmt: skip
    assert {room.listener.away_minutes for room in parsed} == {1.0}
    installed = __import__("bench.rooms_installed", fromlist=["x"])
    assert parse(installed.CONFIG.encode(), "rooms_installed.py").rooms.leader
    monkeypatch.setattr(sys, "argv", ["rooms_sound.py", "--help"])
    with pytest.raises(SystemExit) as ended:
        rig.main()
    assert ended.value.code == 0


def test_the_tables_that_the_rigs_read_are_those_of_the_history(tmp_path):
    open_for_writing(tmp_path / "jukebox.db").close()
    with closing(sqlite3.connect(tmp_path / "jukebox.db")) as db:
        there = {name for (name,) in db.execute("select name from sqlite_master")}
        assert set(box("moments").TABLES) <= there
        rows = re.search(r"TABLES = (\(.*\))", (GUEST / "rows.py").read_text())[1]
        assert rows == str(box("moments").TABLES).replace("'", '"')
        (query,) = re.findall(
            r'ROWS \+?= "(.*?)"\nROWS \+= "(.*?)"', (GUEST / "check.py").read_text()
        )
        db.execute("".join(query))


# In the checkout, as a script names them: tests/box/run.py, install/mpd.conf, locks/box.txt.
OURS = re.compile(
    r"(?<![\w/.$}{])((?:tests|install|locks|systemd|convert|music|models|appliance)/[\w./-]*\w)"
)


@pytest.mark.parametrize("script", SHELL_RIGS, ids=lambda file: file.name)
def test_a_script_names_files_that_are_there_and_has_no_mistake(script):
    subprocess.run(["bash", "-n", script], check=True)
    named = set(OURS.findall(script.read_text()))
    assert {path for path in named if not (PROJECT / path).exists()} == set()
