"""Carries a decision to MPD, says what MPD does now, and sees what the listener did.

One connection, no thread, no clock: all of it happens in playback(), carry_out() and adjust(), that
the loop calls. Between them MPD is listened to (its command "idle"), and asked only when something
happened. The box adds its own songs and removes only its own. It never touches repeat, random,
single, consume or MPD's crossfade, and never moves or removes a song of the listener's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from random import Random

from mpd import CommandError, FailureResponseCode

from appliance.errors import PlayerError
from appliance.player.actions import Actions
from appliance.player.capabilities import ANSWERS, CHANNEL, Server
from appliance.player.client import Client
from appliance.player.connection import Address, Connection
from appliance.player.fade import Fader
from appliance.player.likes import Likes
from appliance.player.observer import Observer
from appliance.player.queue import Queue
from appliance.player.selection import Playlists
from appliance.player.snapshot import Snapshot
from appliance.player.sources import Song
from appliance.player.state import PlayerStateFile, Unkept
from appliance.player.stored_lists import StoredLists
from appliance.records import Adjustment, Decision, Emotion, Play, Playback

# After it was told something, and near the end of a song, MPD is asked this often.
ASK_EVERY_S = 1.0
NEAR_END_S = 10.0
# However silent it is: a network that is gone says nothing, and Mopidy hangs up after 60 s.
ASK_ANYWAY_S = 20.0
READING_S = 10.0  # what MPD may need to read a mood's playlists and fetch those of links
LONGEST_ANSWER = 1000  # characters; MPD hangs up on a line of more than 4096 bytes


class MpdPlayer:
    """The jukebox's hands on MPD. Every call connects if need be and may raise PlayerError.

    address: of MPD, "" for MPD_HOST and MPD_PORT, else the usual places. playlists: the sources of
    each emotion's songs (sources.py). crossfade_s: a whole fade, down and up; 0 for none.
    put_on: songs of the box's life before this one, which MPD may still be playing.
    start_percent: the first song that the box puts on is not louder; max_percent: it never sets
    more than this. chime: the source of a sound to begin with, "" for none. memory: the file that
    keeps what must outlive this process; only with it stored playlists are made for the moods.
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
        start_percent: int = 100,
        max_percent: int = 100,
        chime: str = "",
        state: PlayerStateFile | None = None,
    ) -> None:
        self._connection = Connection(Address(address, port, password), self._greet)
        self._server = Server()
        self._state = state or Unkept()
        self._messages: list[str] = []
        likes = Likes(self._server)
        self._playlists = Playlists(playlists, random, likes)
        self._stored = StoredLists(playlists.values(), self._state)
        self._queue = Queue(put_on)
        self._fader = Fader(crossfade_s, max_percent, self._state)
        self._observer = Observer(self._queue, self._fader, self._state, self._playlists, likes)
        self._actions = Actions(
            self._queue,
            self._fader,
            self._observer,
            self._playlists,
            start_percent=min(start_percent, max_percent),
            chime=chime,
        )

    @property
    def address(self) -> str:
        """Where MPD was last reached or looked for."""
        return str(self._connection.address)

    @property
    def server(self) -> str:
        """What answers there and what it lacks; "" before the first connection."""
        return str(self._server)

    def playback(self, time_s: float) -> Playback:
        """What MPD does now. It is asked only if it told of a change or something is on its way."""
        last = self._observer.last
        if last and not self._is_due(last, time_s):
            return self._observer.told(last.playback_at(time_s))
        with self._connection.client() as client:
            self._actions.fade_on(client, self._observer.observe(client, time_s))
            self._read_news(client)
            local = self._connection.address.local
            if not self._actions.begin(client, self._seen, local=local):
                self._connection.listen()
            return self._observer.told(self._seen.playback)

    def carry_out(self, decision: Decision, time_s: float) -> Play | None:
        """Put on a song of the decided mood and return it; None if nothing was to be done.

        None: a person did something meanwhile (the next playback tells what), or the mood has no
        song that plays (one warning says why), or, for "append", a song of it already waits, or the
        listener's own songs follow. What plays goes on in each case.
        """
        with self._connection.client() as client:
            local = self._connection.address.local
            # Reading playlists may take a while in which people do things: snapshot only then.
            songs = self._playlists.draw(client, decision.emotion, time_s, local=local)
            snapshot = self._observer.observe(client, time_s, late_s=READING_S)
            if self._observer.action:
                return None
            return self._actions.carry_out(client, decision, songs, snapshot)

    def adjust(self, adjustment: Adjustment, time_s: float) -> bool:
        """Fade out and pause, fade in and go on, or turn the volume, unless a person just acted."""
        with self._connection.client() as client:
            snapshot = self._observer.observe(client, time_s)
            if self._observer.action:
                return False
            return self._actions.adjust(client, adjustment, snapshot)

    def messages(self) -> list[str]:
        """What came in on the channel "jukebox" since the last time."""
        messages, self._messages = self._messages, []
        return messages

    def answer(self, text: str) -> None:
        """Say it on the channel "jukebox-status", in one line; nobody needs to listen."""
        if not self._server.has_messages:
            return
        with self._connection.client() as client:
            try:
                client.sendmessage(ANSWERS, " ".join(text.split())[:LONGEST_ANSWER])
            except CommandError as error:
                if error.errno != FailureResponseCode.NO_EXIST:
                    raise

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

    @property
    def _seen(self) -> Snapshot:
        """The last snapshot, with what the box has done since."""
        assert self._observer.last is not None  # noqa: S101 - asked for only after a snapshot
        return self._observer.last

    def _is_due(self, last: Snapshot, time_s: float) -> bool:
        since_s = time_s - last.time_s
        if self._fader.active or not 0 <= since_s < ASK_ANYWAY_S:
            return True
        if self._connection.is_listening and self._connection.has_news:
            return True
        # After acting nobody listens for a second: a mood whose songs all fail at once must not
        # make the loop spin.
        left_s = last.playback_at(time_s).remaining_s
        near_end = last.playback.state == "play" and left_s is not None and left_s < NEAR_END_S
        return since_s >= ASK_EVERY_S and (near_end or not self._connection.is_listening)

    def _greet(self, client: Client) -> None:
        """What a new connection begins with."""
        self._server.greet(client, CHANNEL)
        self._queue.recognise(client)
        self._observer.begin(client.state())
        self._fader.recover(client)
        self._connection.changes.add("database")

    def _read_news(self, client: Client) -> None:
        """Take in what MPD told of besides the music."""
        changes = self._connection.changes
        if "message" in changes and self._server.has_messages:
            self._messages += [one["message"] for one in client.readmessages()]
        if "database" in changes and self._state.outlives:
            self._stored.keep(client)
        changes.clear()
