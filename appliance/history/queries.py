"""The history read: for people, for programs, and for the box when it starts."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from appliance.errors import StoreError
from appliance.history.database import explained, iso, open_for_reading
from appliance.history.migrations import STATES
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
    names = [each.name for each in fields(Entry)]
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


def read_yesterday(path: Path, unix_s: float) -> str | None:
    """The day before this moment in a sentence; None if nobody was there. Raises StoreError."""
    day = f"{datetime.fromtimestamp(unix_s, UTC).astimezone() - timedelta(days=1):%Y-%m-%d}"
    moods = ", ".join(f"{name}_minutes" for name in STATES[:-1])
    count = "select count(*) from {} where date(at, 'localtime') = ?"
    try:
        with open_for_reading(path) as db:
            row = db.execute(f"select {moods} from mood_per_day where day = ?", [day]).fetchone()  # noqa: S608 (own names)
            songs, touches = (
                db.execute(count.format(table), [day]).fetchone()[0]
                for table in ("plays", "touches")
            )
    except sqlite3.Error as error:
        raise explained(path, error) from error
    if row is None or not sum(row):
        return None
    shares = sorted(zip(row, STATES[:-1], strict=True), reverse=True)
    seen = ", ".join(f"{name} {part / sum(row):.0%}" for part, name in shares if part >= 1)
    hours = f"{sum(row) / 60:.1f} hours with somebody here"
    return f"{hours}: {seen}; songs put on: {songs}; what people did to the player: {touches}"


def read_calibration(path: Path) -> Factors | None:
    """How a resting face is corrected, None if it is not. Raises StoreError."""
    if not path.exists():
        return None
    names = ", ".join(EMOTIONS)
    try:
        with open_for_reading(path) as db:
            if not db.table("calibration").exists():
                return None
            row = db.execute(f"select {names} from calibration").fetchone()  # noqa: S608 (own names)
    except sqlite3.Error as error:
        raise explained(path, error) from error
    return row and tuple(row)
