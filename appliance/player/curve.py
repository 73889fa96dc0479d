"""How loud a fade is at each moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from appliance.player.client import Status

Kind = Literal["over", "out", "in"]


@dataclass(slots=True)
class Fade:
    """A fade: "over" (down, another song, up), "out" (down, then a pause) or "in" (up).

    volume: the listener's, in percent; from_volume: that at the start, in percent, which is lower
    if the fade follows another; half_s: the seconds of one way, down or up; old_id: the song at the
    start; new_id: the song to which it leads, "" for "out"; up_since_s: when it began to rise, None
    before that.
    """

    kind: Kind
    volume: int
    from_volume: int
    half_s: float
    started_s: float
    old_id: str
    new_id: str
    up_since_s: float | None = None

    def wanted_volume(self, time_s: float) -> int:
        """The volume at this moment, 0 to 100 percent."""
        if self.up_since_s is None:
            left = 1 - (time_s - self.started_s) / self.half_s
            return round(self.from_volume * max(0.0, left))
        return round(self.volume * min(1.0, (time_s - self.up_since_s) / self.half_s))

    def is_over(self, time_s: float) -> bool:
        """Whether the volume is the listener's again."""
        return self.up_since_s is not None and time_s - self.up_since_s >= self.half_s


def volume_of(status: Status) -> int | None:
    """MPD's volume in percent; None if MPD cannot control it."""
    volume = int(status.get("volume", -1))
    return None if volume < 0 else volume
