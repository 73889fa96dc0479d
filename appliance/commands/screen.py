"""`jukebox screen`: the page's address for a screen at the jukebox; systemd starts it."""

from __future__ import annotations

import argparse
import os

from appliance.commands.shared import settings_of
from appliance.web.places import addresses, lan_address, page_links
from appliance.web.qr import terminal

CLEAR = "\x1b[2J\x1b[H"
NO_NETWORK = (
    "The jukebox has no network yet. Plug in a cable; or hold a phone before the camera that shows",
    "its Wi-Fi's QR code; or write the Wi-Fi's name and password into wifi.txt on the card.",
)


def add_options(_verb: argparse.ArgumentParser) -> None:
    """It has none of its own."""


def run(chosen: argparse.Namespace) -> int:
    """Prints it."""
    settings = settings_of(chosen)
    links = page_links(settings, os.environ) or addresses(settings.web.port, settings.web)
    print(CLEAR + screen(links, has_network=lan_address() is not None))
    return 0


def screen(links: list[str], *, has_network: bool) -> str:
    """What stands on the screen. links: of the page; the best for a phone comes first."""
    if not has_network:
        return "\n".join(NO_NETWORK)
    lines = ["The jukebox's page, for phones and computers in this house:", ""]
    return "\n".join([*lines, *(f"    {link}" for link in links), "", terminal(links[0])])
