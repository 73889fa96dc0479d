"""Values in Markdown, in words and digits for people."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill

WIDTH = 100
Row = tuple[object, ...]
Values = Mapping[str, object]


def bullets(values: Values, indent: str = "") -> str:
    """An item for each value; where parts of a value are long, an item below it for each part."""
    lines = []
    for key, value in filled(values).items():
        start = f"{indent}- {words(key)}:"
        if isinstance(value, dict) and any(len(str(part)) > 40 for part in value.values()):
            lines += [start, bullets(value, indent + "  ")]
        else:
            lines.append(bullet(f"{start} {plain(value)}"))
    return "\n".join(lines)


def bullet(line: str) -> str:
    """A line that begins with a dash, wrapped so that its text stands right of the dash."""
    return wrapped(line, " " * (line.index("-") + 2))


def wrapped(text: str, deeper: str = "") -> str:
    """The text in lines of at most 100 characters. deeper: begins all lines but the first."""
    return fill(
        text, WIDTH, subsequent_indent=deeper, break_long_words=False, break_on_hyphens=False
    )


def table(top: tuple[str, ...], rows: list[Row]) -> str:
    """A table. top: its head; rows: as long as the head. Long lines are not wrapped."""
    lines = [top, ("---",) * len(top), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def plain(value: object) -> str:
    """A value as people write it: digits in groups, and several parts one after another."""
    if isinstance(value, dict):
        return ", ".join(f"{words(key)} {plain(part)}" for key, part in filled(value).items())
    if isinstance(value, list):
        return "; ".join(map(plain, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def filled(values: Values) -> dict[str, object]:
    """The values that say something; 0 does."""
    return {key: value for key, value in values.items() if value not in ("", {}, [], None)}


def words(key: str) -> str:
    """The name of a field in words; the name of a file stays as it is."""
    field = key.isidentifier()
    return key.replace("_0_5", " ages 0-5").replace("_", " ") if field else key


def percent(share: float) -> str:
    """0.925 as 92.5 %."""
    return f"{100 * share:.1f} %"
