"""Sets the volume: a fade over to another song, out into a pause, and in again."""

from __future__ import annotations

import logging
from collections import deque
from typing import Literal

from mpd import CommandError, MPDClient

from appliance.player.client import Status
from appliance.player.curve import Fade, Kind, volume_of
from appliance.player.queue import Queue
from appliance.player.state import PlayerStateFile, keep_fade, left_by_fade

log = logging.getLogger("jukebox")

ROUNDING_PERCENT = 4  # PulseAudio answers a little late, and hardware mixers round
REFUSED_S = 60.0  # MPD is not asked again so soon to set a volume that it refused to set
SETTLES_S = 2.0  # for so long after it was set, MPD may report a slightly different volume


class Fader:
    """Fades, and every other change of the volume by the jukebox.

    crossfade_s: the seconds of a whole fade, down and up; 0 for no fades. max_percent: it never
    sets a higher volume, 0 to 100. state: keeps the listener's volume during a fade, so that they
    get it back even after a power cut. by_ear: MPD's own mixer sets the volume (levels.py). The
    methods do not translate MPD's errors; connection.py does.
    """

    def __init__(
        self, crossfade_s: float, max_percent: int, state: PlayerStateFile, *, by_ear: bool = False
    ) -> None:
        self._crossfade_s = crossfade_s
        self._max_percent = max_percent
        self._by_ear = by_ear
        self._state = state
        self._fade: Fade | None = None
        self._sent: deque[int] = deque(maxlen=3)  # percent, what the jukebox set, newest last
        self._sent_s = float("-inf")
        self._checked_since = True  # is_turned() was asked since the last volume was sent
        self._warned_of_no_mixer = False
        self._refused_until_s: float | None = None  # None: MPD has not refused to set the volume
        self._last_refusal = ""  # what the log already says

    @property
    def refused(self) -> bool:
        """Whether MPD refused to set the volume less than a minute ago."""
        return self._refused_until_s is not None

    @property
    def active(self) -> bool:
        """Whether a fade is on."""
        return self._fade is not None

    @property
    def new_id(self) -> str | None:
        """The id of the song to which a fade leads, None if there is no such fade."""
        return self._fade.new_id or None if self._fade else None

    @property
    def is_going_out(self) -> bool:
        """Whether a fade is on that ends in a pause."""
        return self._fade is not None and self._fade.kind == "out"

    def is_turned(self, before: Status, status: Status, time_s: float) -> bool:
        """Whether a person changed the volume since the status `before`.

        A volume that the jukebox may have set, give or take 4 percent, does not count.
        """
        was, now = volume_of(before), volume_of(status)
        recent = not self._checked_since or time_s < self._sent_s + SETTLES_S
        self._checked_since = True
        if was is None or now is None:
            return False
        if self._fade or recent:
            return not self._could_have_set(now)
        return was != now

    def can_fade(self, status: Status) -> bool:
        """Whether to fade at all; warns once if MPD has no mixer."""
        if self._crossfade_s <= 0 or self.refused:
            return False
        volume = volume_of(status)
        if volume is not None:
            # At its end a fade would have to set the listener's volume, which is above the limit.
            return volume <= self._max_percent
        if not self._warned_of_no_mixer:
            self._warned_of_no_mixer = True
            log.warning(
                "MPD has no volume control, so the music changes without fading; "
                'mixer_type "software" in its audio_output gives it one'
            )
        return False

    # Starting

    def over(self, status: Status, new_id: str, time_s: float) -> None:
        """Start to fade over to a song, from the present volume."""
        self._begin("over", status, self._crossfade_s / 2, new_id, time_s)

    def out(self, status: Status, time_s: float) -> None:
        """Start to fade down to silence, for a pause."""
        self._begin("out", status, self._crossfade_s, "", time_s)

    def up(self, client: MPDClient, status: Status, time_s: float) -> None:
        """Start to fade in, from silence or from where a fade out has come."""
        now = int(status["volume"])
        fade = self._begin("in", status, self._crossfade_s / 2, status["songid"], time_s)
        done = fade.share_at(now) if status["state"] == "play" else 0.0
        fade.up_since_s = time_s - done * fade.half_s
        self._send(client, fade.wanted_volume(time_s), time_s)

    def _begin(self, kind: Kind, status: Status, half_s: float, new_id: str, time_s: float) -> Fade:
        """Start a fade. The listener's volume stays that from before any fade it follows."""
        now = int(status["volume"])
        self._fade = fade = Fade(
            kind=kind,
            volume=self._fade.volume if self._fade else now,
            from_volume=now,
            half_s=half_s,
            started_s=time_s,
            old_id=status["songid"],
            new_id=new_id,
            by_ear=self._by_ear,
        )
        self._sent.append(now)
        self._keep(durable=True)
        return fade

    # Continuing

    def advance(
        self, client: MPDClient, queue: Queue, status: Status, time_s: float
    ) -> Literal["pause", "switch"] | None:
        """Continue the fade, if there is one and no person ended it.

        Returns what the caller must do now: "pause"; "switch" to the song of new_id, as it was
        before this call; or None for nothing.
        """
        if self._refused_until_s is not None and time_s >= self._refused_until_s:
            self._refused_until_s = None
        fade, song_id = self._fade, status.get("songid")
        if fade is None:
            return None
        plays = status["state"] == "play" and song_id in (fade.old_id, fade.new_id)
        if fade.kind == "out":
            plays = status["state"] == "play"
        if not plays or (fade.kind == "over" and fade.new_id not in queue.own):
            # The listener paused, chose another song or removed the new one, or MPD cannot play it.
            self.end(client, time_s, status)
            if fade.kind == "over":
                queue.remove_pending(client)
        elif not self._could_have_set(int(status.get("volume", -1))):
            self._forget()  # the listener changed the volume: theirs stays
            return "switch" if queue.pending_id == fade.new_id else None
        else:
            if fade.up_since_s is None and song_id == fade.new_id:
                fade.up_since_s = time_s  # the old song has ended
            return self._go_on(client, fade, time_s)
        return None

    def end(
        self, client: MPDClient, time_s: float | None = None, status: Status | None = None
    ) -> None:
        """End the fade, if there is one, and restore the listener's volume at once.

        status: of now; if a person has set the volume meanwhile, theirs stays.
        """
        fade = self._fade
        if fade:
            self._refused_until_s = None  # the listener's volume is worth another try
            now = None if status is None else volume_of(status)
            is_theirs = now is not None and not self._could_have_set(now)
            if self._sent[-1] != fade.volume and not is_theirs:
                self._send(client, fade.volume, time_s)
            self._forget()

    def set(self, client: MPDClient, percent: int, time_s: float) -> bool:
        """Set the volume to percent (0 to 100), but never above the limit.

        Returns whether MPD allowed it.
        """
        self.end(client, time_s)
        return self._send(client, min(percent, self._max_percent), time_s)

    def recover(self, client: MPDClient) -> None:
        """Restore the listener's volume after a fade was cut off, unless they changed it since."""
        self._refused_until_s = None
        self.end(client)
        kept, now = self._state.kept, volume_of(client.state())
        if kept.volume is None or now is None:
            return
        low, high = left_by_fade(kept)
        is_left = low - ROUNDING_PERCENT <= now <= high + ROUNDING_PERCENT and now != kept.volume
        if is_left and self._send(client, kept.volume, None):
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

    def _send(self, client: MPDClient, percent: int, time_s: float | None) -> bool:
        """Set the volume. Returns False, after a line in the log, if MPD refuses."""
        if self.refused:
            return False
        before = self._sent.copy()
        self._sent.append(percent)
        if self._fade:
            self._keep(durable=False)
        try:
            client.setvol(percent)
        except CommandError as error:
            self._sent = before  # the volume that stayed must not be taken for a person's
            self._refuse(error, self._sent_s if time_s is None else time_s)
            return False
        self._checked_since = False
        self._sent_s = self._sent_s if time_s is None else time_s
        return True

    def _refuse(self, error: CommandError, time_s: float) -> None:
        self._refused_until_s = time_s + REFUSED_S
        if self._last_refusal != str(error):
            self._last_refusal = str(error)
            log.warning("MPD refuses to set the volume: %s; it stays as it is", error)

    def _could_have_set(self, volume: int) -> bool:
        """Whether the jukebox, not the listener, may have set this volume, in percent."""
        if not self._sent:
            return False
        return min(self._sent) - ROUNDING_PERCENT <= volume <= max(self._sent) + ROUNDING_PERCENT

    def _keep(self, *, durable: bool) -> None:
        """Write the state of the fade down for a next start."""
        if self._fade:
            keep_fade(
                self._state, self._fade.volume, min(self._sent), max(self._sent), durable=durable
            )

    def _forget(self) -> None:
        self._fade = None
        self._state.keep(volume=None)
