"""Copies of the history, for `jukebox backup` and its timer; also while a jukebox writes."""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from appliance.errors import BusyError
from appliance.history.database import check, unreadable_names_as_damage
from appliance.history.files import (
    COMPANIONS,
    Lock,
    database_file,
    explained,
    is_in_use,
    missing,
    open_for_reading,
)
from appliance.history.migrations import unknown_steps
from appliance.history.store import SqliteStore
from appliance.history.wrong_clock import without_jump
from appliance.settings import StoreSettings

log = logging.getLogger("jukebox")

KEEP = 3  # copies


@dataclass(frozen=True, slots=True)
class Backup:
    """One copy and its size."""

    path: Path
    size_bytes: int


def back_up(settings: StoreSettings, unix_s: float) -> Backup:
    """Makes a copy in backups/ beside the database, one a day; the newest three copies are kept.

    Copies that a wrong clock has dated, or that are from before it was wrong, do not count.
    Unless a jukebox runs, which prunes once a day, entries older than the retention are deleted
    first. Raises StoreError if there is no history or it cannot be copied; earlier copies then stay
    as they are.
    """
    database = database_file(settings, os.environ)
    if not os.path.exists(database):
        raise missing(database)
    if not is_in_use(database):
        _prune(settings, unix_s)
    folder = database.parent / "backups"
    part = folder / ".part"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _copy(database, part)
        copy = folder / f"{database.stem}-{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d}.db"
        part.replace(copy)
        _remove_old_copies(folder, database.stem, datetime.fromtimestamp(unix_s, UTC))
        return Backup(copy, copy.stat().st_size)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise explained(database, error) from error


def put_back(settings: StoreSettings, copy: Path) -> bool:
    """Puts a copy in place of a history whose schema a newer jukebox has changed.

    This is for the way back from an update. Returns whether that was necessary; the newer history
    then stays beside it as .newer. Raises StoreError if it cannot be done, and BusyError if a
    jukebox runs with the database.
    """
    database = database_file(settings, os.environ)
    lock = Lock(database)
    try:
        lock.take()
        with unreadable_names_as_damage(), open_for_reading(database) as connection:
            if not unknown_steps(Database(connection, execute_plugins=False)):
                return False
        part = database.with_name(f"{database.name}.part")  # a rename works in one file system only
        _copy(copy, part)
        for companion in (*COMPANIONS, ""):
            with suppress(FileNotFoundError):
                os.replace(f"{database}{companion}", f"{database}.newer{companion}")
        part.replace(database)
    except (sqlite3.Error, OSError) as error:
        raise explained(database, error) from error
    finally:
        lock.release()
    return True


def _prune(settings: StoreSettings, unix_s: float) -> None:
    # Busy: a jukebox has just started, and prunes by itself.
    with suppress(BusyError), closing(SqliteStore(settings)) as store:
        store.prune(unix_s)


def _remove_old_copies(folder: Path, stem: str, now: datetime) -> None:
    """Keeps the newest copies of those up to now; the one just made is always among them."""
    copies = {}
    for path in folder.glob(f"{stem}-*.db"):
        with suppress(ValueError):  # a file of the owner's
            day = datetime.fromisoformat(path.stem.removeprefix(f"{stem}-"))
            copies[day.replace(tzinfo=UTC)] = path
    for day in without_jump(copies, now)[:-KEEP]:
        copies[day].unlink()


def _copy(database: Path, part: Path) -> None:
    """Makes a complete, checked copy that is on the disk. Raises sqlite3.Error or OSError."""
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with open_for_reading(database) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
        # A single file, which people can copy elsewhere as it is.
        target.execute("PRAGMA journal_mode = DELETE").fetchone()
    with open_for_reading(part) as copied:
        check(copied)
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
