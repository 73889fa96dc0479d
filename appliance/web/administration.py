"""Who changes this machine for the page: root's process, or for a demo the page's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from appliance.admin.administrator import Administrator
from appliance.admin.answers import Administration
from appliance.admin.client import AdministratorClient
from appliance.admin.machine import UsersJukebox
from appliance.config import loading
from appliance.errors import ControlError
from appliance.remote.control_client import connect
from appliance.remote.control_places import control_sockets, is_service
from appliance.settings import Settings


def administration_of(
    config: Path | None, settings: Settings, environ: Mapping[str, str]
) -> Administration:
    """The one for the jukebox with these settings. config: the file that was named, if any."""
    if is_service(environ):
        return AdministratorClient()
    file = loading.find(config, environ) or loading.own_file(environ)

    def tell_reload() -> None:
        jukebox = connect(control_sockets(settings, environ))
        if jukebox is None:
            raise ControlError("no jukebox runs")
        with jukebox:
            jukebox.ask("reload")

    return Administrator(UsersJukebox(file, tell_reload))
