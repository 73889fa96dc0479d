"""Deletes a time from the history for good: from the database, its copies, and the disk."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from appliance.history.files import explained, iso

# The loop keeps its rows in memory meanwhile, so this may wait for those who read.
LOCK_WAIT_S = 30.0
Delete = Callable[[sqlite3.Connection], int]  # how many rows it deleted
TABLES = ("plays", "moods", "minutes", "touches", "corrections")


def forget(path: Path, from_unix_s: float, to_unix_s: float, *, everything: bool = False) -> int:
    """Deletes the rows of [from_unix_s, to_unix_s). Returns how many were in the database.

    What was deleted is overwritten, and the file made smaller. The copies in backups/ lose the same
    rows. everything: also what was taught of people, and databases that were set aside because they
    were damaged. Raises StoreError.
    """

    def delete(db: sqlite3.Connection) -> int:
        tables = _tables(db, TABLES)
        deleted = sum(_delete(db, table, from_unix_s, to_unix_s) for table in tables)
        for table in _tables(db, ("people",)) if everything else ():
            deleted += db.execute(f"delete from {table}").rowcount  # noqa: S608 (own name)
        return deleted

    deleted = _forget_everywhere(path, delete)
    if everything:
        for left in _set_aside(path):
            left.unlink(missing_ok=True)
    return deleted


def forget_person(path: Path, name: str) -> int:
    """Deletes what was taught of a person. Returns for how many emotions there was something.

    It is overwritten, and gone from the copies, as in forget(). Raises StoreError.
    """

    def delete(db: sqlite3.Connection) -> int:
        if not _tables(db, ("people",)):
            return 0
        return db.execute("delete from people where name = ?", [name]).rowcount

    return _forget_everywhere(path, delete)


def _forget_everywhere(path: Path, delete: Delete) -> int:
    """Deletes in the database and in its copies. Returns how many rows were in the database."""
    if not os.path.exists(path):
        return 0
    deleted = _forget_in(path, delete)
    for copy in sorted((path.parent / "backups").glob("*.db")):
        _forget_in(copy, delete)
    return deleted


def _forget_in(path: Path, delete: Delete) -> int:
    try:
        with closing(sqlite3.connect(path, timeout=LOCK_WAIT_S)) as db:
            db.execute("PRAGMA secure_delete = ON")
            db.execute("PRAGMA foreign_keys = ON")
            with db:
                deleted = delete(db)
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        raise explained(path, error) from error
    return deleted


def _delete(db: sqlite3.Connection, table: str, from_unix_s: float, to_unix_s: float) -> int:
    # A minute's row bears the time at which the minute began.
    begin_s = from_unix_s - from_unix_s % 60 if table == "minutes" else from_unix_s
    sql = f"delete from {table} where at >= ? and at < ?"  # noqa: S608 (own names)
    return db.execute(sql, [iso(begin_s), iso(to_unix_s)]).rowcount


def _tables(db: sqlite3.Connection, names: Iterable[str]) -> list[str]:
    """Those that are there: a copy may be of an earlier version."""
    rows = db.execute("select name from sqlite_master where type = 'table'").fetchall()
    return [table for table in names if (table,) in rows]


def _set_aside(path: Path) -> Iterator[Path]:
    """Databases that the jukebox renamed, beside this one, with what belongs to them."""
    for pattern in (f"{path.name}.corrupt-*", f"{path.name}.newer*"):
        yield from path.parent.glob(pattern)
