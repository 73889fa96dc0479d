"""`jukebox sign`: a notice for the room, in A6, to be printed by any browser."""

from __future__ import annotations

import argparse
from pathlib import Path

from appliance.commands.shared import file_ending, settings_of, write_whole
from appliance.errors import UsageError
from appliance.web.places import addresses
from appliance.web.sign import notice

LONGEST_LINK = 300  # with more, a phone cannot read the code from a postcard


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds where to write it, and the link on it."""
    verb.add_argument(
        "--out",
        type=file_ending(".html", ".htm"),
        metavar="FILE.html",
        default=Path("sign.html"),
    )
    verb.add_argument("--link", metavar="LINK", help="for its QR code, instead of the page's own")


def run(chosen: argparse.Namespace) -> int:
    """Writes it. Raises UsageError, and JukeboxError if the file cannot be written."""
    settings = settings_of(chosen)
    web = settings.web
    if chosen.link is not None and not 0 < len(chosen.link) <= LONGEST_LINK:
        raise UsageError(f"--link: it must be a link of up to {LONGEST_LINK} characters")
    link = chosen.link or addresses(web.port, web)[0]
    write_whole(chosen.out, notice(link, settings.home))
    print(f"{chosen.out}: print it from a browser; it is as large as a postcard (A6)")
    return 0
