"""Reads the history for people, for programs, and for the jukebox when it starts."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from appliance.history.files import explained, iso, missing, open_for_reading
from appliance.records import EMOTIONS, Factors

What = Literal["mood", "play", "touch"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the history; fields that its kind does not have are None.

    at: ISO 8601 in UTC. state, probability (0…1), faces: of a mood. title, uri, source: of a play.
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
    """The newest entries since a moment, oldest first; also while a jukebox runs.

    limit: at most so many. what: only entries of this kind. Raises StoreError if there is no
    history yet, or if it cannot be read.
    """
    names = [field.name for field in fields(Entry)]
    if not os.path.exists(path):
        raise missing(path)
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
    """The factors of the last calibration; None if there is none.

    Raises StoreError if the history cannot be read.
    """
    if not os.path.exists(path):
        return None
    names = ", ".join(EMOTIONS)
    try:
        with open_for_reading(path) as db:
            table = "select 1 from sqlite_master where name = 'calibration'"
            if db.execute(table).fetchone() is None:  # an earlier version's
                return None
            row = db.execute(f"select {names} from calibration").fetchone()  # noqa: S608 (own names)
    except sqlite3.Error as error:
        raise explained(path, error) from error
    return row and tuple(row)
