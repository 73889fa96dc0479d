"""Deletes a time from the history for good: from the database, its copies, and the disk."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from appliance.history.files import explained, iso

# The loop keeps its rows in memory meanwhile, so this may wait for those who read.
LOCK_WAIT_S = 30.0
TABLES = ("plays", "moods", "minutes", "touches", "corrections")


def forget(path: Path, from_unix_s: float, to_unix_s: float, *, everything: bool = False) -> int:
    """Deletes the rows of [from_unix_s, to_unix_s). Returns how many were in the database.

    What was deleted is overwritten, and the file made smaller. The copies in backups/ lose the same
    rows. everything: also removes databases that were set aside because they were damaged. Raises
    StoreError.
    """
    if not os.path.exists(path):
        return 0
    deleted = _forget_in(path, from_unix_s, to_unix_s)
    for copy in sorted((path.parent / "backups").glob("*.db")):
        _forget_in(copy, from_unix_s, to_unix_s)
    if everything:
        for left in _set_aside(path):
            left.unlink(missing_ok=True)
    return deleted


def _forget_in(path: Path, from_unix_s: float, to_unix_s: float) -> int:
    try:
        with closing(sqlite3.connect(path, timeout=LOCK_WAIT_S)) as db:
            db.execute("PRAGMA secure_delete = ON")
            db.execute("PRAGMA foreign_keys = ON")
            with db:
                deleted = sum(_delete(db, table, from_unix_s, to_unix_s) for table in _tables(db))
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


def _tables(db: sqlite3.Connection) -> list[str]:
    """Those that are there: a copy may be of an earlier version."""
    rows = db.execute("select name from sqlite_master where type = 'table'").fetchall()
    return [table for table in TABLES if (table,) in rows]


def _set_aside(path: Path) -> Iterator[Path]:
    """Databases that the jukebox renamed, beside this one, with what belongs to them."""
    for pattern in (f"{path.name}.corrupt-*", f"{path.name}.newer*"):
        yield from path.parent.glob(pattern)
