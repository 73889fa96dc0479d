"""MPD's queue, and which of the songs in it are the box's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from mpd import CommandError, FailureResponseCode, MPDClient

from appliance.player.client import Status
from appliance.player.sources import Song, given_title, name_of
from appliance.records import Emotion, Play

KEPT_PLAYED = 3  # own played songs left in the queue for "previous"


@dataclass(frozen=True, slots=True)
class OwnSong:
    """A song that the box put into the queue, where MPD may call it by another uri.

    emotion: None for the chime.
    """

    queue_uri: str
    song: Song
    emotion: Emotion | None


class Queue:
    """The queue as last seen. Only own songs are ever removed from it.

    own: the box's songs by id, oldest first; current_id: the own song that the box put on;
    pending_id: the own song that is to follow; song: the current one as MPD describes it.
    """

    def __init__(self, put_on: Sequence[Play] = ()) -> None:
        """put_on: songs of the box's life before this one, which MPD may still be playing."""
        self.own = {
            f"before {number}": OwnSong(
                play.uri, Song(play.uri, play.title, play.source), play.emotion
            )
            for number, play in enumerate(put_on)
        }
        self.current_id: str | None = None
        self.pending_id: str | None = None
        self.song: Mapping[str, Any] = {}
        self._song_key = ("", "")  # song id and queue version that `song` was asked for
        self._ids: list[str] = []  # of all songs in their order, as the box last saw or made it
        self._version = "0"  # how often the queue was edited, as MPD counts; "0": not yet seen

    @property
    def pending(self) -> OwnSong | None:
        """The own song that is to follow."""
        return self.own.get(self.pending_id or "")

    # Looking

    def recognise(self, client: MPDClient) -> None:
        """Find the box's songs again: a restarted MPD restores its queue under new ids."""
        self._ids, self._version, self._song_key = [], "0", ("", "")
        new_ids = _new_ids(self.own, {one["id"]: one["file"] for one in client.playlistinfo()})
        self.own = {new_ids[old]: own for old, own in self.own.items() if old in new_ids}
        self.current_id = new_ids.get(self.current_id or "")
        self.pending_id = new_ids.get(self.pending_id or "")
        self.song = client.currentsong()
        song_id = self.song.get("id")
        if song_id in self.own:
            self.current_id = song_id  # whichever song of ours it plays will do

    def follow(self, client: MPDClient, status: Status) -> bool:
        """See which song is the current one, and whether others have edited the queue."""
        edited = False
        if status["playlist"] != self._version:
            current = self._song_key[0]
            mine, seen_before = self._ids, self._version != "0"
            self._follow_edits(client, status)
            # "consume" takes out what was played; a radio's new title edits nothing.
            eaten = [one for one in mine if one != current]
            consumed = status["consume"] != "0" and self._ids == eaten
            edited = seen_before and self._ids != mine and not consumed
        # A radio's new title changes the queue's version.
        key = (status.get("songid", ""), status["playlist"])
        if key != self._song_key:
            self.song = client.currentsong()
            self._song_key = key
            if key[0] == self.pending_id:
                self.current_id, self.pending_id = self.pending_id, None
        return edited

    def position(self, song_id: str) -> str:
        """Where a song stands, counted from 0."""
        return str(self._ids.index(song_id))

    def queued_after(self, status: Status) -> int:
        """How many songs will play after the current one."""
        if status["state"] == "stop":
            return 0
        if status["repeat"] == status["random"] == "0":
            return int(status["playlistlength"]) - int(status["song"]) - 1
        if "nextsongid" not in status:
            return 0
        # Shuffled or going round, all of the listener's songs may follow; of the box's only the
        # one that waits is meant to.
        current = status["songid"]
        others = [one for one in self._ids if one not in self.own and one != current]
        return len(others) + (self.pending_id is not None)

    def is_followed(self, emotion: Emotion, status: Status) -> bool:
        """Whether a song of this mood or the listener's own come after the current song."""
        if status["state"] == "stop":
            return False
        if self.pending and self.pending.emotion == emotion:
            return True
        return self.queued_after(status) > (self.pending is not None)

    # Acting

    def claim(self, client: MPDClient, song_id: str, song: Song, emotion: Emotion | None) -> bool:
        """Take a song just added for the box's own, in the place of the one that waited.

        False if a person has taken it out already.
        """
        entry: Mapping[str, Any] = {}
        with _unless_gone():
            (entry,) = client.playlistid(song_id)
        if not entry:
            return False
        self._ids.insert(int(entry["pos"]), song_id)
        titled = replace(song, title=song.title or given_title(entry) or name_of(song.uri))
        self.remove_pending(client)
        self.own[song_id] = OwnSong(entry["file"], titled, emotion)
        self.pending_id = song_id
        return True

    def play(self, client: MPDClient, song_id: str) -> None:
        """Put an own song on at once."""
        self.current_id, self.pending_id = song_id, None
        try:
            client.playid(song_id)
        except CommandError as error:
            # A song that cannot be played; the status says so too, and the next look answers it.
            if error.errno != FailureResponseCode.UNKNOWN:
                raise

    def remove(self, client: MPDClient, song_id: str) -> None:
        """Take an own song out."""
        self.own.pop(song_id, None)
        with _unless_gone():
            client.deleteid(song_id)
            self._ids = [one for one in self._ids if one != song_id]

    def remove_pending(self, client: MPDClient) -> None:
        """Take out the own song that waits, if there is one."""
        if self.pending_id:
            self.remove(client, self.pending_id)
            self.pending_id = None

    def remove_played(self, client: MPDClient, status: Status) -> None:
        """Take out the box's old songs, which would pile up over the months."""
        staying = (self.current_id, self.pending_id, status.get("songid"))
        played = [song_id for song_id in self.own if song_id not in staying]
        # Where MPD repeats or shuffles, it would play them again.
        keep = KEPT_PLAYED if status["repeat"] == status["random"] == "0" else 0
        for song_id in played[: max(0, len(played) - keep)]:
            self.remove(client, song_id)

    def _follow_edits(self, client: MPDClient, status: Status) -> None:
        """Keep the order of the ids, and forget own songs that were taken out."""
        changes = [(int(one["cpos"]), one["id"]) for one in client.plchangesposid(self._version)]
        # The queue may have grown since the status was told.
        length = max([int(status["playlistlength"]), *(place + 1 for place, _ in changes)])
        self._ids = (self._ids + [""] * length)[:length]
        for place, song_id in changes:
            self._ids[place] = song_id
        self._version = status["playlist"]
        there = set(self._ids)
        self.own = {song_id: own for song_id, own in self.own.items() if song_id in there}
        if self.pending_id not in self.own:
            self.pending_id = None


def _new_ids(own: Mapping[str, OwnSong], unclaimed: dict[str, str]) -> dict[str, str]:
    """Old id → new id of the own songs that are still there. unclaimed: uri by id of all songs."""
    new_ids: dict[str, str] = {}
    # First those that kept their id, so that none is taken for its double.
    for song_id, song in sorted(
        own.items(), key=lambda one: unclaimed.get(one[0]) != one[1].queue_uri
    ):
        same = [one for one, uri in unclaimed.items() if uri == song.queue_uri]
        if same:
            new_ids[song_id] = song_id if song_id in same else same[0]
            del unclaimed[new_ids[song_id]]
    return new_ids


@contextmanager
def _unless_gone() -> Iterator[None]:
    """Pass over that a song is no longer in the queue: a person was quicker."""
    try:
        yield
    except CommandError as error:
        if error.errno != FailureResponseCode.NO_EXIST:
            raise
