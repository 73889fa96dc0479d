"""Links to playlists inside playlists: radio stations publish their streams so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from mpd import CommandError, MPDError

from appliance.player.client import Client
from appliance.player.sources import PlaylistError, Song, is_linked_playlist, read_songs

# MPD serves nobody while it fetches a link, so it is not asked to for each song.
KEPT_S = 3600.0
KEPT_FAILURE_S = 300.0


class LinkedPlaylists:
    """Puts the songs of a linked playlist in its place. clock: seconds that nobody sets."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, list[Song]]] = {}  # until when, and its songs, by link

    def expand(self, client: Client, songs: Iterable[Song]) -> Iterator[Song]:
        """The songs, with those of linked playlists; one that cannot be read is missing."""
        for song in songs:
            if song.uri == song.source or not is_linked_playlist(song.uri):
                yield song
                continue
            inner = self._read(client, song.uri)
            for linked in inner:
                title = linked.title or song.title
                yield replace(linked, title=title, source=song.source)
            if not inner:
                yield replace(song, there=False)

    def _read(self, client: Client, link: str) -> list[Song]:
        until_s, songs = self._known.get(link, (float("-inf"), []))
        if self._clock() < until_s:
            return songs
        try:
            songs = [song for song in read_songs(client, "", link, local=True) if song.uri != link]
        except (PlaylistError, CommandError):
            songs = []
        except (MPDError, OSError):  # MPD hung on it; the others are as good as before
            songs = []
            client.reconnect()
        self._known[link] = self._clock() + (KEPT_S if songs else KEPT_FAILURE_S), songs
        return songs
