"""What a process is asked for by signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

NUMBERS = signal.SIGTERM, signal.SIGINT, signal.SIGHUP


class Signals:
    """Notes SIGTERM, SIGINT and SIGHUP within its `with` block, so that a step is never cut off.

    stop: whether to end. SIGHUP asks for a reload; without can_reload, to end, too.
    """

    def __init__(self, *, can_reload: bool) -> None:
        self.stop = False
        self._can_reload = can_reload
        self._reload = False
        self._handlers_before: list[Any] = []

    def ask_reload(self) -> None:
        """Asks for a reload as SIGHUP does where it may, from within this process."""
        self._reload = True

    def take_reload(self) -> bool:
        """Whether a reload was asked for since the last call."""
        asked, self._reload = self._reload, False
        return asked

    def __enter__(self) -> Self:
        self._handlers_before = [signal.signal(number, self._note) for number in NUMBERS]
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in zip(NUMBERS, self._handlers_before, strict=True):
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        reload = number == signal.SIGHUP and self._can_reload
        self._reload |= reload
        self.stop |= not reload


@contextmanager
def interrupt_waits() -> Iterator[None]:
    """Holds Ctrl-C back until the block has ended, such as while a child process begins.

    Python raises KeyboardInterrupt between any two steps; within Popen() the child already runs
    and nobody knows it yet. Only the main thread is interrupted, so elsewhere nothing changes.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    waiting: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: waiting.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if waiting:
            signal.raise_signal(signal.SIGINT)
