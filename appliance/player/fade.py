"""The box's hand on the volume: over to another song, out into a pause, and in again."""

from __future__ import annotations

import logging
from collections import deque
from typing import Literal

from mpd import MPDClient

from appliance.player.client import Status
from appliance.player.curve import Fade, Kind, volume_of
from appliance.player.queue import Queue
from appliance.player.state import PlayerStateFile, keep_fade, left_by_fade

log = logging.getLogger("jukebox")

ROUNDING = 4  # PulseAudio answers a little late, and hardware mixers round
SETTLES_S = 2.0  # for so long after it was set, a volume may still come out a little different


class Fader:
    """The hand on the volume. crossfade_s: a whole fade, down and up; 0 for none.

    max_percent: it never sets more than this. state: keeps the listener's volume during a fade, so
    that they get it back even after a power cut.
    """

    def __init__(self, crossfade_s: float, max_percent: int, state: PlayerStateFile) -> None:
        self._crossfade_s = crossfade_s
        self._max_percent = max_percent
        self._state = state
        self._fade: Fade | None = None
        self._sent: deque[int] = deque(maxlen=3)  # what the box set, newest at the end
        self._sent_s = float("-inf")
        self._seen_since = True  # somebody looked since the last was sent
        self._said_no_mixer = False

    @property
    def active(self) -> bool:
        """Whether a fade is on its way."""
        return self._fade is not None

    @property
    def new_id(self) -> str | None:
        """The song to which a fade is on its way, None without one."""
        return self._fade.new_id or None if self._fade else None

    @property
    def is_going_out(self) -> bool:
        """Whether it will end in a pause."""
        return self._fade is not None and self._fade.kind == "out"

    def is_turned(self, before: Status, status: Status, time_s: float) -> bool:
        """Whether the volume is another than it was and than the box set it."""
        was, now = volume_of(before), volume_of(status)
        recent = not self._seen_since or time_s < self._sent_s + SETTLES_S
        self._seen_since = True
        if was is None or now is None:
            return False
        if self._fade or recent:
            return not self._could_have_set(now)
        return was != now

    def can_fade(self, status: Status) -> bool:
        """Whether something has a volume that can be turned; says once if MPD has no mixer."""
        if self._crossfade_s <= 0:
            return False
        volume = volume_of(status)
        if volume is not None:
            # A louder listener would have to get it back from the box.
            return volume <= self._max_percent
        if not self._said_no_mixer:
            self._said_no_mixer = True
            log.warning(
                "MPD has no volume control, so the music changes without fading; "
                'mixer_type "software" in its audio_output gives it one'
            )
        return False

    # Beginning

    def over(self, status: Status, new_id: str, time_s: float) -> None:
        """Start over to a song from the volume of this moment."""
        self._begin("over", status, self._crossfade_s / 2, new_id, time_s)

    def out(self, status: Status, time_s: float) -> None:
        """Start down to silence."""
        self._begin("out", status, self._crossfade_s, "", time_s)

    def up(self, client: MPDClient, status: Status, time_s: float) -> None:
        """Start up from silence, or from where a fade out has come."""
        now = int(status["volume"])
        fade = self._begin("in", status, self._crossfade_s / 2, status["songid"], time_s)
        done = now / fade.volume if fade.volume and status["state"] == "play" else 0.0
        fade.up_since_s = time_s - done * fade.half_s
        self._send(client, fade.wanted_volume(time_s), time_s)

    def _begin(self, kind: Kind, status: Status, half_s: float, new_id: str, time_s: float) -> Fade:
        """Whatever fade was on its way before, the listener's volume stays theirs."""
        now = int(status["volume"])
        self._fade = fade = Fade(
            kind=kind,
            volume=self._fade.volume if self._fade else now,
            from_volume=now,
            half_s=half_s,
            started_s=time_s,
            old_id=status["songid"],
            new_id=new_id,
        )
        self._sent.append(now)
        self._note(durable=True)
        return fade

    # Going on

    def advance(
        self, client: MPDClient, queue: Queue, status: Status, time_s: float
    ) -> Literal["pause", "switch"] | None:
        """Go on with the fade, if there is one and nobody ended it; what it is time for now.

        "switch": to the song of new_id, as it was before this call.
        """
        fade, song_id = self._fade, status.get("songid")
        if fade is None:
            return None
        plays = status["state"] == "play" and song_id in (fade.old_id, fade.new_id)
        if fade.kind == "out":
            plays = status["state"] == "play"
        if not plays or (fade.kind == "over" and fade.new_id not in queue.own):
            # The listener paused, chose or took the new song out, or it cannot be played.
            self.end(client, time_s)
            if fade.kind == "over":
                queue.remove_pending(client)
        elif not self._could_have_set(int(status.get("volume", -1))):
            self._forget()  # the listener turned the volume: theirs stays
            return "switch" if queue.pending_id == fade.new_id else None
        else:
            if fade.up_since_s is None and song_id == fade.new_id:
                fade.up_since_s = time_s  # the old song came to its end
            return self._go_on(client, fade, time_s)
        return None

    def end(self, client: MPDClient, time_s: float | None = None) -> None:
        """Give the listener their volume back at once, if a fade is on its way."""
        fade = self._fade
        if fade:
            if self._sent[-1] != fade.volume:
                self._send(client, fade.volume, time_s)
            self._forget()

    def set(self, client: MPDClient, percent: int, time_s: float) -> None:
        """Turn the volume, never above the limit."""
        self.end(client, time_s)
        self._send(client, min(percent, self._max_percent), time_s)

    def recover(self, client: MPDClient) -> None:
        """Give the listener back what a fade took that was cut off, unless they turned it since."""
        self.end(client)
        kept, now = self._state.kept, volume_of(client.state())
        if kept.volume is None or now is None:
            return
        low, high = left_by_fade(kept)
        if low - ROUNDING <= now <= high + ROUNDING and now != kept.volume:
            self._send(client, kept.volume, None)
            log.info("the volume is %d%% again: a fade had been cut off", kept.volume)
        self._forget()

    def _go_on(
        self, client: MPDClient, fade: Fade, time_s: float
    ) -> Literal["pause", "switch"] | None:
        percent = fade.wanted_volume(time_s)
        if percent != self._sent[-1]:
            self._send(client, percent, time_s)
        else:
            self._sent.append(percent)
        if fade.up_since_s is None and time_s - fade.started_s >= fade.half_s:
            if fade.kind == "out":
                return "pause"
            fade.up_since_s = time_s
            return "switch"
        if fade.is_over(time_s):
            self._forget()
        return None

    def _send(self, client: MPDClient, percent: int, time_s: float | None) -> None:
        self._sent.append(percent)
        self._seen_since = False
        self._sent_s = self._sent_s if time_s is None else time_s
        if self._fade:
            self._note(durable=False)
        client.setvol(percent)

    def _could_have_set(self, volume: int) -> bool:
        """Whether this volume may be the box's own doing, not the listener's."""
        if not self._sent:
            return False
        return min(self._sent) - ROUNDING <= volume <= max(self._sent) + ROUNDING

    def _note(self, *, durable: bool) -> None:
        if self._fade:
            keep_fade(
                self._state, self._fade.volume, min(self._sent), max(self._sent), durable=durable
            )

    def _forget(self) -> None:
        self._fade = None
        self._state.keep(volume=None)
