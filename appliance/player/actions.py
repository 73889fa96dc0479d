"""What the jukebox does at MPD: it puts songs on, pauses, resumes and sets the volume."""

from __future__ import annotations

import logging

from mpd import CommandError, FailureResponseCode

from appliance.player.client import Client, Status
from appliance.player.curve import volume_of
from appliance.player.fade import Fader
from appliance.player.links import LinkError, Links
from appliance.player.observer import Observer
from appliance.player.queue import Queue
from appliance.player.selection import Selection
from appliance.player.snapshot import Snapshot
from appliance.player.sources import PlaylistError, Song, read_songs
from appliance.records import Adjustment, Decision, Emotion, How, Play

log = logging.getLogger("jukebox")


class Actions:
    """Acts on the latest snapshot and notes each action in the observer.

    start_percent: the first song that the jukebox puts on starts no louder than this. chime: the
    source of a sound for the start, "" for none. The methods do not translate MPD's errors;
    connection.py does.
    """

    def __init__(
        self,
        queue: Queue,
        fader: Fader,
        observer: Observer,
        selection: Selection,
        *,
        start_percent: int,
        chime: str,
    ) -> None:
        self._queue, self._fader, self._observer = queue, fader, observer
        self._selection = selection
        self._links = Links()
        self._start_percent: int | None = start_percent  # None: the volume was set already
        self._has_played = False  # the jukebox has put something on
        self._chime = chime
        self._told_of_full = False  # the log says that the queue is full

    def begin(self, client: Client, snapshot: Snapshot, *, local: bool) -> bool:
        """Play the chime if MPD is silent at the first snapshot. Returns whether it was played."""
        chime, self._chime = self._chime, ""
        if self._has_played:
            self._start_softly(client, snapshot)  # PulseAudio tells the volume only while it plays
        elif snapshot.status["state"] == "play" or self._observer.action == "volume":
            self._start_percent = None  # a person chose this volume
        if snapshot.status["state"] != "stop" or self._observer.held:
            return False
        return self._play_chime(client, chime, snapshot, local=local)

    def advance_fade(self, client: Client, snapshot: Snapshot) -> None:
        """Continue a fade, if there is one, and remove old songs of the jukebox's."""
        new_id = self._fader.new_id
        if self._fader.is_going_out and self._observer.action not in (None, "volume"):
            self._fader.end(client, snapshot.time_s, snapshot.status)
        elif self._observer.action == "seek" and new_id and new_id == self._queue.pending_id:
            # A person wants to hear the song before.
            self._fader.end(client, snapshot.time_s, snapshot.status)
            self._queue.remove_pending(client)
        due = self._fader.advance(client, self._queue, snapshot.status, snapshot.time_s)
        if due == "pause":
            try:
                self._pause(client)
            finally:
                self._fader.end(client, snapshot.time_s)
        elif due == "switch" and new_id:
            self._play(client, new_id, snapshot.time_s)
        self._observer.expect()  # the end of a fade is reported at once
        self._queue.remove_played(client, snapshot.status)

    def carry_out(
        self, client: Client, decision: Decision, songs: list[Song], snapshot: Snapshot
    ) -> Play | None:
        """Put on the first of the songs that MPD accepts; see MpdPlayer.carry_out."""
        if decision.how == "append" and self._queue.is_followed(decision.emotion, snapshot.status):
            self._remove_stale(client, decision.emotion)
            return None
        if decision.how == "offer" and snapshot.status["playlistlength"] != "0":
            return None
        new_id = self._add(client, decision, songs, snapshot)
        if new_id is None:
            return None
        own = self._queue.own[new_id]
        try:
            self._put_on(client, decision.how, new_id, snapshot)
        except CommandError as error:
            self._take_back(client, new_id, error, snapshot.time_s)
            return None
        if decision.how == "offer" and self._observer.action:
            self._queue.remove_pending(client)  # a person has added something in this very moment
            return None
        self._selection.mark_heard(decision.emotion, own.song)
        return Play(
            own.song.title, own.queue_uri, decision.emotion, own.song.source, decision.reason
        )

    def adjust(self, client: Client, adjustment: Adjustment, snapshot: Snapshot) -> bool:
        """Pause, resume or set the volume. Returns whether there was anything to do."""
        state = snapshot.status["state"]
        if adjustment.how == "pause" and state == "play":
            if self._fader.can_fade(snapshot.status):
                self._fader.out(snapshot.status, snapshot.time_s)
                self._observer.expect()  # a fade into a pause is reported as a pause
            else:
                self._pause(client)
        elif adjustment.how == "resume" and (state == "pause" or self._fader.is_going_out):
            self._resume(client, snapshot)
        elif adjustment.how == "volume" and adjustment.volume_percent is not None:
            self._observer.note_volume_before(adjustment.volume_before)
            if not self._fader.set(client, adjustment.volume_percent, snapshot.time_s):
                self._observer.note_volume_before(snapshot.playback.volume_before)
                return False
            self._observer.expect(volume=str(adjustment.volume_percent))
        else:
            return False
        return True

    # Songs

    def _add(
        self, client: Client, decision: Decision, songs: list[Song], snapshot: Snapshot
    ) -> str | None:
        """Add a song of the mood to the queue instead of the one that waited.

        Returns its id, or None if no song could be added.
        """
        songs = self._links.awaited_first(decision.emotion, songs)
        for number, song in enumerate(songs):
            try:
                added = self._add_one(client, decision, song, snapshot)
            except (CommandError, LinkError) as error:
                if _is_full(error):
                    self._tell_of_full_queue(error)
                    return None
                self._selection.leave_out(song, str(error), snapshot.time_s)
                continue
            if added is not None:
                new_id, titled = added
                self._told_of_full = False
                reason = decision.reason
                if not self._queue.claim(client, new_id, titled, decision.emotion, reason):
                    return None
                self._links.prefetch(decision.emotion, songs[number + 1 :])
                return new_id
        return None

    def _add_one(
        self, client: Client, decision: Decision, song: Song, snapshot: Snapshot
    ) -> tuple[str, Song] | None:
        """Add a song as Links.add does; a full queue first loses the jukebox's played songs."""
        emotion, time_s = decision.emotion, snapshot.time_s
        place = _place(decision, snapshot.status)
        try:
            return self._links.add(client, emotion, song, place, time_s)
        except CommandError as error:
            if not (_is_full(error) and self._queue.make_room(client, snapshot.status)):
                raise
        place = _place(decision, client.state())
        return self._links.add(client, emotion, song, place, time_s)

    def _tell_of_full_queue(self, error: Exception) -> None:
        if not self._told_of_full:
            self._told_of_full = True
            log.warning(
                "MPD's queue is full of other people's songs, so nothing can be added: %s; remove "
                "songs from it, or raise max_playlist_length in mpd.conf",
                error,
            )

    def _take_back(self, client: Client, song_id: str, error: CommandError, time_s: float) -> None:
        """Remove a song that was added but that MPD refuses to play."""
        own = self._queue.own.get(song_id)
        if own and error.errno != FailureResponseCode.NO_EXIST:  # else a person has removed it
            self._selection.leave_out(own.song, str(error), time_s)
        self._queue.remove(client, song_id)
        if self._queue.pending_id == song_id:
            self._queue.pending_id = None

    def _remove_stale(self, client: Client, emotion: Emotion) -> None:
        """Remove the waiting song if it is of another mood."""
        pending = self._queue.pending
        if pending and pending.emotion != emotion:
            self._queue.remove_pending(client)

    def _put_on(self, client: Client, how: How, new_id: str, snapshot: Snapshot) -> None:
        """Fade over to the song that was added, let it wait, or play it at once."""
        state = snapshot.status["state"]
        if how == "fade" and state == "play" and self._fader.can_fade(snapshot.status):
            self._fader.over(snapshot.status, new_id, snapshot.time_s)
            self._observer.observe(client, snapshot.time_s)
        elif how == "offer" or (how == "append" and state != "stop"):
            self._fader.end(client, snapshot.time_s)
            self._observer.observe(client, snapshot.time_s)
        else:
            self._fader.end(client, snapshot.time_s)
            if state != "play":
                self._start_softly(client, snapshot)
            self._play(client, new_id, snapshot.time_s)

    def _play(self, client: Client, song_id: str, time_s: float) -> None:
        try:
            self._queue.play(client, song_id)
        except CommandError:
            self._observer.expect(state=client.state()["state"])  # if it has stopped, not a person
            raise
        self._observer.note_song(client.state(), self._queue.own[song_id], song_id, time_s)

    def _play_chime(self, client: Client, chime: str, snapshot: Snapshot, *, local: bool) -> bool:
        """Play the chime, if there is one. Returns whether MPD accepted it."""
        if not chime:
            return False
        try:
            song = read_songs(client, "chime", chime, local=local)[0]
            song_id: str = client.addid(song.uri)
        except (PlaylistError, CommandError):
            return False
        if self._queue.claim(client, song_id, song, None):
            self._put_on(client, "switch", song_id, snapshot)
        return True

    # Volume and pause

    def _start_softly(self, client: Client, snapshot: Snapshot) -> None:
        """Lower the volume to that of the start when the jukebox plays for the first time."""
        self._has_played = True
        now, start = volume_of(snapshot.status), self._start_percent
        if now is None or start is None:
            return
        self._start_percent = None
        if now > start and self._fader.set(client, start, snapshot.time_s):
            self._observer.expect(volume=str(start))

    def _pause(self, client: Client) -> None:
        self._observer.note_pause()
        try:
            client.pause(1)
        except CommandError:
            self._observer.note_resume()  # it plays on, which is nobody's doing
            raise

    def _resume(self, client: Client, snapshot: Snapshot) -> None:
        """Let the music play again; it fades in from silence if MPD can set the volume."""
        self._start_softly(client, snapshot)
        status = client.state()
        if self._fader.can_fade(status):
            self._fader.up(client, status, snapshot.time_s)
        client.pause(0)
        self._observer.note_resume()


def _place(decision: Decision, status: Status) -> tuple[int, ...]:
    """Where the song of a decision goes: a position in the queue, or () for its end."""
    if decision.how == "append" or status["state"] == "stop":
        return ()
    return (int(status["song"]) + 1,)


def _is_full(error: Exception) -> bool:
    return isinstance(error, CommandError) and error.errno == FailureResponseCode.PLAYLIST_MAX
