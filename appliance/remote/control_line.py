"""Lines at the control socket: UTF-8, one JSON object each, at most 64 KiB (docs/control.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from appliance.errors import UsageError

PROTOCOL = 1
LONGEST_LINE = 64 * 1024  # bytes, without the line's end
# A song's tags may hold whole books. Where a line would be too long, texts are cut to this length.
LONGEST_TEXT = 1000

Code = Literal["usage", "refused", "unavailable"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for. id: its number, which the answer repeats."""

    id: int
    word: str
    arguments: dict[str, Any]


class BadRequestError(UsageError):
    """A line that is no request. id: its number; None if it has none."""

    def __init__(self, text: str, number: int | None = None) -> None:
        super().__init__(text)
        self.id = number


def read_request(line: bytes) -> Request:
    """The request in a line. Fields that are not known are ignored. Raises BadRequestError."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, thousands of brackets
        raise BadRequestError("the line is not JSON in UTF-8") from error
    if not isinstance(found, dict):
        raise BadRequestError("the line is not a JSON object")
    number, word, arguments = found.get("id"), found.get("do"), found.get("args", {})
    if type(number) is not int:
        raise BadRequestError("id must be a whole number")
    if not isinstance(word, str):
        raise BadRequestError("do must be a word", number)
    if not isinstance(arguments, dict):
        raise BadRequestError("args must be an object", number)
    return Request(number, word, arguments)


def greeting(version: str) -> bytes:
    """The first line that a client gets."""
    return encode({"jukebox": version, "protocol": PROTOCOL})


def answer(number: int, text: str, data: dict[str, Any]) -> bytes:
    """The answer to a request that was carried out."""
    line = encode({"id": number, "ok": True, "text": text, "data": data})
    return line or refusal(number, "unavailable", "the answer is longer than a line may be")


def refusal(number: int | None, code: Code, text: str) -> bytes:
    """The answer to a request that was not carried out."""
    return encode({"id": number, "ok": False, "error": {"code": code, "text": text}})


def encode(message: dict[str, Any]) -> bytes:
    """The line with this message; where it would be too long, with its texts cut.

    Empty if it is still too long.
    """
    line = _as_json(message)
    if len(line) > LONGEST_LINE:
        line = _as_json(_with_cut_texts(message))
    return line + b"\n" if len(line) <= LONGEST_LINE else b""


def _as_json(message: Any) -> bytes:
    # Half a surrogate pair, which JSON can escape and UTF-8 cannot hold, becomes a question mark.
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _with_cut_texts(value: Any) -> Any:
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, dict):
        return {key: _with_cut_texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_cut_texts(item) for item in value]
    return value
