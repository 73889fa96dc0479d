"""Asks root's process, as the page does."""

from __future__ import annotations

from pathlib import Path

from appliance.admin.answers import Answer, EditedError, Fields
from appliance.errors import ControlError, UsageError
from appliance.remote.control_client import ControlClient, NobodyListensError, RefusedError

FROM_SYSTEMD = Path("/run/jukebox-admin/socket")  # systemd/jukebox-admin.socket
ANSWER_WAIT_S = 90.0  # MPD may take its time to restart


class AdministratorClient:
    """Lets root's process do it. An Administration."""

    def __init__(self, path: Path = FROM_SYSTEMD, wait_s: float = ANSWER_WAIT_S) -> None:
        self._path = path
        self._wait_s = wait_s

    def do(self, word: str, arguments: Fields) -> Answer:
        """Does what the word asks for. Raises EditedError, UsageError, ControlError."""
        try:
            with ControlClient(self._path, self._wait_s) as asked:
                answer = asked.ask(word, arguments)
        except NobodyListensError as error:
            raise ControlError(
                "nobody is there who may change this machine; on it, systemctl status"
                " jukebox-admin.socket says why"
            ) from error
        except RefusedError as error:
            if error.code == "edited":
                difference = str(error.data.get("difference", ""))
                raise EditedError(str(error), difference) from error
            if error.code == "usage":
                raise UsageError(str(error)) from error
            raise ControlError(str(error)) from error
        return Answer(str(answer["text"]), dict(answer["data"]))
