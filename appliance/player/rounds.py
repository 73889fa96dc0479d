"""A round of a mood's songs: at random, none twice before all were heard.

A draw looks only at the few songs that it draws, so it takes no longer with 20,000 than with ten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from random import Random

from appliance.player.sources import Song
from appliance.player.state import song_hash

KEPT_HEARD = 2000  # songs of a round that survive a restart: 12 kB, written with each song
UNWANTED = 0.05  # a song below this weight, such as a disliked one, is not drawn for a change
SPARE = 20  # so many songs that were heard already are looked at, in case MPD refuses the others

Songs = Sequence[Sequence[Song]]  # those of each source
Weight = Callable[[str], float]  # how often a song, by its uri, is heard in a round on average
Barred = Callable[[Song], bool]  # whether a song must not be drawn now


class Round:
    """The present round of one mood.

    heard: hashes of the songs that were heard in it before a restart, oldest first.
    """

    def __init__(self, random: Random, heard: Sequence[str] = ()) -> None:
        self._random = random
        self._heard = list(heard)
        self._hashes = Counter(heard)
        self._last = ""  # the uri of the song heard last
        self._last_before = heard[-1] if heard else ""  # its hash, from before a restart
        self._tickets: dict[str, int] = {}  # how often a song is still due, by uri; 0: no more
        self._songs: Songs = ()
        self._due: list[Song] = []  # those with tickets, or not looked at yet

    @property
    def kept(self) -> str:
        """The hashes of the songs heard in this round, one behind the other, for a restart."""
        return "".join(self._heard)

    def mark_heard(self, uri: str) -> None:
        """Note that this song was put on."""
        self._tickets[uri] = max(0, self._tickets.get(uri, 0) - 1)
        self._last, self._last_before = uri, ""
        self._heard = [*self._heard, song_hash(uri)][-KEPT_HEARD:]
        self._hashes[self._heard[-1]] += 1

    def draw(
        self, songs: Songs, weight: Weight, *, skipped: Barred, barred: Barred, most: int
    ) -> list[Song]:
        """Up to so many different songs, in the order in which to try them.

        First those that this round still has, or else a new one; then those that were heard, the
        last one before the others; at last what somebody has just skipped.
        """
        self._take_over(songs)

        def unfit(song: Song) -> bool:
            return barred(song) or skipped(song) or self._was_last(song)

        drawn = self._unheard(weight, unfit, most) or self._begin_anew(weight, unfit, most)
        if len(drawn) < most:
            spare = [song for song in self._some() if not barred(song)]
            fresh = [song for song in spare if not unfit(song)]
            if not drawn:  # the same song again is better than one that nobody likes
                wanted = [song for song in fresh if weight(song.uri) >= UNWANTED]
                drawn = self._by_weight(wanted, weight)
            again = [song for song in spare if self._was_last(song) and not skipped(song)]
            drawn += again + fresh + [song for song in spare if skipped(song)]
        different: dict[str, Song] = {}
        for song in drawn:
            different.setdefault(song.uri, song)
        return list(different.values())[:most]

    def _take_over(self, songs: Songs) -> None:
        """Follow the sources, which give the very same songs while they are unchanged."""
        same = len(songs) == len(self._songs) and all(
            new is old for new, old in zip(songs, self._songs, strict=True)
        )
        if not same:
            self._songs = tuple(songs)
            self._due = [song for song in self._all() if self._tickets.get(song.uri, 1)]

    def _all(self) -> Iterable[Song]:
        return chain.from_iterable(self._songs)

    def _was_last(self, song: Song) -> bool:
        """Whether this song was heard last in this mood, perhaps before a restart."""
        if self._last_before:
            return song_hash(song.uri) == self._last_before
        return song.uri == self._last

    def _begin_anew(self, weight: Weight, unfit: Barred, most: int) -> list[Song]:
        """The first songs of a new round."""
        self._tickets, self._heard, self._hashes = {}, [], Counter()
        self._due = list(self._all())
        return self._unheard(weight, unfit, most)

    def _unheard(self, weight: Weight, unfit: Barred, most: int) -> list[Song]:
        """Songs that this round still has, at random. Those that it has not are dropped."""
        drawn: list[Song] = []
        due = self._due
        left = len(due)  # the songs behind this place were looked at
        while left and len(drawn) < most:
            place = self._random.randrange(left)
            song = due[place]
            left -= 1
            due[place] = due[left]
            if self._ticket(song.uri, weight):
                due[left] = song
                if not unfit(song):
                    drawn.append(song)
            else:
                due[left] = due[-1]
                due.pop()
        return drawn

    def _ticket(self, uri: str, weight: Weight) -> int:
        """How often this song is still due in this round."""
        if uri not in self._tickets:
            share = weight(uri)
            whole = int(share) + (self._random.random() < share % 1)
            heard = self._hashes[song_hash(uri)] if self._hashes else 0
            self._tickets[uri] = max(0, whole - heard)
        return self._tickets[uri]

    def _some(self) -> list[Song]:
        """Some of all songs at random, however many there are."""
        counts = [len(songs) for songs in self._songs]
        total = sum(counts)
        if total <= SPARE:
            songs = list(self._all())
            self._random.shuffle(songs)
            return songs
        return [self._at(place) for place in self._random.sample(range(total), SPARE)]

    def _at(self, place: int) -> Song:
        for songs in self._songs:
            if place < len(songs):
                return songs[place]
            place -= len(songs)
        raise IndexError(place)

    def _by_weight(self, songs: Sequence[Song], weight: Weight) -> list[Song]:
        """The songs in random order, those with more weight rather first."""
        # Efraimidis and Spirakis (2006), Weighted random sampling with a reservoir
        keys = {song: self._random.random() ** (1.0 / weight(song.uri)) for song in songs}
        return sorted(songs, key=lambda song: -keys[song])


def rounds_of_state(kept: object, length: int) -> list[str]:
    """The hashes, each so long, in a kept text; none in anything else."""
    if not isinstance(kept, str) or len(kept) % length:
        return []
    return [kept[start : start + length] for start in range(0, len(kept), length)]
