"""Talks to the running jukebox over MPD, as any client can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from mpd import CommandError, FailureResponseCode, MPDClient

from appliance.errors import PlayerError
from appliance.player.capabilities import ANSWERS, CHANNEL
from appliance.player.connection import Address, Connection
from appliance.settings import MpdSettings

ANSWER_WAIT_S = 5.0


def tell(
    settings: MpdSettings, message: str, later_s: float = 0.0, result: str = ""
) -> Iterator[str]:
    """The jukebox's answers to a message, as they come.

    later_s: how long a second answer, the result, may take; 0: none is expected. result: the words
    that the second answer begins with. Raises PlayerError if MPD is not there or does not know
    messages, or if no jukebox listens or answers.
    """
    address = Address(settings.address, settings.port, settings.password)
    connection = Connection(address, lambda client: client.subscribe(ANSWERS))
    with closing(connection), connection.client() as client:
        try:
            client.sendmessage(CHANNEL, message)
        except CommandError as error:
            raise PlayerError(_why_unheard(error, str(connection.address))) from error
        answers = _answers(client, str(connection.address))
        client.idletimeout = ANSWER_WAIT_S
        yield next(answers)
        if later_s:
            # Others may ask the jukebox something meanwhile, and it answers to all.
            client.idletimeout = later_s
            yield next(answer for answer in answers if answer.startswith(result))


def _why_unheard(error: CommandError, address: str) -> str:
    if error.errno == FailureResponseCode.PERMISSION:
        return (
            f"MPD at {address} refuses messages: {error}; in its configuration give the jukebox's "
            "password, or everybody, the permission control"
        )
    return f"no jukebox listens at MPD at {address}; is it running?"


def _answers(client: MPDClient, address: str) -> Iterator[str]:
    """Every answer on the channel. Raises PlayerError after client.idletimeout without one."""
    while True:
        try:
            client.idle("message")
        except TimeoutError as error:
            raise PlayerError(f"the jukebox at MPD at {address} gave no answer") from error
        yield from (message["message"] for message in client.readmessages())
