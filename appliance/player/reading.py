"""Something of MPD's that is read in the background: how new it is, and what to do without it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from mpd import CommandError

from appliance.errors import JukeboxError, PlayerError

Value = TypeVar("Value")

FIRST_S = 10.0  # so long a draw waits for what was never read; meanwhile nothing else is put on
ANEW_S = 1.0  # and so long for what MPD has reported as changed; then the old one serves
AGAIN_S = 10.0  # what could not be used is read again after this
AFTER_HANGING_S = 300.0  # MPD serves nobody while it fetches a link, and a full buffer stays full


class Reading(Generic[Value]):
    """A value that is read in a thread. value: as it was read last; empty before that.

    begin: begins to read it; gets the present value, so that an equal one keeps its identity.
    trouble: why it could not be read the last time, or "".
    """

    def __init__(self, begin: Callable[[Value], Future[Value]], empty: Value) -> None:
        self._begin, self._empty = begin, empty
        self.value = empty
        self.trouble = ""
        self._future: Future[Value] | None = None
        self._read_s = float("-inf")
        self._wait_s = FIRST_S
        self._wanted_s: float | None = None  # since when a draw waits for what is being read
        self._changed = True
        self._not_before_s = float("-inf")

    def outdate(self) -> None:
        """Read it anew at the next renew(), because MPD has reported a change."""
        self._changed = True
        self._not_before_s = float("-inf")

    def renew(self, time_s: float, older_than_s: float) -> None:
        """Begin to read it, if it has changed or is older than this."""
        self._collect(time_s)
        is_old = self._changed or self.trouble or time_s - self._read_s >= older_than_s
        if self._future is None and is_old and time_s >= self._not_before_s:
            if self._changed:
                self._wait_s = ANEW_S if self.was_read else FIRST_S
            else:
                self._wait_s = 0.0
            self._changed, self._wanted_s = False, None
            self._future = self._begin(self.value)

    def is_awaited(self, time_s: float) -> bool:
        """Whether a draw should wait for it a little longer."""
        self._collect(time_s)
        if self._future is None:
            return False
        if self._wanted_s is None:
            self._wanted_s = time_s
        return time_s - self._wanted_s < self._wait_s

    @property
    def is_under_way(self) -> bool:
        """Whether it is being read, as far as is known."""
        return self._future is not None

    @property
    def was_read(self) -> bool:
        """Whether it was read before, or could not be."""
        return self._read_s > float("-inf")

    @property
    def is_late(self) -> bool:
        """Whether it is still being read for the first time."""
        return self._future is not None and not self.was_read

    def _collect(self, time_s: float) -> None:
        future = self._future
        if future is None or not future.done():
            return
        self._future, self._read_s, self.trouble = None, time_s, ""
        try:
            self.value = future.result()
        except (JukeboxError, CommandError) as error:
            self.trouble = str(error)
            hung = isinstance(error, PlayerError)
            self._not_before_s = time_s + (AFTER_HANGING_S if hung else AGAIN_S)
            if not hung:  # the music goes on with the songs of before, if MPD does not answer
                self.value = self._empty
