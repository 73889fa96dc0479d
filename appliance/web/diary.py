"""The diary: a day, a week, a year; what was played; and how to take it along or forget it."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from appliance.errors import ControlError
from appliance.web import charts, history
from appliance.web.language import Language
from appliance.web.page import Page, form_of, page_of

Row = Mapping[str, Any]

FORGETTING_S = 600.0  # a slow SD card rewrites a large file
SHOWN_SONGS = 5  # of a mood
COLUMNS = (
    "at", "what", "state", "emotion", "probability", "faces", "title", "uri", "source", "reason",
)  # fmt: skip
# A spreadsheet takes a text that begins so for a formula, and a song may be called anything.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


async def show(request: Request) -> Response:
    """A day, a week or a year."""
    page = page_of(request)
    _ = page.language(request)
    span = request.path_params.get("span", "day")
    if span not in SPANS:
        raise HTTPException(404)
    shown = _day_of(request.query_params.get("day", ""))
    try:
        found = await SPANS[span](page, shown, _)
        problem = ""
    except ControlError as error:
        found, problem = {}, _.of_jukebox(str(error))
    step = {"day": 1, "week": 7, "year": 365}[span]
    monday = shown - timedelta(days=shown.weekday())
    return page.html(
        request, "diary.html",
        span=span, day=shown, problem=problem, today=_today(),
        monday=monday, sunday=monday + timedelta(days=6),
        before=shown - timedelta(days=step), after=shown + timedelta(days=step),
        lanes=charts.LANES, **(EMPTY | found),
    )  # fmt: skip


async def _show_day(page: Page, day: date, _: Language) -> dict[str, Any]:
    minutes = await history.of_days(page.jukebox, day, 1, "minutes")
    entries = await history.of_days(page.jukebox, day, 1)
    moods = charts.runs(
        (history.minute_of_day(history.local(row["at"])), charts.leading(row)) for row in minutes
    )
    acts = [row for row in entries if row["what"] in ("play", "touch")]
    at = {
        what: [
            history.minute_of_day(history.local(row["at"])) for row in acts if row["what"] == what
        ]
        for what in ("play", "touch")
    }
    return {
        "chart": charts.day(moods, at["play"], at["touch"], _),
        "totals": totals(minutes),
        "is_empty": not (moods or acts),
        "songs": songs_by_mood(entries),
        "acts": [(f"{history.local(row['at']):%H:%M}", row) for row in reversed(acts)],
    }


async def _show_week(page: Page, day: date, _: Language) -> dict[str, Any]:
    first = day - timedelta(days=day.weekday())
    hours = await history.of_days(page.jukebox, first, 7, "hours")
    cells = {}
    for row in hours:
        at = datetime.fromisoformat(row["at"])
        cells[at.date(), at.hour] = charts.leading(row)
    days = [first + timedelta(days=number) for number in range(7)]
    songs = songs_by_mood(await history.of_days(page.jukebox, first, 7, "play"))
    return {
        "chart": charts.week(days, cells, _),
        "totals": totals(hours),
        "is_empty": not (any(cells.values()) or songs),
        "songs": songs,
        "periods": [(row["at"].replace("T", " "), charts.leading(row)) for row in hours],
    }


async def _show_year(page: Page, day: date, _: Language) -> dict[str, Any]:
    first = date(day.year, 1, 1)
    days = await history.of_days(page.jukebox, first, 366, "days")
    cells = {date.fromisoformat(row["at"]): charts.leading(row) for row in days}
    return {
        "chart": charts.year(day.year, cells, _),
        "totals": totals(days),
        "is_empty": not any(cells.values()),
        "periods": [(row["at"], charts.leading(row)) for row in days],
    }


SPANS = {"day": _show_day, "week": _show_week, "year": _show_year}
EMPTY: dict[str, Any] = {
    "chart": "",
    "totals": [],
    "songs": {},
    "acts": [],
    "periods": [],
    "is_empty": False,
}


def totals(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """Minutes of each mood that was seen, the longest first."""
    seconds = dict.fromkeys(charts.LANES, 0.0)
    for row in rows:
        for mood in charts.LANES:
            seconds[mood] += float(row.get(f"{mood}_s") or 0.0)
    longest = sorted(seconds.items(), key=lambda item: -item[1])
    return [(mood, round(total / 60)) for mood, total in longest if total >= 30]


def songs_by_mood(entries: Iterable[Row]) -> dict[str, list[tuple[str, int]]]:
    """The songs that were put on most for each mood."""
    found: dict[str, Counter[str]] = {}
    for row in entries:
        if row["what"] == "play":
            found.setdefault(row["emotion"], Counter())[row["title"]] += 1
    return {mood: found[mood].most_common(SHOWN_SONGS) for mood in charts.LANES if mood in found}


# --- to take along -------------------------------------------------------------------------------


async def export(request: Request) -> Response:
    """The history of a day, or all of it, as CSV or JSON."""
    page, kind = page_of(request), request.path_params["kind"]
    if kind not in ("csv", "json"):
        raise HTTPException(404)
    day = request.query_params.get("day", "")
    begin = history.midnight(_day_of(day)) if day else datetime.fromtimestamp(0).astimezone()
    end = begin + timedelta(days=1) if day else datetime.now().astimezone() + timedelta(days=1)
    rows = history.rows(page.jukebox, begin, end)
    try:
        first = await anext(rows, None)
    except ControlError as error:
        text = page.language(request).of_jukebox(str(error))
        return page.done(request, text, "/diary", good=False)
    rows = _chained(first, rows)
    name = f"jukebox-{day or 'all'}.{kind}"
    return StreamingResponse(
        _as_csv(rows) if kind == "csv" else _as_json(rows),
        media_type="text/csv; charset=utf-8" if kind == "csv" else "application/json",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def _chained(
    first: dict[str, Any] | None, rows: AsyncIterator[dict[str, Any]]
) -> AsyncIterator[dict[str, Any]]:
    """All rows. Where the jukebox goes away half-way, the last one says why nothing follows."""
    if first is not None:
        yield first
    try:
        async for row in rows:
            yield row
    except ControlError as error:
        yield {"at": "the end is missing", "reason": str(error)}


async def _as_csv(rows: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    async for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow([_harmless(row.get(name)) for name in COLUMNS])
        yield line.getvalue()


async def _as_json(rows: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
    before = "["
    async for row in rows:
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    yield "]\n" if before != "[" else "[]\n"


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value


# --- to forget -----------------------------------------------------------------------------------


async def forget(request: Request) -> Response:
    """Lets the jukebox forget an hour, a day or everything."""
    page, form = page_of(request), await form_of(request)
    _ = page.language(request)
    what, day = form.get("what", ""), history.day_named(form.get("day", ""))
    back = f"/diary?day={day or _today()}"
    if form.get("sure") != "yes":
        return page.done(
            request, _("Nothing was forgotten: please tick “Yes, really”."), back, good=False
        )
    arguments = _what_to_forget(what, day, form.get("hour", ""))
    if arguments is None:
        return page.done(
            request, _("Nothing was forgotten: this names no time of the diary."), back, good=False
        )
    try:
        answer = await page.jukebox.ask("forget", arguments, FORGETTING_S)
    except ControlError as error:
        return page.done(request, _.of_jukebox(str(error)), back, good=False)
    return page.done(request, _("Forgotten: {n} entries.", n=answer["data"]["rows"]), back)


def _what_to_forget(what: str, day: date | None, hour: str) -> dict[str, str] | None:
    """The arguments for the jukebox; None if the form names no time: nothing is guessed."""
    if what == "everything":
        return {}
    if day is None:
        return None
    begin = history.midnight(day)
    if what == "day":
        return _range(begin, begin + timedelta(days=1))
    if what == "hour" and hour.isascii() and hour.isdecimal() and int(hour) < 24:
        return _range(begin + timedelta(hours=int(hour)), begin + timedelta(hours=int(hour) + 1))
    return None


def _range(begin: datetime, end: datetime) -> dict[str, str]:
    return {"from": begin.isoformat(), "to": end.isoformat()}


def _today() -> date:
    return datetime.now().astimezone().date()


def _day_of(text: str) -> date:
    """The day in a link; today if it is none."""
    return history.day_named(text) or _today()


ROUTES = [
    Route("/diary", show),
    Route("/diary/forget", forget, methods=["POST"]),
    Route("/diary/history.{kind}", export),
    Route("/diary/{span}", show),
]
