"""The camera's lid: off is really off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import numpy as np
from fake_camera import Clock, picture

from appliance.camera.reopening import ReopeningCamera
from appliance.camera.schedule import ScheduledCamera
from appliance.camera.sources import Choice
from appliance.errors import CameraError

EVENING = datetime(2026, 11, 24, 21, 59, 50).astimezone().timestamp()


class Source:
    """Gives pictures until it is closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def open(self) -> None:
        pass

    def read(self) -> np.ndarray:
        self.closed.wait(0.01)
        return picture(7)

    def close(self) -> None:
        self.closed.set()


class Rig:
    """A ScheduledCamera over cameras that work."""

    def __init__(self, off_hours: str = "") -> None:
        self.clock, self.sources = Clock(), list[Source]()
        self.unix_s = EVENING
        self.shutter = ScheduledCamera(
            self._camera(), off_hours, monotonic=self.clock, wall=lambda: self.unix_s
        )

    def _camera(self) -> ReopeningCamera:
        return ReopeningCamera(
            monotonic=self.clock,
            wall=lambda: self.unix_s,
            choose_source=lambda: Choice(self._source, "a scripted camera"),
        )

    def _source(self, _sleep: object) -> Source:
        self.sources.append(Source())
        return self.sources[-1]

    def sees(self) -> bool:
        """Whether a picture comes, once the capture thread has said something."""
        self.shutter.read(0)  # opens or closes it
        camera = self.shutter._camera
        if camera._capture is not None:
            camera._capture.wait(5)
        return self.shutter.read(0).luma is not None


@contextmanager
def opened(rig: Rig) -> Iterator[Rig]:
    rig.shutter.open()
    try:
        yield rig
    finally:
        rig.shutter.close()


def test_it_is_a_camera_like_any_other_while_nobody_wants_it_off():
    with opened(Rig()) as rig:
        assert rig.sees()
        assert (rig.shutter.off, rig.shutter.description) == (False, "a scripted camera")


def test_off_closes_the_device_and_on_opens_it_anew():
    with opened(Rig()) as rig:
        assert rig.sees()
        rig.shutter.asked = True
        assert not rig.sees()
        assert rig.sources[0].closed.wait(5)
        assert (rig.shutter.off, rig.shutter.lost, rig.shutter.description) == (True, False, "off")
        rig.shutter.asked = False
        rig.shutter.read(0)
        assert rig.sees()
        assert len(rig.sources) == 2


def test_a_source_that_has_gone_meanwhile_is_a_lost_camera_and_no_error():
    with opened(rig := Rig()):
        assert rig.sees()
        rig.shutter.asked = True
        rig.shutter.read(0)
        rig.shutter._camera._choose = gone
        rig.shutter.asked = False
        rig.shutter.read(0)
        assert rig.sees()


def gone() -> Choice:
    raise CameraError("no such file")


def test_its_hours_close_and_open_it_and_end_what_was_asked_for():
    with opened(Rig("22:00-07:00")) as rig:
        assert rig.sees()
        rig.unix_s += 60
        assert not rig.sees()
        assert rig.shutter.off
        rig.shutter.asked = False
        rig.shutter.read(0)
        assert rig.sees(), "somebody wants it on for this evening"
        rig.unix_s += 9.5 * 3600
        rig.shutter.read(0)
        assert rig.shutter.asked is None


def test_time_goes_on_while_it_is_off():
    with opened(Rig()) as rig:
        rig.shutter.read(0)
        rig.shutter.asked = True
        rig.clock.now_s += 5
        frame = rig.shutter.read(0)
        assert (frame.time_s, frame.luma) == (rig.clock.now_s, None)


def test_a_box_that_starts_in_its_off_hours_never_opens_the_device():
    with opened(Rig("21:00-07:00")) as rig:
        assert not rig.sees()
        assert rig.sources == []
