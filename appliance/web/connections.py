"""Bounds for browsers' connections: how many, and how long one may say nothing.

uvicorn bounds the requests under way, not connections in which nothing was asked yet. Some thousand
of those would use up the process's files, and then nobody could open the page.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_REQUESTS = 256  # the rest is told to come back
MOST_CONNECTIONS = 512  # the rest is closed at once; the process may have 1,024 files
FIRST_REQUEST_S = 10.0


class BoundedProtocol(H11Protocol):
    """One connection; it is closed where there are too many, or if no request comes in time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        self._waiting = self.loop.call_later(FIRST_REQUEST_S, self._end_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends."""
        self._waiting.cancel()
        super().connection_lost(exc)

    def _end_if_silent(self) -> None:
        cycle: Any = self.cycle  # of the last request
        if cycle is None:
            self.transport.close()
