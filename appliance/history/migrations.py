"""The schema of the history as the steps that led to it; docs/database.md explains the tables.

A step is never undone, and a released one is never edited: a change is a new step at the end.
sqlite-utils carries them out. It takes 7 MB and a tenth of the start, and nearly always there is
nothing to do, so it is imported only when a step is due.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from appliance.history.files import STATES
from appliance.records import EMOTIONS

if TYPE_CHECKING:
    from sqlite_utils import Database

    Step = Callable[[Database], None]

NAME = "jukebox"  # of these steps, among those of other programs


class Steps:
    """The steps in their order."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def __call__(self) -> Callable[[Step], Step]:
        """Makes a function the next step."""

        def add(step: Step) -> Step:
            self._steps.append(step)
            return step

        return add

    @property
    def names(self) -> list[str]:
        """Those of all steps."""
        return [step.__name__ for step in self._steps]

    def apply(self, connection: sqlite3.Connection, *, stop_before: str | None = None) -> None:
        """Takes the steps that the database has not taken yet."""
        if set(self.names) <= set(applied_steps(connection)):
            return
        from sqlite_utils import Database, Migrations  # noqa: PLC0415 - see above

        migrations = Migrations(NAME)
        for step in self._steps:
            migrations()(step)
        db = Database(connection, execute_plugins=False)
        migrations.apply(db, stop_before=stop_before)


steps = Steps()


def applied_steps(connection: sqlite3.Connection) -> list[str]:
    """The names of the steps that a database has taken. Raises sqlite3.Error."""
    tables = "select 1 from sqlite_master where name = '_sqlite_migrations'"
    if connection.execute(tables).fetchone() is None:
        return []
    # All columns, so that the damaged name of one is noticed here.
    of_this = "select name, * from _sqlite_migrations where migration_set = ? order by rowid"
    return [row[0] for row in connection.execute(of_this, [NAME])]


def unknown_steps(connection: sqlite3.Connection) -> list[str]:
    """The names of applied steps that this program does not know: a newer one made the database."""
    return [name for name in applied_steps(connection) if name not in steps.names]


@steps()
def m001_tables(db: Database) -> None:
    """Makes tables for moods, for plays, and for each minute with somebody there."""
    from sqlite_utils.db import ForeignKey  # noqa: PLC0415 - see above

    mood = {"state": str, "emotion": str, "probability": float, "faces": int}
    db.table("moods").create(
        {"id": int, "at": str, **mood}, pk="id", not_null={"at", *mood} - {"emotion"}, strict=True
    )
    play = {"title": str, "uri": str, "emotion": str, "source": str, "reason": str}
    db.table("plays").create(
        {"id": int, "at": str, "mood_id": int, **play},
        pk="id",
        not_null={"at", *play},
        foreign_keys=[ForeignKey("plays", "mood_id", "moods", "id", on_delete="SET NULL")],
        strict=True,
    )
    seconds = {f"{name}_s": float for name in STATES}
    db.table("minutes").create(
        {"id": int, "at": str, **seconds, "faces": int},
        pk="id",
        not_null={"at", *seconds, "faces"},
        strict=True,
    )
    # No index on minutes: it would double what a minute writes to the SD card.
    for name in ("moods", "plays"):
        db.table(name).create_index(["at"])
    db.table("plays").create_index(["mood_id"])


@steps()
def m002_views(db: Database) -> None:
    """Makes views for what people ask: what happened, how the days were, what was played when."""
    db.create_view(
        "history",
        """
        select at, 'mood' as what, state, emotion, probability, faces,
               null as title, null as uri, null as source, null as reason, id from moods
        union all
        select at, 'play', null, emotion, null, null, title, uri, source, reason, id from plays
        """,
    )
    minutes = ", ".join(f"round(sum({name}_s) / 60, 1) as {name}_minutes" for name in STATES[:-1])
    db.create_view(
        "mood_per_day",
        f"select date(at, 'localtime') as day, {minutes}, max(faces) as most_faces"  # noqa: S608
        " from minutes group by day",  # the names are this file's own
    )
    db.create_view(
        "songs_per_mood",
        "select emotion, title, count(*) as times, max(at) as last_at"
        " from plays group by emotion, uri",
    )


@steps()
def m003_touches_and_calibration(db: Database) -> None:
    """Makes tables for what people did to the player and for the calibration."""
    db.table("touches").create(
        {"id": int, "at": str, "touch": str}, pk="id", not_null={"at", "touch"}, strict=True
    )
    db.table("touches").create_index(["at"])
    factors = {str(emotion): float for emotion in EMOTIONS}
    db.table("calibration").create(
        {"id": int, "at": str, **factors}, pk="id", not_null={"at", *factors}, strict=True
    )
    db.create_view(
        "history",
        """
        select at, 'mood' as what, state, emotion, probability, faces,
               null as title, null as uri, null as source, null as reason, id from moods
        union all
        select at, 'play', null, emotion, null, null, title, uri, source, reason, id from plays
        union all
        select at, 'touch', null, null, null, null, null, null, null, touch, id from touches
        """,
        replace=True,
    )


@steps()
def m004_skips(db: Database) -> None:
    """Makes a table for a copy of the skip counts that MPD keeps as stickers."""
    columns = {"uri": str, "emotion": str, "count": int, "day": str, "lost": int}
    db.table("skips").create(columns, pk=("uri", "emotion"), not_null=set(columns), strict=True)


@steps()
def m005_corrections(db: Database) -> None:
    """Makes a table for what people said about how the room looks."""
    db.table("corrections").create(
        {"id": int, "at": str, "told": str, "state": str, "emotion": str, "probability": float},
        pk="id",
        not_null={"at", "told", "state", "probability"},
        strict=True,
    )
    db.table("corrections").create_index(["at"])


@steps()
def m006_people(db: Database) -> None:
    """Makes a table for what taught people's faces are like: a few numbers for each emotion."""
    columns = {"name": str, "emotion": str, "at": str, "examples": float}
    columns |= {"network": str, "numbers": str}
    db.table("people").create(columns, pk=("name", "emotion"), not_null=set(columns), strict=True)
