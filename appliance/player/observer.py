"""Watches over MPD: what it does, what people did to it, and whether the music is theirs now."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from appliance.errors import PlayerError
from appliance.player.client import Client, Status
from appliance.player.fade import Fader
from appliance.player.likes import Likes
from appliance.player.listener_action import is_passed_over, what_was_done
from appliance.player.queue import OwnSong, Queue
from appliance.player.selection import Playlists
from appliance.player.snapshot import Snapshot, describe, is_held
from appliance.player.state import PlayerStateFile
from appliance.records import ListenerAction, Playback

LET_GO_TRIES, LET_GO_S = 3, 0.05
SAME_PLACE_S = 3.0  # MPD rounds the place in a song when it restores it


class Observer:
    """Compares each snapshot with the one before, in which the jukebox notes what it did itself.

    last: the last snapshot on this connection; action: what a person did that nobody was told of
    yet; held: a person paused or stopped the music; resting: the jukebox paused it.
    """

    def __init__(
        self, queue: Queue, fader: Fader, state: PlayerStateFile, playlists: Playlists, likes: Likes
    ) -> None:
        self._queue, self._fader, self._state = queue, fader, state
        self._playlists, self._likes = playlists, likes
        self.last: Snapshot | None = None
        self.action: ListenerAction | None = None
        self.held = state.kept.stopped
        self.resting = False

    def begin(self, status: Status) -> None:
        """A new connection: nothing can be compared with what was before it."""
        self.last = None
        kept = self._state.kept
        self.resting = (
            status["state"] == "pause"
            and kept.paused is not None
            and kept.paused == self._queue.song.get("file")
            and abs(float(status.get("elapsed", 0)) - kept.paused_at_s) <= SAME_PLACE_S
        )

    def observe(self, client: Client, time_s: float, late_s: float = 0.0) -> Snapshot:
        """Ask MPD what it does and draw the conclusions. Raises PlayerError if it is not heard.

        late_s: how much later than time_s it may be by now.
        """
        before = self.last
        status = _settled(client, before)
        was_on = self._queue.own.get(before.status.get("songid", "")) if before else None
        edited = self._queue.follow(client, status)
        if "error" in status:
            self._answer_error(client, status, time_s)
        if before is not None:
            turned = self._fader.is_turned(before.status, status, time_s)
            action = what_was_done(before, status, time_s + late_s, edited=edited, turned=turned)
            self._keep(action)
            if action == "volume":
                self._state.keep(loud=None)
            skipped = action == "skip" and is_passed_over(before, status)
            if was_on and was_on.emotion and skipped:
                self._likes.mark_skipped(client, was_on.queue_uri, was_on.emotion)
        self.resting = self.resting and status["state"] == "pause"
        self.held = not self.resting and is_held(status, before, self.held, time_s)
        self._state.keep(stopped=self.held and status["state"] == "stop")
        if not self.resting:
            self._state.keep(paused=None)
        return self._note(time_s, status)

    def _keep(self, action: ListenerAction | None) -> None:
        """Until somebody is told."""
        self.action = action or self.action
        if action not in (None, "queue", "volume", "mode"):
            self.resting = False

    def _answer_error(self, client: Client, status: Status, time_s: float) -> None:
        """A song that MPD cannot play is left out, a dead output tried again."""
        error = status["error"]
        if status["state"] == "pause":
            ours = status.get("songid") in self._queue.own
            if self.held or self.resting or not (self.last or ours):
                return  # somebody else's affair, or nobody's
            client.pause(
                0
            )  # MPD tries its outputs again; the next snapshot tells whether they work
            raise PlayerError(f"MPD cannot be heard: {error}")
        # MPD may name the song in the error and not be at it: it can have gone on or back already.
        for song_id in (self._queue.pending_id, self._queue.current_id):
            own = self._queue.own.get(song_id or "")
            if song_id and own and own.queue_uri in error:
                self._playlists.leave_out(own.song, error, time_s)
                self._queue.remove(client, song_id)
                client.clearerror()  # or a later pause would be put down to it

    # What the box did itself

    def begun(self, status: Status, own: OwnSong, song_id: str, time_s: float) -> None:
        """The box just put this song on, which MPD may say only a little later."""
        self.held = self.resting = False
        self._state.keep(paused=None, stopped=False)
        if status.get("songid") != song_id or status["state"] != "play":
            place = {"state": "play", "songid": song_id, "song": self._queue.position(song_id)}
            later = ("elapsed", "duration", "nextsongid")
            status = {key: status[key] for key in status if key not in later} | place
        self._note(time_s, status, title=own.song.title)

    def rests(self) -> None:
        """The box is about to pause: remember that it was no person, even beyond a power cut."""
        assert self.last is not None  # noqa: S101 - the box pauses what it saw playing
        status = self.last.status
        elapsed_s = float(status.get("elapsed", 0))
        self._state.keep(paused=self._queue.song.get("file"), paused_at_s=elapsed_s)
        self.resting = True
        self.expect(state="pause")

    def goes_on(self) -> None:
        """The box lets the music play, whoever paused or stopped it."""
        self.held = self.resting = False
        self._state.keep(paused=None, stopped=False)
        self.expect(state="play")

    def turns_down(self, before: int | None) -> None:
        """The box is about to turn the volume; before: which one to remember, if any."""
        self._state.keep(loud=before)

    def expect(self, **status: str) -> None:
        """Take this, which the box has just done, as seen."""
        if self.last is not None:
            self._note(self.last.time_s, {**self.last.status, **status})

    def told(self, playback: Playback) -> Playback:
        """With what a person did since that was told last."""
        action, self.action = self.action, None
        return replace(playback, listener_action=action) if action else playback

    def _note(self, time_s: float, status: Status, **known: Any) -> Snapshot:
        playback = describe(status, self._queue, self._fader, held=self.held, resting=self.resting)
        playback = replace(playback, volume_before=self._state.kept.loud, **known)
        self.last = Snapshot(time_s, status, playback)
        return self.last


def _settled(client: Client, before: Snapshot | None) -> Status:
    """MPD's status. At the end of its queue it says "stop" a moment before it lets go of the song.

    Seen in that moment, on a slow machine, the end of the chime passed for a person's stop.
    """
    status = client.state()
    for _ in range(LET_GO_TRIES):
        played = before is not None and before.status["state"] == "play"
        if not (played and status["state"] == "stop" and "songid" in status):
            break
        time.sleep(LET_GO_S)
        status = client.state()
    return status
