"""`jukebox admin`: changes this machine for the page; systemd starts it as root, by its socket."""

from __future__ import annotations

import argparse
import logging
import os

from appliance.admin.administrator import Administrator
from appliance.admin.installed import InstalledJukebox
from appliance.admin.server import group_ids, serve
from appliance.errors import UsageError
from appliance.process.listen import take_passed_sockets


def add_options(verb: argparse.ArgumentParser) -> None:
    """It has none of its own."""
    verb.set_defaults(log_level=logging.INFO)


def run(_chosen: argparse.Namespace) -> int:
    """Answers until nobody asks any more. Raises UsageError where systemd did not start it."""
    passed = take_passed_sockets(os.environ)
    if not passed:
        raise UsageError("systemd starts this by jukebox-admin.socket")
    serve(passed[0], Administrator(InstalledJukebox()), group_ids())
    return 0
