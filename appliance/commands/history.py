"""`jukebox history`: lists moods, songs and what people did, from the database."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import asdict
from datetime import datetime

from appliance.commands.shared import add_json, count, more_than_nothing, print_json, settings_of
from appliance.history.files import database_file
from appliance.history.queries import Entry, read_history


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds how far back to go, and --json."""
    verb.add_argument(
        "--days", type=more_than_nothing, default=1.0, help="how far back (default: 1)"
    )
    verb.add_argument(
        "--limit",
        type=count,
        default=1000,
        help="at most so many entries, the newest (default: 1000)",
    )
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Prints the entries, oldest first. Raises StoreError."""
    database = database_file(settings_of(chosen).store, os.environ)
    entries = read_history(database, max(0.0, time.time() - chosen.days * 86_400), chosen.limit)
    if chosen.json:
        print_json([asdict(entry) for entry in entries])
    else:
        for entry in entries:
            print(_line(entry))
    return 0


def _line(entry: Entry) -> str:
    at = datetime.fromisoformat(entry.at).astimezone()
    if entry.what == "play":
        # The store keeps no reasons while guests are here.
        why = entry.reason or "guests were here"
        return f"{at:%a %d %b %H:%M:%S}  {entry.title} ({entry.emotion}): {why}"
    if entry.what == "touch":
        return f"{at:%a %d %b %H:%M:%S}  somebody used the player: {entry.reason}"
    return f"{at:%a %d %b %H:%M:%S}  {entry.emotion or entry.state}"
