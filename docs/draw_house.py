"""Draws the rooms of the house, their floors and who imports whom: docs/house.svg.

    run/test/bin/python docs/draw_house.py

Floors are those of the first contract of import-linter in pyproject.toml. Rooms, their lines and
the arrows are read from the code; the arrows to the ground, which everybody uses, are left out.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from html import escape
from pathlib import Path

import grimp

PROJECT = Path(__file__).resolve().parents[1]
OUT = PROJECT / "docs" / "house.svg"

WIDTH, LEFT, TOP, FLOOR, ROOM_HEIGHT = 1180, 20, 56, 92, 46
GROUND = ("settings", "records", "hours", "access", "errors")
# In the order in which a frame passes them.
COLOURS = {
    "camera": "#dbeafe", "vision": "#dbeafe", "decide": "#fde68a", "player": "#bbf7d0",
    "history": "#e9d5ff",
}  # fmt: skip
OTHER = "#f3f4f6"
FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"


@dataclass(frozen=True, slots=True)
class Room:
    """A file or folder of appliance/ in the picture: its place in pixels, and its lines of code."""

    name: str
    lines: int
    x: float
    y: float
    width: float

    @property
    def top(self) -> tuple[float, float]:
        """The middle of the upper edge."""
        return self.x + self.width / 2, self.y

    @property
    def bottom(self) -> tuple[float, float]:
        """The middle of the lower edge."""
        return self.x + self.width / 2, self.y + ROOM_HEIGHT


def main() -> None:
    """Write the picture."""
    OUT.write_text(picture(), encoding="utf-8")


def picture() -> str:
    """The SVG."""
    rooms = {room.name: room for room in placed(floors())}
    if new := {name for ends in arrows() for name in ends} - rooms.keys():
        raise SystemExit(f"{', '.join(new)}: give the room a floor in pyproject.toml first")
    height = max(room.y for room in rooms.values()) + ROOM_HEIGHT + 20
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height:.0f}' {FONT}>",
        f"<rect width='{WIDTH}' height='{height:.0f}' fill='white'/>",
        f"<text x='{LEFT}' y='24' font-size='15'>appliance/: each room imports only what lies "
        "below it (lines of code; thicker: more imports; all may use the lowest floor)</text>",
        *[_arrow(rooms[a], rooms[b], count) for (a, b), count in sorted(arrows().items())],
        *map(_box, rooms.values()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def floors() -> list[list[str]]:
    """The rooms of each floor, the highest first, as pyproject.toml has them."""
    config = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    rows = [
        [_room_of(name.strip()) for name in layer.replace("|", ":").split(":")] for layer in layers
    ]
    # The ground is one floor, and a room whose files stand on two is drawn on the lower one.
    seen: set[str] = set(GROUND)
    lowest_first = [list(GROUND)]
    order = list(COLOURS)
    for row in reversed(rows):
        new = [name for name in dict.fromkeys(row) if name not in seen]
        lowest_first.append(sorted(new, key=lambda name: order.index(name) if name in order else 0))
        seen.update(row)
    return [row for row in reversed(lowest_first) if row]


def arrows() -> Counter[tuple[str, str]]:
    """How many imports lead from one room to another."""
    graph = grimp.build_graph("appliance", exclude_type_checking_imports=True, cache_dir=None)
    # cli imports each verb by its name when it is asked for, which no tool sees.
    found = Counter({("cli", "commands"): 1})
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            ends = _room_of(module), _room_of(imported)
            if ends[0] != ends[1] and "" not in ends and ends[1] not in GROUND:
                found[ends] += 1
    return found


def placed(rows: list[list[str]]) -> list[Room]:
    """The rooms of each floor side by side, as wide as their lines ask for."""
    rooms = []
    for number, row in enumerate(rows):
        sizes = {name: _lines(name) for name in row}
        widths = {name: 78 + 0.045 * lines + 4 * len(name) for name, lines in sizes.items()}
        gap = (WIDTH - 2 * LEFT - sum(widths.values())) / (len(row) + 1)
        x, y = LEFT + gap, TOP + number * FLOOR
        for name in row:
            rooms.append(Room(name, sizes[name], x, y, widths[name]))
            x += widths[name] + gap
    return rooms


def _room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _lines(name: str) -> int:
    place = PROJECT / "appliance" / name
    files = place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]
    return sum(file.read_text(encoding="utf-8").count("\n") for file in files)


def _arrow(start: Room, end: Room, count: int) -> str:
    (x1, y1), (x2, y2) = start.bottom, end.top
    bend = (y2 - y1) / 2
    return (
        f"<path d='M{x1:.0f} {y1:.0f} C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} "
        f"{x2:.0f} {y2:.0f}' fill='none' stroke='#6b7280' stroke-opacity='0.45' "
        f"stroke-width='{min(5.0, 0.8 + 0.35 * count):.1f}'/>"
    )


def _box(room: Room) -> str:
    is_folder = (PROJECT / "appliance" / room.name).is_dir()
    title = f"{room.name}/" if is_folder else f"{room.name}.py"
    middle = room.x + room.width / 2
    return (
        f"<rect x='{room.x:.0f}' y='{room.y:.0f}' width='{room.width:.0f}' height='{ROOM_HEIGHT}' "
        f"rx='6' fill='{COLOURS.get(room.name, OTHER)}' stroke='#374151'/>"
        f"<text x='{middle:.0f}' y='{room.y + 20:.0f}' font-size='14' "
        f"text-anchor='middle'>{escape(title)}</text>"
        f"<text x='{middle:.0f}' y='{room.y + 37:.0f}' font-size='11' fill='#4b5563' "
        f"text-anchor='middle'>{room.lines:,}</text>"
    )


if __name__ == "__main__":
    main()
