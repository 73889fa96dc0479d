"""Frames from whatever camera there is, for as long as the jukebox runs.

The loop calls read() and always gets a Frame in time: with the newest picture, or without one while
the camera is silent. A camera that hangs or is unplugged is reopened until it is back. All use of a
device is in a thread of its own, so that read() never blocks longer than it may.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Self, cast

from appliance.camera.capture import Capture, Clock
from appliance.camera.sources import Choice, choose
from appliance.errors import CameraError
from appliance.images import turned
from appliance.records import Frame, Picture

STALL_S = 2.5  # silence after which a camera counts as lost: it must be noticed within 3 s
FIRST_DELAY_S = 1.0  # before the first attempt to reopen; each further delay is twice as long
LONGEST_DELAY_S = 30.0
STEADY_S = 10.0  # after pictures for so long the delays begin again with the first
SEARCH_EVERY_S = 10.0  # while there is no camera: one may be plugged in at any time
MOST_LEFT_BEHIND = 4  # hung threads; each holds a device and memory, so no further ones are made

log = logging.getLogger("jukebox")


class ReopeningCamera:
    """The camera as the loop sees it.

    source: auto, picamera2, /dev/videoN, reel, a video file, a picture or a folder of pictures.
    width_px, height_px, frames_per_second: what is asked for; a camera that cannot give it is used
    as it is. rotate_degrees: 0, 90, 180 or 270, clockwise. picture_s: how long each picture of a
    folder is shown. reel_stands_in: without a camera "auto" shows the demo reel; else it waits for
    one. monotonic, wall: clocks in seconds. choose_source: in place of choose() for this source.
    """

    def __init__(
        self,
        source: str = "auto",
        *,
        width_px: int = 640,
        height_px: int = 480,
        frames_per_second: float = 10.0,
        rotate_degrees: int = 0,
        picture_s: float = 3.0,
        reel_stands_in: bool = False,
        monotonic: Clock = time.monotonic,
        wall: Clock = time.time,
        choose_source: Callable[[], Choice] | None = None,
    ) -> None:
        self._choose = choose_source or partial(
            choose,
            source,
            width_px=width_px,
            height_px=height_px,
            frames_per_second=frames_per_second,
            picture_s=picture_s,
            reel_stands_in=reel_stands_in,
        )
        # At less than one picture a second, the silence between two of them is not a loss.
        self._stall_s = max(STALL_S, 2.5 / frames_per_second)
        self._rotate_degrees = rotate_degrees
        self._monotonic = monotonic
        self._wall = wall
        self._closed = threading.Event()

        self._choice: Choice | None = None
        self._capture: Capture | None = None
        self._left_behind: list[Capture] = []
        self._search: _Search | None = None  # for a camera, while there is none
        self._search_s = 0.0
        self._failure: CameraError | None = None
        self._delay_s = FIRST_DELAY_S
        self._reopen_s = 0.0
        self._steady_s: float | None = None

    def choose(self) -> None:
        """Decides on the source, once; open() does so if it was not done before.

        Raises CameraError for a source that can never work. A camera that is merely missing (not
        plugged in yet, no permission, in use) is not an error: it may come.
        """
        self._choice = self._choice or self._choose()

    def open(self) -> Self:
        """Begins to capture, also again after close(). Raises CameraError as choose()."""
        self.choose()
        self._closed.clear()
        self._delay_s = FIRST_DELAY_S
        self._begin(self._monotonic())
        if self._capture is not None:
            self._failure = None
        log.info("camera: %s", self._choice)
        return self

    def close(self) -> None:
        """Stops within half a second, even when the camera hangs."""
        self._closed.set()
        self._end_capture(join_s=0.5)

    def read(self, timeout_s: float) -> Frame:
        """The newest picture not yet read, uint8 (height, width), in a frame.

        After timeout_s it returns a frame without a picture: time goes on. Raises RuntimeError if
        the camera is not open, and whatever the source raises other than CameraError.
        """
        if self._choice is None or self._closed.is_set():
            raise RuntimeError("read() needs an open camera")
        deadline_s = self._monotonic() + timeout_s
        while True:
            now_s = self._monotonic()
            picture = self._advance(now_s)
            if picture is not None or now_s >= deadline_s or self._closed.is_set():
                return self._frame(picture, now_s)
            self._wait(min(deadline_s, self._next_duty_s()) - now_s)

    @property
    def description(self) -> str:
        """The chosen source in words; the log says why."""
        return self._choice.name if self._choice else "not opened"

    @property
    def lost(self) -> bool:
        """Whether the camera failed and is not back yet."""
        return self._failure is not None

    @property
    def failure(self) -> CameraError | None:
        """Why the camera is lost, by the last attempt; None if it is not."""
        return self._failure

    def _advance(self, now_s: float) -> Picture | None:
        """Does what is due: takes a picture, notices a loss, reopens."""
        if self._choice is not None and self._choice.stands_in:
            self._search_for_a_camera(now_s)
        if self._capture is None:
            if now_s >= self._reopen_s and not self._closed.is_set():
                self._begin(now_s)
            return None
        picture = self._capture.take()
        if picture is not None:
            self._note_success(now_s)
        elif (failure := self._capture.failure(now_s)) is not None:
            self._lose(failure, now_s)
        return picture

    def _next_duty_s(self) -> float:
        return self._capture.patience_ends_s if self._capture else self._reopen_s

    def _wait(self, timeout_s: float) -> None:
        if self._capture is not None:
            self._capture.wait(timeout_s)
        else:
            self._closed.wait(timeout_s)

    def _frame(self, picture: Picture | None, now_s: float) -> Frame:
        if picture is None:
            return Frame(now_s, self._wall(), None)
        if self._rotate_degrees:
            picture = turned(picture, self._rotate_degrees)
        return Frame(now_s, self._wall(), picture.luma, picture.chroma)

    def _begin(self, now_s: float) -> None:
        choice = cast("Choice", self._choice)
        self._left_behind = [capture for capture in self._left_behind if capture.is_alive()]
        if len(self._left_behind) >= MOST_LEFT_BEHIND:
            self._reopen_s = now_s + LONGEST_DELAY_S
            return
        self._steady_s = None
        self._search_s = now_s + SEARCH_EVERY_S
        self._capture = Capture(choice.make, self._stall_s, self._monotonic)

    def _end_capture(self, join_s: float = 0.0) -> None:
        if self._capture is not None:
            self._capture.stop(join_s)
            self._left_behind.append(self._capture)
            self._capture = None

    def _note_success(self, now_s: float) -> None:
        if self._failure is not None:
            log.info("camera: back")
            self._failure = None
        if self._steady_s is None:
            self._steady_s = now_s + STEADY_S
        elif now_s >= self._steady_s:
            self._delay_s = FIRST_DELAY_S

    def _lose(self, failure: CameraError, now_s: float) -> None:
        if self._failure is None:
            log.warning("camera: lost: %s", failure)
        self._failure = failure
        self._end_capture()
        self._reopen_s = now_s + self._delay_s
        self._delay_s = min(2 * self._delay_s, LONGEST_DELAY_S)

    def _search_for_a_camera(self, now_s: float) -> None:
        if self._search is None:
            if now_s >= self._search_s:
                self._search = _Search(self._choose)
            return
        if self._search.is_alive():
            return
        choice, self._search = self._search.choice, None
        self._search_s = now_s + SEARCH_EVERY_S
        if choice is not None and not choice.stands_in:
            self._change_to(choice, now_s)

    def _change_to(self, choice: Choice, now_s: float) -> None:
        log.info("camera: %s", choice)
        before, self._choice = self._choice, choice
        if before is not None and before.make == choice.make and self._capture is not None:
            # It waited for a webcam and has opened this one meanwhile, or is about to.
            self._delay_s = FIRST_DELAY_S
            return
        self._end_capture()
        self._begin(now_s)


class _Search(threading.Thread):
    """Searches for a camera once, in a thread: if a device hangs, the loop goes on."""

    def __init__(self, choose: Callable[[], Choice]) -> None:
        super().__init__(name="camera search", daemon=True)
        self.choice: Choice | None = None
        self._choose = choose
        self.start()

    def run(self) -> None:
        """Chooses again."""
        self.choice = self._choose()
