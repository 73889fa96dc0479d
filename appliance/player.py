"""Carries a decision to MPD, says what MPD does now, and sees what the listener did.

One connection, no thread, no clock: all of it happens in playback() and carry_out(), which the loop
calls. The box adds its own songs and removes only its own. It never touches repeat, random, single,
consume or MPD's crossfade, and never moves or removes a song of the listener's.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from mpd import CommandError, FailureResponseCode, MPDClient, MPDError

from appliance.errors import PlayerError
from appliance.playlists import NOTHING_THERE, Playlists, Song, given_title, name_of
from appliance.records import Decision, Emotion, Play, Playback

log = logging.getLogger("jukebox")

LOOK_EVERY_S = 1.0  # keeps the connection alive too: MPD closes one that is silent for 60 s
REPLY_TIMEOUT_S = 3.0  # the loop waits this long for an MPD that hangs
KEPT_PLAYED = 3  # own played songs left in the queue for "previous"

Status = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Address:
    """Where MPD listens. host: a name, or the path (or @name) of a Unix socket."""

    host: str
    port: int
    password: str

    @property
    def local(self) -> bool:
        """Whether it is a Unix socket, over which MPD opens any file that we may read."""
        return self.host.startswith(("/", "@"))

    def __str__(self) -> str:
        return self.host if self.local else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class OwnSong:
    """A song that the box put into the queue, where MPD may call it by another uri."""

    queue_uri: str
    song: Song
    emotion: Emotion


@dataclass(slots=True)
class Fade:
    """A fade on its way: down to silence, over to the song, up to the listener's volume.

    volume: the listener's, in percent; from_volume: where it begins, lower if another fade was on
    its way; sent: what was set, oldest first; switched_s: when the new song began.
    """

    volume: int
    from_volume: int
    half_s: float
    started_s: float
    old_id: str
    new_id: str
    sent: list[int]
    switched_s: float | None = None

    def wanted_volume(self, time_s: float) -> int:
        """Percent at this moment."""
        if self.switched_s is None:
            left = 1 - (time_s - self.started_s) / self.half_s
            return round(self.from_volume * max(0.0, left))
        return round(self.volume * min(1.0, (time_s - self.switched_s) / self.half_s))

    def could_have_set(self, volume: int) -> bool:
        """Whether this volume may be the fade's own, not the listener's."""
        lately = self.sent[-3:]  # PulseAudio answers a little late, and hardware mixers round
        return min(lately) - 4 <= volume <= max(lately) + 4


class Connection(MPDClient):  # type: ignore[misc]  # python-mpd2 has no types
    """python-mpd2's client, closing what broke.

    3.1.1 only forgets a connection that it could not write to; on Python 3.13 the forgotten file
    then complains on stderr that it could not be flushed.
    """

    def _reset(self) -> None:
        for part in ("_wfile", "_rbfile", "_sock"):
            with suppress(AttributeError, MPDError, OSError):  # not connected, or broken
                getattr(self, part).close()
        super()._reset()


class MpdPlayer:
    """The jukebox's hands on MPD. Every call connects if need be and may raise PlayerError.

    address: of MPD, "" for MPD_HOST and MPD_PORT, else the usual places. playlists: the sources of
    each emotion's songs (read_songs). crossfade_s: a whole fade, down and up; 0 for none.
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
    ) -> None:
        self._given = Address(address, port, password)
        self._playlists = Playlists(playlists, random)
        self._crossfade_s = crossfade_s

        self._client: Connection | None = None
        self._address = self._given
        self._queue: list[str] = []  # song ids in their order
        self._queue_version = "0"  # how often it was edited, as MPD counts

        self._own: dict[str, OwnSong] = {}  # the box's songs in the queue by id, oldest first
        self._current_id: str | None = None  # the own song that the box put on
        self._pending_id: str | None = None  # the own song that is to follow
        self._fade: Fade | None = None
        self._said_no_mixer = False

        self._playback: Playback | None = None  # what was last seen, and when
        self._seen_s = 0.0
        self._held = False  # a person paused or stopped the music
        self._song: Mapping[str, Any] = {}  # the current song as MPD describes it,
        self._song_key = ("", "")  # for this song id and queue version

    @property
    def address(self) -> str:
        """Where MPD was last reached or looked for."""
        return str(self._address)

    # What the loop calls

    def playback(self, time_s: float) -> Playback:
        """What MPD does now. It is asked once a second, and at every call during a fade."""
        with self._connected() as client:
            age_s = time_s - self._seen_s
            if self._playback and not self._fade and 0 <= age_s < LOOK_EVERY_S:
                return _aged(self._playback, age_s)
            status = self._look(client, time_s)
            seen = self._describe(status)
            if self._fade:
                self._advance_fade(client, self._fade, status, time_s)
            self._remove_played(client, status)
            return seen

    def carry_out(self, decision: Decision, time_s: float) -> Play | None:
        """Put on a song of the decided mood and return it; None if nothing was to be done.

        None: the mood has no song that plays (one warning says why), or, for "append", a song of
        it already waits, or the listener's own songs follow. What plays goes on in each case.
        """
        with self._connected() as client:
            status = self._look(client, time_s)
            if decision.how == "append" and self._is_followed(client, decision.emotion, status):
                return None
            new_id = self._add_song(client, decision, status, time_s)
            if new_id is None:
                return None
            own = self._own[new_id]
            if decision.how == "fade" and self._can_fade(status):
                self._begin_fade(status, new_id, time_s)
                self._look(client, time_s)
            elif decision.how == "append" and status["state"] != "stop":
                self._end_fade(client)
                self._look(client, time_s)
            else:
                self._end_fade(client)
                self._play(client, new_id)
                # Not looked at before a second has passed: a mood whose songs all fail at once
                # must not make the loop spin.
                self._seen_s = time_s
                self._playback = Playback("play", own.song.title, own.emotion, None, 0, False)
            return Play(
                own.song.title, own.queue_uri, own.emotion, own.song.source, decision.reason
            )

    def songs(self, emotion: Emotion) -> list[Song]:
        """All songs of a mood. Raises PlaylistError if one of its sources cannot be used."""
        with self._connected() as client:
            return self._playlists.all_songs(client, emotion, local=self._address.local)

    def close(self) -> None:
        """Give the listener their volume back if a fade is on, and hang up. The music goes on."""
        if self._client and self._fade:
            with suppress(PlayerError), self._connected() as client:
                self._end_fade(client)
        self._disconnect()

    # The connection

    @contextmanager
    def _connected(self) -> Iterator[MPDClient]:
        """The connection, made anew if it broke: the one place that translates MPD's errors."""
        try:
            yield self._client or self._connect()
        except (MPDError, OSError, UnicodeError) as error:  # UnicodeError: this is no MPD
            self._disconnect()
            raise PlayerError(f"MPD at {self._address}: {error}") from error

    def _connect(self) -> MPDClient:
        self._address = address = find_mpd(self._given, os.environ)
        self._client = client = Connection()
        client.timeout = REPLY_TIMEOUT_S
        client.connect(address.host, address.port)
        if address.password:
            client.password(address.password)
        self._recognise_own(client.playlistinfo())
        self._end_fade(client)
        return client

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        self._playback = None
        self._queue, self._queue_version = [], "0"
        self._song_key = ("", "")
        if client:
            with suppress(MPDError, OSError):
                client.disconnect()

    def _recognise_own(self, queue: list[dict[str, str]]) -> None:
        """Find the box's songs again: a restarted MPD restores its queue under new ids."""
        unclaimed = {entry["id"]: entry["file"] for entry in queue}
        new_ids: dict[str | None, str] = {}
        # First those that kept their id, so that none is taken for its double.
        for song_id, own in sorted(
            self._own.items(), key=lambda one: unclaimed.get(one[0]) != one[1].queue_uri
        ):
            same = [one for one, uri in unclaimed.items() if uri == own.queue_uri]
            if same:
                new_ids[song_id] = song_id if song_id in same else same[0]
                del unclaimed[new_ids[song_id]]
        self._own = {new_ids[old]: own for old, own in self._own.items() if old in new_ids}
        self._current_id = new_ids.get(self._current_id)
        self._pending_id = new_ids.get(self._pending_id)

    # Looking

    def _look(self, client: MPDClient, time_s: float) -> Status:
        """Ask MPD what it does and draw the conclusions."""
        status: Status = client.status()
        self._follow_queue(client, status)
        self._follow_song(client, status)
        self._notice_failure(client, status, time_s)
        self._held = self._is_held(status, time_s)
        self._playback = self._describe(status)
        self._seen_s = time_s
        return status

    def _follow_queue(self, client: MPDClient, status: Status) -> None:
        """Keep the order of the queue's ids, and forget own songs that were taken out of it."""
        if status["playlist"] == self._queue_version:
            return
        length = int(status["playlistlength"])
        self._queue = (self._queue + [""] * length)[:length]
        for change in client.plchangesposid(self._queue_version):
            # The queue may have grown since the status; the next look will tell.
            if int(change["cpos"]) < length:
                self._queue[int(change["cpos"])] = change["id"]
        self._queue_version = status["playlist"]
        there = set(self._queue)
        self._own = {song_id: own for song_id, own in self._own.items() if song_id in there}
        if self._pending_id not in self._own:
            self._pending_id = None

    def _follow_song(self, client: MPDClient, status: Status) -> None:
        song_id = status.get("songid", "")
        key = (song_id, status["playlist"])  # a radio's title changes the queue's version
        if key == self._song_key:
            return
        self._song = client.currentsong()
        self._song_key = key
        if song_id == self._pending_id:
            self._current_id, self._pending_id = song_id, None
        if self._playback is None and song_id in self._own:
            self._current_id = song_id  # MPD came back: whichever song of ours it plays will do

    def _remove_played(self, client: MPDClient, status: Status) -> None:
        """Take the box's old songs out of the queue, where they would pile up over the months."""
        staying = (self._current_id, self._pending_id, status.get("songid"))
        played = [song_id for song_id in self._own if song_id not in staying]
        # Where MPD repeats or shuffles, it would play them again.
        keep = KEPT_PLAYED if status["repeat"] == status["random"] == "0" else 0
        for song_id in played[: max(0, len(played) - keep)]:
            self._remove_own(client, song_id)

    def _remove_own(self, client: MPDClient, song_id: str) -> None:
        self._own.pop(song_id, None)
        with _unless_gone():
            client.deleteid(song_id)

    def _notice_failure(self, client: MPDClient, status: Status, time_s: float) -> None:
        """Answer what MPD reports as an error: a song that it cannot play, or a dead output."""
        error = status.get("error")
        if not error:
            return
        if status["state"] == "pause":
            if self._playback is None or self._held:
                return  # somebody else's affair
            client.pause(0)  # MPD tries its outputs again; the next look tells whether they work
            raise PlayerError(f"MPD at {self._address} cannot be heard: {error}")
        # MPD may name the song in the error and not be at it: it can have gone on or back already.
        for song_id in (self._pending_id, self._current_id):
            own = self._own.get(song_id or "")
            if song_id and own and own.queue_uri in error:
                self._playlists.leave_out(own.song, error, time_s)
                self._remove_own(client, song_id)

    def _is_held(self, status: Status, time_s: float) -> bool:
        """Whether a person paused or stopped the music and has not started it again."""
        before = self._playback
        if status["state"] == "play":
            return False
        if status["state"] == "pause":
            return True
        if before is None or before.state == "stop" or "error" in status:
            return self._held
        # MPD stopped since the last look. It keeps a current song unless it came to the end of
        # the queue, and came to an end too where "single" told it to stop after each song.
        if "songid" in status or status["single"] != "0":
            return True
        if self._held or int(status["playlistlength"]) > 0:
            return self._held
        # An empty queue: "consume" ate the last song at its end, or a person cleared it.
        left_s = before.remaining_s
        return left_s is None or left_s - (time_s - self._seen_s) > 2.0

    def _describe(self, status: Status) -> Playback:
        state = status["state"]
        song_id = status.get("songid") if state != "stop" else None
        own = self._own.get(song_id or "")
        remaining_s = None
        if song_id and "duration" in status:
            remaining_s = max(0.0, float(status["duration"]) - float(status["elapsed"]))
        title = self._title(own) if song_id else ""
        if self._fade:  # its mood is decided already: nothing is left to do about it
            own = self._own.get(self._fade.new_id)
        return Playback(
            state=state,  # type: ignore[arg-type]  # MPD knows these three
            title=title,
            emotion=own.emotion if own else None,
            remaining_s=remaining_s,
            songs_after=self._songs_after(status),
            listener=self._held or (state == "play" and song_id != self._current_id),
        )

    def _title(self, own: OwnSong | None) -> str:
        return given_title(self._song) or (
            own.song.title if own else name_of(self._song.get("file", ""))
        )

    def _songs_after(self, status: Status) -> int:
        if status["state"] == "stop":
            return 0
        if status["repeat"] == status["random"] == "0":
            return int(status["playlistlength"]) - int(status["song"]) - 1
        if "nextsongid" not in status:
            return 0
        # Shuffled or going round, all of the listener's songs may follow; of the box's only the
        # one that waits is meant to.
        current = status["songid"]
        others = [one for one in self._queue if one not in self._own and one != current]
        return len(others) + (self._pending_id is not None)

    # Acting

    def _is_followed(self, client: MPDClient, emotion: Emotion, status: Status) -> bool:
        """Whether something fitting comes after the current song, so that nothing is to be added.

        A waiting song of another mood is taken out if the listener's songs follow.
        """
        pending = self._own.get(self._pending_id or "")
        if status["state"] == "stop":
            return False
        if pending and pending.emotion == emotion:
            return True
        if self._songs_after(status) <= (pending is not None):
            return False
        self._remove_pending(client)
        return True

    def _add_song(
        self, client: MPDClient, decision: Decision, status: Status, time_s: float
    ) -> str | None:
        """Put a song of the mood into the queue in the place of the one that waited; its id."""
        at_end = decision.how == "append" or status["state"] == "stop"
        place = () if at_end else (int(status["song"]) + 1,)
        for song in self._playlists.draw(
            client, decision.emotion, time_s, local=self._address.local
        ):
            try:
                new_id: str = client.addid(song.uri, *place)
            except CommandError as error:
                if error.errno not in NOTHING_THERE:
                    raise
                self._playlists.leave_out(song, str(error), time_s)
                continue
            (entry,) = client.playlistid(new_id)
            titled = replace(song, title=song.title or given_title(entry) or name_of(song.uri))
            self._remove_pending(client)
            self._own[new_id] = OwnSong(entry["file"], titled, decision.emotion)
            self._pending_id = new_id
            self._playlists.mark_heard(decision.emotion, song)
            return new_id
        return None

    def _remove_pending(self, client: MPDClient) -> None:
        if self._pending_id:
            self._remove_own(client, self._pending_id)
            self._pending_id = None

    def _play(self, client: MPDClient, song_id: str) -> None:
        self._current_id, self._pending_id, self._held = song_id, None, False
        try:
            client.playid(song_id)
        except CommandError as error:
            # A song that cannot be played; the status says so too, and the next look answers it.
            if error.errno != FailureResponseCode.UNKNOWN:
                raise

    # Fading

    def _can_fade(self, status: Status) -> bool:
        if status["state"] != "play" or self._crossfade_s <= 0:
            return False
        if int(status.get("volume", -1)) < 0:
            if not self._said_no_mixer:
                self._said_no_mixer = True
                log.warning(
                    "MPD has no volume control, so the music changes without fading; "
                    'mixer_type "software" in its audio_output gives it one'
                )
            return False
        return True

    def _begin_fade(self, status: Status, new_id: str, time_s: float) -> None:
        now = int(status["volume"])
        self._fade = Fade(
            volume=self._fade.volume if self._fade else now,
            from_volume=now,
            half_s=self._crossfade_s / 2,
            started_s=time_s,
            old_id=status["songid"],
            new_id=new_id,
            sent=[now],
        )

    def _advance_fade(self, client: MPDClient, fade: Fade, status: Status, time_s: float) -> None:
        song_id = status.get("songid")
        if status["state"] != "play" or song_id not in (fade.old_id, fade.new_id):
            # The listener paused or chose, or the new song cannot be played.
            self._end_fade(client)
            self._remove_pending(client)
            return
        if not fade.could_have_set(int(status.get("volume", -1))):
            self._fade = None  # the listener turned the volume: theirs stays
            if self._pending_id == fade.new_id:
                self._play(client, fade.new_id)
            return
        if fade.switched_s is None and song_id == fade.new_id:
            fade.switched_s = time_s  # the old song came to its end
        percent = fade.wanted_volume(time_s)
        if percent != fade.sent[-1]:
            client.setvol(percent)
        fade.sent.append(percent)
        if fade.switched_s is None and time_s - fade.started_s >= fade.half_s:
            self._play(client, fade.new_id)
            fade.switched_s = time_s
        elif fade.switched_s is not None and time_s - fade.switched_s >= fade.half_s:
            self._fade = None

    def _end_fade(self, client: MPDClient) -> None:
        """Give the listener their volume back at once."""
        fade, self._fade = self._fade, None
        if fade and fade.sent[-1] != fade.volume:
            client.setvol(fade.volume)


def find_mpd(given: Address, environment: Mapping[str, str]) -> Address:
    """The given address, else that of MPD_HOST and MPD_PORT, else the usual, as mpc finds it.

    MPD_HOST may be a host, the path of a socket, @name, or any of these after "password@".
    """
    if given.host:
        return given
    host, password = environment.get("MPD_HOST", ""), given.password
    if "@" in host[1:] and not host.startswith("@"):
        password, _, host = host.partition("@")
    port = environment.get("MPD_PORT", "") or str(given.port)
    if not port.isdecimal():
        raise PlayerError(f"MPD_PORT is {port!r}; it must be a port number such as 6600")
    sockets = [Path("/run/mpd/socket")]
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        sockets.insert(0, Path(runtime, "mpd/socket"))
    if not host and not environment.get("MPD_PORT"):
        host = next((str(one) for one in sockets if one.is_socket()), "")
    return Address(host or "localhost", int(port), password)


def _aged(playback: Playback, seconds: float) -> Playback:
    """The same some seconds later."""
    if playback.state != "play" or playback.remaining_s is None:
        return playback
    return replace(playback, remaining_s=max(0.0, playback.remaining_s - seconds))


@contextmanager
def _unless_gone() -> Iterator[None]:
    """Pass over that a song is no longer in the queue: a person was quicker."""
    try:
        yield
    except CommandError as error:
        if error.errno != FailureResponseCode.NO_EXIST:
            raise
