"""Bounds for a process that answers at Unix sockets: so many clients, and each only for so long.

Whoever may connect may also connect a thousand times and say nothing. A process without bounds then
runs out of files and memory, and asyncio fills the journal with tracebacks about it.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Door:
    """Lets so many clients in at once; who comes later is sent away.

    handler: answers one client; it need not close the connection. most: clients at once. stay_s:
    seconds after which a client has to go, whatever it waits for.
    """

    def __init__(self, handler: Handler, most: int, stay_s: float) -> None:
        self._handler = handler
        self._most = most
        self._stay_s = stay_s
        self._inside = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers a client or sends it away. What a client does wrong raises nothing."""
        if self._inside >= self._most:
            writer.close()
            return
        self._inside += 1
        try:
            # TimeoutError is an OSError; ValueError: a line too long, or not UTF-8. CancelledError:
            # of a client that is here when the process ends, Python 3.11 would log a traceback.
            with suppress(OSError, ValueError, asyncio.CancelledError):
                async with asyncio.timeout(self._stay_s):
                    await self._handler(reader, writer)
        finally:
            self._inside -= 1
            writer.close()


async def open_door(door: Door, listener: socket.socket, longest_line: int) -> asyncio.Server:
    """Begins to let clients in. longest_line: in bytes.

    At its end, Python 3.13 would remove the socket's file, which may be systemd's.
    """
    if sys.version_info >= (3, 13):
        return await asyncio.start_unix_server(
            door, sock=listener, limit=longest_line, cleanup_socket=False
        )
    return await asyncio.start_unix_server(door, sock=listener, limit=longest_line)
