"""Stand-ins for what a camera needs: time, pictures, and a source that follows a script."""

from __future__ import annotations

import queue
import threading
from typing import Any

import numpy as np

from appliance.records import Picture


def picture(brightness: int, height: int = 4, width: int = 6) -> np.ndarray:
    return np.full((height, width), brightness, np.uint8)


class Clock:
    """Time that passes only when a test says so; its sleep ends at once."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class Scripted:
    """A source that gives the pictures and raises the errors of its script; then it hangs."""

    def __init__(self, *script: Any) -> None:
        self.script: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.closed = threading.Event()
        self.read_again = threading.Event()  # the thread has reached the end of the script
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
        return Picture(item) if isinstance(item, np.ndarray) else item

    def close(self) -> None:
        self.closed.set()
