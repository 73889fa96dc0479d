"""The present status, from the running jukebox itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from appliance.errors import ControlError
from appliance.remote.control_client import connect
from appliance.remote.control_socket import socket_files
from appliance.remote.status import Status
from appliance.settings import ControlSettings


def ask_status(
    settings: ControlSettings, database: Path, environ: Mapping[str, str]
) -> Status | None:
    """The present status; None if no jukebox can be asked. database: its file."""
    try:
        jukebox = connect(socket_files(settings, database, environ))
        if jukebox is None:
            return None
        with closing(jukebox):
            return Status(**jukebox.ask("status")["data"])
    except (ControlError, KeyError, TypeError):  # it hangs, or is another version's
        return None
