"""Reads the history for people, for programs, and for the jukebox when it starts."""

from __future__ import annotations

import json
import math
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from appliance.history.files import STATES, iso, reading
from appliance.records import EMOTIONS, Emotion, Factors, SkipCount, TaughtFace

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
    with reading(path) as db:
        rows = db.execute(
            f"select {', '.join(names)} from history where at >= ? and what like ?"  # noqa: S608
            " order by at desc, what desc, id desc limit ?",
            [iso(since_unix_s), what or "%", limit],
        ).fetchall()
        return [_entry(row) for row in reversed(rows)]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the history, just after one of its rows, where a page ends and the next begins."""

    at: str
    what: What
    id: int

    def __str__(self) -> str:
        return f"{self.at} {self.what} {self.id}"


def read_page(
    path: Path,
    *,
    from_unix_s: float,
    to_unix_s: float,
    what: What | None,
    after: Place | None,
    limit: int,
) -> list[tuple[Entry, Place]]:
    """Entries of [from_unix_s, to_unix_s), oldest first, each with the place just after it.

    what: only entries of this kind. after: go on from here. limit: at most so many. Raises
    StoreError as read_history does.
    """
    begin = after or Place("", "mood", 0)
    names = [field.name for field in fields(Entry)]
    with reading(path) as db:
        rows = db.execute(
            f"select {', '.join(names)}, id from history"  # noqa: S608 (own names)
            # The first condition says nothing new, but it is one that an index answers.
            " where at >= ? and at < ? and what like ? and (at, what, id) > (?, ?, ?)"
            " order by at, what, id limit ?",
            [max(iso(from_unix_s), begin.at), iso(to_unix_s), what or "%",
             begin.at, begin.what, begin.id, limit],
        ).fetchall()  # fmt: skip
        entries = [(_entry(row[:-1]), int(row[-1])) for row in rows]
    return [(entry, Place(entry.at, entry.what, number)) for entry, number in entries]


Step = Literal["minutes", "hours", "days"]
# What minutes are added up to: their own beginning in UTC, or an hour or a day of local time.
PERIODS: dict[Step, str] = {
    "minutes": "at",
    "hours": "strftime('%Y-%m-%dT%H:00', at, 'localtime')",
    "days": "date(at, 'localtime')",
}


def read_minutes(
    path: Path, step: Step, *, from_unix_s: float, to_unix_s: float, after: str, limit: int
) -> list[dict[str, Any]]:
    """Seconds of each mood by minute, hour or day of [from_unix_s, to_unix_s), oldest first.

    Each row has "at", a key such as "happy_s" for each of STATES, and "faces", the most at once.
    after: go on behind the row with this "at". Raises StoreError as read_history does.
    """
    sums = ", ".join(f"round(sum({name}_s), 1)" for name in STATES)
    sql = (
        f"select {PERIODS[step]} as period, {sums}, max(faces) from minutes"  # noqa: S608 (own names)
        " where at >= ? and at < ? group by period having period > ? order by period limit ?"
    )
    names = ["at", *(f"{name}_s" for name in STATES), "faces"]
    with reading(path) as db:
        rows = db.execute(sql, [iso(from_unix_s), iso(to_unix_s), after, limit]).fetchall()
        return [
            dict(zip(names, (_text(at), *map(_number, numbers)), strict=True))
            for at, *numbers in rows
        ]


def read_calibration(path: Path) -> Factors | None:
    """The factors of the last calibration; None if there is none.

    Raises StoreError if the history cannot be read.
    """
    if not os.path.exists(path):
        return None
    names = ", ".join(EMOTIONS)
    with reading(path) as db:
        if not _has_table(db, "calibration"):
            return None
        row = db.execute(f"select {names} from calibration").fetchone()  # noqa: S608 (own names)
        return row and tuple(map(_number, row))


def read_skips(path: Path) -> list[SkipCount]:
    """The copy of the skip counts. Raises StoreError if the history cannot be read."""
    if not os.path.exists(path):
        return []
    with reading(path) as db:
        if not _has_table(db, "skips"):
            return []
        rows = db.execute("select uri, emotion, count, day, lost from skips").fetchall()
        return [
            SkipCount(_text(uri), Emotion(emotion), int(_number(count)), _text(day), bool(lost))
            for uri, emotion, count, day, lost in rows
            if emotion in list(Emotion)
        ]


def read_people(path: Path) -> list[TaughtFace]:
    """What taught people's faces are like, by name. Raises StoreError if it cannot be read."""
    if not os.path.exists(path):
        return []
    names = [field.name for field in fields(TaughtFace)]
    with reading(path) as db:
        if not _has_table(db, "people"):
            return []
        rows = db.execute(
            f"select {', '.join(names)} from people order by name, emotion"  # noqa: S608 (own)
        ).fetchall()
        return [_taught(row) for row in rows]


def _entry(row: Sequence[Any]) -> Entry:
    entry = Entry(*row)
    datetime.fromisoformat(entry.at)
    if entry.emotion is not None:
        Emotion(entry.emotion)
    for text in (entry.state, entry.title, entry.uri, entry.source, entry.reason):
        if text is not None:
            _text(text)
    for number in (entry.probability, entry.faces):
        if number is not None:
            _number(number)
    return entry


def _taught(row: Sequence[Any]) -> TaughtFace:
    name, emotion, examples, network, numbers = row
    try:
        means = tuple(map(_number, json.loads(numbers)))
    except RecursionError as error:
        raise ValueError("brackets without end") from error
    return TaughtFace(_text(name), Emotion(emotion), _number(examples), _text(network), means)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _number(value: Any) -> Any:
    """An int or a float, as it was stored."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r:.40} is no number")
    return value


def _has_table(db: sqlite3.Connection, name: str) -> bool:
    """Whether the history has this table, which one of an earlier version may lack."""
    found = db.execute("select 1 from sqlite_master where name = ?", [name]).fetchone()
    return found is not None
