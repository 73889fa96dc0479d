"""The diary's pictures as SVG: a day as a strip, a week by hours, a year in pixels.

Colours stand in attributes, because the page's policy forbids styles, and so that a file stands
alone. Each picture has a table beside it that says the same (templates/diary.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Any

from appliance.web.view import MOODS, NAMES

Row = Mapping[str, Any]
Say = Callable[[str], str]

LANES = (*(str(mood) for mood in MOODS), "uncertain")
COLOURS = {
    "happy": "#e3ab1c",
    "neutral": "#93a08a",
    "surprise": "#e2853c",
    "sad": "#4b82ba",
    "angry": "#c6543d",
    "fear": "#8868bb",
    "disgust": "#7b9c3d",
    "uncertain": "#b5aa98",
}
EMPTY = "#888888"  # a cell in which nobody was there
# Narrow, so that a phone shows the names about as large as its other text.
LEFT, RIGHT, LANE = 86, 8, 20  # a place for names, and the height of a lane
WIDTH = 360
SPAN = WIDTH - LEFT - RIGHT
SONGS, TOUCHES = "songs", "hands on"


@dataclass(frozen=True, slots=True)
class Run:
    """A mood that lasted from one minute of the day to another."""

    mood: str
    begin: int
    end: int


def leading(row: Row) -> str | None:
    """The mood that lasted longest in a row; None if nobody was there for most of it."""
    seconds = {name: float(row.get(f"{name}_s") or 0.0) for name in LANES}
    best = max(LANES, key=lambda name: seconds[name])
    return best if seconds[best] > 0 and sum(seconds.values()) > row.get("nobody_s", 0) else None


def runs(moods: Iterable[tuple[int, str | None]]) -> list[Run]:
    """Minutes of the day with the mood of each, as runs of the same mood; gaps end a run."""
    found: list[Run] = []
    for minute, mood in moods:
        if mood is None:
            continue
        if found and found[-1].mood == mood and found[-1].end == minute:
            found[-1] = Run(mood, found[-1].begin, minute + 1)
        else:
            found.append(Run(mood, minute, minute + 1))
    return found


def day(moods: Sequence[Run], songs: Sequence[int], touches: Sequence[int], say: Say) -> str:
    """A day: a lane for each mood, and marks for songs and for what people did, by the minute."""
    names = [*LANES, SONGS, TOUCHES]
    parts = [_name(say(NAMES.get(name, name)), lane) for lane, name in enumerate(names)]
    parts += [_hour(hour, len(names)) for hour in range(0, 25, 6)]
    parts += [_bar(run) for run in moods]
    parts += [_mark(minute, len(LANES), "#8a4526") for minute in songs]
    parts += [_mark(minute, len(LANES) + 1, "#6b6257") for minute in touches]
    return _svg(parts, (len(names) + 1) * LANE, say("The day as a strip"))


def week(days: Sequence[date], hours: Mapping[tuple[date, int], str | None], say: Say) -> str:
    """Seven days of 24 hours, each in the colour of its mood, with the mood's first letter."""
    cell = SPAN / 24
    parts = [_hour(hour, 7) for hour in range(0, 25, 6)]
    for lane, weekday in enumerate(days):
        parts.append(_name(f"{weekday:%d.%m.}", lane))
        for hour in range(24):
            mood = hours.get((weekday, hour))
            parts.append(_cell(LEFT + hour * cell, lane * LANE + 2, cell - 1, LANE - 4, mood))
            if mood:
                parts.append(_letter(LEFT + (hour + 0.5) * cell, lane, say(NAMES[mood])))
    return _svg(parts, 8 * LANE, say("The week by hours"))


def year(number: int, days: Mapping[date, str | None], say: Say) -> str:
    """A year: a row for each month, a square for each day, in the colour of its longest mood."""
    cell, parts = SPAN / 31, []
    for month in range(1, 13):
        parts.append(_name(f"{month:02}/{number}", month - 1))
        current = date(number, month, 1)
        while current.month == month:
            x = LEFT + (current.day - 1) * cell
            parts.append(_cell(x, (month - 1) * LANE + 3, cell - 1.5, LANE - 6, days.get(current)))
            current += timedelta(days=1)
    return _svg(parts, 12 * LANE, say("The year in squares"))


def _svg(parts: Iterable[str], height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {WIDTH} {height:g}"'
        f' role="img" font-family="sans-serif" font-size="13" fill="currentColor">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _x(minute: float) -> float:
    return LEFT + SPAN * minute / 1440


def _name(text: str, lane: int) -> str:
    return f'<text x="0" y="{lane * LANE + 14}">{escape(text)}</text>'


def _hour(hour: int, lanes: int) -> str:
    x, y = _x(60 * hour), lanes * LANE
    anchor = "end" if hour == 24 else "middle"
    return (
        f'<path d="M{x:g} 0V{y}" stroke="currentColor" stroke-opacity=".25"/>'
        f'<text x="{x:g}" y="{y + 14}" text-anchor="{anchor}">{hour}</text>'
    )


def _bar(run: Run) -> str:
    x, width = _x(run.begin), max(SPAN * (run.end - run.begin) / 1440, 1.5)
    return _cell(x, LANES.index(run.mood) * LANE + 3, width, LANE - 6, run.mood)


def _mark(minute: int, lane: int, colour: str) -> str:
    return (
        f'<circle cx="{_x(minute):.1f}" cy="{lane * LANE + LANE / 2:g}" r="4" fill="{colour}"'
        ' stroke="#fff" stroke-opacity=".6"/>'
    )


def _cell(x: float, y: float, width: float, height: float, mood: str | None) -> str:
    fill = COLOURS[mood] if mood else EMPTY
    return (
        f'<rect x="{x:.1f}" y="{y:g}" width="{width:.1f}" height="{height:g}" rx="2"'
        f' fill="{fill}"{"" if mood else _FAINT}/>'
    )


def _letter(x: float, lane: int, name: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{lane * LANE + 13.5}" text-anchor="middle" font-size="9.5"'
        f' fill="#1c1712">{escape(name[:1])}</text>'
    )


_FAINT = ' fill-opacity=".25"'
