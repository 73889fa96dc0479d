"""Which version this is, and whether its files are what was installed (install/release.sh)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from appliance.errors import ReleaseError

HERE = Path(__file__).resolve().parents[2]
CURE = "sudo ./setup.sh install makes this version anew; a worn SD card should be replaced"


def this_version() -> str:
    """The version; "unknown" in a checkout in which nothing was installed."""
    try:
        return version("emotional-jukebox")
    except PackageNotFoundError:
        return "unknown"


def verify(folder: Path) -> int:
    """Compares each file with the manifest. Returns how many there are. Raises ReleaseError."""
    manifest = folder / "manifest"
    try:
        listed = list(_listed(manifest))
        damaged = [name for digest, name in listed if _sha256(folder / name) != digest]
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{manifest} cannot be compared: {error}; {CURE}") from error
    if damaged:
        first = folder / damaged[0]
        raise ReleaseError(
            f"{len(damaged)} of {len(listed)} files are missing or damaged, the first is {first}; "
            + CURE
        )
    return len(listed)


def _listed(manifest: Path) -> Iterator[tuple[str, str]]:
    """Digest and name of each file, as sha256sum writes them. Raises OSError or ValueError."""
    for line in manifest.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        if not name:
            raise ValueError(f"{line[:40]!r} is no line of sha256sum")
        yield digest, name


def _sha256(file: Path) -> str:
    """The digest of a file; "" if it is not there or cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""
