"""`jukebox web`: the page for phones and computers, as a process of its own."""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
import time
from pathlib import Path

from appliance.commands.shared import port, settings_of
from appliance.process.listen import listen_at, take_passed_sockets
from appliance.settings import Settings
from appliance.web import pairing_socket
from appliance.web.administration import administration_of
from appliance.web.page import Page
from appliance.web.places import pair_sockets
from appliance.web.qr import pairing_words
from appliance.web.server import serve

FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds where to listen, and whether to print a link that pairs."""
    verb.add_argument("--address", metavar="ADDRESS", help="instead of [web] address")
    verb.add_argument("--port", type=port, metavar="PORT", help="instead of [web] port")
    verb.add_argument("--fd", type=int, metavar="FD", help="take this listening socket instead")
    verb.add_argument(
        "--pair", action="store_true", help="print a link and a QR code that pair one device"
    )
    verb.set_defaults(log_level=logging.INFO)


def run(chosen: argparse.Namespace) -> int:
    """Serves until stopped. Raises JukeboxError if it cannot listen."""
    settings = settings_of(chosen)
    passed = take_passed_sockets(os.environ, families=FAMILIES)
    sockets = [found for found in passed if found.family != socket.AF_UNIX]
    doors = [found for found in passed if found.family == socket.AF_UNIX]
    if chosen.fd is not None:
        sockets.append(socket.socket(fileno=chosen.fd))
    if not sockets:
        address = settings.web.address if chosen.address is None else chosen.address
        sockets.append(
            listen_at(address, settings.web.port if chosen.port is None else chosen.port)
        )
    own = None if doors else _own_door(settings)
    if own is not None:
        doors.append(pairing_socket.listen(own))
    try:
        serve(
            settings,
            os.environ,
            sockets,
            doors[0],
            administration=administration_of(chosen.config, settings, os.environ),
            announce=_announce if chosen.pair else lambda *_: None,
        )
    finally:
        if own is not None:
            own.unlink(missing_ok=True)
    return 0


def _own_door(settings: Settings) -> Path:
    """Where `jukebox pair` finds this process, if systemd made no place for that."""
    return pair_sockets(settings, os.environ)[-1]


def _announce(page: Page, links: list[str]) -> None:
    code = page.pairing.open(time.monotonic())
    links = [f"{link}pair?code={code}" for link in links]
    print(pairing_words(code, links, with_qr=sys.stdout.isatty()), flush=True)
