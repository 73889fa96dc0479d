"""The fields of a model card, each of the kind that it must be."""

from __future__ import annotations

import sys
from collections.abc import Callable
from reprlib import repr as shortened
from textwrap import shorten
from typing import Any, get_args

from appliance.records import EMOTIONS, Unclear

LONGEST = 80  # characters of a value in an error


class CardError(Exception):
    """What is wrong with a card, in words that follow its name."""


def field(table: dict[str, Any], name: str, kind: str, within: str = "", default: Any = ...) -> Any:
    """A field of a card. Raises CardError if it is of another kind, or missing without default."""
    full_name = f"{within}.{name}" if within else name
    if name not in table:
        if default is ...:
            raise CardError(f"lacks what a card must say: {full_name}")
        return default
    if not _KINDS[kind](table[name]):
        found = shorten(shortened(table[name]), LONGEST, placeholder=" …")
        raise CardError(f"{full_name} is {found}; it must be {kind}")
    return table[name]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return (_is_whole(value) or isinstance(value, float)) and abs(value) <= sys.float_info.max


def _are_by_cause(values: Any) -> bool:
    return (
        isinstance(values, dict)
        and bool(values)
        and values.keys() <= set(get_args(Unclear))
        and all(map(_is_number, values.values()))
    )


def _is_positive(value: Any) -> bool:
    return (_is_whole(value) or isinstance(value, float)) and 0.0 < value <= sys.float_info.max


def _are_limits(values: Any) -> bool:
    return (
        isinstance(values, list)
        and len(values) == len(("least", "greatest"))
        and all(map(_is_positive, values))
        and values[0] <= values[1]
    )


def _are_shares(values: Any) -> bool:
    """One for each emotion. Cards round them, so that their sum may be off a little."""
    return (
        isinstance(values, list)
        and len(values) == len(EMOTIONS)
        and all(_is_positive(value) and value < 1.0 for value in values)
        and abs(sum(values) - 1.0) < 0.01
    )


def _are_rows(values: Any) -> bool:
    """Seven rows, for the emotions, of numbers, all of one length."""
    return (
        isinstance(values, list)
        and len(values) == len(EMOTIONS)
        and all(isinstance(row, list) and all(map(_is_number, row)) for row in values)
        and len({len(row) for row in values}) == 1
    )


def _are_seven(values: Any) -> bool:
    return (
        isinstance(values, list) and len(values) == len(EMOTIONS) and all(map(_is_number, values))
    )


_KINDS: dict[str, Callable[[Any], bool]] = {
    "anything": lambda _value: True,
    "a text": lambda value: isinstance(value, str),
    "a list": lambda value: isinstance(value, list),
    "an object": lambda value: isinstance(value, dict),
    "a whole number above 0": lambda value: _is_whole(value) and value > 0,
    "a whole number, 0 or more": lambda value: _is_whole(value) and value >= 0,
    "a number above 0": _is_positive,
    "numbers by cause": _are_by_cause,
    "two ascending numbers above 0": _are_limits,
    "seven shares above 0 that sum to 1": _are_shares,
    "seven numbers": _are_seven,
    "seven rows of numbers": _are_rows,
}
