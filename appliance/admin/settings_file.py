"""Writes jukebox.toml, unless it is wrong or somebody else has edited it meanwhile."""

from __future__ import annotations

import difflib
from pathlib import Path

from appliance.admin import files
from appliance.admin.answers import EditedError
from appliance.config.loading import MAX_BYTES, parse
from appliance.errors import ConfigError
from appliance.settings import Settings, sections


def read(file: Path) -> str:
    """The text of the file; "" if there is none yet, which is as good. Raises JukeboxError."""
    return files.read(file, MAX_BYTES)


def write(file: Path, text: str, hash_before: str) -> frozenset[str]:
    """Replaces the file by the text. Returns the names of the sections that change.

    hash_before: of the text from which the new one was made. Raises ConfigError if the settings
    would not be accepted at a start, EditedError, and JukeboxError if it cannot be written.
    """
    settings = parse(text.encode(errors="replace"), str(file))
    now = read(file)
    if files.hash_of(now) != hash_before:
        raise EditedError(f"{file} was edited meanwhile; nothing is written", difference(now, text))
    if text != now:
        files.replace(file, text)
    return _changed(now, settings)


def difference(now: str, wanted: str) -> str:
    """What the wanted text would change, line by line, as `diff -u` shows it."""
    lines = difflib.unified_diff(
        now.splitlines(), wanted.splitlines(), "as it is", "as you want it", n=1, lineterm=""
    )
    return "\n".join(lines)


def _changed(before: str, settings: Settings) -> frozenset[str]:
    """The sections with other values than before; all of them if those could not be used."""
    try:
        old = parse(before.encode(), "")
    except ConfigError:
        return frozenset(sections())
    return frozenset(name for name in sections() if getattr(old, name) != getattr(settings, name))
