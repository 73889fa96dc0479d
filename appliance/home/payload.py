"""What messages of others say, who may be anybody in the house."""

from __future__ import annotations

import json
from typing import Any

LONGEST = 1024


def json_of(payload: bytes, longest: int = LONGEST) -> Any:
    """The value that a message has. Raises ValueError for what is none, and for too long ones."""
    if len(payload) > longest:
        raise ValueError(f"it is longer than {longest} bytes")
    try:
        return json.loads(payload)
    except RecursionError as error:  # a thousand brackets
        raise ValueError("it is too deep") from error


def shown(name: str) -> str:
    """A name that others chose, fit for a terminal and for one line."""
    return "".join(letter if letter.isprintable() else " " for letter in name)
