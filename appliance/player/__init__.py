"""Carries a decision to MPD, says what MPD does now, and sees what the listener did.

One connection, no thread, no clock: all of it happens in playback() and carry_out(), which the loop
calls. The box adds its own songs and removes only its own. It never touches repeat, random, single,
consume or MPD's crossfade, and never moves or removes a song of the listener's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random

from mpd import CommandError, MPDClient

from appliance.errors import PlayerError
from appliance.player.connection import Address, Connection, Status
from appliance.player.fade import Fader
from appliance.player.links import LinkError, Links
from appliance.player.look import Look, describe, is_held
from appliance.player.playlists import Playlists
from appliance.player.queue import OwnSong, Queue
from appliance.player.sources import NOTHING_THERE, Song
from appliance.records import Adjustment, Decision, Emotion, How, Play, Playback

LOOK_EVERY_S = 1.0  # keeps the connection alive too: MPD closes one that is silent for 60 s


class MpdPlayer:
    """The jukebox's hands on MPD. Every call connects if need be and may raise PlayerError.

    address: of MPD, "" for MPD_HOST and MPD_PORT, else the usual places. playlists: the sources of
    each emotion's songs (sources.py). crossfade_s: a whole fade, down and up; 0 for none.
    """

    def __init__(
        self,
        *,
        address: str = "",
        port: int = 6600,
        password: str = "",
        playlists: Mapping[Emotion, tuple[str, ...]],
        crossfade_s: float = 0.0,
        random: Random,
        put_on: Sequence[Play] = (),
    ) -> None:
        self._connection = Connection(Address(address, port, password), self._greet)
        self._playlists = Playlists(playlists, random)
        self._links = Links()
        self._queue = Queue(put_on)
        self._fader = Fader(crossfade_s)
        self._last: Look | None = None  # the last look on this connection
        self._held = False  # a person paused or stopped the music
        self._resting = False  # the box paused it

    @property
    def address(self) -> str:
        """Where MPD was last reached or looked for."""
        return str(self._connection.address)

    def playback(self, time_s: float) -> Playback:
        """What MPD does now. It is asked once a second, and at every call during a fade."""
        with self._connection.client() as client:
            last = self._last
            if last and not self._fader.new_id and 0 <= time_s - last.time_s < LOOK_EVERY_S:
                return last.playback_at(time_s)
            look = self._look(client, time_s)
            self._fader.advance(client, self._queue, look.status, time_s)
            self._queue.remove_played(client, look.status)
            return look.playback

    def carry_out(self, decision: Decision, time_s: float) -> Play | None:
        """Put on a song of the decided mood and return it; None if nothing was to be done.

        None: the mood has no song that plays (one warning says why), or, for "append", a song of
        it already waits, or the listener's own songs follow. What plays goes on in each case.
        """
        with self._connection.client() as client:
            look = self._look(client, time_s)
            if decision.how == "append" and self._queue.is_followed(decision.emotion, look.status):
                self._remove_stale(client, decision.emotion)
                return None
            new_id = self._add_song(client, decision, look.status, time_s)
            if new_id is None:
                return None
            own = self._queue.own[new_id]
            self._put_on(client, decision.how, new_id, look)
            return Play(
                own.song.title, own.queue_uri, own.emotion, own.song.source, decision.reason
            )

    def adjust(self, adjustment: Adjustment, time_s: float) -> None:
        """Pause, go on or turn the volume."""
        with self._connection.client() as client:
            match adjustment.how:
                case "pause":
                    client.pause(1)
                    self._resting = True
                case "resume":
                    client.pause(0)
                case "volume" if adjustment.volume_percent is not None:
                    client.setvol(adjustment.volume_percent)
            self._look(client, time_s)

    def messages(self) -> list[str]:
        """What came in on the channel "jukebox" since the last time."""
        return []

    def answer(self, text: str) -> None:
        """Say it on the channel "jukebox-status"."""

    def songs(self, emotion: Emotion) -> list[Song]:
        """All songs of a mood. Raises PlaylistError if one of its sources cannot be used."""
        with self._connection.client() as client:
            return self._playlists.all_songs(client, emotion, local=self._connection.address.local)

    def close(self) -> None:
        """Give the listener their volume back if a fade is on, and hang up. The music goes on."""
        if self._connection.is_open:
            with suppress(PlayerError), self._connection.client() as client:
                self._fader.end(client)
        self._connection.close()

    # Looking

    def _greet(self, client: MPDClient) -> None:
        """What a new connection begins with."""
        self._last = None
        self._queue.recognise(client)
        self._fader.end(client)

    def _look(self, client: MPDClient, time_s: float) -> Look:
        """Ask MPD what it does and draw the conclusions."""
        status: Status = client.status()
        self._queue.follow(client, status)
        if "error" in status:
            self._answer_error(client, status, time_s)
        self._held = is_held(status, self._last, self._held, time_s)
        playback = describe(status, self._queue, self._fader.new_id, self._held)
        self._last = Look(time_s, status, playback)
        return self._last

    def _answer_error(self, client: MPDClient, status: Status, time_s: float) -> None:
        """A song that MPD cannot play is left out, a dead output tried again."""
        error = status["error"]
        if status["state"] == "pause":
            if self._last is None or self._held:
                return  # somebody else's affair
            client.pause(0)  # MPD tries its outputs again; the next look tells whether they work
            raise PlayerError(f"MPD at {self.address} cannot be heard: {error}")
        # MPD may name the song in the error and not be at it: it can have gone on or back already.
        for song_id in (self._queue.pending_id, self._queue.current_id):
            own = self._queue.own.get(song_id or "")
            if song_id and own and own.queue_uri in error:
                self._playlists.leave_out(own.song, error, time_s)
                self._queue.remove(client, song_id)

    # Acting

    def _add_song(
        self, client: MPDClient, decision: Decision, status: Status, time_s: float
    ) -> str | None:
        """Put a song of the mood into the queue in the place of the one that waited; its id."""
        at_end = decision.how == "append" or status["state"] == "stop"
        place = () if at_end else (int(status["song"]) + 1,)
        local = self._connection.address.local
        for song in self._playlists.draw(client, decision.emotion, time_s, local=local):
            try:
                added = self._links.add(client, song, place, time_s)
            except (CommandError, LinkError) as error:
                if isinstance(error, CommandError) and error.errno not in NOTHING_THERE:
                    raise
                self._playlists.leave_out(song, str(error), time_s)
                continue
            if added is not None:
                new_id, titled = added
                self._queue.claim(client, new_id, titled, decision.emotion)
                self._playlists.mark_heard(decision.emotion, song)
                return new_id
        return None

    def _remove_stale(self, client: MPDClient, emotion: Emotion) -> None:
        """Take the song that waits out where it is of another mood."""
        pending = self._queue.pending
        if pending and pending.emotion != emotion:
            self._queue.remove_pending(client)

    def _put_on(self, client: MPDClient, how: How, new_id: str, look: Look) -> None:
        """Fade over to the song that was added, leave it to its turn, or play it at once."""
        if how == "fade" and self._fader.can_fade(look.status):
            self._fader.begin(look.status, new_id, look.time_s)
            self._look(client, look.time_s)
        elif how == "append" and look.status["state"] != "stop":
            self._fader.end(client)
            self._look(client, look.time_s)
        else:
            self._fader.end(client)
            self._queue.play(client, new_id)
            self._held = False
            # Not looked at before a second has passed: a mood whose songs all fail at once
            # must not make the loop spin.
            self._last = replace(look, playback=_begun(self._queue.own[new_id]))


def _begun(own: OwnSong) -> Playback:
    """What MPD does when it was just told to play this song."""
    return Playback("play", own.song.title, own.emotion, None, 0, False)
