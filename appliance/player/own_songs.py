"""Which songs of MPD's queue the jukebox put there, also after a restart of it or of MPD.

MPD marks no songs, and a restarted one restores its queue under new ids, perhaps as it was two
minutes before a power cut. So the jukebox keeps where its songs stood, now and a little earlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from appliance.player.sources import Song
from appliance.records import Emotion, Play

# MPD saves its queue every two minutes. In this time the own songs stand in so many ways at most,
# unless songs follow each other faster than music does.
KEPT_LAYOUTS = 6


@dataclass(frozen=True, slots=True)
class OwnSong:
    """A song that the jukebox put into the queue.

    queue_uri: what MPD calls it there, which may differ from the song's own uri; emotion: None for
    the chime. reason: why it is put on, until it can be heard and that was told; then "".
    """

    queue_uri: str
    song: Song
    emotion: Emotion | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A song of the queue as MPD lists it."""

    id: str
    uri: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the own songs stood. places: positions from 0, by id; length: of the whole queue."""

    places: Mapping[str, int]
    length: int


@dataclass(frozen=True, slots=True)
class OwnSongs:
    """What is known of the own songs in the queue.

    songs: by MPD's id, oldest first, those of all layouts; layouts: newest first, none if nobody
    knows where the songs are; current_id, pending_id: see Queue; version: MPD's count of edits when
    the newest layout was new.
    """

    songs: Mapping[str, OwnSong]
    layouts: tuple[Layout, ...] = ()
    current_id: str | None = None
    pending_id: str | None = None
    version: int = 0

    @classmethod
    def of_plays(cls, plays: Sequence[Play]) -> Self:
        """Songs that were put on last, oldest first, about which nothing more is known."""
        return cls(
            {
                f"before {number}": OwnSong(
                    play.uri, Song(play.uri, play.title, play.source), play.emotion
                )
                for number, play in enumerate(plays)
            }
        )

    def to_keep(self) -> dict[str, Any]:
        """All of it as plain values, for a JSON file."""
        return {
            "songs": {
                song_id: [
                    *(own.queue_uri, own.song.uri, own.song.title, own.song.source),
                    *(own.emotion, own.reason),
                ]
                for song_id, own in self.songs.items()
            },
            "layouts": [[dict(layout.places), layout.length] for layout in self.layouts],
            "current": self.current_id,
            "pending": self.pending_id,
            "version": self.version,
        }

    @classmethod
    def kept(cls, values: Mapping[str, Any]) -> Self | None:
        """What to_keep() gave; None if the values are others."""
        try:
            songs = {
                song_id: OwnSong(
                    queue_uri,
                    Song(uri, title, source),
                    None if mood is None else Emotion(mood),
                    "".join(reason),  # earlier versions keep none
                )
                for song_id, (queue_uri, uri, title, source, mood, *reason) in values[
                    "songs"
                ].items()
            }
            layouts = tuple(
                Layout({song_id: int(place) for song_id, place in places.items()}, int(length))
                for places, length in values["layouts"]
            )
            if any(song_id not in songs for layout in layouts for song_id in layout.places):
                return None
            ids = values["current"], values["pending"]
            return cls(songs, layouts, *ids, int(values["version"]))
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def moved_to(self, places: Mapping[str, int], length: int) -> tuple[Layout, ...]:
        """The layouts after the own songs were seen at these places of a queue of this length."""
        earlier = [layout for layout in self.layouts if layout.places != places]
        return (Layout(places, length), *earlier)[:KEPT_LAYOUTS]


def has_restarted(known: OwnSongs, queue: Sequence[Entry], version: int) -> bool:
    """Whether MPD has given new ids to all songs since.

    Measured with 0.23.12: it then counts both its edits and its ids anew, in the queue's
    order. Where nobody has edited the queue since MPD's first start, the ids look the same, and so
    do the places.
    """
    counted_anew = [entry.id for entry in queue] == [str(n + 1) for n in range(len(queue))]
    return version < known.version or counted_anew


def find_own(
    known: OwnSongs, queue: Sequence[Entry], current_id: str, version: int
) -> dict[str, str]:
    """The id that each own song has now, by the id under which it is known, oldest song first.

    queue: all songs in their order; current_id: of the current one, "" for none; version: MPD's
    count of edits. A person's copy of the same song stays theirs as long as anything tells it from
    the jukebox's own.
    """
    if not known.layouts:
        found = _last_copies(known, queue, current_id)
    elif has_restarted(known, queue, version):
        found = _at_their_places(known, queue)
    else:  # MPD gives an id to one song only
        there = {entry.id: entry.uri for entry in queue}
        found = {
            song_id: song_id
            for song_id in known.layouts[0].places
            if there.get(song_id) == known.songs[song_id].queue_uri
        }
    return {song_id: found[song_id] for song_id in known.songs if song_id in found}


def _at_their_places(known: OwnSongs, queue: Sequence[Entry]) -> dict[str, str]:
    """The own songs of a restored queue, which may be one of those that were seen before."""

    def exact(layout: Layout) -> dict[str, str]:
        return {
            song_id: queue[place].id
            for song_id, place in layout.places.items()
            if place < len(queue) and queue[place].uri == known.songs[song_id].queue_uri
        }

    def likeness(layout: Layout) -> tuple[bool, int]:
        found = len(exact(layout))
        return found == len(layout.places) and layout.length == len(queue), found

    best = max(known.layouts, key=likeness)  # the newest of equals
    found = exact(best)
    if best.length != len(queue):  # a queue that was never seen: a single copy is the own song
        for song_id in known.layouts[0].places:
            copies = _copies(known.songs[song_id], queue, found)
            if song_id not in found and len(copies) == 1:
                found[song_id] = copies[0]
    return found


def _last_copies(known: OwnSongs, queue: Sequence[Entry], current_id: str) -> dict[str, str]:
    """For songs without a known place: the copy that plays, else the last one."""
    found: dict[str, str] = {}
    for song_id, own in list(known.songs.items())[::-1]:
        if copies := _copies(own, queue, found):
            found[song_id] = current_id if current_id in copies else copies[-1]
    return found


def _copies(own: OwnSong, queue: Sequence[Entry], found: Mapping[str, str]) -> list[str]:
    """The ids of the songs of this uri that are not found to be others."""
    taken = set(found.values())
    return [entry.id for entry in queue if entry.uri == own.queue_uri and entry.id not in taken]
