"""The verb `resolve` of the command line: its options, and what it prints."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path


def add_options(resolve: argparse.ArgumentParser) -> None:
    """All but --config and --json, which many verbs have."""
    resolve.add_argument("links", nargs="*", metavar="LINK", help="look these up and end")
    resolve.add_argument("--socket", type=Path, metavar="FILE", help="without LINK: listen here")


def run(chosen: argparse.Namespace) -> int:
    """The verb. Raises JukeboxError."""
    if not chosen.links:
        from appliance.resolver import server

        server.run(os.environ, chosen.socket)
        return 0
    from appliance.resolver.lookup import look_up

    answers = {link: look_up(link) for link in chosen.links}
    if chosen.json:
        rows = [{"link": link, **asdict(answer)} for link, answer in answers.items()]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for link, answer in answers.items():
            print(f"{link}: {answer.error or answer.uri}", *filter(None, [answer.title]), sep="  ")
    return 1 if any(answer.error for answer in answers.values()) else 0
