"""The database of the history: how it is opened for writing, checked, and set aside if damaged."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from appliance.errors import StoreError
from appliance.history.files import COMPANIONS, error_code
from appliance.history.migrations import steps, unknown_steps

log = logging.getLogger("jukebox")

LOCK_WAIT_S = 0.25  # the loop stands still meanwhile


def open_for_writing(path: Path) -> Database:
    """The database in the newest schema; a new one if there is none.

    Raises sqlite3.Error or OSError if it cannot be opened, StoreError if a newer jukebox made it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # 0600: nobody else may read the moods. O_RDWR: SQLite would open a read-only file as well, and
    # leave a -wal behind that stays read-only when the file no longer is.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=LOCK_WAIT_S)
    try:
        db = Database(connection, execute_plugins=False)
        refuse_newer(path, db)
        db.enable_wal()
        db.execute("PRAGMA synchronous = FULL")  # NORMAL lost 9 of 1,000 rows in a power cut
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA secure_delete = ON")  # what is pruned is gone from the disk as well
        steps.apply(db)
    except BaseException:
        connection.close()
        raise
    return db


def check(db: Database | sqlite3.Connection) -> None:
    """Reads every page. Raises a sqlite3.DatabaseError that is_damaged() knows if one is bad."""
    (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise _damage(found)


@contextmanager
def unreadable_names_as_damage() -> Iterator[None]:
    """Raises a sqlite3.DatabaseError that is_damaged() knows, where a name is no UTF-8 any more."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise _damage(str(error)) from error


def set_aside(path: Path, unix_s: float, damage: sqlite3.Error) -> None:
    """Renames a damaged database, so that a new one can begin. Raises OSError."""
    name = first = f"{path}.corrupt-{datetime.fromtimestamp(unix_s, UTC):%Y%m%d-%H%M%S}"
    number = 1
    while os.path.lexists(name):  # a machine without a clock starts every day at the same time
        name, number = f"{first}-{number}", number + 1
    for companion in (*COMPANIONS, ""):  # the database last: a new one must not meet an old WAL
        with suppress(FileNotFoundError):
            os.replace(f"{path}{companion}", f"{name}{companion}")
    log.error("history: %s is damaged (%s); kept as %s, a new one begins", path, damage, name)


def refuse_newer(path: Path, db: Database) -> None:
    """Raises StoreError if a newer jukebox made the database."""
    if newer := unknown_steps(db):
        raise StoreError(
            f"{path} was made by a newer jukebox (it has {', '.join(newer)}) and is left as it is; "
            "update this jukebox, or give it another store.path"
        )


def _damage(text: str) -> sqlite3.DatabaseError:
    damage = sqlite3.DatabaseError(text)
    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return damage


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, so that trying again cannot help."""
    return error_code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
