"""`jukebox tell WORDS`: asks something of the running jukebox."""

from __future__ import annotations

import argparse

from appliance.commands.shared import settings_of
from appliance.remote.tell import tell


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds the words."""
    verb.add_argument("words", nargs="+", metavar="WORD", help="as docs/mpd.md lists them")


def run(chosen: argparse.Namespace) -> int:
    """Prints the answer. Raises PlayerError if there is none."""
    for answer in tell(settings_of(chosen).mpd, " ".join(chosen.words)):
        print(answer)
    return 0
