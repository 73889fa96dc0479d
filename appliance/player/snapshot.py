"""What MPD does at one moment, and whether a person stopped it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from appliance.player.client import Status
from appliance.player.curve import volume_of
from appliance.player.fade import Fader
from appliance.player.own_songs import OwnSong
from appliance.player.queue import Queue
from appliance.player.sources import given_title, name_of
from appliance.records import Playback

# A song that vanished from an empty queue nearer than this to its end had ended, seconds.
ENDED_S = 2.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What MPD did at one moment: its own status, and what the policy is told of it.

    status: if the jukebox has acted since, the status that it expects after that.
    """

    time_s: float
    status: Status
    playback: Playback

    def playback_at(self, time_s: float) -> Playback:
        """The playback a little later, if nothing has happened since."""
        playback = self.playback
        if playback.state != "play" or playback.remaining_s is None:
            return playback
        left_s = playback.remaining_s - (time_s - self.time_s)
        return replace(playback, remaining_s=max(0.0, left_s))


def has_failed(before: Snapshot | None, status: Status) -> bool:
    """Whether a song or the outputs have failed since the snapshot.

    MPD 0.23 keeps an error while the music plays on, until the next song, "play" or "clearerror":
    the same error again is an old one. A refused seek leaves an error, too.
    """
    if "error" not in status or (before and before.status.get("error") == status["error"]):
        return False
    # Measured: music that cannot be sought in plays on; a decoder that fails to seek stops; MPD
    # pauses, and never stops, where no output works.
    error = status["error"]
    if status["state"] == "pause":
        return "seek" not in error
    return error != "Not seekable" and (status["state"] == "play" or "audio output" not in error)


def is_held(status: Status, before: Snapshot | None, held: bool, time_s: float) -> bool:
    """Whether a person paused or stopped the music and has not started it again.

    before: the last snapshot, None on a new connection; held: the result at that time.
    """
    if status["state"] == "play":
        return False
    if status["state"] == "pause":
        return True
    if before is None or before.playback.state == "stop" or has_failed(before, status):
        return held
    # MPD stopped since the last snapshot. If a person stopped it, it still has a current song. At
    # the end of the queue it has none, but with "single" it also stops there after every song.
    if "songid" in status or status["single"] != "0":
        return True
    if held or int(status["playlistlength"]) > 0:
        return held
    # The queue is empty: "consume" removed the last song at its end, or a person cleared it.
    left_s = before.playback.remaining_s
    return left_s is None or left_s - (time_s - before.time_s) > ENDED_S


def describe(status: Status, queue: Queue, fader: Fader, *, held: bool, resting: bool) -> Playback:
    """What MPD does, for the policy. The goal of a fade counts as reached already."""
    state = status["state"]
    song_id = status.get("songid") if state != "stop" else None
    own = queue.own.get(song_id or "")
    goal = queue.own.get(fader.new_id) if fader.new_id else own
    rests = resting or (fader.is_going_out and state == "play")
    return Playback(
        state="pause" if rests else state,  # type: ignore[arg-type]  # MPD has these three
        title=_title(queue, own) if song_id else "",
        emotion=goal.emotion if goal else None,
        remaining_s=_remaining_s(status) if song_id else None,
        queued_after=queue.queued_after(status),
        listener=held or (state == "play" and song_id != queue.current_id),
        volume_percent=None if fader.active or fader.refused else volume_of(status),
        resting=rests,
        empty=status["playlistlength"] == "0",
    )


def _title(queue: Queue, own: OwnSong | None) -> str:
    return given_title(queue.song) or (
        own.song.title if own else name_of(queue.song.get("file", ""))
    )


def _remaining_s(status: Status) -> float | None:
    if "duration" not in status or "elapsed" not in status:  # a stream
        return None
    return max(0.0, float(status["duration"]) - float(status["elapsed"]))
