"""Whether music that should play stands still, as a stream does whose server says nothing more."""

from __future__ import annotations

import logging

from appliance.player.client import Status

log = logging.getLogger("jukebox")


class Standstill:
    """Compares the positions in a song that MPD tells one after the other."""

    def __init__(self) -> None:
        self._place: tuple[str, str] | None = None  # the song's id and the position in it
        self._since_s = 0.0
        self._told = False  # since a position moved last, the log has told of one that does not

    def lasts_s(self, status: Status, time_s: float) -> float:
        """For how many seconds the position has not moved although the song plays; 0.0 if not."""
        if status["state"] != "play" or "songid" not in status:
            self._place = None
            return 0.0
        place = status["songid"], status.get("elapsed", "0")
        if place != self._place:
            if self._place and self._place[0] == place[0]:
                self._told = False
            self._place, self._since_s = place, time_s
        return max(0.0, time_s - self._since_s)

    def warn(self, uri: str) -> None:
        """Say that this song stands still; of the next ones only after one of them has moved."""
        if not self._told:
            log.warning(
                "%s plays, but nothing has sounded for a minute: where it comes from, or the sound "
                "output, does not answer. The music goes on when it does",
                uri,
            )
        self._told = True
