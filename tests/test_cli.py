"""The command line: what each verb loads, and what it says of misuse."""

import re
import subprocess
import sys

import pytest
from controls import serving

from appliance import cli
from appliance.remote.control_socket import listen
from appliance.settings import ControlSettings

# What a light verb must not wait for.
HEAVY = {"cv2", "numpy", "sqlite_utils", "ai_edge_litert", "tflite_runtime"}
PROGRAM = (
    "import sys; from appliance.cli import main\n"
    "try: main(sys.argv[1:])\n"
    "except SystemExit: pass\n"
    "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
)


def loaded_by(*words, config):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words, "--config", str(config)],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [["status"], ["tell", "status"], ["config"], ["history"]])
def test_a_light_verb_loads_neither_opencv_nor_numpy(words, config):
    assert not loaded_by(*words, config=config) & HEAVY


@pytest.mark.parametrize("words", [["status"], ["tell", "status"]])
def test_who_asks_a_running_jukebox_does_not_even_load_the_library_for_mpd(words, config):
    database = config.with_name("jukebox.db")
    with serving(listen(ControlSettings(), database, {})):
        loaded = loaded_by(*words, config=config)
    assert not loaded & (HEAVY | {"mpd"})


def test_a_heavy_verb_shows_that_the_test_can_fail(config):
    assert {"cv2", "numpy"} <= loaded_by("classify", "/no/such/picture.png", config=config)


def test_help_names_every_verb_and_loads_none(config, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(re.search(rf"^    {verb}\b", told, re.MULTILINE) for verb in cli.VERBS)
    assert not any(verb in told for verb in cli.HIDDEN_VERBS)


@pytest.mark.parametrize("words", [[], ["sing"], ["--nonsense"], ["status", "--nonsense"]])
def test_misuse_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert "usage: jukebox" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("status --nonsense", "jukebox status: error: unrecognized arguments: --nonsense"),
        ("history --day 1 --limits", "jukebox history: error: unrecognized arguments: --limits"),
        ("demo --for 0", "jukebox demo: error: argument --for: must be more than 0, not 0"),
        ("demo --for nan", "jukebox demo: error: argument --for: must be more than 0, not nan"),
        ("why --live --for -1", "jukebox why: error: argument --for: must be more than 0, not -1"),
        ("bench --frames 0", "jukebox bench: error: argument --frames: must be 1 or more, not 0"),
        ("bench --daemon -1", "jukebox bench: error: argument --daemon: must be more than 0"),
        ("history --days 0", "jukebox history: error: argument --days: must be more than 0"),
        ("history --limit -1", "jukebox history: error: argument --limit: must be 1 or more"),
    ],
)
def test_a_wrong_option_is_answered_with_the_usage_of_its_verb(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(words.split())
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert f"usage: jukebox {words.split()[0]} " in told
    assert said in told


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("verb", sorted(cli.VERBS | cli.HIDDEN_VERBS))
def test_every_verb_explains_itself(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([verb, "--help"])
    assert ended.value.code == 0
    assert f"usage: jukebox {verb}" in capsys.readouterr().out
