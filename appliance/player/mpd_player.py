"""Carries decisions out at MPD, tells what MPD does now, and recognises what the listener did.

Everything that concerns the listener happens in playback(), carry_out() and adjust(), which the
loop calls, over one connection. What may take long, such as reading a mood's songs, is done in
threads with connections of their own (reader.py). Between the calls MPD reports changes (its
command "idle"), and it is asked for its status only when something happened. The jukebox adds its
own songs and removes only its own. It never touches repeat, random, single, consume or MPD's
crossfade, and it never moves or removes a song of the listener's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random

from mpd import CommandError

from appliance.errors import PlayerError
from appliance.player.actions import Actions
from appliance.player.capabilities import ANSWERS, CHANNEL, Capabilities
from appliance.player.client import Client
from appliance.player.connection import Address, Connection
from appliance.player.fade import Fader
from appliance.player.housekeeping import Housekeeping
from appliance.player.likes import Likes
from appliance.player.observer import Observer
from appliance.player.queue import Queue
from appliance.player.reader import Reader
from appliance.player.refusals import Refusals
from appliance.player.restarts import Restarts
from appliance.player.selection import Selection
from appliance.player.skip_copies import SkipArchive, SkipCopies
from appliance.player.snapshot import Snapshot
from appliance.player.song_lists import SongLists
from appliance.player.sources import Song, given_title, name_of
from appliance.player.state import PlayerStateFile, UnsavedState
from appliance.player.stored_lists import StoredLists
from appliance.records import Adjustment, Decision, Emotion, Play, Playback

# MPD is asked this often after the jukebox has acted, and in the last seconds of a song.
ASK_EVERY_S = 1.0
NEAR_END_S = 10.0
# MPD is asked at least this often: a lost network reports nothing, and Mopidy hangs up after 60 s.
ASK_AT_LEAST_EVERY_S = 20.0
PREPARE_S = 20.0  # before a song's end, the mood's songs are read anew for the next one
ASK_STREAM_EVERY_S = 5.0  # whether a stream goes on
MAY_BE_IN_QUEUE = 2  # of the songs put on before: the last one plays, or waits behind another
LONGEST_ANSWER = 1000  # characters; MPD hangs up on a line of more than 4096 bytes


class MpdPlayer:
    """The player that the loop drives. Each call connects to MPD if there is no connection yet.

    address: a host, or the path of a Unix socket; "" for MPD_HOST and MPD_PORT, else for the usual
    places. playlists: the sources of each emotion's songs (sources.py). crossfade_s: the seconds of
    a whole fade, down and up; 0 for no fades. put_on: songs that an earlier run of the jukebox put
    on, oldest first, for a state that keeps none; MPD may still be playing the last. start_percent:
    the first song starts no louder than this; max_percent: the jukebox never sets a higher volume;
    both are 0 to 100. chime: the source of a sound for the start, "" for none. by_ear: MPD's own
    mixer sets the volume (levels.py). outputs_with_volume: their names; None if nobody knows which
    have one. state: the file for what must outlive this process; the jukebox makes stored playlists
    for the moods only if it has this file. skips: keeps a copy of the skips, None for no copy.

    Methods that talk to MPD raise PlayerError if it cannot be reached or hangs, or if this jukebox
    may not even read what it does. If MPD refuses anything else, the log says so once, that one
    thing is left out, and the connection lives.
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
        by_ear: bool = False,
        outputs_with_volume: frozenset[str] | None = None,
        state: PlayerStateFile | None = None,
        skips: SkipArchive | None = None,
    ) -> None:
        self._connection = Connection(Address(address, port, password), self._greet)
        self._capabilities = Capabilities()
        self._outputs_with_volume = outputs_with_volume
        self._state = state or UnsavedState()
        self._messages: list[str] = []
        self._refusals = Refusals()
        likes = Likes(self._capabilities)
        self._reader, self._tidier = Reader(self._here), Reader(self._here)
        self._lists = SongLists(playlists, likes, self._reader.ask, lambda: self._here().local)
        self._selection = Selection(self._lists, random, self._state, put_on)
        self._housekeeping = Housekeeping(
            self._tidier,
            StoredLists(playlists.values(), self._state) if self._state.outlives else None,
            SkipCopies(self._capabilities, skips, self._state),
        )
        self._queue = Queue(self._state, put_on[-MAY_BE_IN_QUEUE:])
        self._restarts = Restarts(self._state)
        self._fader = Fader(crossfade_s, max_percent, self._state, by_ear=by_ear)
        self._observer = Observer(self._queue, self._fader, self._state, self._selection, likes)
        self._actions = Actions(
            self._queue,
            self._fader,
            self._observer,
            self._selection,
            start_percent=min(start_percent, max_percent),
            chime=chime,
        )

    @property
    def address(self) -> str:
        """The address at which MPD was last reached or searched for."""
        return str(self._connection.address)

    @property
    def server(self) -> str:
        """Which server answers there and what it lacks; "" before the first connection."""
        return str(self._capabilities)

    @property
    def complaint(self) -> str:
        """What the server does not allow the jukebox, and what to do; "" if there is nothing."""
        return self._capabilities.complaint

    def playback(self, time_s: float) -> Playback:
        """What MPD does now. MPD is asked only after it reported a change, or when one is due.

        Raises PlayerError, also if MPD plays but its output fails.
        """
        self._housekeeping.go_on()
        last = self._observer.last
        if last and not self._is_due(last, time_s):
            playback = last.playback_at(time_s)
            self._prepare(playback, time_s)
            return self._told(playback)
        with self._connection.client() as client:
            snapshot = self._observe(client, time_s)
            with self._refusals.survived("messages and playlists wait"):
                self._read_news(client)
            if not self._may_play or not self._go_on(client, snapshot):
                self._connection.listen()
            return self._told(self._last_snapshot.playback)

    def carry_out(self, decision: Decision, time_s: float) -> Play | None:
        """The song of the decided mood that was put on, or None if none was.

        It counts as played when Playback.began tells so. There are four reasons for None: a person
        did something meanwhile (the next playback tells what); the mood has no song that plays (a
        warning says why); for "append", a song of this mood already waits or the listener's own
        songs follow; MPD refuses (a warning says what).
        The current song plays on in each case. Raises SongsAwaitedError while the mood's songs are
        being read, and PlayerError.
        """
        with self._connection.client() as client:
            if not self._may_play:
                return None
            self._note_changes()
            songs = self._selection.draw(decision.emotion, time_s)
            snapshot = self._observe(client, time_s)
            if self._observer.action:
                return None
            with self._refusals.survived("no song is put on now"):
                return self._actions.carry_out(client, decision, songs, snapshot)
        return None

    def adjust(self, adjustment: Adjustment, time_s: float) -> bool:
        """Fade out and pause, fade in and resume, or set the volume, unless a person just acted.

        Returns whether anything was done. Raises PlayerError.
        """
        with self._connection.client() as client:
            snapshot = self._observe(client, time_s)
            if self._observer.action or not self._may_play:
                return False
            with self._refusals.survived("the music stays as it is"):
                return self._actions.adjust(client, adjustment, snapshot)
        return False

    def may_be_back(self) -> bool:
        """Whether somebody switched an output on or off since MPD could not be heard."""
        if self._connection.is_listening and self._connection.has_news:
            with suppress(PlayerError), self._connection.client():
                self._connection.listen()
        return "output" in self._connection.changes

    def messages(self) -> list[str]:
        """The messages that came in on the channel "jukebox" since the last call, oldest first."""
        messages, self._messages = self._messages, []
        return messages

    def answer(self, text: str) -> None:
        """Send the text in one line on the channel "jukebox-status", where nobody needs to listen.

        Raises PlayerError.
        """
        if not self._capabilities.has_messages:
            return
        # Nobody may listen, or the jukebox may not send: the log has said so at the greeting.
        with self._connection.client() as client, suppress(CommandError):
            client.sendmessage(ANSWERS, " ".join(text.split())[:LONGEST_ANSWER])

    def songs(self, emotion: Emotion) -> list[Song]:
        """All songs that a mood's sources name; `there` tells which of them MPD has.

        Raises PlaylistError if a source cannot be used, and PlayerError.
        """
        with self._connection.client():  # the reader then knows where MPD is
            return self._reader.ask(lambda client: self._lists.all_of(client, emotion)).result()

    def report(self) -> str:
        """What MPD does, in words; nothing is changed there.

        Raises PlayerError, also if an error keeps MPD from playing.
        """
        with self._connection.client() as client:
            status = client.state()
            error, state = status.get("error"), status["state"]
            if error and state != "play":  # while it plays, the error is an old one
                raise PlayerError(
                    f"MPD at {self.address} does not play, because of: {error}; see its log, and "
                    "audio_output in its configuration"
                )
            song = client.currentsong()
            return f"{state} {given_title(song) or name_of(song.get('file', ''))}".rstrip()

    def close(self) -> None:
        """Restore the listener's volume if a fade is on, and disconnect. The music plays on."""
        if self._connection.is_open:
            with suppress(PlayerError), self._connection.client() as client:
                self._fader.end(client)
        self._connection.close()
        self._reader.close()
        self._tidier.close()

    def _here(self) -> Address:
        return self._connection.address

    @property
    def _last_snapshot(self) -> Snapshot:
        """The last snapshot, which includes what the jukebox has done since."""
        assert self._observer.last is not None  # noqa: S101 - asked for only after a snapshot
        return self._observer.last

    @property
    def _may_play(self) -> bool:
        """Whether MPD allows the jukebox to play; else it does nothing by halves."""
        return not self._capabilities.refusal

    def _observe(self, client: Client, time_s: float) -> Snapshot:
        """The observer's next snapshot; if MPD cannot be heard, a change of its outputs is news."""
        try:
            return self._observer.observe(client, time_s)
        except PlayerError:
            self._connection.changes.discard("output")
            self._connection.listen()
            raise

    def _told(self, playback: Playback) -> Playback:
        """The playback with what a person did, and with what MPD does not allow."""
        playback = self._observer.with_action(playback)
        refusal = self._capabilities.refusal
        return replace(playback, refusal=refusal, volume_percent=None) if refusal else playback

    def _go_on(self, client: Client, snapshot: Snapshot) -> bool:
        """Do what is due besides decisions. Returns whether the chime was just put on."""
        with self._refusals.survived("the music goes on without it"):
            self._actions.advance_fade(client, snapshot)
        local = self._connection.address.local
        with self._refusals.survived("the music begins without it"):
            return self._actions.begin(client, self._last_snapshot, local=local)
        return False

    def _is_due(self, last: Snapshot, time_s: float) -> bool:
        since_s = time_s - last.time_s
        if (
            self._fader.active
            or self._observer.charge == "halted"
            or not 0 <= since_s < ASK_AT_LEAST_EVERY_S
        ):
            return True
        if self._connection.is_listening and self._connection.has_news:
            return True
        # After the jukebox has acted, MPD is not listened to for a second: a mood whose songs all
        # fail at once must not make the loop spin.
        left_s = last.playback_at(time_s).remaining_s
        plays = last.playback.state == "play"
        near_end = plays and left_s is not None and left_s < NEAR_END_S
        own_stream = plays and left_s is None and last.playback.emotion is not None
        if own_stream and since_s >= ASK_STREAM_EVERY_S:
            return True
        soon = near_end or self._observer.awaits_sound or not self._connection.is_listening
        return since_s >= ASK_EVERY_S and soon

    def _prepare(self, playback: Playback, time_s: float) -> None:
        """Read moods' songs while music plays, those of its mood anew before the song ends."""
        if playback.state == "play":
            left_s = playback.remaining_s
            soon = left_s is not None and left_s < PREPARE_S
            self._selection.prepare(playback.emotion if soon else None, time_s)

    def _greet(self, client: Client) -> None:
        """Prepare a new connection."""
        self._capabilities.greet(client, CHANNEL)
        self._note_outputs(client)
        self._queue.recognise(client)
        restarted = self._restarts.just_restarted(client)
        self._observer.begin(client, restarted=restarted and self._may_play)
        if self._may_play:
            self._fader.recover(client)
        self._connection.changes.add("database")

    def _note_outputs(self, client: Client) -> None:
        """Note whether an output that is on has a volume; MPD does not tell."""
        if self._outputs_with_volume is None:
            return
        with suppress(CommandError):
            on = {each["outputname"] for each in client.outputs() if each["outputenabled"] == "1"}
            client.volume_is_lent = self._outputs_with_volume.isdisjoint(on)

    def _read_news(self, client: Client) -> None:
        """Handle the changes that MPD reported besides those of the music."""
        changes = self._connection.changes
        if "message" in changes and self._capabilities.has_messages:
            self._messages += [entry["message"] for entry in client.readmessages()]
        if "output" in changes:
            self._note_outputs(client)
        self._note_changes()
        changes.clear()

    def _note_changes(self) -> None:
        """Pass on what MPD reported of songs."""
        self._selection.note_changes(self._connection.changes)
        if self._may_play:
            self._housekeeping.note_changes(self._connection.changes)
        self._connection.changes -= {"database", "stored_playlist", "sticker"}
