"""`jukebox tell WORDS`: asks something of the running jukebox."""

from __future__ import annotations

import argparse
import os
from contextlib import closing
from typing import Any

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.errors import PlayerError, UsageError
from appliance.history.files import database_file
from appliance.remote.control_client import RefusedError, connect
from appliance.remote.control_socket import socket_files
from appliance.remote.messages import as_request
from appliance.settings import Settings


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds the words, and --json."""
    verb.add_argument("words", nargs="+", metavar="WORD", help="as docs/mpd.md lists them")
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Prints the answer.

    Raises UsageError if the words mean nothing, ControlError if the jukebox does not do what it was
    asked for, and PlayerError if there is no answer by way of MPD, either.
    """
    settings = settings_of(chosen)
    try:
        answer = _answer(settings, " ".join(chosen.words))
    except (UsageError, RefusedError) as error:
        if not chosen.json:
            raise
        code = error.code if isinstance(error, RefusedError) else "usage"
        print_json({"ok": False, "error": {"code": code, "text": str(error)}})
        return error.exit_code
    if chosen.json:
        print_json(answer)
    else:
        print(answer["text"])
    return 0


def _answer(settings: Settings, message: str) -> dict[str, Any]:
    """The jukebox's answer: by its control socket, else by MPD, where it may be elsewhere."""
    word, arguments = as_request(message)
    database = database_file(settings.store, os.environ)
    jukebox = connect(socket_files(settings.control, database, os.environ))
    if jukebox is not None:
        with closing(jukebox):
            answer = jukebox.ask(word, arguments)
        return {name: answer[name] for name in ("ok", "text", "data")}
    from appliance.remote.tell import tell  # loads the library for MPD

    try:
        return {"ok": True, "text": next(tell(settings.mpd, message)), "data": {}}
    except PlayerError as error:
        raise PlayerError(
            f"no jukebox runs here; start it with: jukebox run. There is no answer by MPD, either:"
            f" {error}"
        ) from error
