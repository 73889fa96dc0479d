"""Where the page keeps its devices and lets itself be asked, and what this machine is called."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from appliance.errors import ControlError
from appliance.history.files import database_file
from appliance.remote.control_client import connect
from appliance.remote.control_places import is_service
from appliance.settings import Settings, WebSettings

# Where Avahi, which makes this machine known as NAME.local, listens.
AVAHI = Path("/run/avahi-daemon/socket")
# systemd/jukebox-pair.socket: where `jukebox pair` asks the page.
PAIR_FROM_SYSTEMD = Path("/run/jukebox-pair/socket")


def pair_sockets(settings: Settings, environ: Mapping[str, str]) -> list[Path]:
    """Where `jukebox pair` may find the page's process."""
    beside = database_file(settings.store, environ).with_name("pair.sock")
    return [PAIR_FROM_SYSTEMD, beside] if is_service(environ) else [beside]


def devices_file(settings: Settings, environ: Mapping[str, str]) -> Path:
    """Where the paired devices are kept: in the service's own folder, or beside the history."""
    return database_file(settings.store, environ).with_name("devices.json")


def page_links(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Where browsers reach the page that runs here, the best first; empty if none does."""
    with suppress(ControlError):
        if (page := connect(pair_sockets(settings, environ))) is not None:
            with page:
                return [str(link) for link in page.ask("where")["data"]["links"]]
    return []


def page_link(settings: Settings, environ: Mapping[str, str]) -> str | None:
    """The best of these links; None if no page runs here."""
    return next(iter(page_links(settings, environ)), None)


# --- names of this machine ---------------------------------------------------------------------


def local_name() -> str:
    """The name under which phones find this machine by mDNS, such as jukebox.local."""
    name = socket.gethostname().partition(".")[0].lower()
    return f"{name}.local"


def own_names(settings: WebSettings) -> frozenset[str]:
    """The names under which browsers may call this machine, besides its addresses.

    A page of another site can make its own name lead here (DNS rebinding), but not one of these.
    """
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    own = {"localhost", name, short, f"{short}.local", settings.name.lower().rstrip(".")}
    return frozenset(own - {""})


def is_own(host: str, names: frozenset[str]) -> bool:
    """Whether a Host header names this machine: by one of the names, or by any address."""
    name = host.strip().lower()
    if name.startswith("["):
        name, _, port = name[1:].partition("]")
        port = port.removeprefix(":")
    else:
        name, _, port = name.partition(":")
    if port and not port.isdecimal():
        return False
    if name.rstrip(".") in names:
        return True
    with suppress(ValueError):
        return bool(ipaddress.ip_address(name))
    return False


def addresses(port: int, settings: WebSettings) -> list[str]:
    """Links at which browsers reach this machine; the best for a phone comes first."""
    scheme, usual = ("https", 443) if settings.certificate else ("http", 80)
    where = "" if port == usual else f":{port}"
    here = settings.address.startswith("127.")
    hosts = [settings.address] if here else [*filter(None, [settings.name]), *_hosts()]
    return [f"{scheme}://{host}{where}/" for host in dict.fromkeys(hosts)]


def _hosts() -> Iterator[str]:
    address = lan_address()
    # A name stays when a router gives another address, but only Avahi makes it known.
    if AVAHI.exists() or address is None:
        yield local_name()
    if address is not None:
        yield address
    yield local_name()


def lan_address() -> str | None:
    """The address of this machine in its network; None without one. Nothing is sent for it."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # an address for examples: only the route is looked up
        found = str(probe.getsockname()[0])
        if not found.startswith(("127.", "0.")):
            return found
    return None
