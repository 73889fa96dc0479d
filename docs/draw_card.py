"""Draws the ten steps of docs/image.md: docs/card.svg.

run/test/bin/python docs/draw_card.py
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import segno

OUT = Path(__file__).resolve().parents[1] / "docs" / "card.svg"
WIDTH, HEIGHT, COLUMNS, MARGIN = 216, 190, 5, 10
FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"
GREEN, BLUE, GRAY, DARK, YELLOW = "#bbf7d0", "#dbeafe", "#e5e7eb", "#374151", "#fde68a"


def main() -> None:
    """Write the picture."""
    OUT.write_text(picture(), encoding="utf-8")


def picture() -> str:
    """The SVG."""
    steps = [
        ("What you need", board(10, 60), card(105, 20), webcam(105, 78), speaker(160, 62)),
        (
            "Write the card",
            computer(),
            card(150, 40),
            arrow(112, 60, 146, 60),
            words(20, 122, "jukebox-pi.img.zst"),
        ),
        ("A cable? Then go to 6", board(20, 45), cable(110, 75)),
        ("Name and password", window("wifi.txt", "name = My Network", "password = …")),
        ("Eject, take it out", computer(), card(150, 40), arrow(112, 60, 146, 60)),
        ("Power comes last", board(10, 45), words(104, 60, "1 card", "2 webcam, sound", "3 power")),
        ("The chime, then music", speaker(20, 45), notes(70, 50), face(150, 75)),
        ("Or show a code", phone(12, 25, "WIFI:"), arrow(80, 75, 112, 75), webcam(124, 55)),
        ("The screen says where", screen()),
        ("Open it on your phone", phone(76, 25, "http://")),
    ]
    rows = (len(steps) + COLUMNS - 1) // COLUMNS
    wide, high = COLUMNS * WIDTH + MARGIN, rows * HEIGHT + MARGIN
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {wide} {high}' {FONT}>",
        f"<rect width='{wide}' height='{high}' fill='white'/>",
        *(panel(number, *step) for number, step in enumerate(steps)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def panel(number: int, title: str, *drawn: str) -> str:
    """One step, with its number and title over what is drawn."""
    x = MARGIN + number % COLUMNS * WIDTH
    y = MARGIN + number // COLUMNS * HEIGHT
    frame = box(0, 0, WIDTH - MARGIN, HEIGHT - MARGIN, "#f9fafb", round_=8)
    head = f"<circle cx='18' cy='18' r='11' fill='{DARK}'/>"
    head += (
        f"<text x='18' y='22' font-size='12' fill='white' text-anchor='middle'>{number + 1}</text>"
    )
    head += text(36, 23, title, 13)
    inside = f"<g transform='translate(0 30)'>{''.join(drawn)}</g>"
    return f"<g transform='translate({x} {y})'>{frame}{head}{inside}</g>"


def box(x: float, y: float, wide: float, high: float, colour: str, *, round_: int = 4) -> str:
    """A rectangle."""
    place = f"x='{x}' y='{y}' width='{wide}' height='{high}' rx='{round_}'"
    return f"<rect {place} fill='{colour}' stroke='{DARK}'/>"


def text(x: float, y: float, said: str, size: int = 11, anchor: str = "start") -> str:
    """A line of text."""
    return f"<text x='{x}' y='{y}' font-size='{size}' text-anchor='{anchor}'>{escape(said)}</text>"


def words(x: float, y: float, *lines: str) -> str:
    """Lines of text, one below the other."""
    return "".join(text(x, y + 18 * number, line, 10) for number, line in enumerate(lines))


def arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    """A level arrow."""
    back = -6 if to_x > x else 6
    way = f"M{x} {y}H{to_x}M{to_x + back} {to_y - 5}L{to_x} {to_y}L{to_x + back} {to_y + 5}"
    return f"<path d='{way}' fill='none' stroke='{DARK}' stroke-width='2'/>"


def board(x: float, y: float) -> str:
    """A Raspberry Pi."""
    chips = box(x + 20, y + 15, 18, 18, DARK, round_=1) + box(x + 66, y + 8, 20, 12, GRAY, round_=1)
    plugs = box(x + 66, y + 24, 20, 12, GRAY, round_=1) + box(
        x + 66, y + 40, 20, 14, GRAY, round_=1
    )
    return box(x, y, 84, 62, GREEN) + chips + plugs + text(x + 8, y + 52, "Raspberry", 9)


def card(x: float, y: float) -> str:
    """An SD card."""
    edge = f"M{x} {y}H{x + 24}L{x + 32} {y + 8}V{y + 42}H{x}Z"
    return f"<path d='{edge}' fill='{BLUE}' stroke='{DARK}'/>" + text(
        x + 16, y + 29, "SD", 11, "middle"
    )


def webcam(x: float, y: float) -> str:
    """A webcam on its foot."""
    eye = f"<circle cx='{x + 18}' cy='{y + 16}' r='8' fill='{DARK}'/>"
    return box(x, y, 36, 32, GRAY, round_=10) + eye + box(x + 6, y + 34, 24, 6, GRAY, round_=2)


def speaker(x: float, y: float) -> str:
    """A loudspeaker."""
    cones = "".join(
        f"<circle cx='{x + 18}' cy='{y + high}' r='{size}' fill='{DARK}'/>"
        for high, size in ((14, 6), (40, 12))
    )
    return box(x, y, 36, 60, GRAY) + cones


def computer() -> str:
    """A laptop."""
    return (
        box(20, 25, 88, 58, BLUE)
        + box(10, 85, 108, 8, GRAY, round_=3)
        + text(64, 58, "JUKEBOX", 10, "middle")
    )


def cable(x: float, y: float) -> str:
    """A network cable that leads out of the picture."""
    line = f"M{x - 6} {y + 2}C{x + 30} {y - 20} {x + 50} {y + 40} {x + 92} {y + 10}"
    return (
        box(x - 8, y - 6, 16, 14, YELLOW, round_=2)
        + f"<path d='{line}' fill='none' stroke='{DARK}' stroke-width='3'/>"
    )


def window(title: str, *lines: str) -> str:
    """An editor with a file."""
    return (
        box(14, 20, 178, 100, "white")
        + box(14, 20, 178, 20, GRAY)
        + text(22, 34, title)
        + words(24, 66, *lines)
    )


def notes(x: float, y: float) -> str:
    """The chime."""
    return text(x, y + 30, "♪", 30) + text(x + 30, y + 14, "♫", 26)


def face(x: float, y: float) -> str:
    """A glad face."""
    smile = f"<path d='M{x - 14} {y + 6}q14 16 28 0' fill='none' stroke='{DARK}' stroke-width='2'/>"
    eyes = "".join(
        f"<circle cx='{x + side}' cy='{y - 6}' r='3' fill='{DARK}'/>" for side in (-10, 10)
    )
    return f"<circle cx='{x}' cy='{y}' r='28' fill='{YELLOW}' stroke='{DARK}'/>" + smile + eyes


def code(x: float, y: float, side: float, said: str) -> str:
    """A QR code, which can be read."""
    made = segno.make_qr(said, error="m")
    size = side / made.symbol_size(border=0)[0]
    dots = "".join(
        f"M{column} {row}h1v1h-1z"
        for row, line in enumerate(made.matrix)
        for column, dark in enumerate(line)
        if dark
    )
    return f"<g transform='translate({x} {y}) scale({size:.4f})'><path d='{dots}'/></g>"


def phone(x: float, y: float, said: str) -> str:
    """A phone: one that shows its Wi-Fi's code, or the page."""
    shape = box(x, y, 60, 106, DARK, round_=8) + box(x + 4, y + 8, 52, 90, "white", round_=2)
    if said == "WIFI:":
        return shape + code(x + 10, y + 30, 40, "WIFI:T:WPA;S:My Network;P:the password;;")
    return (
        shape
        + text(x + 30, y + 32, "jukebox-…", 8, "middle")
        + box(x + 12, y + 44, 36, 12, GREEN)
        + text(x + 30, y + 84, "♪", 22, "middle")
    )


def screen() -> str:
    """A screen with the page's address."""
    shown = "<g fill='white'>" + text(103, 36, "http://jukebox-1a2b.local/", 10, "middle") + "</g>"
    white = box(73, 44, 62, 62, "white", round_=0)
    return (
        box(22, 16, 162, 98, "#111827")
        + shown
        + white
        + code(78, 49, 52, "http://jukebox-1a2b.local/")
    )


if __name__ == "__main__":
    main()
