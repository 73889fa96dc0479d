"""`jukebox status`: shows what the jukebox sees and plays now, or did last."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.history.files import database_file, is_in_use
from appliance.remote import status
from appliance.remote.ask_status import ask_status
from appliance.web.places import page_link


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds --json."""
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Prints the status. Returns 1 if no jukebox runs. Raises StoreError if none ever did."""
    settings = settings_of(chosen)
    database = database_file(settings.store, os.environ)
    live = ask_status(settings.control, database, os.environ)
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
