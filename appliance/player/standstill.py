"""Whether music that should play stands still, as a stream does whose server says nothing more."""

from __future__ import annotations

from appliance.player.client import Status


class Standstill:
    """Compares the positions in a song that MPD tells one after the other."""

    def __init__(self) -> None:
        self._place: tuple[str, str] | None = None  # the song's id and the position in it
        self._since_s = 0.0

    def lasts_s(self, status: Status, time_s: float) -> float:
        """For how many seconds the position has not moved although the song plays; 0.0 if not."""
        if status["state"] != "play" or "songid" not in status:
            self._place = None
            return 0.0
        place = status["songid"], status.get("elapsed", "0")
        if place != self._place:
            self._place, self._since_s = place, time_s
        return max(0.0, time_s - self._since_s)
