"""The running jukebox, watched and asked by one connection to its control socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from appliance.errors import ControlError
from appliance.remote.control_client import RefusedError
from appliance.remote.control_line import LONGEST_LINE
from appliance.remote.control_socket import address_of

ANSWER_WAIT_S = 5.0
TRY_AGAIN_S = (0.25, 0.5, 1.0, 2.0)  # the last one for ever
AWAY = "the jukebox does not run, or it cannot be reached"

Fields = dict[str, Any]


class Jukebox:
    """Keeps the present status and settings, and asks.

    status, settings: as the control socket has them; None while no jukebox can be reached. lesson:
    the last that was told of one in which somebody shows their faces; None if there was none.
    changed: called after each change of status and settings, and with each event. heard: called
    with each event (docs/control.md). settings_refused: why the jukebox did not take over its
    settings when it last read them; "" if it did.
    """

    def __init__(
        self,
        sockets: Sequence[Path],
        changed: Callable[[], None],
        heard: Callable[[Fields], None] = lambda _event: None,
    ) -> None:
        self.status: Fields | None = None
        self.settings: Fields = {}
        self.settings_refused = ""
        self._reloads: list[asyncio.Future[None]] = []  # of those who wait for the next one
        self.lesson: Fields | None = None
        self._sockets = sockets
        self._changed = changed
        self._heard = heard
        self._writer: asyncio.StreamWriter | None = None
        self._answers: dict[int, asyncio.Future[Fields]] = {}
        self._last_id = 0

    async def run(self) -> None:
        """Stays connected until it is cancelled."""
        failures = 0
        while True:
            try:
                await self._connected()
            except (OSError, ValueError, ControlError):
                failures += 1
            else:
                failures = 0
            self._lose()
            await asyncio.sleep(TRY_AGAIN_S[min(failures, len(TRY_AGAIN_S) - 1)])

    async def ask(
        self, word: str, arguments: Fields | None = None, wait_s: float = ANSWER_WAIT_S
    ) -> Fields:
        """The answer: "text" for people, "data" for programs. Raises RefusedError, ControlError."""
        return (await self.ask_all([(word, arguments or {})], wait_s))[0]

    async def ask_all(
        self, requests: Sequence[tuple[str, Fields]], wait_s: float = ANSWER_WAIT_S
    ) -> list[Fields]:
        """The answers to requests that are sent together, so that one frame answers all."""
        if self._writer is None:
            raise ControlError(AWAY)
        answers, lines = [], b""
        for word, arguments in requests:
            self._last_id += 1
            answers.append(asyncio.get_running_loop().create_future())
            self._answers[self._last_id] = answers[-1]
            lines += json.dumps({"id": self._last_id, "do": word, "args": arguments}).encode()
            lines += b"\n"
        self._writer.write(lines)
        try:
            async with asyncio.timeout(wait_s):
                return [_good(await answer) for answer in answers]
        except TimeoutError as error:
            raise ControlError("the jukebox gave no answer") from error

    async def tell(self, word: str, arguments: Fields) -> str:
        """Asks for something, and takes in at once what has changed by it. Returns the answer."""
        done, now = await self.ask_all([(word, arguments), ("status", {})])
        if self.status is not None:
            self.status = {**self.status, **now["data"]}
            self._changed()
        return str(done["text"])

    def next_reload(self) -> asyncio.Future[None]:
        """Is done as soon as the jukebox has read its settings again, for better or worse."""
        self._reloads.append(asyncio.get_running_loop().create_future())
        return self._reloads[-1]

    async def _connected(self) -> None:
        reader, writer = await self._connect()
        try:
            await reader.readline()  # the greeting
            self._writer = writer
            listening = asyncio.create_task(self._listen(reader))
            try:
                first = await self.ask_all([("subscribe", {}), ("settings", {})])
                self.status, self.settings = (answer["data"] for answer in first)
                self._changed()
                await listening
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError, OSError, ValueError):
                    await listening
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection at the first socket where a jukebox listens. Raises ControlError."""
        for path in self._sockets:
            with suppress(OSError), address_of(path) as address:
                return await asyncio.open_unix_connection(address, limit=2 * LONGEST_LINE)
        raise ControlError(AWAY)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Takes in answers and events until the jukebox hangs up."""
        while line := await reader.readline():
            message = json.loads(line)
            if "event" in message:
                await self._take_in(message)
            elif (answer := self._answers.pop(message.get("id"), None)) and not answer.done():
                answer.set_result(message)

    async def _take_in(self, event: Fields) -> None:
        """Lays an event over the status: it carries all of its keys (docs/control.md)."""
        self._heard(event)
        if event["event"] == "teach":
            self.lesson = event
            return
        if self.status is None:
            return
        known = {key: value for key, value in event.items() if key in self.status}
        self.status = {**self.status, **known}
        if event["event"] == "settings":
            self._take_in_reload("" if event.get("good") else str(event.get("text")))
        self._changed()

    def _take_in_reload(self, refused: str) -> None:
        self.settings_refused = refused
        if not refused and self._writer is not None:
            asyncio.get_running_loop().create_task(self._renew_settings())
        for waiting in self._reloads:
            if not waiting.done():
                waiting.set_result(None)
        self._reloads.clear()

    async def _renew_settings(self) -> None:
        with suppress(ControlError):
            self.settings = (await self.ask("settings"))["data"]
            self._changed()

    def _lose(self) -> None:
        self._writer = None
        for answer in self._answers.values():
            if not answer.done():
                answer.set_result({"error": {"code": "unavailable", "text": AWAY}})
        self._answers.clear()
        self.lesson = None
        if self.status is not None:
            self.status = None
            self._changed()


def _good(message: Fields) -> Fields:
    """The answer, or RefusedError."""
    error = message.get("error")
    if isinstance(error, dict):
        raise RefusedError(str(error.get("code")), str(error.get("text")))
    return message
