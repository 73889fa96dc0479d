"""jukebox.toml → frozen settings.

All mistakes are reported at once, each with its line and the nearest valid key: one edit and one
restart should correct a jukebox that has no screen.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from appliance.config.complaints import (
    MASK,
    about_key,
    about_section,
    about_value,
    boolean_meant,
)
from appliance.config.contradictions import Mistake, contradictions
from appliance.config.lines import Lines
from appliance.errors import ConfigError
from appliance.hours import is_daily_hours
from appliance.settings import (
    Between,
    DailyHours,
    Host,
    Key,
    Location,
    Settings,
    Text,
    keys,
)

SYSTEM_FILE = Path("/etc/jukebox/jukebox.toml")
MAX_BYTES = 64 * 1024  # the full jukebox.toml has 6 kB; `--config /dev/zero` must end, too

# RFC 1123: letters, digits and hyphens, in parts of up to 63 characters between dots.
HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z\d]([a-z\d-]{0,61}[a-z\d])?(\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*\.?",
    re.IGNORECASE,
)


def find(named: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file to load: named, $JUKEBOX_CONFIG, or the first that exists in the usual places.

    None if there is none. A file that was asked for by name is returned even if it does not exist,
    so that load() says so.
    """
    if named is not None:
        return named
    if environ.get("JUKEBOX_CONFIG"):
        return Path(environ["JUKEBOX_CONFIG"])
    places = [SYSTEM_FILE]
    if environ.get("XDG_CONFIG_HOME") or environ.get("HOME"):
        places.append(own_file(environ))
    return next((place for place in places if _exists(place)), None)


def own_file(environ: Mapping[str, str]) -> Path:
    """Where a user's own settings lie, if there are any."""
    folder = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/"), ".config")
    return Path(folder, "jukebox", "jukebox.toml")


def load(file: Path | None, base: Settings | None = None) -> Settings:
    """The settings in the file. Keys that it does not name come from base, or are the defaults.

    Raises ConfigError, which names all mistakes.
    """
    if file is None:
        return base or Settings()
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{file}: is larger than {MAX_BYTES} bytes, so it is not a jukebox.toml")
    return parse(content, str(file), base)


def parse(content: bytes, file: str, base: Settings | None = None) -> Settings:
    """As load(), from the content of a file. file: its name, for the report of mistakes."""
    text = _decoded(content, file)
    mistakes: list[Mistake] = []
    tables: dict[str, dict[str, Any]] = {}
    for section, table in _document(text, file).items():
        if section in keys() and isinstance(table, dict):
            tables[section] = _checked_table(section, table, mistakes)
        else:
            mistakes.append(Mistake((section,), about_section(section, table)))
    base = base or Settings()
    changed = {name: replace(getattr(base, name), **table) for name, table in tables.items()}
    settings = replace(base, **changed)
    wrong = {mistake.where for mistake in mistakes}
    together = contradictions(settings, tables)
    mistakes += [mistake for mistake in together if wrong.isdisjoint(mistake.between)]
    if mistakes:
        by_place = {mistake.where: mistake.text for mistake in mistakes}
        raise ConfigError(_report(mistakes, text, file), by_place)
    return settings


def _exists(place: Path) -> bool:
    """Whether there is something to load, or something that keeps this process from telling."""
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # load() will say why it cannot be read
    return True


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")  # Windows editors add both
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{line}: is not UTF-8; save the file in that encoding") from error


def _document(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what = str(error).removesuffix(" (at end of document)")
        line = text.count("\n") + 1
        if at := re.search(r" \(at line (\d+), (column \d+)\)", what):
            line, what = int(at[1]), f"{what[: at.start()]} at {at[2]}"
        hints = {
            "Invalid value": '; write texts in "quotes"',
            "Cannot overwrite": "; write each key only once",
            "Cannot declare": "; write each section only once",
        }
        hint = next((hints[start] for start in hints if what.startswith(start)), "")
        if meant := _boolean_meant(text.split("\n")[line - 1]):
            hint = f"; write {meant}"
        raise ConfigError(f"{file}:{line}: is not TOML: {what}{hint}") from error
    except (RecursionError, ValueError) as error:  # thousands of brackets, or of digits
        raise ConfigError(f"{file}: is not a jukebox.toml: {error}") from error


def _boolean_meant(line: str) -> str:
    """The TOML for the value of a line such as "enabled = yes"; "" if it is no such word."""
    word = re.search(r"=\s*([A-Za-z]+)\s*(#.*)?$", line)
    return boolean_meant(word[1]) if word else ""


def _checked_table(section: str, table: dict[str, Any], mistakes: list[Mistake]) -> dict[str, Any]:
    """The allowed values of a section; the others are added to mistakes."""
    good = {}
    for name, value in table.items():
        key = keys()[section].get(name)
        if key is None:
            mistakes.append(Mistake((section, name), about_key(section, name)))
        elif (checked := _checked(key, value)) is None:
            mistakes.append(Mistake((section, name), about_value(key, value)))
        else:
            good[name] = checked
    return good


def _checked(key: Key, value: Any) -> Any:
    """The value as its dataclass wants it, or None if it is not allowed."""
    if key.choices:  # compared with their types: to Python, 0, 0.0 and false are equal
        allowed = [(type(choice), choice) for choice in key.choices]
        return value if (type(value), value) in allowed else None
    match key.limit:
        case Between(low, high):
            number = type(value) is int or (type(value) is float and key.kind is float)
            return key.kind(value) if number and low <= value <= high else None
        case Location(words):
            path = _is_text(value) and (value in words or value.startswith(("/", "~/")))
            return os.path.expanduser(value) if path else None
        case Host() | DailyHours() | Text():
            return value if _is_text(value) and _fits(value, key.limit) else None
    return _checked_sources(value)


def _checked_sources(value: Any) -> tuple[str, ...] | None:
    """A text or a list of texts as a tuple, or None."""
    sources = [value] if isinstance(value, str) else value
    if not isinstance(sources, list) or not sources:
        return None
    good = all(_is_text(source) and source.strip() for source in sources)
    return tuple(sources) if good else None


def _is_text(value: object) -> bool:
    """Whether it is a text of one line."""
    # MPD reads commands line by line: a line break in a name would begin another command.
    return isinstance(value, str) and not re.search(r"[\x00-\x1f\x7f]", value)


def _fits(text: str, limit: Host | DailyHours | Text) -> bool:
    """Whether a text of one line is what the limit wants."""
    match limit:
        case Host(only_address):
            return _is_host(text, only_address)
        case DailyHours():
            return is_daily_hours(text)
        case Text(may_be_empty):
            return text != MASK and (may_be_empty or bool(text.strip()))


def _is_host(text: str, only_address: bool) -> bool:
    """Whether it is empty, an IP address, or a host's name (RFC 1123), if that may be."""
    if text == "" or (not only_address and HOST.fullmatch(text)):
        return True
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _report(mistakes: list[Mistake], text: str, file: str) -> str:
    """A line for each mistake, in the order of the file."""
    begins = Lines(text)
    lines = [(begins.of(mistake.where), mistake.text) for mistake in mistakes]
    return "\n".join(f"{file}:{line}: {complaint}" for line, complaint in sorted(lines))
