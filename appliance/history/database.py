"""The history's file: where it lies, who may write to it, and what to do when it is damaged."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from appliance.errors import BusyError, StoreError
from appliance.history.migrations import steps, unknown_steps
from appliance.settings import StoreSettings

log = logging.getLogger("jukebox")

LOCK_WAIT_S = 0.25  # the loop stands still for as long
COMPANIONS = ("-wal", "-shm")


def database_file(settings: StoreSettings, environ: Mapping[str, str]) -> Path:
    """Where the history lies: as set, or in the state folder of the service or of the user."""
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
        """Take the lock unless it is held. Raises BusyError, and OSError if it has no place."""
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
        """Let another jukebox in."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def is_in_use(database: Path) -> bool:
    """Whether a jukebox runs with this database."""
    try:
        fd = os.open(f"{database}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def open_for_writing(path: Path) -> Database:
    """The database in the newest schema, begun if there is none.

    Raises sqlite3.Error, OSError, and StoreError if a newer jukebox made it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # 0600: moods are nobody else's business. O_RDWR: SQLite would open a read-only file as well,
    # and leave a -wal behind that stays read-only when the file no longer is.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=LOCK_WAIT_S)
    try:
        db = Database(connection, execute_plugins=False)
        _refuse_newer(path, db)
        db.enable_wal()
        db.execute("PRAGMA synchronous = FULL")  # NORMAL lost 9 of 1,000 rows in a power cut
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA secure_delete = ON")  # what is pruned is gone from the card as well
        steps.apply(db)
    except BaseException:
        connection.close()
        raise
    return db


def open_for_reading(path: Path) -> Database:
    """The database as it is, also while a jukebox writes to it. Raises sqlite3.Error."""
    # After a clean stop there is no WAL, and who may not write beside the database can read it only
    # as one that nobody changes.
    alone = not Path(f"{path}-wal").exists() and not os.access(
        path.parent, os.W_OK, effective_ids=True
    )
    uri = f"{path.absolute().as_uri()}?{'immutable=1' if alone else 'mode=ro'}"
    return Database(sqlite3.connect(uri, uri=True, timeout=5.0), execute_plugins=False)


def check(db: Database) -> None:
    """Read every page. Raises sqlite3.DatabaseError, for which is_damaged() is true."""
    (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        damage = sqlite3.DatabaseError(found)
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage


def set_aside(path: Path, unix_s: float, damage: sqlite3.Error) -> None:
    """Move a damaged database out of the way, so that a new one can begin. Raises OSError."""
    name = first = f"{path}.corrupt-{datetime.fromtimestamp(unix_s, UTC):%Y%m%d-%H%M%S}"
    number = 1
    while os.path.lexists(name):  # a box without a clock begins every day at the same time
        name, number = f"{first}-{number}", number + 1
    for companion in (*COMPANIONS, ""):  # the database last: a new one must not meet an old WAL
        with suppress(FileNotFoundError):
            os.replace(f"{path}{companion}", f"{name}{companion}")
    log.error("history: %s is damaged (%s); kept as %s, a new one begins", path, damage, name)


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, so that trying again cannot help."""
    return _code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def explained(path: Path, error: sqlite3.Error | OSError) -> StoreError:
    """The failure as a sentence for the owner."""
    if isinstance(error, OSError):
        return StoreError(f"{path} cannot be opened: {error.strerror}")
    match _code(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(f"{path} is locked by another program; close what has it open")
        case sqlite3.SQLITE_FULL:
            return StoreError(f"{path} cannot grow: the disk is full; make room on it")
        case sqlite3.SQLITE_READONLY:
            return StoreError(f"{path} may only be read; check its permissions and its disk")
        case sqlite3.SQLITE_CANTOPEN:
            return StoreError(f"{path} cannot be opened; check its permissions and its disk")
    return StoreError(f"{path} cannot be used: {error}; check its disk")


def _refuse_newer(path: Path, db: Database) -> None:
    if newer := unknown_steps(db):
        raise StoreError(
            f"{path} was made by a newer jukebox (it has {', '.join(newer)}) and is left as it is; "
            "update this jukebox, or give it another store.path"
        )


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extended part


def iso(unix_s: float) -> str:
    """A moment as every table has it: ISO 8601 in UTC, to the second."""
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
