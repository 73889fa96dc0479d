"""The parts of a card or disk (./setup.sh image) that can be told without making one."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from appliance import cli

PROJECT = Path(__file__).resolve().parents[1]
IMAGE = PROJECT / "install" / "image"
ROOT = IMAGE / "root"
UNITS = sorted((ROOT / "etc/systemd/system").glob("card-*"))
STATUS = """Package: mpd
Status: install ok installed
Architecture: arm64
Version: 0.24.4-1

Package: gone
Status: deinstall ok config-files
Architecture: arm64
Version: 1

Package: adduser
Status: install ok installed
Architecture: all
Version: 1:3.1~x
"""


def listed(root):
    done = subprocess.run(
        [sys.executable, IMAGE / "parts.py", root],
        capture_output=True, text=True, check=True, env={"SOURCE_DATE_EPOCH": "1796000000"},
    )  # fmt: skip
    return done.stdout


def test_the_list_of_parts_has_what_is_installed_and_is_the_same_each_time(tmp_path):
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_text(STATUS)
    info = tmp_path / "opt/jukebox/releases/1/env/lib/python3.13/site-packages/numpy-2.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Name: numpy\nVersion: 2.5\nLicense-Expression: BSD-3-Clause\n\n#"
    )
    text = listed(tmp_path)
    parts = json.loads(text)
    assert (parts["bomFormat"], parts["specVersion"]) == ("CycloneDX", "1.6")
    assert parts["metadata"]["timestamp"] == "2026-11-30T00:53:20Z"
    assert [part["purl"] for part in parts["components"]] == [
        "pkg:deb/debian/adduser@1%3A3.1~x?arch=all",
        "pkg:deb/debian/mpd@0.24.4-1?arch=arm64",
        "pkg:pypi/numpy@2.5",
    ]
    assert parts["components"][2]["licenses"] == [{"expression": "BSD-3-Clause"}]
    assert listed(tmp_path) == text


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_of_the_card_starts_what_is_there(unit):
    for command in re.findall(r"^ExecStart=(\S+)(?: (\S+))?", unit.read_text(), re.MULTILINE):
        program, verb = command
        if program.startswith("/usr/local/lib/"):
            assert (ROOT / program[1:]).stat().st_mode & 0o100
        elif program.endswith("/bin/jukebox"):
            assert verb in cli.HIDDEN_VERBS
        else:
            assert program == "systemctl"


def test_every_unit_of_the_card_is_started_by_something():
    started = (IMAGE / "customize.sh").read_text() + "".join(
        file.read_text() for file in ROOT.glob("etc/udev/rules.d/*")
    )
    assert {unit.name for unit in UNITS if unit.name not in started} == set()


@pytest.mark.parametrize("machine", ["pi", "x86"])
def test_what_is_mounted_has_the_name_that_the_disk_gets(machine):
    fstab = (IMAGE / machine / "etc/fstab").read_text()
    labels = set(re.findall(r"^LABEL=(\S+)", fstab, re.MULTILINE))
    made = (IMAGE / "disk.sh").read_text()
    assert labels == set(re.findall(r"-[nL] (\S*[jJ]\S*)", made))


def test_nobody_but_root_and_the_jukebox_reads_the_boot_partition():
    for machine in ("pi", "x86"):
        (options,) = re.findall(r" vfat (\S+)", (IMAGE / machine / "etc/fstab").read_text())
        assert {"uid=0", "gid=jukebox", "umask=027"} <= set(options.split(","))


def test_the_picture_of_the_ten_steps_is_drawn_by_its_script_and_has_those_of_the_text(monkeypatch):
    monkeypatch.syspath_prepend(str(PROJECT / "docs"))
    draw_card = importlib.import_module("draw_card")
    drawn = draw_card.picture()
    assert drawn == (PROJECT / "docs/card.svg").read_text(), "python docs/draw_card.py"
    chapter = (
        (PROJECT / "docs/image.md").read_text().partition("ten steps")[2].partition("\n## ")[0]
    )
    steps = re.findall(r"^(\d+)\. ", chapter, re.MULTILINE)
    assert steps == re.findall(r"text-anchor='middle'>(\d+)</text>", drawn)
