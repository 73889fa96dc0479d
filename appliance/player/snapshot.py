"""What MPD does at one moment, and what has happened since the moment before."""

from __future__ import annotations

from dataclasses import dataclass, replace

from appliance.listener import Charge, Event
from appliance.player.client import Status
from appliance.player.curve import volume_of
from appliance.player.fade import Fader
from appliance.player.own_songs import OwnSong
from appliance.player.queue import Queue
from appliance.player.sources import given_title, name_of
from appliance.records import Playback

# Files tell a length that is not theirs to the second. A song that is further behind its length has
# another one: a radio that begins as a file does, or a file with a length that was guessed.
BEYOND_S = 3.0
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


def event_between(
    before: Snapshot | None, status: Status, queue: Queue, time_s: float, *, charge: Charge
) -> Event | None:
    """What the status, compared with the snapshot before, means for whose doing it is.

    before: None on a new connection. charge: whose doing it was until now. A pause that is not the
    jukebox's own is a person's: the player's own are handled before.
    """
    if status["state"] == "play":
        return played_song(status, queue)
    if status["state"] == "pause":
        return None if charge == "resting" else "pause"
    if before is None or before.playback.state == "stop" or has_failed(before, status):
        return "end" if queue.only_own else "fill"
    return _stop_between(before, status, time_s)


def played_song(status: Status, queue: Queue) -> Event:
    """Whose song plays."""
    return "own song" if status.get("songid") == queue.current_id else "other song"


def _stop_between(before: Snapshot, status: Status, time_s: float) -> Event:
    """What it means that MPD has stopped since the snapshot."""
    # If a person stopped it, it still has a current song. At the end of the queue it has none, but
    # with "single" it also stops there after every song.
    if status["single"] != "0":
        return "stop"
    if status["playlistlength"] != "0":
        return "stop" if "songid" in status else "end"
    # The queue is empty: "consume" removed the last song, at its end or when a person went on from
    # it, or a person cleared it.
    if before.status.get("consume", "0") != "0" and before.status["playlistlength"] == "1":
        return "end"
    left_s = before.playback.remaining_s
    cleared = left_s is None or left_s - (time_s - before.time_s) > ENDED_S
    return "clear" if cleared else "end"


def describe(status: Status, queue: Queue, fader: Fader, charge: Charge) -> Playback:
    """What MPD does, for the policy. The goal of a fade counts as reached already."""
    state = status["state"]
    song_id = status.get("songid") if state != "stop" else None
    own = queue.own.get(song_id or "")
    goal = queue.own.get(fader.new_id) if fader.new_id else own
    rests = charge == "resting" or (fader.is_going_out and state == "play")
    return Playback(
        state="pause" if rests else state,  # type: ignore[arg-type]  # MPD has these three
        title=_title(queue, own) if song_id else "",
        emotion=goal.emotion if goal else None,
        remaining_s=_remaining_s(status, queue) if song_id else None,
        has_end=song_id is not None and not queue.is_link(song_id),
        queued_after=queue.queued_after(status),
        charge="resting" if rests else charge,
        volume_percent=None if fader.active or fader.refused else volume_of(status),
        empty=status["playlistlength"] == "0",
    )


def _title(queue: Queue, own: OwnSong | None) -> str:
    return given_title(queue.song) or (
        own.song.title if own else name_of(queue.song.get("file", ""))
    )


def _remaining_s(status: Status, queue: Queue) -> float | None:
    length_s, elapsed_s = length_of(status), float(status.get("elapsed", 0))
    is_radio = "name" in queue.song and queue.is_link(status["songid"])
    if length_s is None or "elapsed" not in status or is_radio:
        return None
    return max(0.0, length_s - elapsed_s)


def length_of(status: Status) -> float | None:
    """The length of the current song in seconds; None where MPD does not know it, or says 0."""
    length_s, elapsed_s = float(status.get("duration", 0)), float(status.get("elapsed", 0))
    return length_s if length_s > 0 and elapsed_s <= length_s + BEYOND_S else None
