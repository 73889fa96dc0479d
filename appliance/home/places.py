"""Who this jukebox is at a broker, how it gets in, and where it was ever announced."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from appliance.errors import BusyError, ConfigError
from appliance.history.files import Lock, database_file
from appliance.home.entities import Topics
from appliance.remote.control_places import is_service
from appliance.settings import HomeSettings, Settings

MACHINE_ID = Path("/etc/machine-id")
# The owner's files for the broker, which systemd hands to the process (jukebox-home.service).
OWNERS_FOLDER = Path("/etc/jukebox/home")


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a broker. address: a host, or the path of a socket. authority: "" for none."""

    address: str
    port: int
    tls: bool = False
    authority: str = ""
    username: str = ""
    password: str = ""

    @property
    def is_socket(self) -> bool:
        """Whether it is a Unix socket."""
        return self.address.startswith("/")

    def __str__(self) -> str:
        return self.address if self.is_socket else f"{self.address}:{self.port}"


Place = tuple[Access, Topics]


def access_of(home: HomeSettings, environ: Mapping[str, str]) -> Access:
    """How the settings say that the broker is reached. Raises ConfigError for a password's file."""
    password = home.password
    if home.password_file:
        password = _read_password(Path(home.password_file), environ)
    authority = str(_handed_over(Path(home.authority), environ)) if home.authority else ""
    return Access(home.address, home.port, home.tls, authority, home.username, password)


def node_of(settings: Settings, environ: Mapping[str, str]) -> str:
    """The name of this jukebox at any broker; two jukeboxes of one machine differ, too.

    The machine's own number does not leave it.
    """
    whose = "installed" if is_service(environ) else str(database_file(settings.store, environ))
    try:
        machine = MACHINE_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        machine = socket.gethostname()
    return f"jukebox_{hashlib.sha256(f'{machine} {whose}'.encode()).hexdigest()[:8]}"


def topics_of(settings: Settings, environ: Mapping[str, str]) -> Topics:
    """Where this jukebox tells and listens."""
    return Topics(settings.home.prefix, node_of(settings, environ))


def locked(settings: Settings, environ: Mapping[str, str]) -> Lock:
    """A lock that keeps a second process from being the same jukebox at the broker, taken.

    Raises BusyError.
    """
    lock = Lock(database_file(settings.store, environ).with_name("home"))
    try:
        lock.take()
    except BusyError as error:
        raise BusyError(
            "`jukebox home` runs for this jukebox already; end it first"
            " (installed: sudo systemctl stop jukebox-home)"
        ) from error
    return lock


def name_of(home: HomeSettings) -> str:
    """What people call it."""
    return home.name or socket.gethostname().partition(".")[0]


class Published:
    """Where this jukebox was ever announced and has not been withdrawn yet, kept in a file.

    Each place is a broker's address with the topics there, so that they can be removed after the
    settings have changed.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    def of(cls, settings: Settings, environ: Mapping[str, str]) -> Published:
        """That of this jukebox: in the process's own folder, or beside the history."""
        return cls(database_file(settings.store, environ).with_name("home.json"))

    def places(self) -> list[Place]:
        """All of them, without name and password."""
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            return [(Access(**place["access"]), Topics(**place["topics"])) for place in found]
        except (OSError, ValueError, TypeError, LookupError):  # none yet, or damaged
            return []

    def add(self, access: Access, topics: Topics) -> None:
        """Notes a place, before anything is told there."""
        self._write([*self.others(access, topics), (access, topics)])

    def remove(self, access: Access, topics: Topics) -> None:
        """Nothing is left there."""
        self._write(self.others(access, topics))

    def others(self, access: Access, topics: Topics) -> list[Place]:
        """All places but this one; another port or TLS is another way to the same broker."""
        here = access.address, topics
        return [place for place in self.places() if (place[0].address, place[1]) != here]

    def _write(self, places: list[Place]) -> None:
        kept: list[dict[str, Any]] = [
            {"access": asdict(replace(access, username="", password="")), "topics": asdict(topics)}
            for access, topics in places
        ]
        with suppress(OSError):  # a full disk: the topics of today are known all the same
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_suffix(".part")
            part.write_text(json.dumps(kept), encoding="utf-8")
            part.replace(self._file)


def _read_password(file: Path, environ: Mapping[str, str]) -> str:
    """The first line of the file. Raises ConfigError."""
    found = _handed_over(file, environ)
    try:
        if found == file and file.stat().st_mode & 0o077:
            raise ConfigError(
                f"home.password_file is {file}, which others may read; do: chmod 600 {file}"
            )
        return found.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"home.password_file is {file}, which cannot be read: {error}") from error


def _handed_over(file: Path, environ: Mapping[str, str]) -> Path:
    """Where this process reads a file of the owner's."""
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    if credentials and file.parent == OWNERS_FOLDER:
        return Path(credentials, f"home_{file.name}")
    return file
