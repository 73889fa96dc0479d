"""Settings → jukebox.toml, for the owner, and → plain values, for programs."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any

from appliance.config.complaints import MASK, as_toml_value, comment
from appliance.settings import Key, Settings, keys, sections


def as_toml(settings: Settings, *, show_secrets: bool = False, commented_out: bool = False) -> str:
    """A jukebox.toml with these settings, each under a line that explains it.

    With show_secrets it parses to the same settings. commented_out: puts a # before every key. An
    owner starts from such a file, in which a later version can still change a default.
    """
    lines = ["# The emotional jukebox. Every key has a default, so an empty file works as well."]
    if commented_out:
        lines.append("# To change a setting, take the # from its line.")
    for section, table in as_dict(settings, show_secrets=show_secrets).items():
        lines += ["", f"# {inspect.getdoc(sections()[section])}", f"[{section}]"]
        for key in keys()[section].values():
            lines += textwrap.wrap(comment(key), 98, initial_indent="# ", subsequent_indent="# ")
            lines.append(f"{'#' * commented_out}{key.name} = {as_toml_value(table[key.name])}")
    return "\n".join(lines) + "\n"


def as_dict(settings: Settings, *, show_secrets: bool = False) -> dict[str, dict[str, Any]]:
    """The settings by section and key, as plain values that JSON and TOML can hold.

    show_secrets: else a password is replaced by asterisks.
    """
    return {
        section: {
            key.name: _plain(getattr(getattr(settings, section), key.name), key, show_secrets)
            for key in table.values()
        }
        for section, table in keys().items()
    }


def _plain(value: Any, key: Key, show_secrets: bool) -> Any:
    if key.secret and value and not show_secrets:
        return MASK
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else list(value)
    return value
