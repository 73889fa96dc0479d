"""The sockets that systemd hands over, by the protocol of sd_listen_fds(3)."""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

FIRST_FD = 3  # SD_LISTEN_FDS_START
NAMES = "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"


def take_passed_sockets(
    environment: MutableMapping[str, str], first_fd: int = FIRST_FD
) -> list[socket.socket]:
    """The listening Unix sockets that were handed over to this process, each of them once.

    The variables are removed, so that a child does not take the sockets for its own. What was
    handed over and is no listening Unix socket is closed.
    """
    pid, count, _ = (environment.pop(name, "") for name in NAMES)
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    passed = [_opened(first_fd + number) for number in range(int(count))]
    return [found for found in passed if found is not None]


def _opened(fd: int) -> socket.socket | None:
    os.set_inheritable(fd, False)
    try:
        found = socket.socket(fileno=fd)
    except OSError:  # a FIFO or a file
        os.close(fd)
        return None
    listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if (found.family, found.type, listens) == (socket.AF_UNIX, socket.SOCK_STREAM, 1):
        return found
    found.close()
    return None
