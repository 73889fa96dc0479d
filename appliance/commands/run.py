"""`jukebox run`: plays with the configured MPD until it is stopped."""

from __future__ import annotations

import argparse
import logging
from functools import partial

from appliance.commands.shared import settings_of
from appliance.service import Service


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds nothing."""
    verb.set_defaults(log_level=logging.INFO)


def run(chosen: argparse.Namespace) -> int:
    """Plays. Raises JukeboxError if it cannot start."""
    load = partial(settings_of, chosen)
    Service(load(), load).run()
    return 0
