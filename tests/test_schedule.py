"""A camera that is off in its hours or on request has its device closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from fake_camera import Clock, picture

from appliance.camera.reopening import ReopeningCamera
from appliance.camera.schedule import ScheduledCamera
from appliance.camera.sources import Choice
from appliance.errors import CameraError
from appliance.records import Picture

EVENING = datetime(2026, 11, 24, 21, 59, 50).astimezone().timestamp()


class Source:
    """Gives pictures until it is closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def open(self) -> None:
        pass

    def read(self) -> Picture:
        self.closed.wait(0.01)
        return Picture(picture(7))

    def close(self) -> None:
        self.closed.set()


class Rig:
    """A ScheduledCamera over cameras that work."""

    def __init__(self, off_hours: str = "") -> None:
        self.clock, self.sources = Clock(), list[Source]()
        self.unix_s = EVENING
        self.camera = ScheduledCamera(
            self._reopening(), off_hours, monotonic=self.clock, wall=lambda: self.unix_s
        )

    def _reopening(self) -> ReopeningCamera:
        return ReopeningCamera(
            monotonic=self.clock,
            wall=lambda: self.unix_s,
            choose_source=lambda: Choice(self._source, "a scripted camera"),
        )

    def _source(self, _sleep: object) -> Source:
        self.sources.append(Source())
        return self.sources[-1]

    def sees(self) -> bool:
        """Whether a picture comes, once the capture thread has one or an error."""
        self.camera.read(0)  # opens or closes the device
        reopening = self.camera._camera
        if reopening._capture is not None:
            reopening._capture.wait(5)
        return self.camera.read(0).luma is not None


@contextmanager
def opened(rig: Rig) -> Iterator[Rig]:
    rig.camera.open()
    try:
        yield rig
    finally:
        rig.camera.close()


def test_it_is_a_camera_like_any_other_while_nobody_wants_it_off():
    with opened(Rig()) as rig:
        assert rig.sees()
        assert (rig.camera.off, rig.camera.description) == (False, "a scripted camera")


def test_off_closes_the_device_and_on_opens_it_anew():
    with opened(Rig()) as rig:
        assert rig.sees()
        rig.camera.asked = True
        assert not rig.sees()
        assert rig.sources[0].closed.wait(5)
        assert (rig.camera.off, rig.camera.lost, rig.camera.description) == (True, False, "off")
        rig.camera.asked = False
        rig.camera.read(0)
        assert rig.sees()
        assert len(rig.sources) == 2


def test_a_source_that_has_gone_meanwhile_is_a_lost_camera_and_not_an_error():
    with opened(rig := Rig()):
        assert rig.sees()
        rig.camera.asked = True
        rig.camera.read(0)
        rig.camera._camera._choose = gone
        rig.camera.asked = False
        rig.camera.read(0)
        assert rig.sees()


def gone() -> Choice:
    raise CameraError("no such file")


def test_the_off_hours_close_and_open_it_and_end_a_request():
    with opened(Rig("22:00-07:00")) as rig:
        assert rig.sees()
        rig.unix_s += 60
        assert not rig.sees()
        assert rig.camera.off
        rig.camera.asked = False
        rig.camera.read(0)
        assert rig.sees(), "somebody wants it on for this evening"
        rig.unix_s += 9.5 * 3600
        rig.camera.read(0)
        assert rig.camera.asked is None


def test_time_goes_on_while_it_is_off():
    with opened(Rig()) as rig:
        rig.camera.read(0)
        rig.camera.asked = True
        rig.clock.now_s += 5
        frame = rig.camera.read(0)
        assert (frame.time_s, frame.luma) == (rig.clock.now_s, None)


def test_a_jukebox_that_starts_in_the_off_hours_never_opens_the_device():
    with opened(Rig("21:00-07:00")) as rig:
        assert not rig.sees()
        assert rig.sources == []
