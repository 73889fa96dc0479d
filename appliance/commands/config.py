"""`jukebox config`: prints the settings in force."""

from __future__ import annotations

import argparse

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.config.writing import as_dict, as_toml


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds --json."""
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Prints them, with passwords masked. Raises ConfigError."""
    settings = settings_of(chosen)
    if chosen.json:
        print_json(as_dict(settings))
    else:
        print(as_toml(settings), end="")
    return 0
