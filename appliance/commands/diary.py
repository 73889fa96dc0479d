"""`jukebox diary`: a day, a week or a year of the history as a picture."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from appliance.commands.shared import file_ending, settings_of, write_whole
from appliance.errors import UsageError
from appliance.history.files import database_file
from appliance.history.queries import Step, read_minutes, read_page
from appliance.web import charts
from appliance.web.history import day_named, local, midnight, minute_of_day
from appliance.web.language import Language, languages

MOST_ROWS = 100_000
Row = dict[str, Any]


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds what to draw, where to, and in which language."""
    verb.add_argument(
        "--out", type=file_ending(".svg"), metavar="FILE.svg", help="write the picture there"
    )
    verb.add_argument("--day", metavar="DAY", help="such as 2026-11-30 (default: today)")
    verb.add_argument("--span", choices=["day", "week", "year"], default="day")
    verb.add_argument("--language", choices=list(languages()), default="en")


def run(chosen: argparse.Namespace) -> int:
    """Writes the picture, or prints it. Raises StoreError, UsageError, JukeboxError."""
    database = database_file(settings_of(chosen).store, os.environ)
    draw: dict[str, Callable[[Path, date, Language], str]] = {
        "day": _day, "week": _week, "year": _year,
    }  # fmt: skip
    picture = draw[chosen.span](database, _day_of(chosen.day), languages()[chosen.language])
    if chosen.out is None:
        print(picture)
        return 0
    write_whole(chosen.out, picture)
    return 0


def _day(database: Path, day: date, say: Language) -> str:
    minutes = _minutes(database, "minutes", day, 1)
    moods = charts.runs((minute_of_day(local(row["at"])), charts.leading(row)) for row in minutes)
    begin, end = midnight(day), midnight(day + timedelta(days=1))
    entries = read_page(
        database, from_unix_s=begin.timestamp(), to_unix_s=end.timestamp(),
        what=None, after=None, limit=MOST_ROWS,
    )  # fmt: skip
    at = {
        what: [minute_of_day(local(entry.at)) for entry, _ in entries if entry.what == what]
        for what in ("play", "touch")
    }
    return charts.day(moods, at["play"], at["touch"], say)


def _week(database: Path, day: date, say: Language) -> str:
    first = day - timedelta(days=day.weekday())
    moods = {}
    for row in _minutes(database, "hours", first, 7):
        at = datetime.fromisoformat(row["at"])
        moods[at.date(), at.hour] = charts.leading(row)
    return charts.week([first + timedelta(days=number) for number in range(7)], moods, say)


def _year(database: Path, day: date, say: Language) -> str:
    days = _minutes(database, "days", date(day.year, 1, 1), 366)
    moods = {date.fromisoformat(row["at"]): charts.leading(row) for row in days}
    return charts.year(day.year, moods, say)


def _minutes(database: Path, step: Step, first: date, days: int) -> list[Row]:
    begin, end = midnight(first), midnight(first + timedelta(days=days))
    return read_minutes(
        database, step, from_unix_s=begin.timestamp(), to_unix_s=end.timestamp(),
        after="", limit=MOST_ROWS,
    )  # fmt: skip


def _day_of(text: str | None) -> date:
    if text is None:
        return datetime.now().astimezone().date()
    day = day_named(text)
    if day is None:
        raise UsageError(f"--day {text}: it must be a day from 2000 to 2200, such as 2026-11-30")
    return day
