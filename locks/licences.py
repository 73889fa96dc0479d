"""Writes docs/licences.md from the metadata of the packages that an installed jukebox runs.

    run/test/bin/python locks/licences.py

They are those of locks/box.txt; each is listed with the licence that it states itself.
"""

import re
from importlib.metadata import PackageMetadata, metadata
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "licences.md"
HEAD = """# Licences

The jukebox is under the MIT licence, its starter music CC0. An installed jukebox also runs these
packages, each under the licence that its own metadata states
(`run/test/bin/python locks/licences.py`). Debian's packages (Python, MPD, Avahi, alsa-utils) have
theirs in `/usr/share/doc/PACKAGE/copyright`. BlazeFace's weights are Google's, Apache-2.0.
`locks/vulnerabilities.sh` asks for known vulnerabilities of these packages.

| package | version | licence |
|---|---|---|
"""


def packages() -> dict[str, str]:
    """Name and versions of what the lock file of the jukebox pins for Linux."""
    lock = (PROJECT / "locks" / "box.txt").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for name, version, marker in re.findall(r"^([\w.-]+)==(\S+)( ;.*)?", lock, re.MULTILINE):
        if "win32" not in marker:
            found[name] = f"{found[name]}, {version}" if name in found else version
    return found


def licence_of(stated: PackageMetadata) -> str:
    """What the metadata states; its classifiers where the field holds the whole text."""
    for field in ("License-Expression", "License"):
        text = str(stated.get(field) or "").strip()
        if text and "\n" not in text and len(text) <= 60:
            return text
    kinds = [kind for kind in stated.get_all("Classifier") or () if kind.startswith("License ::")]
    return ", ".join(kind.rpartition(" :: ")[2] for kind in kinds) or "not stated"


def main() -> None:
    """Writes the page."""
    rows = [
        f"| {name} | {version} | {licence_of(metadata(name))} |"
        for name, version in sorted(packages().items())
    ]
    PAGE.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
