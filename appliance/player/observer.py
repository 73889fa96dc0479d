"""Observes MPD: what it does, what people did, and whether the listener is in charge now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from mpd import CommandError

from appliance.errors import PlayerError
from appliance.listener import SILENCED, Event, ListenerAction, charge_after, charge_after_restart
from appliance.player.change_of_song import Delay, settled
from appliance.player.client import Client, Status
from appliance.player.fade import Fader
from appliance.player.likes import Likes
from appliance.player.listener_action import action_between, is_passed_over
from appliance.player.own_songs import OwnSong
from appliance.player.queue import Queue
from appliance.player.selection import Selection
from appliance.player.snapshot import Snapshot, describe, event_between, has_failed, played_song
from appliance.player.sources import given_title
from appliance.player.standstill import Standstill
from appliance.player.state import PlayerStateFile, kept_charge
from appliance.records import Play, Playback

STANDSTILL_S = 15.0  # a radio's server that is restarted, or a phone's hotspot, is back by then
TELL_OF_FILE_S = 60.0  # a drive that slept or a server that restarts answers before that
SAME_POSITION_S = 3.0  # MPD rounds the position in a song when it restores it


class Observer:
    """Compares each snapshot with the one before, in which the jukebox notes its own actions.

    last: the last snapshot on this connection, None before the first; action: what a person did
    that with_action() has not reported yet; began: a song of the jukebox's that has begun to sound,
    likewise; charge: whose doing it is that music plays or not.
    """

    def __init__(
        self, queue: Queue, fader: Fader, state: PlayerStateFile, selection: Selection, likes: Likes
    ) -> None:
        self._queue, self._fader, self._state = queue, fader, state
        self._selection, self._likes = selection, likes
        self.last: Snapshot | None = None
        self.action: ListenerAction | None = None
        self.charge = kept_charge(state.kept)
        self.began: Play | None = None
        self._delay = Delay()
        self._standstill = Standstill()

    @property
    def held(self) -> bool:
        """Whether a person wants silence, until somebody presses play."""
        return self.charge in SILENCED

    def begin(self, client: Client, *, restarted: bool) -> None:
        """Start on a new connection: its first snapshot is compared with none before it.

        restarted: whether MPD was restarted just now, so that nobody has done anything yet.
        """
        self.last = None
        status = client.state()
        if restarted:
            self.charge = charge_after_restart(self.charge, status["state"])  # type: ignore[arg-type]
            if self.held and status["state"] == "play":  # MPD's state file was older than that
                with suppress(CommandError):
                    client.pause(1)
        elif self.charge == "resting" and not self._is_own_pause(status):
            self.charge = "jukebox"

    def _is_own_pause(self, status: Status) -> bool:
        kept, elapsed_s = self._state.kept, float(status.get("elapsed", 0))
        return (
            status["state"] == "pause"
            and kept.paused == self._queue.song.get("file")
            and abs(elapsed_s - kept.paused_at_s) <= SAME_POSITION_S
        )

    def observe(self, client: Client, time_s: float) -> Snapshot:
        """A new snapshot of MPD, from which `action` and `charge` are renewed.

        What people did comes first, then an error is answered. Raises PlayerError if MPD's outputs
        fail, so that nothing can be heard.
        """
        before = self.last
        status = settled(client, before)
        was_on = self._queue.own.get(before.status.get("songid", "")) if before else None
        link = before is not None and self._queue.is_link(before.status.get("songid", ""))
        edited = self._queue.follow(client, status)
        if before is not None:
            status = self._delay.undone(status, before, time_s)
            turned = self._fader.is_turned(before.status, status, time_s)
            action = action_between(before, status, time_s, edited=edited, turned=turned, link=link)
            self._keep_action(action)
            if was_on and action == "skip":
                self._mark_skipped(client, was_on, passed_over=is_passed_over(before, status))
        if self._is_halted(status):
            status = self._try_outputs(client, time_s, status)
        event = event_between(before, status, self._queue, time_s, charge=self.charge)
        self._happened(event, status)
        if "error" in status and status["state"] != "pause":
            with suppress(CommandError):  # it may not be cleared, or not by this jukebox
                status = self._answer_error(client, status, time_s)
        status = self._leave_standstill(client, status, time_s)
        self._note_sound(status)
        return self._update_last(time_s, status)

    @property
    def awaits_sound(self) -> bool:
        """Whether a song of the jukebox's plays of which nobody knows yet whether it sounds."""
        return self.last is not None and self._awaited(self.last.status) is not None

    def _awaited(self, status: Status) -> OwnSong | None:
        own = self._queue.own.get(status.get("songid", ""))
        return own if own and own.reason and status["state"] == "play" else None

    def _note_sound(self, status: Status) -> None:
        """Note that a song of the jukebox's can be heard; until then it may yet fail."""
        own = self._awaited(status)
        if own is None or own.emotion is None or float(status.get("elapsed", 0)) <= 0:
            return
        title = given_title(self._queue.song) or own.song.title
        reason = self._queue.take_reason(status["songid"])
        self.began = Play(title, own.queue_uri, own.emotion, own.song.source, reason)
        self._selection.mark_sounding(own.song)

    def _leave_standstill(self, client: Client, status: Status, time_s: float) -> Status:
        """Leave a stream of the jukebox's that stands still. Returns the status afterwards.

        A file whose drive does not answer is only told of: MPD waits for the drive, and would not
        even answer "play" (measured with 0.23.12 and a file server that was stopped).
        """
        lasts_s, song_id = self._standstill.lasts_s(status, time_s), status.get("songid", "")
        own = self._queue.own.get(song_id)
        if own is None or not self._queue.is_link(song_id):
            if lasts_s >= TELL_OF_FILE_S:
                self._standstill.warn(self._queue.song.get("file", ""))
            return status
        if lasts_s < STANDSTILL_S:
            return status
        with suppress(CommandError):
            self._selection.leave_out(own.song, f"nothing came for {STANDSTILL_S:g} s", time_s)
            self._queue.remove(client, song_id)
            return client.state()
        return status

    def _happened(self, event: Event | None, status: Status, **pause: Any) -> None:
        """Renew the charge after an event, and keep it for the next start.

        pause: where the jukebox itself paused.
        """
        if event is not None:
            self.charge = charge_after(self.charge, event)
        stopped = self.held and status["state"] == "stop"
        pause = pause if self.charge == "resting" else {"paused": None}
        cleared = self.charge == "cleared"
        self._state.keep(charge=self.charge, stopped=stopped, cleared=cleared, **pause)

    def _keep_action(self, action: ListenerAction | None) -> None:
        """Keep what a person did until a playback reports it."""
        self.action = action or self.action
        if action not in (None, "queue", "volume", "mode") and self.charge == "resting":
            self.charge = "jukebox"  # the pause is theirs from now on
        if action == "volume":
            self._state.keep(loud=None)

    def _mark_skipped(self, client: Client, own: OwnSong, *, passed_over: bool) -> None:
        self._selection.mark_skipped(own.song)
        if own.emotion and passed_over:
            self._likes.mark_skipped(client, own.queue_uri, own.emotion)

    def _is_halted(self, status: Status) -> bool:
        """Whether MPD has paused by itself: its error came while it played, or it was restarted."""
        if status["state"] != "pause" or self.charge == "resting" or self.held:
            return False
        if self.charge == "halted":
            return True
        if self.last is None:
            # An error from before the jukebox came is answered for its own songs, and for a
            # person's if they played when it went.
            played = status.get("songid") in self._queue.own or self.charge == "chosen"
            return played and has_failed(None, status)
        return has_failed(self.last, status)

    def _try_outputs(self, client: Client, time_s: float, status: Status) -> Status:
        """Let MPD play again. Raises PlayerError if no output works; the pause is no one's.

        Returns MPD's status afterwards. The error would stay in it, and the next failure would
        look like a person's pause.
        """
        self._happened("halt", status)
        with suppress(CommandError):
            client.pause(0)
        status = client.state()
        if status["state"] == "pause":
            self._update_last(time_s, status)
            raise PlayerError(f"MPD cannot be heard: {status.get('error', 'it stays paused')}")
        with suppress(CommandError):
            client.clearerror()
        return _without_error(status)

    def _answer_error(self, client: Client, status: Status, time_s: float) -> Status:
        """Leave out a song that MPD cannot play, and clear an old error while the music plays on.

        Returns the status, without an error that was cleared.
        """
        error = status["error"]
        # People's apps had the time to show an old error. If it stayed, it would outlive a restart
        # of the jukebox, to which a person's pause would then look like a failure.
        old = self.last is not None and self.last.status.get("error") == error
        clear = old and status["state"] == "play"
        # The song that the error names need not be the current one: MPD may have left it already.
        for song_id in (self._queue.pending_id, self._queue.current_id):
            own = self._queue.own.get(song_id or "")
            if song_id and own and own.queue_uri in error:
                self._selection.leave_out(own.song, error, time_s)
                self._queue.remove(client, song_id)
                clear = True
        if clear:
            client.clearerror()
        return _without_error(status) if clear else status

    # What the jukebox did itself

    def note_song(self, status: Status, own: OwnSong, song_id: str, time_s: float) -> None:
        """Note that the jukebox just put this song on, which MPD's status may show only later."""
        self._happened("own song", status)
        place = {"state": "play", "songid": song_id, "song": self._queue.position(song_id)}
        status = self._delay.begin(status, place, time_s)
        self._update_last(time_s, status, title=own.song.title)

    def note_pause(self) -> None:
        """Note that the jukebox, not a person, is about to pause; this survives a power cut."""
        assert self.last is not None  # noqa: S101 - the jukebox pauses what it saw playing
        status = self.last.status
        elapsed_s = float(status.get("elapsed", 0))
        song = self._queue.song.get("file")
        self._happened("rest", status, paused=song, paused_at_s=elapsed_s)
        self.expect(state="pause")

    def note_resume(self) -> None:
        """Note that the jukebox lets the music play again, whoever paused or stopped it."""
        if self.last is not None:
            status = {**self.last.status, "state": "play"}
            self._happened(played_song(status, self._queue), status)
        self.expect(state="play")

    def note_volume_before(self, volume_percent: int | None) -> None:
        """Keep the listener's volume from before the jukebox sets another; None to forget it."""
        self._state.keep(loud=volume_percent)

    def expect(self, **status: str) -> None:
        """Write into the last snapshot how the jukebox has just changed MPD's status."""
        if self.last is not None:
            self._update_last(self.last.time_s, {**self.last.status, **status})

    def with_action(self, playback: Playback) -> Playback:
        """The playback with what has happened since the last report, which is then forgotten."""
        action, self.action = self.action, None
        began, self.began = self.began, None
        if not (action or began):
            return playback
        return replace(playback, listener_action=action, began=began)

    def _update_last(self, time_s: float, status: Status, **known: Any) -> Snapshot:
        playback = describe(status, self._queue, self._fader, self.charge)
        playback = replace(playback, volume_before=self._state.kept.loud, **known)
        self.last = Snapshot(time_s, status, playback)
        return self.last


def _without_error(status: Status) -> Status:
    return {key: value for key, value in status.items() if key != "error"}
