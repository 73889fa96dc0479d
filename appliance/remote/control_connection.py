"""One client at the control socket: what it has sent, and what it has not read yet."""

from __future__ import annotations

import logging
import os
import socket
import struct

from appliance.errors import UsageError
from appliance.remote.control_line import LONGEST_LINE

log = logging.getLogger("jukebox")

LONGEST_BACKLOG = 256 * 1024  # bytes; a client that reads more slowly is dropped


class Connection:
    """A client. Nothing here waits, and nothing is kept beyond a line and the backlog.

    active: the number of the step in which it last asked something. subscribed: it gets events.
    reading: answers that it still gets from the history. gone: it must be forgotten.
    """

    def __init__(self, client: socket.socket, step: int) -> None:
        client.setblocking(False)
        self._socket = client
        self._received = bytearray()
        self._unsent = bytearray()
        self._sends_more = True
        self.active = step
        self.subscribed = False
        self.reading = 0
        self.gone = False

    @property
    def is_trusted(self) -> bool:
        """Whether root or the jukebox's own user asks. The kernel noted who connected."""
        who = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return struct.unpack("3i", who)[1] in (0, os.geteuid())

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """The lowest goes first where there are too many: it has gone home, or only waits."""
        return self._sends_more, self.subscribed, self.reading > 0, self.active

    @property
    def awaited(self) -> socket.socket | None:
        """The socket at which news of this client will show; None if none is expected."""
        expected = self._sends_more and not self.gone and b"\n" not in self._received
        return self._socket if expected else None

    def receive(self) -> None:
        """Takes in what has arrived, unless a whole line still waits to be answered."""
        if not self._sends_more or b"\n" in self._received:
            return
        try:
            found = self._socket.recv(LONGEST_LINE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.gone = True
            return
        self._received += found
        self._sends_more = bool(found)

    def next_line(self) -> bytes | None:
        """The next whole line; None if there is none yet. Raises UsageError if it is too long."""
        end = self._received.find(b"\n")
        if (len(self._received) if end < 0 else end) > LONGEST_LINE:
            self._received.clear()
            self._sends_more = self.subscribed = False
            raise UsageError(f"a line may have {LONGEST_LINE} bytes; the connection ends here")
        if end < 0:
            return None
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return line

    def send(self, line: bytes) -> None:
        """Sends a line as far as the client takes it; the rest waits for flush()."""
        self._unsent += line
        self.flush()
        if len(self._unsent) > LONGEST_BACKLOG:
            log.debug("control: a client that does not read its answers is dropped")
            self.gone = True

    def flush(self) -> None:
        """Sends what waits, as far as the client takes it."""
        while self._unsent and not self.gone:
            try:
                del self._unsent[: self._socket.send(self._unsent)]
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.gone = True

    def is_over(self) -> bool:
        """Whether nothing more can come of it.

        A client that has sent all it wants to say may still wait for answers and events.
        """
        waits = self._unsent or self.reading or self.subscribed or b"\n" in self._received
        return self.gone or not (self._sends_more or waits)

    def close(self) -> None:
        """Ends it."""
        self.gone = True
        self._socket.close()
