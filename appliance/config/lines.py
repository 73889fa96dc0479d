"""Where in a TOML file each section and key stands, which tomllib does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Place = tuple[str, ...]  # of a section or key, such as ("volume", "max")

BASIC, LITERAL = r'"(?:\\.|[^"\\\n])*"', r"'[^'\n]*'"
LONG = r'"""(?:\\.|[^\\])*?"{3,5}' + "|" + r"'''.*?'{3,5}"
OTHER = r"""#[^\n]*|[\[\]{}\n]|[^"'#\[\]{}\n]+"""
PART = re.compile(f"{LONG}|{BASIC}|{LITERAL}|{OTHER}", re.DOTALL)
KEY = re.compile(rf"""(?:{BASIC}|{LITERAL}|[^"'=])+""")


@dataclass(frozen=True, slots=True)
class Statement:
    """A header, or a key with its value. where: what it begins or sets.

    line: in which it begins, from 1 on. begin, end: its place in the text, without comments beside
    it. value: where the value of a key begins; None for a header.
    """

    where: Place
    line: int
    begin: int
    end: int
    value: int | None


class Lines:
    """The lines of a text, which must be TOML. It is read once, however many are asked for."""

    def __init__(self, text: str) -> None:
        self._begins: dict[Place, int] = {}
        for statement in statements(text):
            where = statement.where
            for end in range(1, len(where) + 1):
                self._begins.setdefault(where[:end], statement.line)

    def of(self, where: Place) -> int:
        """The number of the line in which a section or key begins, from 1 on.

        What stands within braces begins where they do.
        """
        known = (where[:end] for end in range(len(where), 0, -1) if where[:end] in self._begins)
        return self._begins.get(next(known, ()), 1)


def statements(text: str) -> Iterator[Statement]:
    """Each header, and each key with its value, of a text that must be TOML."""
    section: Place = ()
    for line, begin, end in _pieces(text):
        piece = text[begin:end]
        if piece.startswith("["):
            section = _place(tomllib.loads(piece))
            yield Statement(section, line, begin, end, None)
        else:
            key = _key(piece)
            where = section + _place(tomllib.loads(f"{key} = 0"))
            value = len(key) + 1  # after the equals sign
            value += len(piece[value:]) - len(piece[value:].lstrip())
            yield Statement(where, line, begin, end, begin + value)


def _pieces(text: str) -> Iterator[tuple[int, int, int]]:
    """Line, begin and end of each statement. A comment within brackets belongs to it."""
    begun: tuple[int, int] | None = None  # its line and place
    line, depth, end = 1, 0, 0  # of brackets: inside them, a statement goes on in the next line
    for match in PART.finditer(text + "\n"):
        part = match[0]
        if part == "\n" and depth == 0:
            if begun:
                yield (*begun, end)
            begun = None
        elif not part.startswith("#") and (begun or part.strip()):
            begun = begun or (line, match.start() + len(part) - len(part.lstrip()))
            end = match.start() + len(part.rstrip()) if part.strip() else end
            depth += (part in ("[", "{")) - (part in ("]", "}"))
        line += part.count("\n")


def _key(statement: str) -> str:
    """What stands before the equals sign."""
    match = KEY.match(statement)
    assert match is not None  # noqa: S101 - TOML has no statement without a key
    return match[0]


def _place(part: Any) -> Place:
    """The names in a document that has one header or key."""
    if not isinstance(part, dict) or not part:
        return ()
    ((name, below),) = part.items()
    return (name, *_place(below))
