"""`jukebox wifi`: joins the network of wifi.txt or of a phone's code; systemd starts it as root."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from appliance.admin.client import AdministratorClient
from appliance.admin.joining import Joining
from appliance.admin.light import BoardLight
from appliance.admin.supplicant import outcome
from appliance.process.notify import Notifier
from appliance.remote.control_client import ControlClient
from appliance.remote.control_socket import FROM_SYSTEMD
from appliance.web.places import lan_address

# The boot partition of a Raspberry Pi, and of a PC.
FILES = (Path("/boot/firmware/wifi.txt"), Path("/boot/efi/wifi.txt"))
ANSWER_LATE_S = 10.0


def add_options(verb: argparse.ArgumentParser) -> None:
    """It has none of its own."""
    verb.set_defaults(log_level=logging.INFO)


def run(_chosen: argparse.Namespace) -> int:
    """Ends with a network, or when nobody showed a code."""
    light = BoardLight()
    joining = Joining(
        AdministratorClient(), FILES, _scan, outcome, lambda: lan_address() is not None, light
    )
    try:
        used = joining.use_file()
        Notifier().ready()
        if used:
            joining.wait()
        joining.use_codes()
    finally:
        light.show("")
    return 0


def _scan(seconds: float) -> str:
    """Raises ControlError while the jukebox or its camera is away."""
    with ControlClient(FROM_SYSTEMD, seconds + ANSWER_LATE_S) as jukebox:
        answer = jukebox.ask("scan", {"seconds": seconds, "for": "wifi"})
    return str(answer["data"]["word"])
