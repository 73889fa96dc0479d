"""How loud a fade is at each moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from appliance.player.client import Status

Kind = Literal["over", "out", "in"]


@dataclass(slots=True)
class Fade:
    """A fade on its way: over (down, another song, up), out (down, pause) or in (up).

    volume: the listener's, in percent; from_volume: where it begins, lower if another fade was on
    its way; half_s: one way; new_id: the song to which it goes, "" for out; up_since_s: when it
    began to rise.
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
        """Percent at this moment."""
        if self.up_since_s is None:
            left = 1 - (time_s - self.started_s) / self.half_s
            return round(self.from_volume * max(0.0, left))
        return round(self.volume * min(1.0, (time_s - self.up_since_s) / self.half_s))

    def is_over(self, time_s: float) -> bool:
        """Whether it is as loud again as before."""
        return self.up_since_s is not None and time_s - self.up_since_s >= self.half_s


def volume_of(status: Status) -> int | None:
    """In percent; None where MPD has no control over it."""
    volume = int(status.get("volume", -1))
    return None if volume < 0 else volume
