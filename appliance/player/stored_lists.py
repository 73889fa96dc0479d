"""Stored playlists of the moods, which every MPD app shows and lets people edit."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from mpd import CommandError

from appliance.player.client import Client
from appliance.player.names import plain_name, stored_playlists
from appliance.player.sources import PLAYLIST_FILES, songs_in_folder
from appliance.player.state import PlayerStateFile, list_hash

log = logging.getLogger("jukebox")

# MPD serves nobody else while it works on a list of commands, and takes 2 MB of them at most.
ADDED_AT_ONCE = 200


class StoredLists:
    """Makes a stored playlist for each source that is a folder of MPD's music.

    It is made once and follows the folder until a person edits it; from then on it is theirs. A
    playlist that they delete is not made again. sources: of all moods; state: keeps which playlists
    the jukebox made.
    """

    def __init__(self, sources: Iterable[Sequence[str]], state: PlayerStateFile) -> None:
        distinct = dict.fromkeys(source for of_mood in sources for source in of_mood)
        names = dict.fromkeys(map(plain_name, distinct))
        self._names = [name for name in names if _may_be_a_name(name)]
        self._deep = [name for name in names if "/" in name and _may_be_a_folder(name)]
        self._state = state
        self._refused = ""  # the refusal that the log tells of

    def update(self, client: Client) -> None:
        """Make and renew the playlists. What MPD refuses is left out; one line in the log says why.

        MPD may keep no playlists at all, or not in a folder that it can write, not for this user,
        or only short ones (max_playlist_length).
        """
        made: list[str] = []
        there = stored_playlists(client)
        for name in self._names:
            try:
                if name in there:
                    self._follow(client, name)
                elif name not in self._state.kept.lists and self._make(client, name):
                    made.append(name)
            except CommandError as error:
                self._tell(error)
        self._tell_of_deep_folders(client)
        if made:
            log.info(
                "stored playlists made from folders, to be edited with any MPD app: %s",
                ", ".join(made),
            )

    def _tell_of_deep_folders(self, client: Client) -> None:
        """Say once why a folder inside another has no playlist: its name would need a slash."""
        deep, self._deep = self._deep, []
        if folders := [name for name in deep if songs_in_folder(client, name)]:
            log.info(
                "no stored playlist is made from a folder inside another (%s); to edit it with an"
                " MPD app, save a playlist there and name that in jukebox.toml",
                ", ".join(folders),
            )

    def _tell(self, error: CommandError) -> None:
        if self._refused != str(error):
            self._refused = str(error)
            log.info("MPD keeps no playlists for the moods: %s", error)

    def _make(self, client: Client, name: str) -> bool:
        """Make a playlist from the folder of this name. Returns whether there is such a folder."""
        uris = [song.uri for song in songs_in_folder(client, name)]
        if uris:
            self._write(client, name, uris, anew=False)
        return bool(uris)

    def _follow(self, client: Client, name: str) -> None:
        """Renew a playlist from its folder, unless it belongs to a person."""
        made = self._state.kept.lists.get(name)
        if made == "":
            return
        if made is None or made != list_hash(client.listplaylist(name)):
            self._remember(name, "")  # it belongs to a person
            return
        uris = [song.uri for song in songs_in_folder(client, name)]
        if uris and list_hash(uris) != made:
            self._write(client, name, uris, anew=True)

    def _write(self, client: Client, name: str, uris: Sequence[str], *, anew: bool) -> None:
        # The hash is kept first: a list that a power cut leaves incomplete then counts as edited,
        # not as missing.
        before = self._state.kept.lists
        self._remember(name, list_hash(uris))
        try:
            if anew:
                client.playlistclear(name)
            for first in range(0, len(uris), ADDED_AT_ONCE):
                client.command_list_ok_begin()
                for uri in uris[first : first + ADDED_AT_ONCE]:
                    client.playlistadd(name, uri)
                client.command_list_end()
        except CommandError:
            self._state.keep(lists=before)
            raise

    def _remember(self, name: str, made: str) -> None:
        # Only this class, which runs in one thread, changes this field.
        self._state.keep(lists={**self._state.kept.lists, name: made})


def _may_be_a_folder(source: str) -> bool:
    is_file = source.lower().endswith(PLAYLIST_FILES)
    return "://" not in source and not source.startswith("/") and not is_file


def _may_be_a_name(source: str) -> bool:
    return not any(character in source for character in "/\\\n") and not source.startswith(".")
