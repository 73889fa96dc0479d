"""QR codes: in the terminal, and as SVG for the page and the sign."""

from __future__ import annotations

import io
from collections.abc import Sequence

import segno

WHITE_ON_BLACK, AS_BEFORE = "\x1b[97;40m", "\x1b[0m"


def terminal(text: str) -> str:
    """The code in half blocks, white and black whatever the terminal's colours are."""
    out = io.StringIO()
    _made(text).terminal(out, border=2, compact=True)
    return "\n".join(f"{WHITE_ON_BLACK}{line}{AS_BEFORE}" for line in out.getvalue().splitlines())


def svg(text: str, title: str) -> str:
    """An SVG element without any styles in it, which the page's policy forbids."""
    return _made(text).svg_inline(
        omitsize=True,
        border=2,
        dark="#000",
        light="#fff",
        title=title,
        svgclass="qr",
        lineclass=None,
    )


def pairing_words(code: str, links: Sequence[str], *, with_qr: bool) -> str:
    """How to pair a device. with_qr: where somebody can see it."""
    lines = [
        "To use the page on a phone or computer in this house, open one of these within ten",
        f"minutes, or open its address and type the code {code}:",
        *(f"  {link}" for link in links),
    ]
    return "\n".join([terminal(links[0]), *lines] if with_qr else lines)


def _made(text: str) -> segno.QRCode:
    # Not make(): that may draw a micro code, which cameras do not read.
    return segno.make_qr(text, error="m", encoding="utf-8")
