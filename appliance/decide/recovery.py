"""Tries again what failed, with longer and longer pauses; one line when lost, one when back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from appliance.errors import JukeboxError

log = logging.getLogger("jukebox")

Result = TypeVar("Result")

# The pause before the next try doubles from the first of these to the second.
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0


class Recovery:
    """Guards one device. device: what the log calls it; error: the only errors that it handles."""

    def __init__(self, device: str, error: type[JukeboxError]) -> None:
        self.device = device
        self.lost = False
        self._error = error
        self._pause_s = FIRST_PAUSE_S
        self._again_s = float("-inf")

    def attempt(
        self,
        time_s: float,
        action: Callable[[], Result],
        may_be_back: Callable[[], bool] = lambda: False,
    ) -> Result | None:
        """What the action returns; None if it failed, or if the next try is not due yet.

        may_be_back: asked during a pause whether the next try is due at once. Errors of other kinds
        are raised.
        """
        if time_s < self._again_s and not may_be_back():
            return None
        try:
            result = action()
        except self._error as error:
            self._failed(time_s, error)
            return None
        if self.lost:
            log.info("%s: back", self.device)
        self.lost, self._pause_s, self._again_s = False, FIRST_PAUSE_S, float("-inf")
        return result

    def _failed(self, time_s: float, error: JukeboxError) -> None:
        if not self.lost:
            log.warning("%s: lost: %s", self.device, error)
        self.lost = True
        self._again_s = time_s + self._pause_s
        self._pause_s = min(2.0 * self._pause_s, LONGEST_PAUSE_S)
