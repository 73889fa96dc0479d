"""The manual pages and the completions name every verb and every key."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance import cli
from appliance.settings import keys

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manual")
    script = PROJECT / "install" / "manual.py"
    subprocess.run([sys.executable, str(script), str(folder)], check=True, timeout=60)
    return folder


def test_every_verb_and_key_is_in_the_manual(made):
    manual, settings = ((made / name).read_text() for name in ("jukebox.1", "jukebox.toml.5"))
    assert [verb for verb in cli.VERBS if f".It Cm {verb}" not in manual] == []
    assert "own-playlists" not in manual
    for section, table in keys().items():
        assert f".Ss Section {section}\n" in settings
        assert [name for name in table if f".It Ic {name} No" not in settings] == []


@pytest.mark.skipif(not shutil.which("mandoc"), reason="needs Debian's package mandoc")
@pytest.mark.parametrize("page", ["jukebox.1", "jukebox.toml.5"])
def test_mandoc_finds_nothing_wrong(made, page):
    found = subprocess.run(
        ["mandoc", "-Tlint", str(made / page)], capture_output=True, text=True, check=False
    )
    # The other page is not installed here, and mandoc's own index may be old.
    known = ("referenced manual not found", "outdated mandoc.db")
    said = (found.stdout + found.stderr).splitlines()
    assert [line for line in said if not any(words in line for words in known)] == []


def completed(made, *words):
    """What bash offers for the last word."""
    script = (
        f"source {made / 'jukebox.bash'}; COMP_WORDS=({' '.join(map(repr, words))});"
        f" COMP_CWORD={len(words) - 1}; _jukebox; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(
        ["bash", "-euc", script], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.split()


def test_bash_completes_verbs_options_and_choices(made):
    assert set(completed(made, "jukebox", "")) == set(cli.VERBS)
    assert completed(made, "jukebox", "sta") == ["status"]
    assert completed(made, "jukebox", "status", "--j") == ["--json"]
    assert completed(made, "jukebox", "forget", "ev") == ["everything"]
    assert completed(made, "jukebox", "nonsense", "x") == []


@pytest.mark.parametrize(("shell", "file"), [("zsh", "_jukebox"), ("fish", "jukebox.fish")])
def test_other_shells_can_read_theirs_and_it_names_every_verb(made, shell, file):
    text = (made / file).read_text()
    assert [verb for verb in cli.VERBS if verb not in text] == []
    if not shutil.which(shell):
        pytest.skip(f"needs Debian's package {shell}")
    subprocess.run([shell, "-n", str(made / file)], check=True, timeout=10)
