"""The schema of the history as the steps that led to it; docs/database.md explains the tables.

A step is never undone, and a released one is never edited: a change is a new step at the end.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations
from sqlite_utils.db import ForeignKey

from appliance.history.files import STATES
from appliance.records import EMOTIONS

steps = Migrations("jukebox")


def unknown_steps(db: Database) -> list[str]:
    """The names of applied steps that this program does not know: a newer one made the database."""
    with Database(memory=True) as empty:
        known = {step.name for step in steps.pending(empty)}
    return [step.name for step in steps.applied(db) if step.name not in known]


@steps()
def m001_tables(db: Database) -> None:
    """Makes tables for moods, for plays, and for each minute with somebody there."""
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
