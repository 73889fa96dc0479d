"""`jukebox backup`: a copy of the history, also while the jukebox runs."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.history.backup import back_up, put_back


def add_options(verb: argparse.ArgumentParser) -> None:
    """--put-back for the way back from an update."""
    verb.add_argument(
        "--put-back", type=Path, metavar="COPY", help="if a newer jukebox changed the history"
    )
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Make the copy, or put one back. Raises StoreError, BusyError."""
    store = settings_of(chosen).store
    if chosen.put_back:
        if put_back(store, chosen.put_back):
            print(f"{chosen.put_back}: put back")
        return 0
    made = back_up(store, time.time())
    if chosen.json:
        print_json({"path": str(made.path), "size_bytes": made.size_bytes})
    else:
        print(f"{made.path}: {made.size_bytes / 1000:.0f} kB")
    return 0
