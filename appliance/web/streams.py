"""Event streams to browsers: whole states with a time, and a heartbeat.

A browser that stops reading finds megabytes of old events when it wakes, so no event needs the one
before. A stream waits only for its own browser: what nobody has read yet is never kept twice.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable

from appliance.web.language import Language
from appliance.web.view import Values

HEARTBEAT_S = 15.0
MOST_STREAMS = 64
MOST_OF_ONE = 4  # a browser opens six connections at most, and its pages need some themselves
RECONNECT_MS = 1000


class Streams:
    """The open streams. view: the values to send, in a language."""

    def __init__(self, view: Callable[[Language], Values]) -> None:
        self._view = view
        self._version = 0
        self._changed = asyncio.Event()
        self._known: dict[str, tuple[int, bytes]] = {}  # by language: version and event
        self._open: deque[tuple[str, asyncio.Event]] = deque()
        self._ended = False

    def __len__(self) -> int:
        return len(self._open)

    def change(self) -> None:
        """Lets all streams send the new state."""
        self._version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def end(self) -> None:
        """Ends all streams; browsers come back by themselves."""
        self._ended = True
        self.change()

    async def of(self, owner: str, language: Language) -> AsyncIterator[bytes]:
        """The events for one browser. owner: whose stream it is, of which there are only a few."""
        replaced = self._enter(owner)
        try:
            yield f"retry: {RECONNECT_MS}\n\n".encode()
            sent = -1
            while not self._ended:
                if replaced.is_set():
                    yield b"event: replaced\ndata: {}\n\n"
                    return
                changed = self._changed
                if sent != self._version:
                    sent, event = self._event(language)
                    yield event
                    continue
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await changed.wait()
                except TimeoutError:
                    yield b"event: beat\ndata: {}\n\n"
        finally:
            self._open = deque(known for known in self._open if known[1] is not replaced)

    def _enter(self, owner: str) -> asyncio.Event:
        replaced = asyncio.Event()
        self._open.append((owner, replaced))
        own = [known for known in self._open if known[0] == owner]
        too_many = own[:-MOST_OF_ONE] if owner else []
        if len(self._open) > MOST_STREAMS:
            too_many.append(self._open[0])
        for _owner, event in too_many:
            event.set()
        if too_many:
            self._changed.set()
            self._changed = asyncio.Event()
        return replaced

    def _event(self, language: Language) -> tuple[int, bytes]:
        """The event with the present state, made once for all browsers of a language."""
        known = self._known.get(language.code)
        if known is None or known[0] != self._version:
            data = json.dumps(self._view(language), ensure_ascii=False, separators=(",", ":"))
            known = self._known[language.code] = (
                self._version,
                f"event: state\ndata: {data}\n\n".encode(errors="replace"),
            )
        return known
