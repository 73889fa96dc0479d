"""Closes the camera in its off hours and on request; then there is no picture."""

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
    """A camera whose device is closed while it should be off.

    camera: not yet opened. off_hours: as in jukebox.toml. asked: whether somebody wants it off,
    None if nobody has asked; it counts until the off hours next begin or end. scheduled: whether it
    is off by its hours. monotonic, wall: clocks in seconds.
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
        """Decides on the source. Raises CameraError for one that can never work."""
        self._camera.choose()

    def open(self) -> Self:
        """Begins to capture, unless it should be off. Raises CameraError as choose()."""
        self.choose()
        self._follow()
        return self

    def close(self) -> None:
        """Stops within half a second, even when the camera hangs."""
        self._closed.set()
        if self._is_open:
            self._camera.close()

    def read(self, timeout_s: float) -> Frame:
        """A frame as ReopeningCamera.read(); while off, one without a picture after timeout_s."""
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
        """The chosen source in words, or "off"."""
        return self._camera.description if self._is_open else "off"

    def _follow(self) -> None:
        """Opens or closes the camera, as it should be now."""
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
