"""Which server answers, and what it lacks."""

from __future__ import annotations

import logging

from mpd import CommandError, FailureResponseCode

from appliance.player.client import Client

log = logging.getLogger("jukebox")

# Of MPD's messages: what people tell the jukebox, and what it answers.
CHANNEL, ANSWERS = "jukebox", "jukebox-status"
STICKERS = "stickers (what people like and skip counts for nothing)"
MESSAGES = "messages (it is told nothing from MPD apps)"


class Server:
    """What is known since the last greeting. has_…: what not all servers have."""

    def __init__(self) -> None:
        self.name = ""
        self.has_stickers = self.has_messages = False
        self._said = ""

    def greet(self, client: Client, channel: str) -> None:
        """Find out what it can do, subscribe to the channel, and say once what is missing."""
        # Mopidy speaks a protocol that MPD left behind in 2013.
        mopidy = str(client.mpd_version).startswith("0.19.")
        self.name = f"{'Mopidy, protocol' if mopidy else 'MPD, protocol'} {client.mpd_version}"
        self.has_stickers = "sticker" in client.commands()
        self.has_messages = _subscribe(client, channel)
        if self._lacks and self._said != str(self):
            self._said = str(self)
            log.info("%s", self)

    def __str__(self) -> str:
        return f"{self.name} without {' and '.join(self._lacks)}" if self._lacks else self.name

    @property
    def _lacks(self) -> list[str]:
        lacks = {STICKERS: not self.has_stickers, MESSAGES: not self.has_messages}
        return [what for what, missing in lacks.items() if missing]


def _subscribe(client: Client, channel: str) -> bool:
    try:
        client.subscribe(channel)
    except CommandError as error:
        if error.errno != FailureResponseCode.UNKNOWN:
            raise
        return False
    return True
