"""The camera's lid: closed in its hours and when somebody asks, and then there is no picture."""

from __future__ import annotations

import logging
import threading
import time
from typing import Self

from appliance.camera.capture import Clock
from appliance.camera.reopening import ReopeningCamera
from appliance.hours import within
from appliance.records import Frame

log = logging.getLogger("jukebox")


class ScheduledCamera:
    """A camera that is really off, its device closed, when it should be.

    camera: not yet opened. off_hours: as in jukebox.toml. asked: None, or whether somebody wants
    it off; that counts until the hours say something new. scheduled: whether it is off by them.
    """

    def __init__(
        self,
        camera: ReopeningCamera,
        off_hours: str = "",
        *,
        asked: bool | None = None,
        monotonic: Clock = time.monotonic,
        wall: Clock = time.time,
    ) -> None:
        self.asked = asked
        self._off_hours = off_hours
        self._monotonic = monotonic
        self._wall = wall
        self._camera = camera
        self._is_open = False
        self._closed = threading.Event()
        self.scheduled = within(off_hours, wall())

    def choose(self) -> None:
        """Decide on the source. Raises CameraError for one that can never work."""
        self._camera.choose()

    def open(self) -> Self:
        """Begin to capture, unless it should be off. Raises CameraError as choose() does."""
        self.choose()
        self._follow()
        return self

    def close(self) -> None:
        """Stop within half a second, even when the camera hangs."""
        self._closed.set()
        if self._is_open:
            self._camera.close()

    def read(self, timeout_s: float) -> Frame:
        """The newest picture; while it is off, a frame without one every timeout_s."""
        self._follow()
        if not self._is_open:
            self._closed.wait(timeout_s)
            return Frame(self._monotonic(), self._wall(), None)
        return self._camera.read(timeout_s)

    @property
    def off(self) -> bool:
        """Whether it is off on purpose."""
        return self.scheduled if self.asked is None else self.asked

    @property
    def lost(self) -> bool:
        """Whether the camera failed and is not back yet."""
        return self._is_open and self._camera.lost

    @property
    def description(self) -> str:
        """Which source was chosen, or "off"."""
        return self._camera.description if self._is_open else "off"

    def _follow(self) -> None:
        """Open or close what should be."""
        scheduled = within(self._off_hours, self._wall())
        if scheduled != self.scheduled:
            self.scheduled, self.asked = scheduled, None
        if self.off and self._is_open:
            self._camera.close()
            self._is_open = False
            log.info("camera: off")
        elif not self.off and not self._is_open:
            self._camera.open()
            self._is_open = True
