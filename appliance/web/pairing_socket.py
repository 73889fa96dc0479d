"""A Unix socket at which `jukebox pair` asks: for a code, the devices, or to let one go.

Lines as at the control socket (docs/control.md). Whoever may connect may pair: the file's mode
decides.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance.errors import JukeboxError, UsageError
from appliance.process.door import Door, open_door
from appliance.remote import control_line as lines
from appliance.remote.control_socket import address_of
from appliance.web.page import Page
from appliance.web.pairing import VALID_S

log = logging.getLogger("jukebox")

Fields = dict[str, Any]

MOST_CLIENTS = 8  # one person at a terminal asks one question at a time
STAY_S = 30.0
LONGEST_LINE = 4096  # bytes; a question has some fifty


def listen(path: Path) -> socket.socket:
    """A socket for this user alone, in place of one that was left over. Raises JukeboxError."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        os.fchmod(made.fileno(), 0o600)  # before bind(), so that nobody else can ever connect
        with address_of(path) as address:
            made.bind(address)
        made.listen(8)
    except OSError as error:
        made.close()
        raise JukeboxError(
            f"{path}: devices cannot be paired from the terminal: {error.strerror or error}"
        ) from error
    return made


class PairingSocket:
    """Answers `jukebox pair`. links: where browsers reach the page."""

    def __init__(self, page: Page, links: Sequence[str], version: str) -> None:
        self._page = page
        self._links = links
        self._greeting = lines.greeting(version)
        self._server: asyncio.Server | None = None

    async def open(self, listener: socket.socket | None) -> None:
        """Begins to answer; without a socket, nothing happens."""
        if listener is not None:
            door = Door(self._answer_all, MOST_CLIENTS, STAY_S)
            self._server = await open_door(door, listener, LONGEST_LINE)

    async def close(self) -> None:
        """Answers nobody any more."""
        if self._server is not None:
            self._server.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._greeting)
        while line := await reader.readline():
            writer.write(self._answer(line))
            await writer.drain()

    def _answer(self, line: bytes) -> bytes:
        try:
            request = lines.read_request(line)
        except lines.BadRequestError as error:
            return lines.refusal(error.id, "usage", str(error))
        try:
            text, data = self._do(request.word, request.arguments)
        except JukeboxError as error:
            return lines.refusal(request.id, "usage", str(error))
        return lines.answer(request.id, text, data)

    def _do(self, word: str, arguments: Fields) -> tuple[str, Fields]:
        """The answer in words and values. Raises UsageError."""
        match word:
            case "pair":
                code = self._page.pairing.open(time.monotonic())
                links = [f"{link}pair?code={code}" for link in self._links]
                return f"{code}, valid for {VALID_S / 60:g} minutes", {"code": code, "links": links}
            case "where":
                return " and ".join(self._links), {"links": list(self._links)}
            case "devices":
                known = [
                    {key: value for key, value in asdict(device).items() if key != "token_hash"}
                    for device in self._page.devices.all
                ]
                return f"{len(known)} paired", {"devices": known}
            case "revoke":
                gone = self._page.devices.revoke(str(arguments.get("device", "")))
                if gone is None:
                    raise UsageError("no device has this number; jukebox pair --list shows them")
                return f"{gone.name} is no longer paired", {}
        raise UsageError(f"unknown word {word[:40]!r}; the words are pair, where, devices, revoke")
