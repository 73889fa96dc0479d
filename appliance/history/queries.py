"""The history read: for people, for programs, and for the box when it starts."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from appliance.errors import StoreError
from appliance.history.files import explained, iso, open_for_reading
from appliance.records import EMOTIONS, Factors

What = Literal["mood", "play", "touch"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history. at: ISO 8601 in UTC; a mood has no title, a play no state.

    reason: why a song was put on, or what a person did to the player.
    """

    at: str
    what: What
    state: str | None
    emotion: str | None
    probability: float | None
    faces: int | None
    title: str | None
    uri: str | None
    source: str | None
    reason: str | None


def read_history(
    path: Path, since_unix_s: float, limit: int, what: What | None = None
) -> list[Entry]:
    """The newest entries since then, oldest first; also while a jukebox runs. Raises StoreError.

    what: only those of this kind.
    """
    names = [field.name for field in fields(Entry)]
    if not path.exists():
        raise StoreError(f"{path} does not exist: no jukebox has run with it yet")
    try:
        with open_for_reading(path) as db:
            rows = db.execute(
                f"select {', '.join(names)} from history where at >= ? and what like ?"  # noqa: S608
                " order by at desc, what desc, id desc limit ?",
                [iso(since_unix_s), what or "%", limit],
            ).fetchall()
    except sqlite3.Error as error:
        raise explained(path, error) from error
    return [Entry(*row) for row in reversed(rows)]


def read_calibration(path: Path) -> Factors | None:
    """How a resting face is corrected, None if it is not. Raises StoreError."""
    if not path.exists():
        return None
    names = ", ".join(EMOTIONS)
    try:
        with open_for_reading(path) as db:
            known = "select 1 from sqlite_master where name = 'calibration'"
            if db.execute(known).fetchone() is None:
                return None
            row = db.execute(f"select {names} from calibration").fetchone()  # noqa: S608 (own names)
    except sqlite3.Error as error:
        raise explained(path, error) from error
    return row and tuple(row)
