"""How much music the disk may take, so that the jukebox itself never lacks room."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.errors import UsageError

MB = 1_000_000
# An update of the jukebox, its weekly backup and MPD's database together need less.
RESERVE_MB = 1000
MOST_AT_ONCE = 4

FULL = "the disk is nearly full: {mb} MB must stay free"
BUSY = "others put music in just now; please try again in a minute"


def free_mb(folder: Path) -> int:
    """What may still be written there, in megabytes, so that the reserve stays free."""
    disk = os.statvfs(folder)
    return max(0, disk.f_bavail * disk.f_frsize // MB - RESERVE_MB)


class PromisedSpace:
    """What is promised to the uploads that go on."""

    def __init__(self) -> None:
        self._promised_mb: list[int] = []

    @contextmanager
    def place(self, folder: Path, length: int) -> Iterator[None]:
        """Keeps room for an upload of so many bytes. Raises UsageError if there is none."""
        wanted_mb = length // MB
        if len(self._promised_mb) >= MOST_AT_ONCE:
            raise UsageError(BUSY)
        if wanted_mb + sum(self._promised_mb) >= free_mb(folder):
            raise UsageError(FULL.format(mb=RESERVE_MB))
        self._promised_mb.append(wanted_mb)
        try:
            yield
        finally:
            self._promised_mb.remove(wanted_mb)
