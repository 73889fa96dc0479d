"""From one song to the next: down to silence, over, and up to the listener's volume."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass

from mpd import MPDClient

from appliance.player.connection import Status
from appliance.player.queue import Queue

log = logging.getLogger("jukebox")


@dataclass(slots=True)
class Fade:
    """A fade on its way.

    volume: the listener's, in percent; from_volume: where it begins, lower if another fade was on
    its way; sent: what was set last, newest at the end; switched_s: when the new song began.
    """

    volume: int
    from_volume: int
    half_s: float
    started_s: float
    old_id: str
    new_id: str
    sent: deque[int]
    switched_s: float | None = None

    def wanted_volume(self, time_s: float) -> int:
        """Percent at this moment."""
        if self.switched_s is None:
            left = 1 - (time_s - self.started_s) / self.half_s
            return round(self.from_volume * max(0.0, left))
        return round(self.volume * min(1.0, (time_s - self.switched_s) / self.half_s))

    def could_have_set(self, volume: int) -> bool:
        """Whether this volume may be the fade's own, not the listener's."""
        # PulseAudio answers a little late, and hardware mixers round.
        return min(self.sent) - 4 <= volume <= max(self.sent) + 4


class Fader:
    """The hand on the volume. crossfade_s: a whole fade, down and up; 0 for none."""

    def __init__(self, crossfade_s: float) -> None:
        self._crossfade_s = crossfade_s
        self._fade: Fade | None = None
        self._said_no_mixer = False

    @property
    def new_id(self) -> str | None:
        """The song to which a fade is on its way, None without one."""
        return self._fade.new_id if self._fade else None

    def can_fade(self, status: Status) -> bool:
        """Whether something plays whose volume can be turned; says once if MPD has no mixer."""
        if status["state"] != "play" or self._crossfade_s <= 0:
            return False
        if int(status.get("volume", -1)) >= 0:
            return True
        if not self._said_no_mixer:
            self._said_no_mixer = True
            log.warning(
                "MPD has no volume control, so the music changes without fading; "
                'mixer_type "software" in its audio_output gives it one'
            )
        return False

    def begin(self, status: Status, new_id: str, time_s: float) -> None:
        """Start from the volume of this moment, whatever fade was on its way before."""
        now = int(status["volume"])
        self._fade = Fade(
            volume=self._fade.volume if self._fade else now,
            from_volume=now,
            half_s=self._crossfade_s / 2,
            started_s=time_s,
            old_id=status["songid"],
            new_id=new_id,
            sent=deque([now], maxlen=3),
        )

    def advance(self, client: MPDClient, queue: Queue, status: Status, time_s: float) -> None:
        """Go on with the fade, if there is one and nobody has ended it."""
        fade, song_id = self._fade, status.get("songid")
        if fade is None:
            return
        plays = status["state"] == "play" and song_id in (fade.old_id, fade.new_id)
        if not plays or fade.new_id not in queue.own:
            # The listener paused, chose or took the new song out, or it cannot be played.
            self.end(client)
            queue.remove_pending(client)
        elif not fade.could_have_set(int(status.get("volume", -1))):
            self._fade = None  # the listener turned the volume: theirs stays
            if queue.pending_id == fade.new_id:
                queue.play(client, fade.new_id)
        else:
            if fade.switched_s is None and song_id == fade.new_id:
                fade.switched_s = time_s  # the old song came to its end
            self._go_on(client, queue, fade, time_s)

    def end(self, client: MPDClient) -> None:
        """Give the listener their volume back at once, if a fade is on its way."""
        fade, self._fade = self._fade, None
        if fade and fade.sent[-1] != fade.volume:
            client.setvol(fade.volume)

    def _go_on(self, client: MPDClient, queue: Queue, fade: Fade, time_s: float) -> None:
        percent = fade.wanted_volume(time_s)
        if percent != fade.sent[-1]:
            client.setvol(percent)
        fade.sent.append(percent)
        if fade.switched_s is None and time_s - fade.started_s >= fade.half_s:
            queue.play(client, fade.new_id)
            fade.switched_s = time_s
        elif fade.switched_s is not None and time_s - fade.switched_s >= fade.half_s:
            self._fade = None
