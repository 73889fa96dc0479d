"""In which line of a TOML file each section and key begins, which tomllib does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

Place = tuple[str, ...]  # of a section or key, such as ("volume", "max")

BASIC, LITERAL = r'"(?:\\.|[^"\\\n])*"', r"'[^'\n]*'"
LONG = r'"""(?:\\.|[^\\])*?"{3,5}' + "|" + r"'''.*?'{3,5}"
OTHER = r"""#[^\n]*|[\[\]{}\n]|[^"'#\[\]{}\n]+"""
PART = re.compile(f"{LONG}|{BASIC}|{LITERAL}|{OTHER}", re.DOTALL)
KEY = re.compile(rf"""(?:{BASIC}|{LITERAL}|[^"'=])+""")


class Lines:
    """The lines of a text, which must be TOML. It is read once, however many are asked for."""

    def __init__(self, text: str) -> None:
        self._begins: dict[Place, int] = {}
        section: Place = ()
        for line, statement in _statements(text):
            if statement.startswith("["):
                where = section = _place(tomllib.loads(statement))
            else:
                where = section + _place(tomllib.loads(f"{_key(statement)} = 0"))
            for end in range(1, len(where) + 1):
                self._begins.setdefault(where[:end], line)

    def of(self, where: Place) -> int:
        """The number of the line in which a section or key begins, from 1 on.

        What stands within braces begins where they do.
        """
        known = (where[:end] for end in range(len(where), 0, -1) if where[:end] in self._begins)
        return self._begins.get(next(known, ()), 1)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header, and each key with its value, with the line in which it begins."""
    statement: list[str] = []
    line = begin = 1
    depth = 0  # of brackets: inside them, a statement goes on in the next line
    for part in PART.findall(text + "\n"):
        if part == "\n" and depth == 0:
            if statement:
                yield begin, "".join(statement).strip()
            statement = []
        elif not part.startswith("#") and (statement or part.strip()):
            begin = begin if statement else line
            statement.append(part)
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
