"""The volume that people are shown: not every step of a fade of the jukebox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

STEADY_S = 1.5  # the steps of a fade follow each other much faster


class SteadyVolume:
    """Follows MPD's volume once it stays. shown: in percent, None where MPD has none.

    changed: called after each change of what is shown.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.shown: int | None = None
        self._changed = changed
        self._seen: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    def see(self, percent: int | None) -> None:
        """Takes note of MPD's present volume."""
        if percent == self._seen:
            return
        self._seen = percent
        self._cancel()
        if self.shown is None or percent is None:
            self._show()
        else:
            self._timer = asyncio.get_running_loop().call_later(STEADY_S, self._show)

    def set(self, percent: int) -> None:
        """A person has just set this volume, which is shown at once."""
        self._seen = percent
        self._cancel()
        self._show()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _show(self) -> None:
        if self.shown != self._seen:
            self.shown = self._seen
            self._changed()
