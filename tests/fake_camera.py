"""Stand-ins for what a camera needs: time, pictures, and a source that does as it is told."""

from __future__ import annotations

import queue
import threading
from typing import Any

import numpy as np


def picture(brightness: int, height: int = 4, width: int = 6) -> np.ndarray:
    return np.full((height, width), brightness, np.uint8)


class Clock:
    """Time that passes only when told to; its sleep is over at once."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class Scripted:
    """A source that gives the pictures and raises the errors it is fed; then it hangs."""

    def __init__(self, *script: Any) -> None:
        self.script: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.closed = threading.Event()
        self.read_again = threading.Event()  # the thread came for more than it was fed
        for item in script:
            self.script.put(item)

    def open(self) -> None:
        pass

    def read(self) -> Any:
        if self.script.empty():
            self.read_again.set()
        item = self.script.get()
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        self.closed.set()
