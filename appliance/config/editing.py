"""Sets keys in the text of a jukebox.toml. Its comments and its order stay as they are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from appliance.config.complaints import as_toml_value
from appliance.config.lines import Statement, statements
from appliance.errors import ConfigError

Place = tuple[str, str]  # section and key


def edited(text: str, values: Mapping[Place, Any]) -> str:
    """The text with these values, each in the line of its key.

    A key that is not there takes the place of the line that shows it commented out, or else comes
    at the end of its section. text must be TOML. Raises ConfigError for a key that is written in a
    way that cannot be edited, such as within braces.
    """
    mark, plain = text[:1] == "\ufeff", text.removeprefix("\ufeff")
    windows = "\r\n" in plain
    plain = plain.replace("\r\n", "\n")
    for place, value in values.items():
        plain = _checked(plain, place, value)
    plain = plain.replace("\n", "\r\n") if windows else plain
    return "\ufeff" * mark + plain


def _checked(text: str, place: Place, value: Any) -> str:
    """The text with one value, of which it is certain that nothing else has changed."""
    section, key = place
    wanted = tomllib.loads(text)
    written = as_toml_value(value)
    try:
        wanted.setdefault(section, {})[key] = tomllib.loads(f"value = {written}")["value"]
        new = _with(text, place, written)
        if tomllib.loads(new) == wanted:
            return new
    except (TypeError, tomllib.TOMLDecodeError):
        pass
    raise ConfigError(
        f"{section}.{key} is written in a way that can be changed by hand only;"
        f" write it in a line of its own below [{section}]"
    )


def _with(text: str, place: Place, written: str) -> str:
    section, key = place
    known = list(statements(text))
    for statement in known:
        if statement.where == place and statement.value is not None:
            return text[: statement.value] + written + text[statement.end :]
    begin, end = _extent(text, known, section)
    if begin is None:
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}[{section}]\n{key} = {written}\n"
    shown = re.compile(rf"^[ \t]*#[ \t]*{re.escape(key)}[ \t]*=.*$", re.MULTILINE)
    if found := shown.search(text, begin, end):
        return f"{text[: found.start()]}{key} = {written}{text[found.end() :]}"
    last = max(statement.end for statement in known if begin <= statement.end <= end)
    after = text.find("\n", last)  # a comment beside it stays there
    if after < 0:
        return f"{text}\n{key} = {written}\n"
    return f"{text[: after + 1]}{key} = {written}\n{text[after + 1 :]}"


def _extent(text: str, known: list[Statement], section: str) -> tuple[int | None, int]:
    """Where the lines of a section begin and end; None if it has no header."""
    headers = [statement for statement in known if statement.value is None]
    for number, header in enumerate(headers):
        if header.where == (section,):
            following = headers[number + 1 : number + 2]
            return header.end, following[0].begin if following else len(text)
    return None, len(text)
