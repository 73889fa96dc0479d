"""How loud a fade is at each moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from appliance.levels import heard_at, percent_for
from appliance.player.client import Status

Kind = Literal["over", "out", "in"]


@dataclass(slots=True)
class Fade:
    """A fade: "over" (down, another song, up), "out" (down, then a pause) or "in" (up).

    volume: the listener's, in percent; from_volume: that at the start, in percent, which is lower
    if the fade follows another; half_s: the seconds of one way, down or up; old_id: the song at the
    start; new_id: the song to which it leads, "" for "out"; up_since_s: when it began to rise, None
    before that. by_ear: MPD's own mixer sets the volume, so it changes evenly as it is heard.
    """

    kind: Kind
    volume: int
    from_volume: int
    half_s: float
    started_s: float
    old_id: str
    new_id: str
    up_since_s: float | None = None
    by_ear: bool = False

    def wanted_volume(self, time_s: float) -> int:
        """The volume at this moment, 0 to 100 percent."""
        if self.up_since_s is None:
            left = 1 - (time_s - self.started_s) / self.half_s
            return self._share(self.from_volume, max(0.0, left))
        return self._share(self.volume, min(1.0, (time_s - self.up_since_s) / self.half_s))

    def share_at(self, percent: int) -> float:
        """How far up a volume is on the way to the listener's, 0…1."""
        if not self.volume:
            return 0.0
        if self.by_ear:
            return heard_at(percent) / heard_at(self.volume)
        return percent / self.volume

    def _share(self, percent: int, share: float) -> int:
        """The volume that is so much of this one, as people hear it."""
        return percent_for(heard_at(percent) * share) if self.by_ear else round(percent * share)

    def is_over(self, time_s: float) -> bool:
        """Whether the volume is the listener's again."""
        return self.up_since_s is not None and time_s - self.up_since_s >= self.half_s


def volume_of(status: Status) -> int | None:
    """MPD's volume in percent; None if MPD cannot control it."""
    volume = int(status.get("volume", -1))
    return None if volume < 0 else volume
