"""Where processes beside the jukebox, such as the page, find its control socket."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from appliance.history.files import database_file
from appliance.remote.control_socket import FROM_SYSTEMD, socket_files
from appliance.settings import Settings


def control_sockets(settings: Settings, environ: Mapping[str, str]) -> list[Path]:
    """Where another process finds the jukebox; the likeliest place comes first."""
    found = socket_files(settings.control, database_file(settings.store, environ), environ)
    return [FROM_SYSTEMD, *found] if is_service(environ) else found


def is_service(environ: Mapping[str, str]) -> bool:
    """Whether this is one of an installed jukebox's processes, or asks them."""
    return "RUNTIME_DIRECTORY" in environ
