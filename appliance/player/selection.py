"""Which song comes next in a mood."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from mpd import MPDClient

from appliance.player.likes import Likes
from appliance.player.sources import PlaylistError, Song, is_there, read_songs
from appliance.player.state import HASH_LENGTH, PlayerStateFile, UnsavedState, song_hash
from appliance.records import Emotion, Play

log = logging.getLogger("jukebox")

KEPT_HEARD = 2000  # songs of a round that survive a restart: 12 kB, written with each song
SONGS_PER_DRAW = 5  # so many are offered to MPD for one decision
LEFT_OUT_S = 300.0  # how long a song or link that failed is left out
UNWANTED = 0.05  # a song below this weight, such as a disliked one, is not drawn for a change
EMPTY_AGAIN_S = 10.0  # after this long the sources of a mood without songs are read again


class Selection:
    """Draws the songs of the moods at random, none twice before all were heard.

    In such a round a song that people like comes up twice, and one that they skipped in this mood
    comes up only in every second round or less often. A song that they have just skipped comes next
    only if there is no other.

    sources: for each emotion where its songs come from, see read_songs. They are read anew for each
    draw, so that a playlist edited on the phone counts at once. One warning tells of each source
    that cannot be used. state: keeps the rounds beyond a restart. put_on: what was put on last,
    oldest first, for a state that keeps no rounds.
    """

    def __init__(
        self,
        sources: Mapping[Emotion, tuple[str, ...]],
        random: Random,
        likes: Likes,
        state: PlayerStateFile | None = None,
        put_on: Sequence[Play] = (),
    ) -> None:
        self._sources = sources
        self._random = random
        self._likes = likes
        self._tickets: dict[Emotion, dict[str, int]] = {}  # left in this round, by uri
        self._state = state or UnsavedState()
        self._heard = _kept_rounds(self._state.kept.heard) or _rounds_of(put_on)
        self._last_heard: dict[Emotion, str] = {}
        self._last_before = {emotion: heard[-1] for emotion, heard in self._heard.items()}
        self._just_skipped = (
            ""  # the uri of the song that a person skipped last, until another plays
        )
        self._left_out_until: dict[str, float] = {}  # by the uri of a song
        self._hung_until: dict[str, float] = {}  # by source
        self._empty_until: dict[Emotion, float] = {}
        self._warned: set[str] = set()  # the sources and emotions already warned of

    def draw(
        self, client: MPDClient, emotion: Emotion, time_s: float, *, local: bool
    ) -> list[Song]:
        """Up to five songs in the order in which to try them; [] if the mood has none.

        local: MPD is reached over a Unix socket.
        """
        if time_s < self._empty_until.get(emotion, time_s):
            return []
        songs = [
            song
            for source in self._sources_of(emotion)
            for song in self._usable(client, emotion, source, time_s, local=local)
            if time_s >= self._left_out_until.get(song.uri, time_s)
        ]
        if not songs:
            self._empty_until[emotion] = time_s + EMPTY_AGAIN_S
            return []
        weights = self._likes.weights(client, emotion)
        return self._shuffled(emotion, {song: Likes.of(song.uri, weights) for song in songs})

    def mark_heard(self, emotion: Emotion, song: Song) -> None:
        """Note that this song was put on."""
        tickets = self._tickets.setdefault(emotion, {})
        tickets[song.uri] = max(0, tickets.get(song.uri, 0) - 1)
        self._last_heard[emotion] = song.uri
        heard = [*self._heard.get(emotion, []), song_hash(song.uri)]
        self._heard[emotion] = heard[-KEPT_HEARD:]
        rounds = {str(mood): "".join(hashes) for mood, hashes in self._heard.items()}
        self._state.keep(durable=False, heard=rounds)
        if not _is_same(song.uri, self._just_skipped):
            self._just_skipped = ""

    def mark_skipped(self, song: Song) -> None:
        """Note that a person has just skipped this song."""
        self._just_skipped = song.uri

    def leave_out(self, song: Song, reason: str, time_s: float) -> None:
        """Warn that this song cannot be played, and do not draw it for five minutes."""
        self._left_out_until[song.uri] = time_s + LEFT_OUT_S
        self._warn(song.uri, f"{song.uri} cannot be played: {reason}; another song is tried")

    def all_songs(self, client: MPDClient, emotion: Emotion, *, local: bool) -> list[Song]:
        """Every song that a mood's sources name; `there` is True or False for each of them.

        Raises PlaylistError for the first source that cannot be used.
        """
        sources = self._sources.get(emotion)
        if not sources:
            raise PlaylistError(_nothing_named(emotion))
        return [
            replace(song, there=is_there(client, song))
            for source in sources
            for song in read_songs(client, emotion, source, local=local)
        ]

    def _shuffled(self, emotion: Emotion, weights: Mapping[Song, float]) -> list[Song]:
        """Up to five songs in random order, first those that this round still has.

        weights: how often each song is heard in a round on average: with 0.5 it is in every second
        round, with 2 it is twice in each.
        """
        skipped = [song for song in weights if _is_same(song.uri, self._just_skipped)]
        others = [song for song in weights if song not in skipped]
        others = [song for song in others if not self._was_last(emotion, song)]
        groups = [self._unheard(emotion, others, weights)]
        if not groups[0]:
            # The same song again is better than one that nobody likes.
            wanted = [song for song in others if weights[song] >= UNWANTED]
            groups = [self._by_weight(wanted, weights)]
        # The others come last, in case MPD refuses all of the first; what was skipped, last of all.
        earlier = set(others) | set(skipped)
        again = [song for song in weights if song not in earlier]
        groups += [self._random.sample(group, len(group)) for group in (again, others)] + [skipped]
        return list(dict.fromkeys(song for group in groups for song in group))[:SONGS_PER_DRAW]

    def _was_last(self, emotion: Emotion, song: Song) -> bool:
        """Whether this song was heard last in this mood, perhaps before a restart."""
        if emotion in self._last_heard:
            return song.uri == self._last_heard[emotion]
        return song_hash(song.uri) == self._last_before.get(emotion)

    def _unheard(
        self, emotion: Emotion, others: Sequence[Song], weights: Mapping[Song, float]
    ) -> list[Song]:
        """Those of the songs that this round still has, or else a new one, in random order."""
        for _round in range(2):
            tickets = self._with_new_songs(emotion, weights)
            if unheard := [song for song in others if tickets[song.uri]]:
                return self._random.sample(unheard, len(unheard))
            self._tickets[emotion] = {}
            self._heard.pop(emotion, None)
        return []

    def _with_new_songs(self, emotion: Emotion, weights: Mapping[Song, float]) -> dict[str, int]:
        """The tickets of this round, also those of songs that are new in it or after a restart."""
        tickets = self._tickets.setdefault(emotion, {})
        new = [song for song in weights if song.uri not in tickets]
        heard = Counter(self._heard.get(emotion, []) if new else [])
        for song in new:
            weight = weights[song]
            whole = int(weight) + (self._random.random() < weight % 1)
            tickets[song.uri] = max(0, whole - heard[song_hash(song.uri)])
        return tickets

    def _by_weight(self, songs: Sequence[Song], weights: Mapping[Song, float]) -> list[Song]:
        """The songs in random order, those with more weight rather first."""
        # Efraimidis and Spirakis (2006), Weighted random sampling with a reservoir
        keys = {song: self._random.random() ** (1.0 / weights[song]) for song in songs}
        return sorted(songs, key=lambda song: -keys[song])

    def _sources_of(self, emotion: Emotion) -> tuple[str, ...]:
        sources = self._sources.get(emotion, ())
        if not sources:
            self._warn(emotion, _nothing_named(emotion))
        return sources

    def _usable(
        self, client: MPDClient, emotion: Emotion, source: str, time_s: float, *, local: bool
    ) -> list[Song]:
        """The songs of a source that MPD has; [] and one warning if it cannot be used."""
        if time_s < self._hung_until.get(source, time_s):
            self._warn(source, f"{emotion}: MPD hung on {source}; it is left out for five minutes")
            return []
        # MPD answers nobody while it fetches a playlist. If that takes longer than the connection
        # waits, an error leaves this function, and the entry keeps the next draw from the source.
        self._hung_until[source] = time_s + LEFT_OUT_S
        try:
            songs = read_songs(client, emotion, source, local=local)
        except PlaylistError as error:
            self._warn(source, f"{error}. The music goes on without it")
            songs = []
        else:
            self._warned.discard(source)
        del self._hung_until[source]
        self._warn_of_missing(emotion, source, songs)
        return [song for song in songs if song.there is not False]

    def _warn_of_missing(self, emotion: Emotion, source: str, songs: Sequence[Song]) -> None:
        missing = [song.uri for song in songs if song.there is False]
        about = f"missing in {source}"
        if not missing:
            self._warned.discard(about)
        else:
            self._warn(
                about,
                f"{emotion}: MPD does not have {len(missing)} of the {len(songs)} songs in "
                f"{source}, such as {missing[0]}; they are left out",
            )

    def _warn(self, about: str, message: str) -> None:
        if about not in self._warned:
            self._warned.add(about)
            log.warning("%s", message)


def _kept_rounds(kept: Mapping[str, str]) -> dict[Emotion, list[str]]:
    """The hashes of the songs heard in each round, from PlayerState.heard."""
    rounds: dict[Emotion, list[str]] = {}
    for name, text in kept.items():
        if name not in list(Emotion) or not isinstance(text, str):
            continue
        if text and len(text) % HASH_LENGTH == 0:
            starts = range(0, len(text), HASH_LENGTH)
            rounds[Emotion(name)] = [text[start : start + HASH_LENGTH] for start in starts]
    return rounds


def _rounds_of(plays: Sequence[Play]) -> dict[Emotion, list[str]]:
    """The same from what was put on: a song that came again has begun a new round."""
    rounds: dict[Emotion, list[str]] = {}
    for play in plays:
        heard = rounds.setdefault(play.emotion, [])
        if song_hash(play.uri) in heard:
            heard.clear()
        heard.append(song_hash(play.uri))
    return rounds


def _nothing_named(emotion: Emotion) -> str:
    return f"{emotion}: no playlist is named for this mood in jukebox.toml; the music goes on"


def _is_same(uri: str, other: str) -> bool:
    """Whether both name one song, perhaps one of them by its whole path."""
    if "" in (uri, other) or uri.startswith("/") == other.startswith("/"):
        return uri == other
    return uri.endswith(f"/{other}") or other.endswith(f"/{uri}")
