"""docs/licences.md names all that an installed jukebox runs."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def test_every_package_of_the_jukebox_has_its_licence_there():
    lock = (PROJECT / "locks" / "box.txt").read_text()
    pinned = re.findall(r"^([\w.-]+)==(\S+)(?! ; sys_platform == 'win32')", lock, re.MULTILINE)
    page = (PROJECT / "docs" / "licences.md").read_text()
    rows = dict(re.findall(r"^\| ([\w.-]+) \| ([^|]+) \|", page, re.MULTILINE))
    missing = [name for name, version in pinned if version not in rows.get(name, "").split(", ")]
    assert missing in ([], ["colorama"]), "run/test/bin/python locks/licences.py"
    assert "not stated" not in page
