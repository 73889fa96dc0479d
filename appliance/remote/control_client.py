"""Asks the running jukebox at its control socket: what `jukebox tell` and `status` do.

with ControlClient(Path("/run/jukebox-control/socket")) as jukebox:
    print(jukebox.ask("mood", {"emotion": "happy"})["text"])
    jukebox.ask("subscribe")
    while True:
        print(jukebox.event())
"""

from __future__ import annotations

import json
import socket
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from appliance.errors import ControlError
from appliance.remote.control_line import LONGEST_LINE
from appliance.remote.control_socket import address_of

ANSWER_WAIT_S = 5.0  # the jukebox answers between two frames, of which there are two a second


class NobodyListensError(ControlError):
    """No jukebox can be reached at this socket."""


class RefusedError(ControlError):
    """The jukebox did not do what it was asked for. code: usage, refused or unavailable.

    data: more about it, for programs.
    """

    def __init__(self, code: str, text: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.data = data or {}
        self.exit_code = 2 if code == "usage" else 1


class ControlClient:
    """A connection to the jukebox. greeting: its version and that of the protocol.

    Raises NobodyListensError if none can be made, and ControlError if nobody greets within wait_s.
    """

    def __init__(self, path: Path, wait_s: float = ANSWER_WAIT_S) -> None:
        self._path = path
        self._wait_s = wait_s
        self._received = bytearray()
        self._events: deque[dict[str, Any]] = deque()
        self._last_id = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(wait_s)
        try:
            with address_of(path) as address:
                self._socket.connect(address)
        except OSError as error:
            self._socket.close()
            raise NobodyListensError(
                f"{path}: no jukebox can be asked here: {error.strerror or error}"
            ) from error
        try:
            self.greeting = self._next(time.monotonic() + wait_s)
        except ControlError:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()

    def ask(
        self, word: str, arguments: dict[str, Any] | None = None, wait_s: float | None = None
    ) -> dict[str, Any]:
        """The answer: "text" for people, "data" for programs. Raises RefusedError, ControlError.

        wait_s: None waits as long as the connection was made for.
        """
        self._last_id += 1
        request = {"id": self._last_id, "do": word, "args": arguments or {}}
        until_s = time.monotonic() + (wait_s or self._wait_s)
        self._send(json.dumps(request).encode() + b"\n")
        while True:
            message = self._next(until_s)
            if "event" in message:
                self._events.append(message)
            elif message.get("id") in (self._last_id, None):
                return _good(message)

    def event(self, name: str | None = None, wait_s: float | None = None) -> dict[str, Any]:
        """The next event after "subscribe", or the next one of this name.

        wait_s: None waits for ever. Raises ControlError if none comes within this time.
        """
        until_s = None if wait_s is None else time.monotonic() + wait_s
        while True:
            event = self._events.popleft() if self._events else self._next(until_s)
            if event.get("ok") is False:  # the jukebox ends the connection, and says why
                _good(event)
            if name in (None, event.get("event")):
                return event

    def _send(self, line: bytes) -> None:
        self._socket.settimeout(self._wait_s)
        try:
            self._socket.sendall(line)
        except OSError as error:
            raise ControlError(f"{self._path}: the jukebox hung up") from error

    def _next(self, until_s: float | None) -> dict[str, Any]:
        """The next line. Raises ControlError if none comes in time, or if it cannot be read."""
        while (end := self._received.find(b"\n")) < 0:
            self._received += self._receive(until_s)
            if len(self._received) > 2 * LONGEST_LINE:
                raise ControlError(f"{self._path}: this is not a jukebox")
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        try:
            message = json.loads(line)
        except ValueError as error:
            raise ControlError(f"{self._path}: this is not a jukebox") from error
        if not isinstance(message, dict):
            raise ControlError(f"{self._path}: this is not a jukebox")
        return message

    def _receive(self, until_s: float | None) -> bytes:
        left_s = None if until_s is None else max(until_s - time.monotonic(), 0.001)
        self._socket.settimeout(left_s)
        try:
            found = self._socket.recv(LONGEST_LINE)
        except TimeoutError as error:
            raise ControlError(f"{self._path}: the jukebox gave no answer") from error
        except OSError as error:
            raise ControlError(f"{self._path}: the jukebox hung up") from error
        if not found:
            raise ControlError(f"{self._path}: the jukebox hung up")
        return found


def connect(paths: Iterable[Path]) -> ControlClient | None:
    """A connection at the first of these sockets at which a jukebox listens; None if none does."""
    for path in paths:
        try:
            return ControlClient(path)
        except NobodyListensError:
            continue
    return None


def _good(message: dict[str, Any]) -> dict[str, Any]:
    """The answer, or RefusedError."""
    error = message.get("error")
    if isinstance(error, dict):
        raise RefusedError(str(error.get("code")), str(error.get("text")), error.get("data"))
    return message
