"""Where MPD is, and the one connection to it, which is made anew after it broke."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mpd import CommandError, MPDError

from appliance.access import is_socket
from appliance.errors import PlayerError, why_failed
from appliance.player.client import Client

log = logging.getLogger("jukebox")

# What comes of a number that is none, a key that is missing, or one that is there twice.
NONSENSE = (ValueError, LookupError, TypeError, AttributeError, OverflowError)
REPLY_TIMEOUT_S = 3.0  # so long the loop waits for an MPD that hangs


@dataclass(frozen=True, slots=True)
class Address:
    """Where MPD listens. host: a name, or the path (or @name) of a Unix socket; password: or ""."""

    host: str
    port: int
    password: str

    @property
    def local(self) -> bool:
        """Whether it is a Unix socket: over one, MPD opens any file that this user may read."""
        return self.host.startswith(("/", "@"))

    def __str__(self) -> str:
        return self.host if self.local else f"{self.host}:{self.port}"


class Connection:
    """A connection that is made when it is needed.

    given: the address that was asked for. greet: called first with each new connection. address:
    where MPD was last reached or searched for; changes: the subsystems that MPD reported as
    changed; the reader empties it.
    """

    def __init__(self, given: Address, greet: Callable[[Client], None]) -> None:
        self.address = given
        self.changes: set[str] = set()
        self._given = given
        self._greet = greet
        self._client: Client | None = None
        self._listening = False

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, which may be broken without this being known yet."""
        return self._client is not None

    @property
    def is_listening(self) -> bool:
        """Whether MPD is asked to report changes."""
        return self._listening

    @property
    def has_news(self) -> bool:
        """Whether MPD has reported a change or closed the connection. It does not wait."""
        return self._client is not None and self._client.is_readable

    @property
    def descriptor(self) -> int | None:
        """The file descriptor of the open connection, for whoever waits for news; else None."""
        return self._client.fileno() if self._client is not None else None

    def listen(self) -> None:
        """Ask MPD to report changes until the next client()."""
        if self._client and not self._listening:
            self._client.begin_idle()
            self._listening = True

    @contextmanager
    def client(self) -> Iterator[Client]:
        """The client to talk to MPD with, connected if need be.

        This is the one place that translates MPD's errors. Raises PlayerError for everything that
        fails within the with statement. It disconnects then, unless MPD only refused a command.
        """
        try:
            client = self._client or self._connect()
            if self._listening:
                self._listening = False
                self.changes.update(client.end_idle())
            yield client
        except CommandError as error:
            raise PlayerError(f"MPD at {self.address} refuses: {error}") from error
        except (MPDError, OSError, UnicodeError) as error:  # UnicodeError: not an MPD
            self.close()
            raise PlayerError(f"MPD at {self.address}: {why_failed(error)}") from error
        except NONSENSE as error:
            log.debug("an answer of MPD makes no sense", exc_info=True)
            self.close()
            raise PlayerError(
                f"MPD at {self.address}: its answer makes no sense ({error!r})"
            ) from error

    def close(self) -> None:
        """Disconnect; the next client() connects again."""
        client, self._client = self._client, None
        self._listening = False
        self.changes.clear()
        if client:
            with suppress(MPDError, OSError):
                client.disconnect()

    def _connect(self) -> Client:
        self.address = find_mpd(self._given, os.environ)
        self._client = client = Client()
        client.timeout = REPLY_TIMEOUT_S
        try:
            client.connect(self.address.host, self.address.port)
            if self.address.password:
                client.password(self.address.password)
            self._greet(client)
        except BaseException:
            self.close()  # a connection that was not greeted is not used
            raise
        return client


def find_mpd(given: Address, environment: Mapping[str, str]) -> Address:
    """The given address, else that of MPD_HOST and MPD_PORT, else the usual one, as mpc finds it.

    MPD_HOST may be a host, the path of a socket, @name, or any of these after "password@". Raises
    PlayerError if MPD_PORT is not a number.
    """
    if given.host:
        return given
    host, password = environment.get("MPD_HOST", ""), given.password
    if "@" in host[1:] and not host.startswith("@"):
        password, _, host = host.partition("@")
    port = environment.get("MPD_PORT", "") or str(given.port)
    if not port.isdecimal():
        raise PlayerError(f"MPD_PORT is {port!r}; it must be a port number such as 6600")
    if not host and not environment.get("MPD_PORT"):
        host = _usual_socket(environment)
    return Address(host or "localhost", int(port), password)


def _usual_socket(environment: Mapping[str, str]) -> str:
    """The path of the user's own MPD or of the system's, "" if neither is there."""
    sockets = [Path("/run/mpd/socket")]
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        sockets.insert(0, Path(runtime, "mpd/socket"))
    return next((str(path) for path in sockets if is_socket(path)), "")
