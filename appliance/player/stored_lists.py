"""Stored playlists of the moods, so that every MPD app shows them and people edit them there."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from mpd import CommandError, FailureResponseCode

from appliance.player.client import Client
from appliance.player.sources import NOTHING_THERE, songs_in_folder, stored_playlists
from appliance.player.state import PlayerStateFile, list_hash

log = logging.getLogger("jukebox")

# MPD keeps no playlists, not there, or not for us.
NOT_KEPT = (*NOTHING_THERE, FailureResponseCode.UNKNOWN, FailureResponseCode.PERMISSION)


class StoredLists:
    """Keeps a stored playlist for each source that is a folder of MPD's music.

    It is made once and follows the folder until a person edits it; from then on it is theirs. One
    that they delete is not made again.
    """

    def __init__(self, sources: Iterable[Sequence[str]], state: PlayerStateFile) -> None:
        named = dict.fromkeys(source for several in sources for source in several)
        self._names = [one for one in named if _may_be_a_name(one)]
        self._state = state

    def keep(self, client: Client) -> None:
        """Make and renew them. Where MPD does not allow it, it says so and nothing happens."""
        made: list[str] = []
        try:
            there = stored_playlists(client)
            for name in self._names:
                if name in there:
                    self._follow(client, name)
                elif name not in self._state.kept.lists and self._make(client, name):
                    made.append(name)
        except CommandError as error:
            if error.errno not in NOT_KEPT:
                raise
            log.info("MPD keeps no playlists for the moods: %s", error)
        if made:
            log.info(
                "stored playlists made from folders, to be edited with any MPD app: %s",
                ", ".join(made),
            )

    def _make(self, client: Client, name: str) -> bool:
        """Whether there was a folder to make it from."""
        uris = [song.uri for song in songs_in_folder(client, name)]
        if uris:
            self._write(client, name, uris, anew=False)
        return bool(uris)

    def _follow(self, client: Client, name: str) -> None:
        made = self._state.kept.lists.get(name)
        if made == "":
            return
        if made is None or made != list_hash(client.listplaylist(name)):
            self._remember(name, "")  # somebody's own
            return
        uris = [song.uri for song in songs_in_folder(client, name)]
        if uris and list_hash(uris) != made:
            self._write(client, name, uris, anew=True)

    def _write(self, client: Client, name: str, uris: Sequence[str], *, anew: bool) -> None:
        # Remembered first: a list cut short by a power cut counts as edited, not as missing.
        before = self._state.kept.lists
        self._remember(name, list_hash(uris))
        try:
            client.command_list_ok_begin()
            if anew:
                client.playlistclear(name)
            for uri in uris:
                client.playlistadd(name, uri)
            client.command_list_end()
        except CommandError:
            self._state.keep(lists=before)
            raise

    def _remember(self, name: str, what: str) -> None:
        self._state.keep(lists={**self._state.kept.lists, name: what})


def _may_be_a_name(source: str) -> bool:
    return not any(sign in source for sign in "/\\\n") and not source.startswith(".")
