"""Tells systemd how the service is; does nothing where there is no systemd.

The protocol is that of sd_notify(3): datagrams of KEY=VALUE lines to the socket in $NOTIFY_SOCKET.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping


class Notifier:
    """Sends to the socket in $NOTIFY_SOCKET. A socket that is gone never disturbs the music."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]  # abstract socket

    def ready(self) -> None:
        """Tells that the start or a reload is done."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Tells that a reload begins; ready() must follow.

        systemd wants the time of the monotonic clock, by which it pairs the two.
        """
        now_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send(f"RELOADING=1\nMONOTONIC_USEC={now_us}")

    def alive(self) -> None:
        """Feeds the watchdog."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Sets the line that `systemctl status` shows."""
        self._send("STATUS=" + text.replace("\n", " "))

    def stopping(self) -> None:
        """Tells that the service begins to stop."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)  # a systemd that does not read must not stop the music
                sender.connect(self._address)
                sender.send(message.encode())
        except OSError:
            return  # systemd itself is being restarted, or the socket was not passed on
