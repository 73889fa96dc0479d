"""Which server answers, and what it lacks."""

from __future__ import annotations

import logging

from mpd import CommandError, FailureResponseCode

from appliance.player.client import Client

log = logging.getLogger("jukebox")

# Channels of MPD's messages: what people tell the jukebox, and its answers.
CHANNEL, ANSWERS = "jukebox", "jukebox-status"
STICKERS = "stickers (likes and skips have no effect)"
MESSAGES = "messages (MPD apps cannot tell the jukebox anything)"


class Capabilities:
    """What the server can do, as far as the last greeting found out.

    name: the kind of server and its protocol; "" before the first greeting. has_stickers,
    has_messages: whether it has these, which not all servers do.
    """

    def __init__(self) -> None:
        self.name = ""
        self.has_stickers = self.has_messages = False
        self._last_logged = ""

    def greet(self, client: Client, channel: str) -> None:
        """Find out what the server can do, subscribe to the channel, and log once what it lacks.

        Raises CommandError if the server refuses for another reason than not knowing a command.
        """
        # Mopidy speaks a protocol that MPD gave up in 2013.
        mopidy = str(client.mpd_version).startswith("0.19.")
        self.name = f"{'Mopidy, protocol' if mopidy else 'MPD, protocol'} {client.mpd_version}"
        self.has_stickers = "sticker" in client.commands()
        self.has_messages = _subscribe(client, channel)
        if self._lacks and self._last_logged != str(self):
            self._last_logged = str(self)
            log.info("%s", self)

    def __str__(self) -> str:
        return f"{self.name} without {' and '.join(self._lacks)}" if self._lacks else self.name

    @property
    def _lacks(self) -> list[str]:
        has = {STICKERS: self.has_stickers, MESSAGES: self.has_messages}
        return [feature for feature, there in has.items() if not there]


def _subscribe(client: Client, channel: str) -> bool:
    """Subscribe to the channel. Returns whether the server has channels."""
    try:
        client.subscribe(channel)
    except CommandError as error:
        if error.errno != FailureResponseCode.UNKNOWN:
            raise
        return False
    return True
