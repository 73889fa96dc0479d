"""What plays, as people are shown it: not the moment between two songs in which MPD has stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from appliance.player.watched_mpd import Playing

# At the queue's end MPD stops, and the jukebox puts the next song on within two frames of its loop.
STOPPED_S = 2.0


class SteadySong:
    """Follows what MPD does, and a stop once it lasts. shown: None while MPD cannot be reached.

    changed: called with what was shown before, whenever something else is.
    """

    def __init__(self, changed: Callable[[Playing | None], None]) -> None:
        self.shown: Playing | None = None
        self._changed = changed
        self._seen: Playing | None = None
        self._timer: asyncio.TimerHandle | None = None

    def see(self, playing: Playing | None) -> None:
        """Takes note of what MPD does now."""
        self._seen = playing
        if self._may_be_between_songs():
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(STOPPED_S, self._show)
        else:
            self._show()

    def _may_be_between_songs(self) -> bool:
        was_playing = self.shown is not None and self.shown.state == "play"
        seen = self._seen
        return was_playing and seen is not None and seen.state == "stop" and not seen.error

    def _show(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        before, self.shown = self.shown, self._seen
        self._changed(before)
