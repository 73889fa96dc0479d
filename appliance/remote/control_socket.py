"""Where the control socket lies: for the jukebox, which listens, and for those who ask it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import ControlError
from appliance.process.listen import take_passed_sockets
from appliance.settings import ControlSettings

FROM_SYSTEMD = Path("/run/jukebox-control/socket")  # systemd/jukebox-control.socket
LONGEST_PATH = 107  # bytes of sun_path in unix(7), without the final zero
WAITING_CLIENTS = 16


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket to which clients connect. path: of one that this process made, else None."""

    socket: socket.socket
    path: Path | None = None

    def close(self) -> None:
        """Stops listening, and removes what this process made."""
        self.socket.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def socket_files(
    settings: ControlSettings, database: Path, environ: Mapping[str, str]
) -> list[Path]:
    """Where the jukebox with this database may listen; the likeliest place comes first."""
    if settings.path:
        return [Path(settings.path)]
    of_service = "RUNTIME_DIRECTORY" in environ and environ.get("STATE_DIRECTORY") == str(
        database.parent
    )
    beside = database.with_name("control.sock")
    return [FROM_SYSTEMD, beside] if of_service else [beside]


def listen(
    settings: ControlSettings, database: Path, environ: MutableMapping[str, str]
) -> list[Listener]:
    """The sockets that systemd handed over, and one of the jukebox's own where one is wanted.

    Whoever calls has the lock of the database. Raises ControlError if the own one cannot be made.
    """
    passed = [Listener(found) for found in take_passed_sockets(environ)]
    if settings.path:
        own = Path(settings.path)
    elif not passed:
        own = database.with_name("control.sock")
    else:
        return passed
    return [*passed, Listener(_make(own), own)]


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """The address of a socket's path, however long that is."""
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _make(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_over(path)
        os.fchmod(made.fileno(), 0o600)  # before bind(), so that nobody else can ever connect
        with address_of(path) as address:
            made.bind(address)
        made.listen(WAITING_CLIENTS)
    except OSError as error:
        made.close()
        raise ControlError(
            f"{path}: programs cannot ask the jukebox here: {error.strerror or error};"
            " control.path names another place"
        ) from error
    return made


def _remove_left_over(path: Path) -> None:
    """Removes the socket of a process that was killed. Raises OSError if one listens there."""
    if not path.is_socket():
        return  # bind() says what else lies there
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, address_of(path) as address:
        probe.setblocking(False)
        with suppress(ConnectionRefusedError):
            probe.connect(address)
            raise FileExistsError(0, "another program listens there")
    path.unlink()
