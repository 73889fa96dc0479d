"""`jukebox backup`: copies the history, also while the jukebox runs."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.history.backup import back_up, put_back


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds --put-back, for the way back from an update, and --json."""
    verb.add_argument(
        "--put-back",
        type=Path,
        metavar="COPY",
        help="use this copy if a newer jukebox changed the history",
    )
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Makes a copy and prints its path, or puts one back.

    Raises StoreError if that is not possible, and BusyError if a running jukebox prevents it.
    """
    store = settings_of(chosen).store
    if chosen.put_back:
        if put_back(store, chosen.put_back):
            print(f"{chosen.put_back}: put back")
        return 0
    copy = back_up(store, time.time())
    if chosen.json:
        print_json({"path": str(copy.path), "size_bytes": copy.size_bytes})
    else:
        print(f"{copy.path}: {copy.size_bytes / 1000:.0f} kB")
    return 0
