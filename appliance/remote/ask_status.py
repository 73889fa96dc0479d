"""The present status, and what the camera's picture is like, from the running jukebox itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from appliance.errors import ControlError
from appliance.records import CameraAdvice
from appliance.remote.control_client import connect
from appliance.remote.control_socket import socket_files
from appliance.remote.status import Status
from appliance.settings import ControlSettings

VIEW_WAIT_S = 20.0  # it looks for 1.5 s, and a Raspberry Pi then searches for some seconds


def ask_status(
    settings: ControlSettings, database: Path, environ: Mapping[str, str]
) -> Status | None:
    """The present status; None if no jukebox can be asked. database: its file."""
    answer = _answer("status", settings, database, environ)
    try:
        return Status(**answer["data"]) if answer else None
    except (KeyError, TypeError):  # it is another version's
        return None


def ask_view(
    settings: ControlSettings, database: Path, environ: Mapping[str, str]
) -> CameraAdvice | None:
    """Whether its camera's picture is fit, and what to do; None if no jukebox can tell."""
    answer = _answer("view", settings, database, environ, VIEW_WAIT_S)
    return CameraAdvice(bool(answer["data"].get("fit")), answer["text"]) if answer else None


def _answer(
    word: str,
    settings: ControlSettings,
    database: Path,
    environ: Mapping[str, str],
    wait_s: float | None = None,
) -> dict[str, Any] | None:
    try:
        jukebox = connect(socket_files(settings, database, environ))
        if jukebox is None:
            return None
        with closing(jukebox):
            return jukebox.ask(word, wait_s=wait_s)
    except ControlError:  # it hangs, or does not know the word
        return None
