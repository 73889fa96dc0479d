"""Talking to the running jukebox over MPD, as any client can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from mpd import CommandError, MPDClient

from appliance.errors import PlayerError
from appliance.player.connection import Address, Connection
from appliance.settings import MpdSettings

CHANNEL, ANSWERS = "jukebox", "jukebox-status"
ANSWER_WAIT_S = 5.0


def tell(settings: MpdSettings, message: str, later_s: float = 0.0) -> Iterator[str]:
    """The jukebox's answers, as they come. later_s: how long a second one may take, if any.

    Raises PlayerError if MPD is not there, knows no messages, or no jukebox listens or answers.
    """
    address = Address(settings.address, settings.port, settings.password)
    connection = Connection(address, lambda client: client.subscribe(ANSWERS))
    with closing(connection), connection.client() as client:
        try:
            client.sendmessage(CHANNEL, message)
        except CommandError as error:
            raise PlayerError(
                f"no jukebox listens at MPD at {connection.address}; is it running?"
            ) from error
        for wait_s in filter(None, (ANSWER_WAIT_S, later_s)):
            yield from _answers(client, wait_s, str(connection.address))


def _answers(client: MPDClient, wait_s: float, address: str) -> Iterator[str]:
    client.idletimeout = wait_s
    try:
        client.idle("message")
    except TimeoutError as error:
        raise PlayerError(f"the jukebox at MPD at {address} gave no answer") from error
    yield from (one["message"] for one in client.readmessages())
