"""Which server answers, what it lacks, and what it does not let this jukebox do."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from mpd import CommandError

from appliance.errors import PlayerError
from appliance.player.client import Client

log = logging.getLogger("jukebox")

# Channels of MPD's messages: what people tell the jukebox, and its answers.
CHANNEL, ANSWERS = "jukebox", "jukebox-status"
STICKERS = "stickers (likes and skips have no effect)"
MESSAGES = "messages (MPD apps cannot tell the jukebox anything)"

# The commands that the jukebox uses, by the permission of MPD that each needs; MPD 0.22 and older
# have "control" in place of "player".
WATCHING = dict.fromkeys(
    ("status", "currentsong", "idle", "playlistid", "playlistinfo", "plchangesposid"), "read"
)
PLAYING = {"addid": "add"} | dict.fromkeys(
    ("deleteid", "pause", "playid", "setvol", "clearerror"), "player"
)
TALKING = dict.fromkeys(("sendmessage", "playlistadd", "playlistclear"), "control")


class Capabilities:
    """What the server can do and allows, as far as the last greeting found out.

    name: the kind of server and its protocol; "" before the first greeting. has_stickers,
    has_messages: whether it has these, which not all servers do. refusal: why the jukebox may not
    play anything, "" if it may. complaint: that, or what else the server does not allow, "" if it
    allows everything but stickers.
    """

    def __init__(self) -> None:
        self.name = ""
        self.has_stickers = self.has_messages = False
        self.refusal = self.complaint = ""
        self._last_logged = ""

    def greet(self, client: Client, channel: str) -> None:
        """Find out what the server can do, subscribe to the channel, and log once what it lacks.

        Raises PlayerError if the jukebox may not even read what the server does.
        """
        self.name = f"{'Mopidy' if client.is_mopidy else 'MPD'}, protocol {client.mpd_version}"
        forbidden = _forbidden(client)
        if missing := _permissions(WATCHING, forbidden):
            raise PlayerError(_not_allowed(missing, "it cannot even see what plays"))
        self._complain(forbidden)
        self.has_stickers = "sticker" in client.commands()
        self.has_messages = _subscribe(client, channel)
        if self._lacks and self._last_logged != str(self):
            self._last_logged = str(self)
            log.info("%s", self)

    def __str__(self) -> str:
        return f"{self.name} without {' and '.join(self._lacks)}" if self._lacks else self.name

    def _complain(self, forbidden: frozenset[str]) -> None:
        """Compare what the server forbids with what the jukebox needs; warn if that has changed."""
        before = self.complaint
        self.refusal = self.complaint = ""
        if missing := _permissions(PLAYING, forbidden):
            self.refusal = self.complaint = _not_allowed(missing, "it plays nothing")
        elif missing := _permissions(TALKING, forbidden):
            effect = "it answers no messages and makes no playlists for the moods"
            self.complaint = _not_allowed(missing, effect)
        if self.complaint and self.complaint != before:
            log.warning("%s", self.complaint)

    @property
    def _lacks(self) -> list[str]:
        has = {STICKERS: self.has_stickers, MESSAGES: self.has_messages}
        return [feature for feature, there in has.items() if not there]


def _permissions(needed: dict[str, str], forbidden: frozenset[str]) -> list[str]:
    """The permissions of MPD that are missing for the needed commands."""
    return list(dict.fromkeys(needed[command] for command in needed if command in forbidden))


def _not_allowed(missing: Iterable[str], effect: str) -> str:
    return (
        f"MPD does not give the jukebox the permission {' and '.join(missing)}, so {effect}; "
        "name a password that has it in jukebox.toml (password in [mpd]), or add it to "
        "default_permissions or local_permissions in mpd.conf"
    )


def _forbidden(client: Client) -> frozenset[str]:
    try:
        return frozenset(client.notcommands())
    except CommandError:
        return frozenset()  # a server that has no such command has no permissions either


def _subscribe(client: Client, channel: str) -> bool:
    """Subscribe to the channel. Returns whether the server lets the jukebox do so."""
    try:
        client.subscribe(channel)
    except CommandError:
        return False
    return True
