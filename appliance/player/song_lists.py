"""The songs of each mood as they were read last, off the loop, and what people think of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeVar

from appliance.errors import SongsAwaitedError
from appliance.listener import NEVER
from appliance.player.client import Client
from appliance.player.likes import Likes
from appliance.player.linked_playlists import LinkedPlaylists
from appliance.player.reading import FIRST_S, Reading
from appliance.player.rounds import Songs
from appliance.player.sources import PlaylistError, Song, is_there, read_songs
from appliance.records import Emotion

log = logging.getLogger("jukebox")

Result = TypeVar("Result")


class Ask(Protocol):
    """Begins to answer a question, as Reader.ask does."""

    def __call__(self, question: Callable[[Client], Result]) -> Future[Result]:
        """What the question returns, later."""


# MPD tells of changes in its playlists and its music, but not if somebody edits a file of these.
OLD_S = 300.0
OLD_PATH_S = 30.0  # it tells nothing of folders and files outside of its music
OLD_LINK_S = 1800.0  # nor of links, and it serves nobody while it fetches one
SLOW_S = 3.0  # a list that takes longer is worth a line in the log


@dataclass(frozen=True, slots=True)
class SongList:
    """What one source holds.

    songs: those that MPD has; missing: what else it names; took_s: how long MPD needed to tell.
    """

    songs: tuple[Song, ...] = ()
    missing: tuple[str, ...] = ()
    took_s: float = 0.0


class SongLists:
    """What the sources of each mood hold.

    sources: for each emotion where its songs come from, see read_songs. ask: a Reader's. is_local:
    whether MPD is reached over a Unix socket.
    """

    def __init__(
        self,
        sources: Mapping[Emotion, tuple[str, ...]],
        likes: Likes,
        ask: Ask,
        is_local: Callable[[], bool],
    ) -> None:
        self._sources, self._likes = sources, likes
        self._ask, self._is_local = ask, is_local
        self._linked = LinkedPlaylists()
        self._lists: dict[tuple[Emotion, str], Reading[SongList]] = {}
        self._weights: dict[Emotion, Reading[Mapping[str, float]]] = {}
        self._prefetching = True
        self._told: set[object] = set()  # what the log tells of

    def songs(self, emotion: Emotion, time_s: float) -> Songs:
        """The songs that MPD has, by source. Raises SongsAwaitedError while they are being read."""
        self.renew(emotion, time_s)
        lists = self._lists_of(emotion)
        needed: list[Reading[Any]] = [*lists.values(), self._weights_of(emotion)]
        awaited = [reading for reading in needed if reading.is_awaited(time_s)]
        if awaited:
            raise SongsAwaitedError(f"the songs of {emotion} are being read")
        if not lists:
            self._tell(emotion, _nothing_named(emotion))
        for source, reading in lists.items():
            self._tell_of(emotion, source, reading)
        return [reading.value.songs for reading in lists.values()]

    def weights(self, emotion: Emotion) -> Mapping[str, float]:
        """What people think of the songs, see Likes.weights."""
        return self._weights_of(emotion).value

    def renew(self, emotion: Emotion, time_s: float) -> None:
        """Begin to read what is not new any more, so that a draw need not wait."""
        for source, reading in self._lists_of(emotion).items():
            reading.renew(time_s, _old_after_s(source))
        self._weights_of(emotion).renew(time_s, OLD_LINK_S)

    def prefetch(self, time_s: float) -> None:
        """Begin to read a list that was never read, before its mood's turn comes.

        One at a time: whichever mood's turn comes first waits for one of them at most.
        """
        for emotion in self._sources if self._prefetching else ():
            for reading in self._lists_of(emotion).values():
                reading.renew(time_s, NEVER)
                if not reading.was_read:
                    return
        self._prefetching = False

    def note_changes(self, changes: set[str]) -> None:
        """Note what MPD has reported as changed."""
        if changes & {"database", "stored_playlist"}:
            for (_, source), reading in self._lists.items():
                if "://" not in source:
                    reading.outdate()
        if "sticker" in changes:
            for weights in self._weights.values():
                weights.outdate()

    def all_of(self, client: Client, emotion: Emotion) -> list[Song]:
        """Every song that a mood's sources name, read now; `there` is True or False for each.

        Raises PlaylistError for the first source that cannot be used.
        """
        if not self._sources.get(emotion):
            raise PlaylistError(_nothing_named(emotion))
        return [
            replace(song, there=is_there(client, song))
            for source in self._sources[emotion]
            for song in self._read(client, emotion, source)
        ]

    # Reading, in the thread

    def _begin(self, emotion: Emotion, source: str, known: SongList) -> Future[SongList]:
        return self._ask(lambda client: self._read_anew(client, emotion, source, known))

    def _begin_weights(
        self, emotion: Emotion, _known: Mapping[str, float]
    ) -> Future[Mapping[str, float]]:
        return self._ask(lambda client: self._likes.weights(client, emotion))

    def _read_anew(
        self, client: Client, emotion: Emotion, source: str, known: SongList
    ) -> SongList:
        """What the source holds now; equal songs stay the same object, which a round notices."""
        began_s = time.monotonic()
        songs = self._read(client, emotion, source)
        usable = tuple(song for song in songs if song.there is not False)
        missing = tuple(song.uri for song in songs if song.there is False)
        took_s = time.monotonic() - began_s
        return SongList(known.songs if usable == known.songs else usable, missing, took_s)

    def _read(self, client: Client, emotion: Emotion, source: str) -> list[Song]:
        songs = read_songs(client, emotion, source, local=self._is_local())
        return list(self._linked.expand(client, songs))

    # In the loop

    def _lists_of(self, emotion: Emotion) -> dict[str, Reading[SongList]]:
        lists = {}
        for source in self._sources.get(emotion, ()):
            key = emotion, source
            if key not in self._lists:
                self._lists[key] = Reading(partial(self._begin, emotion, source), SongList())
            lists[source] = self._lists[key]
        return lists

    def _weights_of(self, emotion: Emotion) -> Reading[Mapping[str, float]]:
        if emotion not in self._weights:
            self._weights[emotion] = Reading(partial(self._begin_weights, emotion), {})
        return self._weights[emotion]

    def _tell_of(self, emotion: Emotion, source: str, reading: Reading[SongList]) -> None:
        """One line in the log about each thing that is wrong with a source, or slow."""
        found, trouble = reading.value, reading.trouble
        if trouble and not trouble.startswith(f"{emotion}: "):  # MPD itself is the trouble
            trouble = f"{emotion}: {source}: {trouble}"
        if reading.is_late:
            trouble = f"{emotion}: MPD has not told for {FIRST_S:g} s what {source} holds"
        self._tell(source, trouble and f"{trouble}. The music goes on without it")
        missing = len(found.missing)
        self._tell(
            ("missing", source),
            missing
            and f"{emotion}: MPD does not have {missing} of the {missing + len(found.songs)} songs "
            f"in {source}, such as {found.missing[0]}; they are left out",
        )
        if found.took_s > SLOW_S and ("slow", source) not in self._told:
            self._told.add(("slow", source))
            songs = len(found.songs)
            log.info(
                "%s: MPD took %.1f s for the %d songs of %s", emotion, found.took_s, songs, source
            )

    def _tell(self, about: object, message: str | int) -> None:
        """Warn once of this until it is over. message: "" or 0 where nothing is wrong."""
        if not message:
            self._told.discard(about)
        elif about not in self._told:
            self._told.add(about)
            log.warning("%s", message)


def _old_after_s(source: str) -> float:
    if "://" in source:
        return OLD_LINK_S
    return OLD_PATH_S if source.startswith("/") else OLD_S


def _nothing_named(emotion: Emotion) -> str:
    return f"{emotion}: no playlist is named for this mood in jukebox.toml; the music goes on"
