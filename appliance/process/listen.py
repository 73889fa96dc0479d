"""Sockets to listen at: handed over by systemd (sd_listen_fds(3)), or made for the network."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, MutableMapping

from appliance.errors import JukeboxError

FIRST_FD = 3  # SD_LISTEN_FDS_START
WAITING_CLIENTS = 64
NEARBY = 10  # ports
NAMES = "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"


def take_passed_sockets(
    environment: MutableMapping[str, str],
    first_fd: int = FIRST_FD,
    families: Collection[int] = (socket.AF_UNIX,),
) -> list[socket.socket]:
    """The listening stream sockets that were handed over to this process, each of them once.

    The variables are removed, so that a child does not take the sockets for its own. What was
    handed over and is no listening socket of these families is closed.
    """
    pid, count, _ = (environment.pop(name, "") for name in NAMES)
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    passed = [_opened(first_fd + number, families) for number in range(int(count))]
    return [found for found in passed if found is not None]


def _opened(fd: int, families: Collection[int]) -> socket.socket | None:
    os.set_inheritable(fd, False)
    try:
        found = socket.socket(fileno=fd)
    except OSError:  # a FIFO or a file
        os.close(fd)
        return None
    listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if found.family in families and (found.type, listens) == (socket.SOCK_STREAM, 1):
        return found
    found.close()
    return None


def listen_at(address: str, port: int) -> socket.socket:
    """A socket that listens there; "": at all addresses of this machine. Raises JukeboxError."""
    try:
        return _listening(address, port)
    except OSError as error:
        raise JukeboxError(
            f"the page cannot listen at {address or 'all addresses'}, port {port}:"
            f" {error.strerror or error}; [web] address and port in jukebox.toml name another place"
        ) from error


def listen_near(address: str, port: int) -> socket.socket:
    """As listen_at(), at the first of ten ports that is free. Raises JukeboxError."""
    for other in range(port, min(port + NEARBY, 65536)):
        try:
            return _listening(address, other)
        except OSError:
            continue
    return listen_at(address, 0)


def _listening(address: str, port: int) -> socket.socket:
    if address in ("", "::") and socket.has_dualstack_ipv6():
        return socket.create_server(
            ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=WAITING_CLIENTS
        )
    found = socket.getaddrinfo(address or "0.0.0.0", port, type=socket.SOCK_STREAM)  # noqa: S104
    family, _, _, _, place = found[0]
    return socket.create_server(place[:2], family=family, backlog=WAITING_CLIENTS)
