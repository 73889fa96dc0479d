"""Where the history lies, who may write to it, and how it is read.

This file does without sqlite-utils, which takes longer to import than a light verb takes to run.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from appliance.access import closed_folder, why_closed
from appliance.errors import BusyError, StoreError
from appliance.records import EMOTIONS
from appliance.settings import StoreSettings

COMPANIONS = ("-wal", "-shm")
END_OF_TIME_S = 253_402_300_799.0  # the last second of the year 9999
# The seconds of a minute go to one of these columns: an emotion, or a state without one.
STATES = (*(str(emotion) for emotion in EMOTIONS), "uncertain", "nobody")


def database_file(settings: StoreSettings, environ: Mapping[str, str]) -> Path:
    """The file of the history: as set, or in the state folder of the service or of the user."""
    if settings.path:
        return Path(settings.path)
    if states := environ.get("STATE_DIRECTORY"):
        return Path(states.split(":")[0], "jukebox.db")
    state = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", "/"), ".local", "state")
    return Path(state, "jukebox", "jukebox.db")


class Lock:
    """Keeps a second jukebox away from the same database, for as long as this process lives."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._fd: int | None = None

    def take(self) -> None:
        """Takes the lock, unless this object holds it already.

        Raises BusyError if another process holds it, and OSError if its file cannot be made.
        """
        if self._fd is not None:
            return
        self._database.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(f"{self._database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.read(fd, 20).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise BusyError(
                f"another jukebox (pid {pid}) already runs with {self._database}; "
                "stop it first, or give this one another store.path"
            ) from error
        self._fd = fd
        with suppress(OSError):  # a full disk: the lock holds all the same
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Releases the lock."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def is_in_use(database: Path) -> bool:
    """Whether a jukebox runs with this database."""
    try:
        fd = os.open(f"{database}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:  # another user's, such as root's
        return _is_locked(Path(f"{database}.lock"))
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _is_locked(file: Path) -> bool:
    """Whether any process holds a lock of this file, which this user may not open (proc(5))."""
    try:
        found = file.stat()
        number = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
        return number in Path("/proc/locks").read_text(encoding="ascii").split()
    except OSError:
        return False


@contextmanager
def open_for_reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads, also while a jukebox writes. Raises sqlite3.Error."""
    # After a clean stop there is no WAL. SQLite would make one, so where this process may not write
    # beside the database, it must open it as a file that nobody changes.
    immutable = not os.path.exists(f"{path}-wal") and not os.access(
        path.parent, os.W_OK, effective_ids=True
    )
    uri = f"{path.absolute().as_uri()}?{'immutable=1' if immutable else 'mode=ro'}"
    connection = sqlite3.connect(uri, uri=True, timeout=5.0)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """As open_for_reading(), for a history that may be damaged, or another program's.

    Raises StoreError if it cannot be read, and for a TypeError or ValueError within: a row then
    holds what no jukebox has written.
    """
    if not os.path.exists(path):
        raise missing(path)
    try:
        with open_for_reading(path) as connection:
            yield connection
    except sqlite3.Error as error:
        raise explained(path, error) from error
    except (OverflowError, TypeError, ValueError) as error:
        raise StoreError(
            f"{path} holds what no jukebox has written: {error}; put a backup in its place"
        ) from error


def missing(path: Path) -> StoreError:
    """Why there is no history to read at this path."""
    return _closed(path) or StoreError(f"{path} does not exist: no jukebox has run with it yet")


def _closed(path: Path) -> StoreError | None:
    if (closed := closed_folder(path)) is None:
        return None
    return StoreError(
        f"{path} cannot be opened, because {why_closed(closed)}; leave path in [store] empty, or "
        "name a file in a folder that this user may read and write"
    )


def explained(path: Path, error: sqlite3.Error | OSError) -> StoreError:
    """The failure as a StoreError with a sentence for the owner."""
    if isinstance(error, OSError):
        return _closed(path) or StoreError(f"{path} cannot be opened: {error.strerror}")
    match error_code(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(
                f"{path} is locked by another program; close the program that has it open"
            )
        case sqlite3.SQLITE_FULL:
            return StoreError(f"{path} cannot grow: the disk is full; make room on it")
        case sqlite3.SQLITE_READONLY:
            return StoreError(f"{path} may only be read; check its permissions and its disk")
        case sqlite3.SQLITE_CANTOPEN:
            return StoreError(f"{path} cannot be opened; check its permissions and its disk")
    return StoreError(f"{path} cannot be used: {error}; check its disk")


def iso(unix_s: float) -> str:
    """A moment as all tables hold it: ISO 8601 in UTC, to the second."""
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


def error_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code, 0 if there is none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extended part
