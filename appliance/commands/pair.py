"""`jukebox pair`: lets a phone or computer use the page, and says which ones may."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.errors import ControlError
from appliance.remote.control_client import connect
from appliance.web.places import pair_sockets
from appliance.web.qr import pairing_words


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds --list, --revoke and --json."""
    what = verb.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="the paired devices")
    what.add_argument("--revoke", metavar="NUMBER", help="this device may use the page no more")
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Prints a code, the devices, or what was done. Raises ControlError if no page runs."""
    page = connect(pair_sockets(settings_of(chosen), os.environ))
    if page is None:
        raise ControlError("no page runs here; start it with: jukebox web")
    with page:
        if chosen.list:
            answer = page.ask("devices")
        elif chosen.revoke:
            answer = page.ask("revoke", {"device": chosen.revoke})
        else:
            answer = page.ask("pair")
    _show(answer, chosen)
    return 0


def _show(answer: dict[str, Any], chosen: argparse.Namespace) -> None:
    data = answer["data"]
    if chosen.json:
        print_json(data)
    elif chosen.list:
        for device in data["devices"]:
            print(f"{device['id']}  {device['name']}, since {device['paired']},", end=" ")
            print(f"last seen {device['seen']}")
    elif chosen.revoke:
        print(answer["text"])
    else:
        print(pairing_words(data["code"], data["links"], with_qr=sys.stdout.isatty()))
