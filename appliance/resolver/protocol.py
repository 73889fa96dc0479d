"""How to ask a small process what a link plays: the process that sees faces needs no network.

    player (links.py) ──Unix socket──► jukebox resolve (server.py) ──a process each──► lookup.py

One connection is one question: a line with the link, then a line of JSON with the answer.
Installed, the jukebox may ask about its owner's links alone (owners_links.py), and the page, whose
users type links, about all.
"""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from appliance.access import is_socket

# Where the system's resolver listens: for the jukebox, and for the page. systemd makes both sockets
# (systemd/jukebox-resolver.socket), and their modes decide who may ask.
SYSTEM_SOCKET = Path("/run/jukebox-links/socket")
PAGE_SOCKET = Path("/run/jukebox-links-page/socket")
LONGEST_LINK = 2_048  # bytes; of a question, too
LONGEST_LINE = 65_536  # bytes of an answer
ONLY_LINKS = "only links that begin with http:// or https:// are looked up"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a link plays.

    uri: what to give to MPD; title: "" if not known; error: why it plays nothing, "" if it does.
    """

    uri: str = ""
    title: str = ""
    error: str = ""

    def to_line(self) -> bytes:
        """The answer as a line of JSON in UTF-8, as it is sent."""
        return json.dumps(asdict(self)).encode() + b"\n"


def answer_of(line: bytes) -> Answer:
    """The answer in a line. Raises ValueError if the line is not an answer, or not to a link."""
    try:
        answer = Answer(**json.loads(line))
    except (TypeError, RecursionError) as error:
        raise ValueError(f"not an answer: {line[:80]!r}") from error
    if not all(isinstance(text, str) for text in astuple(answer)):
        raise ValueError(f"not an answer: {line[:80]!r}")
    if not answer.error and (not is_link(answer.uri) or _has_controls(answer.uri)):
        raise ValueError(f"not a link: {answer.uri[:80]!r}")
    return answer


def is_link(uri: str) -> bool:
    """Whether it is a link that the resolver looks up: http:// or https://."""
    return uri.lower().startswith(("http://", "https://"))


def is_short(link: str) -> bool:
    """Whether the resolver takes a link of this length."""
    return len(link.encode(errors="replace")) <= LONGEST_LINK


def own_socket(environ: Mapping[str, str]) -> Path:
    """Where `jukebox resolve` listens, unless systemd hands it sockets: a place of the user's."""
    if chosen := environ.get("JUKEBOX_RESOLVER"):
        return Path(chosen)
    if folder := environ.get("XDG_RUNTIME_DIR"):
        return Path(folder, "jukebox-resolver", "socket")
    state = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", "/"), ".local", "state")
    return Path(state, "jukebox", "resolver.socket")


def find_socket(environ: Mapping[str, str] = os.environ, system: Path = SYSTEM_SOCKET) -> Path:
    """Where to ask: $JUKEBOX_RESOLVER, else the user's socket if it exists, else the system's."""
    own = own_socket(environ)
    return own if "JUKEBOX_RESOLVER" in environ or is_socket(own) else system


def answers(path: Path) -> bool:
    """Whether a server listens on this Unix socket, even if it is too busy for a connection."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        return client.connect_ex(str(path)) in (0, errno.EAGAIN)


def _has_controls(text: str) -> bool:
    return any(ord(character) < 32 for character in text)
