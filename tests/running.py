"""A jukebox in a process of its own, as its tests start, watch and ask it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import wait_for

# It starts with Ctrl-C in force, as in a terminal. Whoever starts the tests may ignore SIGINT
# (nohup, cron, the "&" of a shell script), and child processes inherit that.
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from appliance.cli import main
sys.exit(main())
"""
JUKEBOX = [sys.executable, "-c", PROGRAM]


@contextmanager
def started(command: list[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A child process, which has ended when the block is left, also when the test fails."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()


class Running:
    """A jukebox in a process of its own, with systemd's side of its notifications."""

    def __init__(self, config: Path, heard: socket.socket) -> None:
        self._heard, self._folder = heard, config.parent
        self.log = config.with_suffix(".log")
        environment = os.environ | {"NOTIFY_SOCKET": heard.getsockname()}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*JUKEBOX, "run", "--config", str(config)], stderr=log, env=environment
            )

    def hears(self, message: str, seconds: float = 30.0) -> str:
        """The first notification that contains the message."""
        give_up = time.monotonic() + seconds
        self._heard.settimeout(seconds)
        with suppress(TimeoutError):
            while time.monotonic() < give_up:
                if message in (got := self._heard.recv(4096).decode()):
                    return got
        return pytest.fail(f"no {message} within {seconds:g} s: {self.log.read_text()}")

    def shows(self, text: str, seconds: float = 30.0) -> None:
        """Wait until its status, which only its own user may read, contains the text."""
        wait_for(
            lambda: any(text in file.read_text() for file in self._folder.glob("*.status.json")),
            seconds,
        )

    def logs(self, text: str, seconds: float = 30.0) -> None:
        wait_for(lambda: text in self.log.read_text(), seconds)

    def ends(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(5)


@contextmanager
def running(config: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(config.with_suffix(".notify")))
        jukebox = Running(config, heard)
        try:
            yield jukebox
        finally:
            jukebox.process.kill()
            jukebox.process.wait()
            config.with_suffix(".notify").unlink()


def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*JUKEBOX, *arguments], check=False, capture_output=True, text=True, timeout=60
    )
