"""`jukebox status`: shows what the jukebox sees and plays now, or did last."""

from __future__ import annotations

import argparse
import os
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.errors import ControlError
from appliance.history.files import database_file, is_in_use
from appliance.remote import status
from appliance.remote.control_client import connect
from appliance.remote.control_socket import socket_files
from appliance.remote.status import Status
from appliance.settings import ControlSettings
from appliance.web.places import page_link


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds --json."""
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Prints the status. Returns 1 if no jukebox runs. Raises StoreError if none ever did."""
    settings = settings_of(chosen)
    database = database_file(settings.store, os.environ)
    live = _live(settings.control, database)
    last = live or status.read(database)
    running = live is not None or is_in_use(database)
    if chosen.json:
        print_json({"running": running, **asdict(last)})
    else:
        print(last.sentence() if running else f"not running; at the end: {last.sentence()}")
        if running:
            print(last.frame_rate())
            if link := page_link(settings, os.environ):
                print(f"the page is at {link}")
    return 0 if running else 1


def _live(settings: ControlSettings, database: Path) -> Status | None:
    """The present status, from the jukebox itself; None if it cannot be asked."""
    try:
        jukebox = connect(socket_files(settings, database, os.environ))
        if jukebox is None:
            return None
        with closing(jukebox):
            return Status(**jukebox.ask("status")["data"])
    except (ControlError, KeyError, TypeError):  # it hangs, or is another version's
        return None
