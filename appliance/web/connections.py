"""Bounds for browsers' connections: how many, and how long one may say nothing.

uvicorn bounds the requests under way, not connections in which nothing is asked. Some thousand of
those would use up the process's files, and then nobody could open the page. So where there are too
many, the one that has been idle for longest makes room: who asks something is always let in.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 256  # four times what streams may take (streams.py)
FIRST_REQUEST_S = 10.0


class BoundedProtocol(H11Protocol):
    """One connection; it is closed if no request comes in time, or to make room for another.

    began_s: when, by the loop's clock.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins. The idlest connection ends if there are too many; it may be this one."""
        super().connection_made(transport)
        self.began_s = self.loop.time()
        self._waiting = self.loop.call_later(FIRST_REQUEST_S, self._end_if_silent)
        there = [
            known
            for known in cast("set[BoundedProtocol]", self.connections)
            if not known.transport.is_closing()
        ]
        if len(there) > MOST_CONNECTIONS:
            idle = [known for known in there if known.is_idle()]
            min(idle, key=lambda known: known.began_s).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends."""
        self._waiting.cancel()
        super().connection_lost(exc)

    def is_idle(self) -> bool:
        """Whether nothing is being answered in it."""
        cycle: Any = self.cycle  # of the last request
        return cycle is None or bool(cycle.response_complete)

    def _end_if_silent(self) -> None:
        if self.cycle is None:
            self.transport.close()
