"""Asks wpa_supplicant how the joining of a network went."""

from __future__ import annotations

import re
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

Outcome = Literal["connected", "wrong password", "not found"]

CONTROL = Path("/run/wpa_supplicant/wlan0")
OWN = Path("/run/card-wifi/events")
LONGEST_MESSAGE = 64 * 1024
RETRY_S = 0.2
# SAE, WPA3's way: whoever refuses it there was given another password.
REFUSED = re.compile(r"reason=WRONG_KEY|CTRL-EVENT-AUTH-REJECT .*auth_type=3 ")
CONNECTED = re.compile(r"CTRL-EVENT-CONNECTED |^wpa_state=COMPLETED$", re.MULTILINE)


def outcome(wait_s: float, control: Path = CONTROL, own: Path = OWN) -> Outcome:
    """How it went, as soon as that is clear, after wait_s at the latest.

    control: wpa_supplicant's socket, which may come to be only now. own: where this process gets
    its answers; a file that must not be elsewhere in use.
    """
    until_s = time.monotonic() + wait_s
    own.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
        asking.bind(str(own))
        try:
            while (left_s := until_s - time.monotonic()) > 0:
                asking.settimeout(min(left_s, 1.0))
                if (found := _judged(_next(asking, control))) is not None:
                    return found
        finally:
            own.unlink(missing_ok=True)
    return "not found"


def _next(asking: socket.socket, control: Path) -> str:
    """What it says next; "" if that is nothing."""
    try:
        asking.getpeername()
    except OSError:  # not connected yet
        _attach(asking, control)
        return ""
    with suppress(TimeoutError):
        try:
            return asking.recv(LONGEST_MESSAGE).decode(errors="replace")
        except ConnectionError:  # it was started anew
            _attach(asking, control)
    return ""


def _attach(asking: socket.socket, control: Path) -> None:
    """Asks for news from now on, and for how it is now."""
    try:
        asking.connect(str(control))
        asking.send(b"ATTACH")
        asking.send(b"STATUS")
    except OSError:
        time.sleep(RETRY_S)


def _judged(message: str) -> Outcome | None:
    if CONNECTED.search(message):
        return "connected"
    return "wrong password" if REFUSED.search(message) else None
