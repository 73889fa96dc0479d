"""What the box does to MPD: put songs on, pause, go on, turn the volume."""

from __future__ import annotations

from mpd import CommandError

from appliance.player.client import Client
from appliance.player.curve import volume_of
from appliance.player.fade import Fader
from appliance.player.links import LinkError, Links
from appliance.player.observer import Observer
from appliance.player.queue import Queue
from appliance.player.selection import Playlists
from appliance.player.snapshot import Snapshot
from appliance.player.sources import NOTHING_THERE, PlaylistError, Song, read_songs
from appliance.records import Adjustment, Decision, Emotion, How, Play


class Actions:
    """Acts on what a snapshot has just seen, and notes it in the observer.

    start_percent: the first song that the box puts on is not louder. chime: the source of a sound
    to begin with, "" for none.
    """

    def __init__(
        self,
        queue: Queue,
        fader: Fader,
        observer: Observer,
        playlists: Playlists,
        *,
        start_percent: int,
        chime: str,
    ) -> None:
        self._queue, self._fader, self._observer = queue, fader, observer
        self._playlists = playlists
        self._links = Links()
        self._start_percent: int | None = start_percent  # None: the volume is right already
        self._begun = False  # the box has put something on
        self._chime = chime

    def begin(self, client: Client, snapshot: Snapshot, *, local: bool) -> bool:
        """The chime, where all is silent at the first snapshot. Whether it was played."""
        chime, self._chime = self._chime, ""
        if self._begun:
            self._start_softly(client, snapshot)  # PulseAudio tells the volume only when it plays
        elif snapshot.status["state"] == "play" or self._observer.action == "volume":
            self._start_percent = None  # somebody's choice
        if snapshot.status["state"] != "stop" or self._observer.held:
            return False
        return self._ring(client, chime, snapshot, local=local)

    def fade_on(self, client: Client, snapshot: Snapshot) -> None:
        """Go on with a fade, if there is one, and leave no old songs behind."""
        new_id = self._fader.new_id
        if self._fader.is_going_out and self._observer.action not in (None, "volume"):
            self._fader.end(client, snapshot.time_s)
        now = self._fader.advance(client, self._queue, snapshot.status, snapshot.time_s)
        if now == "pause":
            self._rest(client)
            self._fader.end(client, snapshot.time_s)
        elif now == "switch" and new_id:
            self._play(client, new_id, snapshot.time_s)
        self._observer.expect()  # a fade that ended is told at once
        self._queue.remove_played(client, snapshot.status)

    def carry_out(
        self, client: Client, decision: Decision, songs: list[Song], snapshot: Snapshot
    ) -> Play | None:
        """Put one of the songs on, the first that MPD takes; see MpdPlayer.carry_out."""
        if decision.how == "append" and self._queue.is_followed(decision.emotion, snapshot.status):
            self._remove_stale(client, decision.emotion)
            return None
        new_id = self._add(client, decision, songs, snapshot)
        if new_id is None:
            return None
        own = self._queue.own[new_id]
        self._put_on(client, decision.how, new_id, snapshot)
        return Play(
            own.song.title, own.queue_uri, decision.emotion, own.song.source, decision.reason
        )

    def adjust(self, client: Client, adjustment: Adjustment, snapshot: Snapshot) -> bool:
        """Pause, go on or turn the volume. Whether there was anything to be done."""
        state = snapshot.status["state"]
        if adjustment.how == "pause" and state == "play":
            if self._fader.can_fade(snapshot.status):
                self._fader.out(snapshot.status, snapshot.time_s)
                self._observer.expect()  # which it tells as done
            else:
                self._rest(client)
        elif adjustment.how == "resume" and (state == "pause" or self._fader.is_going_out):
            self._go_on(client, snapshot)
        elif adjustment.how == "volume" and adjustment.volume_percent is not None:
            self._observer.turns_down(adjustment.volume_before)
            self._fader.set(client, adjustment.volume_percent, snapshot.time_s)
            self._observer.expect(volume=str(adjustment.volume_percent))
        else:
            return False
        return True

    # Songs

    def _add(
        self, client: Client, decision: Decision, songs: list[Song], snapshot: Snapshot
    ) -> str | None:
        """Put a song of the mood into the queue in the place of the one that waited; its id."""
        at_end = decision.how == "append" or snapshot.status["state"] == "stop"
        place = () if at_end else (int(snapshot.status["song"]) + 1,)
        songs = self._links.asked_first(decision.emotion, songs)
        for number, song in enumerate(songs):
            try:
                added = self._links.add(client, decision.emotion, song, place, snapshot.time_s)
            except (CommandError, LinkError) as error:
                if isinstance(error, CommandError) and error.errno not in NOTHING_THERE:
                    raise
                self._playlists.leave_out(song, str(error), snapshot.time_s)
                continue
            if added is not None:
                new_id, titled = added
                if not self._queue.claim(client, new_id, titled, decision.emotion):
                    return None
                self._playlists.mark_heard(decision.emotion, song)
                self._links.prefetch(decision.emotion, songs[number + 1 :])
                return new_id
        return None

    def _remove_stale(self, client: Client, emotion: Emotion) -> None:
        """Take the song that waits out where it is of another mood."""
        pending = self._queue.pending
        if pending and pending.emotion != emotion:
            self._queue.remove_pending(client)

    def _put_on(self, client: Client, how: How, new_id: str, snapshot: Snapshot) -> None:
        """Fade over to the song that was added, leave it to its turn, or play it at once."""
        state = snapshot.status["state"]
        if how == "fade" and state == "play" and self._fader.can_fade(snapshot.status):
            self._fader.over(snapshot.status, new_id, snapshot.time_s)
            self._observer.observe(client, snapshot.time_s)
        elif how == "append" and state != "stop":
            self._fader.end(client, snapshot.time_s)
            self._observer.observe(client, snapshot.time_s)
        else:
            self._fader.end(client, snapshot.time_s)
            if state != "play":
                self._start_softly(client, snapshot)
            self._play(client, new_id, snapshot.time_s)

    def _play(self, client: Client, song_id: str, time_s: float) -> None:
        self._queue.play(client, song_id)
        self._observer.begun(client.state(), self._queue.own[song_id], song_id, time_s)

    def _ring(self, client: Client, chime: str, snapshot: Snapshot, *, local: bool) -> bool:
        """Play the chime, if there is one."""
        if not chime:
            return False
        try:
            song = read_songs(client, "chime", chime, local=local)[0]
            song_id: str = client.addid(song.uri)
        except PlaylistError:
            return False
        except CommandError as error:
            if error.errno not in NOTHING_THERE:
                raise
            return False
        if self._queue.claim(client, song_id, song, None):
            self._put_on(client, "switch", song_id, snapshot)
        return True

    # Volume and pause

    def _start_softly(self, client: Client, snapshot: Snapshot) -> None:
        """Where the box begins to play for the first time: not too loud."""
        self._begun = True
        now, start = volume_of(snapshot.status), self._start_percent
        if now is None or start is None:
            return
        self._start_percent = None
        if now > start:
            self._fader.set(client, start, snapshot.time_s)
            self._observer.expect(volume=str(start))

    def _rest(self, client: Client) -> None:
        self._observer.rests()
        client.pause(1)

    def _go_on(self, client: Client, snapshot: Snapshot) -> None:
        """Let the music play again, rising from silence if the volume can be turned."""
        self._start_softly(client, snapshot)
        status = client.state()
        if self._fader.can_fade(status):
            self._fader.up(client, status, snapshot.time_s)
        client.pause(0)
        self._observer.goes_on()
