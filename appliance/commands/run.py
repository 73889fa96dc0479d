"""`jukebox run`: play with the MPD of the configuration until stopped."""

from __future__ import annotations

import argparse
import logging
from functools import partial

from appliance.commands.shared import settings_of
from appliance.service import Service


def add_options(verb: argparse.ArgumentParser) -> None:
    """None of its own."""
    verb.set_defaults(log_level=logging.INFO)


def run(chosen: argparse.Namespace) -> int:
    """Play. Raises JukeboxError if it cannot begin."""
    load = partial(settings_of, chosen)
    Service(load(), load).run()
    return 0
