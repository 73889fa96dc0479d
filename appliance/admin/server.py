"""Root's process: does one word for each connection, and ends when nobody asks any more.

Lines as at the control socket (docs/control.md), but longer: a whole jukebox.toml is one.
"""

from __future__ import annotations

import grp
import json
import logging
import os
import socket
import struct
import time
from collections.abc import Collection
from contextlib import suppress

from appliance.admin.answers import Administration, EditedError
from appliance.errors import JukeboxError, UsageError
from appliance.remote import control_line as lines

log = logging.getLogger("jukebox")

GROUP = "jukebox-admin"
IDLE_S = 30.0
PATIENCE_S = 5.0  # for a whole request
# A jukebox.toml of 64 KiB with each of its characters escaped.
LONGEST_REQUEST = 512 * 1024
# The page needs none of these, so whoever takes it over gets no other network.
FOR_ROOT = frozenset({"wifi", "signal"})
SO_PEERGROUPS = 59  # <asm-generic/socket.h>; Python does not name it
GROUPS_BYTES = 1024  # as much as Python gets: 256 groups; who is in more may not ask


def serve(
    listener: socket.socket,
    administration: Administration,
    groups: Collection[int],
    idle_s: float = IDLE_S,
) -> None:
    """Answers, one after the other, until nobody has asked for idle_s.

    groups: whose members may ask, besides this user and root.
    """
    listener.settimeout(idle_s)
    with suppress(TimeoutError):
        while True:
            client, _address = listener.accept()
            with client, suppress(OSError):  # it has gone
                _answer(client, administration, groups)


def group_ids(name: str = GROUP) -> frozenset[int]:
    """The group of those who may ask; none if this machine does not have it."""
    with suppress(KeyError):
        return frozenset({grp.getgrnam(name).gr_gid})
    return frozenset()


def may_ask(client: socket.socket, groups: Collection[int]) -> bool:
    """Whether the process at the other end may. The kernel noted who it is when it connected."""
    group = _peer(client)[2]
    more = client.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, GROUPS_BYTES)
    member_of = {group, *struct.unpack(f"{len(more) // 4}I", more)}
    return is_root(client) or not member_of.isdisjoint(groups)


def is_root(client: socket.socket) -> bool:
    """Whether root, or this process's own user, is at the other end."""
    return _peer(client)[1] in (0, os.geteuid())


def _peer(client: socket.socket) -> tuple[int, int, int]:
    """Its process, user and group."""
    known = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    process, user, group = struct.unpack("3i", known)
    return process, user, group


def _answer(client: socket.socket, administration: Administration, groups: Collection[int]) -> None:
    client.settimeout(PATIENCE_S)
    if not may_ask(client, groups):
        client.sendall(lines.refusal(None, "refused", f"only members of {GROUP} may ask"))
        return
    client.sendall(lines.greeting("admin"))
    if line := _read_line(client):
        reply = _reply(line, administration, by_root=is_root(client))
        client.settimeout(PATIENCE_S)
        client.sendall(reply)


def _reply(line: bytes, administration: Administration, *, by_root: bool) -> bytes:
    try:
        request = lines.read_request(line)
    except lines.BadRequestError as error:
        return lines.refusal(error.id, "usage", str(error))
    log.info("asked for: %s", request.word[:40])
    if request.word in FOR_ROOT and not by_root:
        return lines.refusal(request.id, "refused", f"only root may ask for {request.word}")
    try:
        done = administration.do(request.word, request.arguments)
    except EditedError as error:
        data = {"difference": error.difference}
        refused = {"code": "edited", "text": str(error), "data": data}
        return _encode({"id": request.id, "ok": False, "error": refused})
    except UsageError as error:
        return lines.refusal(request.id, "usage", str(error))
    except JukeboxError as error:
        log.warning("%s: %s", request.word[:40], error)
        return lines.refusal(request.id, "refused", str(error))
    return _encode({"id": request.id, "ok": True, "text": done.text, "data": done.data})


def _encode(message: dict[str, object]) -> bytes:
    """Not as at the control socket, which cuts long texts: a file must come whole."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _read_line(client: socket.socket) -> bytes:
    """A line, without its end; empty if none comes in time, or if it is too long."""
    give_up = time.monotonic() + PATIENCE_S
    received = bytearray()
    while b"\n" not in received:
        if len(received) > LONGEST_REQUEST or (left := give_up - time.monotonic()) <= 0:
            return b""
        client.settimeout(left)
        if not (part := client.recv(65_536)):
            return b""
        received += part
    return bytes(received.partition(b"\n")[0])
