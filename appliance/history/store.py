"""The history: moods, plays and one summary a minute, in SQLite. Never pictures.

Recording only queues rows in memory. `write` brings them to the disk, and what it has written
survives a pulled plug. What cannot be written waits, for days if need be. No clock is read here.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from appliance.errors import JukeboxError
from appliance.history.database import (
    check,
    is_damaged,
    open_for_writing,
    set_aside,
    unreadable_names_as_damage,
)
from appliance.history.files import END_OF_TIME_S, STATES, Lock, database_file, explained, iso
from appliance.history.forgetting import TABLES, forget, forget_person
from appliance.history.queries import read_skips
from appliance.history.wrong_clock import believable_now
from appliance.listener import ListenerAction
from appliance.records import EMOTIONS, Emotion, Factors, Mood, Play, SkipCount, TaughtFace
from appliance.settings import StoreSettings

log = logging.getLogger("jukebox")

MAX_WAITING = 10_000  # rows, some MB: a week of a full disk


class SqliteStore:
    """Writes the history; opens its database at the first write.

    path: the file of the database. Raises BusyError if another jukebox uses the same database.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.path = database_file(settings, os.environ)
        self._remembers_guests = settings.remember_guests
        self._retention = timedelta(days=settings.retention_days)
        self._lock = Lock(self.path)
        self._db: Database | None = None
        self._file: tuple[int, int] | None = None
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque()
        self._dropped = 0
        self._minute: _Minute | None = None
        self._unix_s = 0.0
        self._forgetter = ThreadPoolExecutor(1, "forget")
        self._forgetting: Future[int] | None = None
        try:
            self._lock.take()
        except OSError:
            log.debug("history: no lock yet; write() tries again and reports why")

    def record_mood(self, unix_s: float, mood: Mood) -> None:
        """Queues a row for a mood that has just begun."""
        if self._is_private(mood):
            return
        self._add(
            "moods",
            at=iso(unix_s),
            state=mood.state,
            emotion=mood.emotion,
            probability=round(mood.probability, 3),
            faces=mood.faces,
        )

    def record_play(self, unix_s: float, play: Play, mood: Mood) -> None:
        """Queues a row for a song that was put on in the last recorded mood.

        While guests are here, the row holds no reason.
        """
        row = {field.name: _storable(getattr(play, field.name)) for field in fields(play)}
        if self._is_private(mood):
            row["reason"] = ""
        self._add("plays", at=iso(unix_s), **row)

    def record_listener_action(self, unix_s: float, action: ListenerAction) -> None:
        """Queues a row for something that a person did to the player."""
        self._add("touches", at=iso(unix_s), touch=action)

    def record_calibration(self, unix_s: float, factors: Factors | None) -> None:
        """Queues the factors that replace the last calibration; None forgets it."""
        row = dict(zip(map(str, EMOTIONS), factors, strict=True)) if factors else {}
        self._add("calibration", at=iso(unix_s), **row)

    def record_taught(self, unix_s: float, faces: Iterable[TaughtFace]) -> None:
        """Queues what a person's face is like; it replaces what was known of these emotions."""
        for face in faces:
            row = {field.name: getattr(face, field.name) for field in fields(face)}
            self._add("people", at=iso(unix_s), **row | {"numbers": json.dumps(face.numbers)})

    def record_skips(self, skips: SkipCount) -> None:
        """Queues the copy of a song's skips in a mood, which replaces the last; 0 forgets it."""
        row = {field.name: getattr(skips, field.name) for field in fields(skips)}
        self._add("skips", **row | {"lost": int(skips.lost)})

    def read_skips(self) -> list[SkipCount]:
        """The copy of the skip counts, as it was recorded last. Raises StoreError."""
        copies = {(skips.uri, skips.emotion): skips for skips in read_skips(self.path)}
        for table, row in self._waiting:
            if table == "skips":
                skips = SkipCount(**row | {"lost": bool(row["lost"])})
                copies[skips.uri, skips.emotion] = skips
        return [skips for skips in copies.values() if skips.count]

    def record_correction(self, unix_s: float, told: Emotion, mood: Mood) -> None:
        """Queues a row for how a person says that the room looks. mood: as it was read."""
        self._add(
            "corrections",
            at=iso(unix_s),
            told=told,
            state=mood.state,
            emotion=mood.emotion,
            probability=round(mood.probability, 3),
        )

    def record_seconds(self, unix_s: float, mood: Mood, seconds: float) -> None:
        """Adds seconds of a mood to the minute under way, which is queued once it is over."""
        if self._is_private(mood):
            return
        begins_s = unix_s - unix_s % 60
        if self._minute is None or self._minute.begins_s != begins_s:
            self._end_minute()
            self._minute = _Minute(begins_s, dict.fromkeys(STATES, 0.0))
        self._minute.add(mood, seconds)

    def write(self, unix_s: float) -> None:
        """Writes the rows that wait.

        Raises StoreError; the rows then wait for the next call. Raises BusyError if another jukebox
        has taken the database while this one could not.
        """
        self._unix_s = unix_s
        if self._is_forgetting() or (not self._waiting and self._db is not None):
            return
        self._guarded(self._write_waiting)
        if self._dropped:
            log.warning(
                "history: %d entries were dropped while the database could not be written",
                self._dropped,
            )
            self._dropped = 0

    def prune(self, unix_s: float) -> None:
        """Checks every page and deletes what is older than the retention. Raises as write().

        A clock that has jumped by years deletes nothing (wrong_clock.py).
        """
        self._unix_s = unix_s
        if not self._is_forgetting():
            self._guarded(self._check_and_prune)

    def forget(self, from_unix_s: float, to_unix_s: float) -> Future[int]:
        """Begins to delete the rows of [from_unix_s, to_unix_s), in a thread; see forgetting.py.

        Until that is done, write() lets rows wait. The result is how many rows were deleted, or
        StoreError. An infinite end: everything.
        """
        within = _within(from_unix_s, to_unix_s)
        everything = from_unix_s <= 0.0 and to_unix_s == END_OF_TIME_S
        before = len(self._waiting)
        self._waiting = deque(
            (table, row)
            for table, row in self._waiting
            if not ((table in TABLES and within(row["at"])) or (table == "people" and everything))
        )
        dropped = before - len(self._waiting)
        if self._minute is not None and from_unix_s < self._minute.begins_s + 60.0 <= to_unix_s:
            self._minute = None
        self._forgetting = self._forgetter.submit(
            lambda: dropped + forget(self.path, from_unix_s, to_unix_s, everything=everything)
        )
        return self._forgetting

    def forget_person(self, name: str) -> Future[int]:
        """Begins to delete what was taught of a person, also from the copies, as forget() does."""
        self._waiting = deque(
            (table, row) for table, row in self._waiting if table != "people" or row["name"] != name
        )
        self._forgetting = self._forgetter.submit(lambda: forget_person(self.path, name))
        return self._forgetting

    def close(self) -> None:
        """Writes the rows that wait and the minute under way; releases the lock. Never raises."""
        self._forgetter.shutdown(wait=True)
        self._end_minute()
        try:
            if self._waiting:
                self.write(self._unix_s)
        except JukeboxError as error:
            log.warning("history: %d entries are lost: %s", len(self._waiting), error)
        finally:
            self._disconnect()
            self._lock.release()

    def _is_forgetting(self) -> bool:
        return self._forgetting is not None and not self._forgetting.done()

    def _is_private(self, mood: Mood) -> bool:
        """Whether guests are here, whose moods are not kept unless the owner wants it."""
        return mood.company and not self._remembers_guests

    def _add(self, table: str, **row: Any) -> None:
        if len(self._waiting) == MAX_WAITING:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append((table, row))

    def _end_minute(self) -> None:
        # Minutes without anybody get no row: an empty room must not wear out the SD card.
        if self._minute is not None and self._minute.somebody_was_there():
            self._add("minutes", **self._minute.row())
        self._minute = None

    def _guarded(self, action: Callable[[Database], None]) -> None:
        """Acts on the database. A damaged one is set aside, and the action done on a new one."""
        try:
            try:
                with unreadable_names_as_damage():
                    action(self._connected())
            except sqlite3.DatabaseError as error:
                if not is_damaged(error):
                    raise
                self._disconnect()
                set_aside(self.path, self._unix_s, error)
                action(self._connected())
        except (sqlite3.Error, OSError) as error:
            self._disconnect()  # a fresh connection notices that the disk is writable again
            raise explained(self.path, error) from error

    def _connected(self) -> Database:
        """The open database. Raises BusyError, StoreError, sqlite3.Error and OSError."""
        if self._db is not None and self._file != _identity(self.path):
            self._disconnect()  # SQLite would go on writing into the deleted file
            log.warning("history: %s was removed; a new one begins", self.path)
        if self._db is None:
            self._lock.take()
            self._db = open_for_writing(self.path)
            self._file = _identity(self.path)
        return self._db

    def _disconnect(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _write_waiting(self, db: Database) -> None:
        with db.atomic():
            for table, row in self._waiting:
                if table == "skips":
                    where = [row["uri"], row["emotion"]]
                    db.table(table).delete_where("uri = ? and emotion = ?", where)
                    if not row["count"]:
                        continue
                if table == "people":
                    where = [row["name"], row["emotion"]]
                    db.table(table).delete_where("name = ? and emotion = ?", where)
                if table == "plays" and row["reason"]:
                    row["mood_id"] = db.execute("select max(id) from moods").fetchone()[0]
                if table == "calibration":
                    db.table(table).delete_where()
                if table != "calibration" or len(row) > 1:
                    db.table(table).insert(row)
        self._waiting.clear()

    def _check_and_prune(self, db: Database) -> None:
        check(db)
        oldest = believable_now(db, self._unix_s) - self._retention
        with db.atomic():
            for table in TABLES:
                db.table(table).delete_where("at < ?", [iso(oldest.timestamp())])
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


@dataclass(slots=True)
class _Minute:
    """Seconds by emotion or state, and the most faces at once. begins_s: Unix time."""

    begins_s: float
    seconds: dict[str, float]
    faces: int = 0

    def add(self, mood: Mood, seconds: float) -> None:
        self.seconds[mood.emotion or mood.state] += seconds
        self.faces = max(self.faces, mood.faces)

    def somebody_was_there(self) -> bool:
        return any(seconds for name, seconds in self.seconds.items() if name != "nobody")

    def row(self) -> dict[str, Any]:
        seconds = {f"{name}_s": round(value, 2) for name, value in self.seconds.items()}
        return {"at": iso(self.begins_s), **seconds, "faces": self.faces}


def _within(from_unix_s: float, to_unix_s: float) -> Callable[[str], bool]:
    """Whether a row's time lies in [from_unix_s, to_unix_s)."""
    begin, end = iso(from_unix_s), iso(to_unix_s)
    return lambda at: begin <= at < end


def _storable(text: str) -> str:
    """The text with "?" for what UTF-8 cannot hold: a broken tag must not block the other rows."""
    return text.encode("utf-8", "replace").decode()


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of the file, which a file put in its place does not share."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
