"""Runs one source in a thread of its own and keeps the newest picture of it.

A capture call may block for ever (a driver that hangs, a cable pulled at the wrong moment), and
Python cannot stop a thread. Therefore a Capture that hangs is left behind together with its slot,
which nobody reads any more, and a new one takes its place. If the call returns after all, the
thread closes its source and ends.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from appliance.errors import CameraError
from appliance.records import Picture

OPEN_S = 20.0  # patience until the first picture: importing picamera2 alone takes seconds on a Pi


class Source(Protocol):
    """A device or file that gives pictures, used by one thread only."""

    def open(self) -> None:
        """Gets ready to read. Raises CameraError; close() is called even then."""

    def read(self) -> Picture | None:
        """The next picture; None if none came this time.

        Blocks until the picture is due. Raises CameraError when no more will come.
        """

    def close(self) -> None:
        """Releases the device, whether it was opened or not."""


Clock = Callable[[], float]
Sleep = Callable[[float], object]
# A source gets a sleep that ends early when the capture is stopped.
SourceMaker = Callable[[Sleep], Source]


class Capture:
    """One source, read in a daemon thread into a slot for one picture: the newest wins.

    make_source: is given a sleep that ends early when the capture is stopped. stall_s: silence
    between two pictures after which the source counts as lost. monotonic: in seconds.
    """

    def __init__(self, make_source: SourceMaker, stall_s: float, monotonic: Clock) -> None:
        self._stall_s = stall_s
        self._monotonic = monotonic
        self._changed = threading.Condition()  # guards everything down to the blank line
        self._slot: Picture | None = None
        self._error: Exception | None = None
        self._delivers = False
        self._heard_s = monotonic()

        self._garbage = ""  # what came that was not a picture, in words
        self._stopped = threading.Event()
        self._source = make_source(self._stopped.wait)
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def take(self) -> Picture | None:
        """The newest picture; None if it was taken before."""
        with self._changed:
            picture, self._slot = self._slot, None
            return picture

    def wait(self, timeout_s: float) -> None:
        """Returns as soon as there is a picture or an error, at the latest after timeout_s."""
        with self._changed:
            self._changed.wait_for(lambda: self._slot is not None or self._error, timeout_s)

    @property
    def patience_ends_s(self) -> float:
        """The time from which on the source counts as lost, unless a picture comes."""
        with self._changed:
            return self._heard_s + (self._stall_s if self._delivers else OPEN_S)

    def failure(self, now_s: float) -> CameraError | None:
        """Why no more pictures come, or None.

        Raises whatever the source raised other than CameraError: an error in the program.
        """
        with self._changed:
            if self._error is not None and not isinstance(self._error, CameraError):
                raise self._error
            if self._error is not None:
                return self._error
            silence_s = now_s - self._heard_s
        if now_s < self.patience_ends_s:
            return None
        return CameraError(
            f"no picture for {silence_s:.0f} s{self._garbage}; check the camera and its cable"
        )

    def stop(self, join_s: float = 0.0) -> None:
        """Asks the thread to end and waits for it, at most join_s, because it may hang."""
        self._stopped.set()
        self._thread.join(join_s)

    def is_alive(self) -> bool:
        """Whether the thread still holds its source."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            with contextlib.closing(self._source):
                self._source.open()
                while not self._stopped.is_set():
                    self._put(self._source.read())
        except Exception as error:  # noqa: BLE001 - handed to the loop's thread by failure()
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def _put(self, picture: object) -> None:
        if isinstance(picture, Picture) and _is_gray(picture.luma):
            with self._changed:
                self._slot = picture
                self._delivers = True
                self._heard_s = self._monotonic()
                self._changed.notify_all()
            return
        if isinstance(picture, Picture):
            self._garbage = f", only arrays of {picture.luma.dtype} {picture.luma.shape}"
        self._stopped.wait(0.001)  # a source that gives only garbage must not keep a core busy


def _is_gray(luma: npt.NDArray[np.generic]) -> bool:
    """Whether it is a picture. One of a single brightness is a picture, too: a dark room."""
    return luma.dtype == np.uint8 and luma.ndim == 2 and luma.size > 0
