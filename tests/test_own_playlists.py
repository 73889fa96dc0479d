"""The hidden verb own-playlists: with Python alone, for an installer whose environment is gone."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from appliance.commands.own_playlists import own_playlists
from appliance.player.state import list_hash

ROOT = Path(__file__).parents[1]
PYTHON = Path("/usr/bin/python3")  # the system's, which knows none of the environment's packages


@pytest.fixture
def folder(tmp_path):
    """MPD's playlist_directory with a list of the jukebox's, an edited one, and a person's."""
    made = tmp_path / "playlists"
    made.mkdir()
    (made / "happy.m3u").write_text("a.opus\nb.opus\n")
    (made / "sad.m3u").write_text("c.opus\nmine.opus\n")
    (made / "party.m3u").write_text("d.opus\n")
    return made


@pytest.fixture
def state(tmp_path):
    """The player's state, which knows two lists by their hashes and one as a person's."""
    file = tmp_path / "jukebox.player.json"
    lists = {
        "happy": list_hash(["a.opus", "b.opus"]),
        "sad": list_hash(["c.opus"]),
        "fear": list_hash(["gone.opus"]),
        "party": "",
    }
    file.write_text(json.dumps({"stopped": True, "lists": lists}))
    return file


def test_only_unedited_lists_are_named(state, folder):
    assert list(own_playlists(state, folder)) == [folder / "happy.m3u"]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "3", '{"lists": 3}', '{"lists": {"happy": 3}}', '{"lists": {"happy": null}}',
     "\0", "\xff" * 9, "[" * 9000],
)  # fmt: skip
def test_garbage_in_the_state_file_names_nothing(state, folder, content):
    state.write_text(content, encoding="latin-1")
    assert list(own_playlists(state, folder)) == []


def test_a_state_file_that_is_not_there_names_nothing(tmp_path, folder):
    assert list(own_playlists(tmp_path / "none.json", folder)) == []


def test_a_folder_that_is_not_there_names_nothing(state, tmp_path):
    assert list(own_playlists(state, tmp_path / "none")) == []


def test_a_list_that_is_not_utf_8_was_edited(state, folder):
    (folder / "happy.m3u").write_bytes(b"a.opus\n\xff\xfe.opus\n")
    assert list(own_playlists(state, folder)) == []


def run(python, *words):
    return subprocess.run(
        [python, "-S", "-m", "appliance.cli", "own-playlists", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=30,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip


@pytest.mark.skipif(not PYTHON.exists(), reason="no Python of the system's")
def test_it_runs_with_the_systems_python_alone(state, folder, tmp_path):
    done = run(PYTHON, state, folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{folder / 'happy.m3u'}\n", "")
    done = run(PYTHON, state, tmp_path / "none")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(not PYTHON.exists(), reason="no Python of the system's")
def test_misuse_of_it_ends_with_2(state):
    assert run(PYTHON, state).returncode == 2
