"""The history as the page gets it: from the jukebox, page by page, in this machine's time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from appliance.hours import YEARS
from appliance.remote.jukebox import Jukebox

Row = dict[str, Any]
MOST_PAGES = 400


def day_named(text: str) -> date | None:
    """The day that a text such as 2026-11-30 names; None if it names none from 2000 to 2200."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if YEARS[0] <= day.year <= YEARS[1] else None


def midnight(day: date) -> datetime:
    """The beginning of a day, with its zone."""
    return datetime.combine(day, time()).astimezone()


def local(at: str) -> datetime:
    """A row's time in this machine's zone."""
    return datetime.fromisoformat(at).astimezone()


def minute_of_day(moment: datetime) -> int:
    """How many minutes of its day a moment's clock shows."""
    return 60 * moment.hour + moment.minute


async def rows(
    jukebox: Jukebox, begin: datetime, end: datetime, what: str | None = None
) -> AsyncIterator[Row]:
    """The rows of [begin, end), oldest first; what: as for the jukebox. Raises ControlError."""
    wanted: dict[str, Any] = {"from": _iso(begin), "to": _iso(end)}
    if what:
        wanted["what"] = what
    for _page in range(MOST_PAGES):
        data = (await jukebox.ask("history", wanted))["data"]
        for row in data["rows"]:
            yield row
        if data["next"] is None:
            return
        wanted["after"] = data["next"]


async def of_days(jukebox: Jukebox, first: date, days: int, what: str | None = None) -> list[Row]:
    """The rows of so many days. Raises ControlError."""
    begin, end = midnight(first), midnight(first + timedelta(days=days))
    return [row async for row in rows(jukebox, begin, end, what)]


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
