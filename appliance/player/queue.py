"""MPD's queue, and which of its songs are the jukebox's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from mpd import CommandError, FailureResponseCode

from appliance.player.client import Client, Status
from appliance.player.own_songs import Entry, OwnSong, OwnSongs, find_own, has_restarted
from appliance.player.sources import Song, given_title, is_there, name_of
from appliance.player.state import PlayerStateFile
from appliance.records import Emotion, Play

KEPT_PLAYED = 3  # own played songs that stay in the queue, for "previous"


class Queue:
    """The queue as MPD last described it. Only own songs are ever removed from it.

    own: the jukebox's songs by id, oldest first; current_id: the own song that the jukebox put on;
    pending_id: the own song that waits to follow; song: the current song as MPD describes it. The
    methods do not translate MPD's errors; connection.py does.
    """

    def __init__(self, state: PlayerStateFile, put_on: Sequence[Play] = ()) -> None:
        """state: keeps the own songs. put_on: what an earlier run put on, where it kept none."""
        self._state = state
        self._known = OwnSongs.kept(state.kept.own) or OwnSongs.of_plays(put_on)
        self.own = dict(self._known.songs)
        self.current_id = self._known.current_id
        self.pending_id = self._known.pending_id
        self.song: Mapping[str, Any] = {}
        self._song_key = ("", "")  # the song id and queue version to which `song` belongs
        self._ids: list[str] = []  # of all songs in their order
        self._version = "0"  # MPD's count of edits

    @property
    def pending(self) -> OwnSong | None:
        """The own song that waits to follow, if there is one."""
        return self.own.get(self.pending_id or "")

    @property
    def only_own(self) -> bool:
        """Whether nobody else's song is in the queue; it may be empty."""
        return all(song_id in self.own for song_id in self._ids)

    # Following MPD

    def recognise(self, client: Client) -> None:
        """Find the own songs again, on a new connection."""
        status = client.status()
        self._version, self._song_key = status["playlist"], ("", "")
        queue = self._entries(client, int(status["playlistlength"]))
        self.song = client.currentsong()
        song_id = self.song.get("id", "")
        known, version = self._known, int(self._version)
        found = find_own(known, queue, song_id, version)
        self.own = {new_id: known.songs[old_id] for old_id, new_id in found.items()}
        # Any own song counts as put on.
        self.current_id = song_id if song_id in self.own else found.get(known.current_id or "")
        self.pending_id = found.get(known.pending_id or "")
        if not self.song and len(queue) == len(self.own) == 1:
            (self.pending_id,) = self.own  # it was offered before a restart, and waits for "play"
        self._ids = [entry.id for entry in queue]
        self._forget_passed(song_id)
        if has_restarted(known, queue, version):
            self._known = OwnSongs({})  # ids of before mean other songs now
        self._keep()

    def follow(self, client: Client, status: Status) -> bool:
        """Read the current song and the queue. Returns whether others have edited the queue."""
        edited = False
        if status["playlist"] != self._version:
            current = self._song_key[0]
            ids_before, own_before = self._ids, self.own
            self._follow_edits(client, status)
            # "consume" removes what was played; a radio's new title is not an edit.
            consumed = status["consume"] != "0" and self._ids == [
                song_id for song_id in ids_before if song_id != current
            ]
            edited = self._ids != ids_before and not consumed
            edited = edited and not self._has_lost_files(client, ids_before, own_before)
        # A radio's new title changes the queue's version.
        key = (status.get("songid", ""), status["playlist"])
        if key != self._song_key:
            self.song = client.currentsong()
            self._song_key = key
            if key[0] == self.pending_id:
                self.current_id, self.pending_id = self.pending_id, None
            self._keep()
        return edited

    def position(self, song_id: str) -> str:
        """The position of a song, counted from 0. Raises ValueError if it is not in the queue."""
        return str(self._ids.index(song_id))

    def is_link(self, song_id: str) -> bool:
        """Whether this song, an own or the current one, comes over a network, as "://" tells.

        Mopidy's names of files on this machine have it, too.
        """
        own = self.own.get(song_id)
        current = self.song.get("file", "") if self.song.get("id") == song_id else ""
        uri = own.queue_uri if own else current
        return "://" in uri and not uri.startswith("file://")

    def queued_after(self, status: Status) -> int:
        """How many songs will play after the current one."""
        if status["state"] == "stop":
            return 0
        if status["repeat"] == status["random"] == "0":
            return int(status["playlistlength"]) - int(status["song"]) - 1
        if "nextsongid" not in status:
            return 0
        # If MPD shuffles or repeats, all of the listener's songs may follow, but of the own songs
        # only the one that waits.
        staying = {*self.own, status["songid"]}
        others = [song_id for song_id in self._ids if song_id not in staying]
        return len(others) + (self.pending_id is not None)

    def is_followed(self, emotion: Emotion, status: Status) -> bool:
        """Whether a song of this mood or one of the listener's follows the current song."""
        if status["state"] == "stop":
            return False
        if self.pending and self.pending.emotion == emotion:
            return True
        return self.queued_after(status) > (self.pending is not None)

    # Acting

    def claim(
        self, client: Client, song_id: str, song: Song, emotion: Emotion | None, reason: str = ""
    ) -> bool:
        """Note a song that was just added as an own one, and remove the one that waited before.

        reason: why it is put on. Returns False if a person has removed the new song already.
        """
        entry: Mapping[str, Any] = {}
        try:
            with _unless_gone():
                (entry,) = client.playlistid(song_id)
        except CommandError:
            client.deleteid(song_id)
            raise
        if not entry:
            return False
        self._ids.insert(int(entry["pos"]), song_id)
        titled = replace(song, title=song.title or given_title(entry) or name_of(song.uri))
        with suppress(CommandError):  # it stays, and is removed after its turn
            self.remove_pending(client)
        self.own[song_id] = OwnSong(entry["file"], titled, emotion, reason)
        self.pending_id = song_id
        self._keep()
        return True

    def play(self, client: Client, song_id: str) -> None:
        """Play an own song at once. Raises CommandError if MPD refuses, and changes nothing.

        Before a link the music stops, also if MPD then refuses.
        """
        if self.is_link(song_id):
            # Where music plays, MPD answers "playid" only when the new song begins, and nobody
            # meanwhile: for ever, if a radio accepts the connection and says nothing (0.23.12).
            client.stop()
        before = self.current_id, self.pending_id
        self.current_id, self.pending_id = song_id, None
        try:
            client.playid(song_id)
        except CommandError as error:
            # If the song cannot be played, the status says so, too; the next snapshot handles it.
            if error.errno != FailureResponseCode.UNKNOWN or "error" not in client.status():
                self.current_id, self.pending_id = before
                raise

    def take_reason(self, song_id: str) -> str:
        """Why this own song was put on; "" from the second call on."""
        own = self.own[song_id]
        if own.reason:
            self.own[song_id] = replace(own, reason="")
            self._keep()
        return own.reason

    def remove(self, client: Client, song_id: str) -> None:
        """Remove an own song."""
        with _unless_gone():
            client.deleteid(song_id)
            self._ids = [other for other in self._ids if other != song_id]
        self.own.pop(song_id, None)

    def remove_pending(self, client: Client) -> None:
        """Remove the own song that waits, if there is one."""
        if self.pending_id:
            self.remove(client, self.pending_id)
            self.pending_id = None

    def remove_played(self, client: Client, status: Status) -> None:
        """Remove old own songs, which would pile up over the months."""
        staying = (self.current_id, self.pending_id, status.get("songid"))
        played = [song_id for song_id in self.own if song_id not in staying]
        # If MPD repeats or shuffles, it would play them again.
        keep = KEPT_PLAYED if status["repeat"] == status["random"] == "0" else 0
        for song_id in played[: max(0, len(played) - keep)]:
            self.remove(client, song_id)

    def make_room(self, client: Client, status: Status) -> bool:
        """Remove all own songs but the current one from a full queue. Returns whether any was."""
        staying = (self.current_id if status["state"] != "stop" else None, status.get("songid"))
        removable = [song_id for song_id in self.own if song_id not in staying]
        for song_id in removable:
            self.remove(client, song_id)
        if self.pending_id in removable:
            self.pending_id = None
        return bool(removable)

    def _entries(self, client: Client, length: int) -> list[Entry]:
        """All songs of MPD's queue; the uri is "" for those that are surely no own songs.

        People's queues may be larger than what MPD tells at once, and only copies of the own songs
        matter.
        """
        ids = [song_id for _, run in client.changed_places("0", length) for song_id in run]
        uris: dict[str, str] = {}
        for uri in dict.fromkeys(own.queue_uri for own in self._known.songs.values()):
            uris |= {song["id"]: uri for song in copies(client, uri)}
        return [Entry(song_id, uris.get(song_id, "")) for song_id in ids]

    def _keep(self) -> None:
        """Keep which songs are the jukebox's own, for after a restart of it or of MPD."""
        places = {song_id: place for place, song_id in enumerate(self._ids) if song_id in self.own}
        known = self._known
        layouts = known.moved_to(places, len(self._ids))
        songs = {
            song_id: own
            for song_id, own in {**known.songs, **self.own}.items()
            if any(song_id in layout.places for layout in layouts)
        }
        now = OwnSongs(songs, layouts, self.current_id, self.pending_id, known.version)
        if now != known:  # not for each new title of a radio
            self._known = replace(now, version=int(self._version))
            # MPD saves its queue later than this, and waits for its disk no more than this.
            self._state.keep(durable=False, own=self._known.to_keep())

    def _has_lost_files(
        self, client: Client, ids_before: Sequence[str], own_before: Mapping[str, OwnSong]
    ) -> bool:
        """Whether only own songs have gone, whose files MPD does not have any more.

        It removes such songs itself when it reads its music while the drive with them is away.
        """
        there = set(self._ids)
        gone = [song_id for song_id in ids_before if song_id not in there]
        if [song_id for song_id in ids_before if song_id in there] != self._ids:
            return False
        files = [own_before[song_id].queue_uri for song_id in gone if song_id in own_before]
        return len(files) == len(gone) and not any(_may_be_had(client, uri) for uri in files)

    def _forget_passed(self, current_id: str) -> None:
        """Let no own song wait that MPD has already passed."""
        ids = self._ids
        if current_id in ids and self.pending_id in ids[: ids.index(current_id) + 1]:
            self.pending_id = None

    def _follow_edits(self, client: Client, status: Status) -> None:
        """Update the order of the ids, and forget own songs that were removed."""
        changes = list(client.changed_places(self._version, int(status["playlistlength"])))
        # The queue may have grown since the status was read.
        length = max([int(status["playlistlength"]), *(first + len(ids) for first, ids in changes)])
        self._ids = (self._ids + [""] * length)[:length]
        for first, ids in changes:
            self._ids[first : first + len(ids)] = ids
        self._version = status["playlist"]
        there = set(self._ids)
        self.own = {song_id: own for song_id, own in self.own.items() if song_id in there}
        if self.pending_id not in self.own:
            self.pending_id = None


def copies(client: Client, uri: str) -> list[dict[str, str]]:
    """The songs of the queue that MPD calls so."""
    if client.is_mopidy:
        return [song for song in client.playlistinfo() if song["file"] == uri]
    return list(client.playlistfind("file", uri))


def _may_be_had(client: Client, uri: str) -> bool:
    """Whether MPD may still have a song that has gone from the queue."""
    outside = "://" in uri or uri.startswith("/") or client.is_mopidy
    return outside or is_there(client, Song(uri, "", "", there=None))


@contextmanager
def _unless_gone() -> Iterator[None]:
    """Ignore that a song is no longer in the queue: a person has removed it already."""
    try:
        yield
    except CommandError as error:
        if error.errno != FailureResponseCode.NO_EXIST:
            raise
