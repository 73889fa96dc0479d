"""jukebox.toml → frozen settings, and back.

Every mistake is reported at once, each with its line and the nearest valid key: a box without a
screen should be put right by one edit and one restart.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from appliance.errors import ConfigError
from appliance.settings import Between, Key, Location, Settings, Text, keys, sections

SYSTEM_FILE = Path("/etc/jukebox/jukebox.toml")
MASK = "********"
MAX_BYTES = 64 * 1024  # the full jukebox.toml has 4 kB; `--config /dev/zero` must end as well


def find(named: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file to load: named, $JUKEBOX_CONFIG, or the first in the usual places, or None.

    What was asked for by name is returned even where it does not exist, so that load() says so.
    """
    if named is not None:
        return named
    if environ.get("JUKEBOX_CONFIG"):
        return Path(environ["JUKEBOX_CONFIG"])
    places = [SYSTEM_FILE]
    if environ.get("XDG_CONFIG_HOME"):
        places.append(Path(environ["XDG_CONFIG_HOME"], "jukebox", "jukebox.toml"))
    elif environ.get("HOME"):
        places.append(Path(environ["HOME"], ".config", "jukebox", "jukebox.toml"))
    return next((place for place in places if _is_there(place)), None)


def load(file: Path | None) -> Settings:
    """The settings in the file; the defaults for None. Raises ConfigError with all mistakes."""
    if file is None:
        return Settings()
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{file}: is larger than {MAX_BYTES} bytes, so it is no jukebox.toml")
    return parse(content, str(file))


def parse(content: bytes, file: str) -> Settings:
    """The settings in the content of a file of this name. Raises ConfigError with all mistakes."""
    text = _decoded(content, file)
    mistakes: list[_Mistake] = []
    tables: dict[str, dict[str, Any]] = {}
    for section, table in _document(text, file).items():
        if section in keys() and isinstance(table, dict):
            tables[section] = _checked_table(section, table, mistakes)
        else:
            mistakes.append(_Mistake((section,), _about_section(section, table)))
    settings = Settings(**{name: sections()[name](**table) for name, table in tables.items()})
    wrong = {mistake.where for mistake in mistakes}
    mistakes += [each for each in _contradictions(settings) if wrong.isdisjoint(each.between)]
    if mistakes:
        raise ConfigError(_report(mistakes, text, file))
    return settings


def as_toml(settings: Settings, *, show_secrets: bool = False, commented_out: bool = False) -> str:
    """A jukebox.toml with these settings, each under a line that explains it.

    With show_secrets it parses to the same settings. commented_out puts every key behind a #: the
    file that an owner starts from, in which a later version can still change a default.
    """
    lines = ["# The emotional jukebox. Every key has a default, so an empty file works as well."]
    if commented_out:
        lines.append("# To change a setting, take the # from its line.")
    for section, table in as_dict(settings, show_secrets=show_secrets).items():
        lines += ["", f"# {inspect.getdoc(sections()[section])}", f"[{section}]"]
        for key in keys()[section].values():
            lines.append(f"# {_comment(key)}")
            lines.append(f"{'#' * commented_out}{key.name} = {_toml(table[key.name])}")
    return "\n".join(lines) + "\n"


def as_dict(settings: Settings, *, show_secrets: bool = False) -> dict[str, dict[str, Any]]:
    """The settings by section and key, as plain values that JSON and TOML know."""
    return {
        section: {
            key.name: _plain(getattr(getattr(settings, section), key.name), key, show_secrets)
            for key in table.values()
        }
        for section, table in keys().items()
    }


@dataclass(frozen=True, slots=True)
class _Mistake:
    """where: section and key; between: the keys that contradict each other."""

    where: tuple[str, ...]
    text: str
    between: tuple[tuple[str, ...], ...] = ()


def _is_there(place: Path) -> bool:
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # load() will say why it cannot be read; passing over it in silence would not
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
    except RecursionError as error:
        raise ConfigError(f"{file}: is nested too deeply to be a jukebox.toml") from error
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        what = str(error)
        line = text.count("\n") + 1
        if at := re.search(r" \(at line (\d+), (column \d+)\)", what):
            line, what = int(at[1]), f"{what[: at.start()]} at {at[2]}"
        hint = {
            "Invalid value": '; a text must stand in "quotes"',
            "Cannot overwrite": "; a key may stand only once",
            "Cannot declare": "; a section may stand only once",
        }
        advice = next((hint[start] for start in hint if what.startswith(start)), "")
        raise ConfigError(f"{file}:{line}: is not TOML: {what}{advice}") from error


def _checked_table(section: str, table: dict[str, Any], mistakes: list[_Mistake]) -> dict[str, Any]:
    good = {}
    for name, value in table.items():
        key = keys()[section].get(name)
        if key is None:
            text = f"{section}.{_bare(name)} is no setting{_nearest_key(section, name)}"
        elif key.secret and value == MASK:
            text = f"{section}.{name} is the mask that `jukebox config` prints; write the real one"
        elif (checked := _checked(key, value)) is None:
            shown = MASK if key.secret else _shown(value)
            text = f"{section}.{name} is {shown}; it must be {_allowed(key)}"
            text += _nearest_word(key, value)
        else:
            good[name] = checked
            continue
        mistakes.append(_Mistake((section, name), text))
    return good


def _checked(key: Key, value: Any) -> Any:
    """The value as its dataclass wants it, or None if it is not allowed."""
    if key.choices:  # compared with their types: to Python, 0, 0.0 and false are equal
        return value if (type(value), value) in [(type(one), one) for one in key.choices] else None
    match key.limit:
        case Between(low, high):
            number = type(value) is int or (type(value) is float and key.kind is float)
            return key.kind(value) if number and low <= value <= high else None
        case Location(words):
            path = _is_text(value) and (value in words or value.startswith(("/", "~/")))
            return os.path.expanduser(value) if path else None
        case Text(may_be_empty):
            return value if _is_text(value) and (may_be_empty or value.strip()) else None
    sources = [value] if isinstance(value, str) else value
    good = isinstance(sources, list) and sources and all(_is_text(s) and s.strip() for s in sources)
    return tuple(sources) if good else None


def _is_text(value: object) -> bool:
    # MPD reads commands line by line: a line break in a name would begin another command.
    return isinstance(value, str) and not re.search(r"[\x00-\x1f\x7f]", value)


def _contradictions(settings: Settings) -> Iterator[_Mistake]:
    """What only two keys together can get wrong."""
    if settings.faces.min_height_px > settings.camera.height_px:
        yield _Mistake(
            ("faces", "min_height_px"),
            f"faces.min_height_px is {settings.faces.min_height_px}; it must fit into the picture, "
            f"and camera.height_px is {settings.camera.height_px}",
            between=(("faces", "min_height_px"), ("camera", "height_px")),
        )
    if "@" in settings.mpd.address[1:]:  # in the first place it marks an abstract socket
        yield _Mistake(
            ("mpd", "address"),
            "mpd.address has a password before the @; write that into mpd.password, "
            "which is never printed",
        )


def _about_section(section: str, table: object) -> str:
    """What is wrong with something at the top of the file."""
    if section in keys():
        return f"{section} must be a section: write [{section}] and its keys in the lines below"
    if isinstance(table, dict):
        near = get_close_matches(section.lower(), keys(), 1)
        known = ", ".join(f"[{name}]" for name in keys())
        hint = f"did you mean [{near[0]}]?" if near else f"there are {known}"
        return f"[{_bare(section)}] is no section; {hint}"
    return f"{_bare(section)} stands outside a section{_nearest_key('', section)}"


def _nearest_key(section: str, name: str) -> str:
    """The key that was meant: the same name elsewhere, a like name here, a like name elsewhere."""
    homes = {key: other for other, table in keys().items() for key in table}
    here = list(keys().get(section, ()))
    if name in homes:
        return f"; did you mean [{homes[name]}] {name}?"
    if near := get_close_matches(name.lower(), here, 1):
        return f"; did you mean {section}.{near[0]}?"
    if near := get_close_matches(name.lower(), homes, 1):
        return f"; did you mean [{homes[near[0]]}] {near[0]}?"
    return f"; [{section}] knows {', '.join(here)}" if here else ""


def _nearest_word(key: Key, value: object) -> str:
    words = key.limit.words if isinstance(key.limit, Location) else key.choices
    known = [str(word) for word in words if word != ""]
    near = get_close_matches(value.lower(), known, 1) if isinstance(value, str) else []
    return f"; did you mean {_toml(near[0])}?" if near else ""


def _report(mistakes: list[_Mistake], text: str, file: str) -> str:
    placed = [(_line_of(mistake.where, text), mistake.text) for mistake in mistakes]
    return "\n".join(f"{file}:{line}: {what}" for line, what in sorted(placed))


def _line_of(where: tuple[str, ...], text: str) -> int:
    """The line in which this section or key begins.

    tomllib does not tell, but it can be asked: a file cut off after any whole statement is TOML
    too, so the line is the one that names the key and with which the key comes into being.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if where[-1] not in line:
            continue
        for end in range(number, len(lines) + 1):
            try:
                part: Any = tomllib.loads("\n".join(lines[:end]))
            except tomllib.TOMLDecodeError:
                continue  # inside a list or a text of several lines
            for name in where:
                part = part.get(name) if isinstance(part, dict) else None
            if part is not None:
                return number
            break
    return 1  # a quoted key with escapes in its name


def _allowed(key: Key) -> str:
    match key.limit:
        case Between(low, high):
            return f"a {'whole number' if key.kind is int else 'number'} from {low:g} to {high:g}"
        case Location(words):
            return _one_of([*filter(None, words), "a path that begins with / or ~/"])
        case Text():
            return "a text of one line"
    return _one_of(list(key.choices)) if key.choices else "a text, or a list of texts"


def _one_of(words: list[Any]) -> str:
    """'1, 2 or 3', texts in quotes as TOML wants them."""
    shown = [word if str(word).startswith("a path") else _toml(word) for word in words]
    return " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _comment(key: Key) -> str:
    """'Share that counts: 0 to 1; default 0.5'."""
    match key.limit:
        case Between(low, high):
            allowed = f"{low:g} to {high:g}"
        case _ if key.choices:
            allowed = _one_of(list(key.choices))
        case _:
            return key.meaning
    return f"{key.meaning.removesuffix('.')}: {allowed}; default {_toml(key.default)}."


def _plain(value: Any, key: Key, show_secrets: bool) -> Any:
    if key.secret and value and not show_secrets:
        return MASK
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else list(value)
    return value


def _toml(value: Any) -> str:
    """A number, a text or a list of texts, as TOML writes it."""
    return json.dumps(value, ensure_ascii=False)


def _shown(value: object) -> str:
    """What stands in the file, cut short; a long list or a date by its kind."""
    match value:
        case bool() | str():
            shown = _toml(value)
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
    """A key as the owner wrote it, cut short."""
    return name[:40] if re.fullmatch(r"[\w-]+", name) else _toml(name[:40])
