"""What to say about a mistake in jukebox.toml: what is allowed, what was meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from appliance.settings import Between, DailyHours, Host, Key, Location, Text, keys

MASK = "********"


def about_section(section: str, table: object) -> str:
    """What is wrong with something that does not belong at the top level of the file."""
    if section in keys():
        return f"{section} must be a section: write [{section}] and its keys in the lines below"
    if isinstance(table, dict):
        near = get_close_matches(section.lower(), keys(), 1)
        known = ", ".join(f"[{name}]" for name in keys())
        hint = f"did you mean [{near[0]}]?" if near else f"there are {known}"
        return f"[{_bare(section)}] is not a section; {hint}"
    return f"{_bare(section)} stands outside a section{_nearest_key('', section)}"


def about_key(section: str, name: str) -> str:
    """That a key does not exist, and which one was probably meant."""
    return f"{section}.{_bare(name)} is not a setting{_nearest_key(section, name)}"


def about_value(key: Key, value: object) -> str:
    """What is wrong with the value of a key, and what is allowed. A secret is not shown."""
    if key.secret and value == MASK:
        return f"{key} is the mask that `jukebox config` prints; write the real one"
    shown = MASK if key.secret else _shown(value)
    return f"{key} is {shown}; it must be {_allowed(key)}{_nearest_word(key, value)}"


def comment(key: Key) -> str:
    """The line that explains a key, such as "Length of that fade (0.5 to 30; default 6.0)."."""
    match key.limit:
        case Between(low, high):
            allowed = f"{low:g} to {high:g}"
        case DailyHours():
            return f'{key.meaning.removesuffix(".")} (such as "22:00-07:00"; empty: never).'
        case _ if key.choices:
            allowed = _one_of(_quoted(key.choices))
        case _:
            return key.meaning
    return f"{key.meaning.removesuffix('.')} ({allowed}; default {as_toml_value(key.default)})."


def as_toml_value(value: Any) -> str:
    """A number, a boolean, a text or a list of texts, as TOML writes it."""
    return json.dumps(value, ensure_ascii=False)


def boolean_meant(word: str) -> str:
    """The TOML for a word such as yes or off; "" if it is none."""
    if word.lower() in ("true", "yes", "on", "y", "1"):
        return "true"
    return "false" if word.lower() in ("false", "no", "off", "n", "0") else ""


def _nearest_key(section: str, name: str) -> str:
    """A hint at the key that was meant: the same name elsewhere, or a similar one here or there."""
    homes = {key: other for other, table in keys().items() for key in table}
    here = list(keys().get(section, ()))
    if name in homes:
        return f"; did you mean [{homes[name]}] {name}?"
    if near := get_close_matches(name.lower(), here, 1):
        return f"; did you mean {section}.{near[0]}?"
    if near := get_close_matches(name.lower(), homes, 1):
        return f"; did you mean [{homes[near[0]]}] {near[0]}?"
    return f"; [{section}] has {', '.join(here)}" if here else ""


def _nearest_word(key: Key, value: object) -> str:
    """A hint at the word that was meant, or ""."""
    if key.kind is bool and (meant := boolean_meant(str(value))):
        return f"; did you mean {meant}?"
    words = key.limit.words if isinstance(key.limit, Location) else key.choices
    known = [str(word) for word in words if word != ""]
    near = get_close_matches(value.lower(), known, 1) if isinstance(value, str) else []
    return f"; did you mean {as_toml_value(near[0])}?" if near else ""


def _allowed(key: Key) -> str:
    """What the value of a key may be."""
    match key.limit:
        case Between(low, high):
            return f"a {'whole number' if key.kind is int else 'number'} from {low:g} to {high:g}"
        case Location(words):
            return _one_of([*_quoted(filter(None, words)), "a path that begins with / or ~/"])
        case Host(only_address):
            return "an IP address" + ("" if only_address else " or a name such as music.home")
        case DailyHours():
            return 'a time of day such as "22:00-07:00", or empty'
        case Text():
            return "a text of one line"
    return _one_of(_quoted(key.choices)) if key.choices else "a text, or a list of one or more"


def _quoted(words: Iterable[Any]) -> list[str]:
    return [as_toml_value(word) for word in words]


def _one_of(shown: list[str]) -> str:
    """The texts as in "1, 2 or 3"."""
    return " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _shown(value: object) -> str:
    """A value as it stands in the file, shortened; a list, section or date only by its kind."""
    match value:
        case bool() | str():
            shown = as_toml_value(value)
        case float():
            shown = repr(value)
        case int():
            shown = str(value) if abs(value) < 10**18 else "a huge number"
        case list():
            shown = "a list" if value else "an empty list"
        case dict():
            shown = "a section"
        case _:
            shown = "a date or time"
    return shown if len(shown) <= 40 else f"{shown[:36]}…"


def _bare(name: str) -> str:
    """A key as the owner wrote it, shortened."""
    return name[:40] if re.fullmatch(r"[\w-]+", name) else as_toml_value(name[:40])
