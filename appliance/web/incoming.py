"""A file that comes into a folder of music: complete or not at all, never in place of another.

It grows under a name that MPD takes for no music. Everything here waits for the disk: call it in a
thread.
"""

from __future__ import annotations

import filecmp
import os
import re
import secrets
import time
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.errors import UsageError
from appliance.web.disk_space import FULL, MB, RESERVE_MB, free_mb
from appliance.web.sound_files import ENOUGH_BYTES, ending_of

LARGEST_MB = 500  # an hour of FLAC has 300
PART = ".part"  # no decoder of MPD's reads files of this ending
OLD_S = 3600.0  # no upload pauses for so long: such a part was left by a process that was killed
LONGEST_NAME_BYTES = 180  # of 255 that a file's name may have
# What no file system, or not every one, takes in a name, and line ends, which MPD cannot say.
FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]')

NO_MUSIC = "this is no music that I know"
TOO_LARGE = "it is larger than {mb} MB"
NOT_WRITTEN = "it cannot be written: {why}"


class IncomingFile:
    """A file that comes; unless it is kept, nothing of it stays.

    called: its name, as somebody's browser says. All methods raise UsageError, in words for people.
    """

    def __init__(self, folder: Path, called: str) -> None:
        self._folder = folder
        self._stem = safe_stem(called)
        self._part = folder / f".{secrets.token_hex(8)}{PART}"
        self._begin = b""
        self._bytes = 0
        try:
            self._file = self._part.open("xb")
        except OSError as error:
            raise _not_written(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # what could not be written before cannot be written now
            self._file.close()
        self._part.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        """Adds a piece. Refuses what is no music, too large, or more than the disk may take."""
        if len(self._begin) < ENOUGH_BYTES:
            self._begin += piece[:ENOUGH_BYTES]
            if len(self._begin) >= ENOUGH_BYTES:
                self._ending()
        self._bytes += len(piece)
        if self._bytes > LARGEST_MB * MB:
            raise UsageError(TOO_LARGE.format(mb=LARGEST_MB))
        if free_mb(self._folder) * MB < len(piece):
            raise UsageError(FULL.format(mb=RESERVE_MB))
        try:
            self._file.write(piece)
        except OSError as error:
            raise _not_written(error) from error

    def keep(self) -> tuple[str, bool]:
        """Gives the whole file its name. Returns the name, and whether it was there already."""
        ending = self._ending()
        try:
            self._file.flush()
            os.fchmod(self._file.fileno(), 0o644)  # MPD, another user, must read it
            os.fsync(self._file.fileno())
            return self._place(ending)
        except OSError as error:
            raise _not_written(error) from error

    def _ending(self) -> str:
        ending = ending_of(self._begin)
        if ending is None:
            raise UsageError(NO_MUSIC)
        return ending

    def _place(self, ending: str) -> tuple[str, bool]:
        """The first name that is free, or that the very same file has."""
        for name in _names(self._stem, ending):
            place = self._folder / name
            with suppress(FileExistsError):
                _link(self._part, place)
                return name, False
            if filecmp.cmp(self._part, place, shallow=False):
                return name, True
        raise AssertionError("names never end")


def remove_old_parts(folder: Path) -> None:
    """Removes what a process that was killed has left."""
    for part in folder.glob(f".*{PART}"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > OLD_S:
                part.unlink()


def safe_stem(called: str) -> str:
    """A name without its ending that every file system takes, and that leads to no other folder."""
    name = unicodedata.normalize("NFC", called).replace("\\", "/").rpartition("/")[2]
    name = FORBIDDEN.sub("_", name)
    stem = " ".join((name.rpartition(".")[0] or name).split()).strip(". ")
    short = stem.encode()[:LONGEST_NAME_BYTES].decode(errors="ignore")
    return short.rstrip(". ") or "song"


def _names(stem: str, ending: str) -> Iterator[str]:
    yield f"{stem}{ending}"
    number = 2
    while True:
        yield f"{stem} {number}{ending}"
        number += 1


def _link(part: Path, place: Path) -> None:
    """Gives a file its name in one step. Raises FileExistsError if another has it."""
    try:
        os.link(part, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, such as exFAT on a stick
        if os.path.lexists(place):
            raise FileExistsError from None
        part.rename(place)


def _not_written(error: OSError) -> UsageError:
    return UsageError(NOT_WRITTEN.format(why=error.strerror))
