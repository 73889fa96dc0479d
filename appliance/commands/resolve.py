"""`jukebox resolve`: looks up what links play, for the jukebox as a service, or for you."""

from __future__ import annotations

import argparse
import logging
import os
from dataclasses import asdict
from pathlib import Path

from appliance.commands.shared import add_json, print_json
from appliance.resolver import server


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds the links, or where to listen and which links are answered, and --json."""
    verb.add_argument("links", nargs="*", metavar="LINK", help="look these up and exit")
    verb.add_argument("--socket", type=Path, metavar="FILE", help="without LINK: listen here")
    verb.add_argument(
        "--sources", type=Path, metavar="FILE", help="without LINK: answer for the links in these"
    )
    add_json(verb)
    verb.set_defaults(log_level=logging.INFO)


def run(chosen: argparse.Namespace) -> int:
    """Listens until stopped, or prints what the links play. Raises JukeboxError.

    Returns 1 if a link could not be looked up.
    """
    if not chosen.links:
        server.run(os.environ, chosen.socket, chosen.sources)
        return 0
    from appliance.resolver.lookup import look_up  # the service does without it

    answers = {link: look_up(link) for link in chosen.links}
    if chosen.json:
        rows = [{"link": link, **asdict(answer)} for link, answer in answers.items()]
        print_json(rows)
    else:
        for link, answer in answers.items():
            print(f"{link}: {answer.error or answer.uri}", *filter(None, [answer.title]), sep="  ")
    return 1 if any(answer.error for answer in answers.values()) else 0
