"""The camera: one frame slot, lost and found."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from fake_camera import Clock, Scripted, picture

from appliance.camera.reopening import ReopeningCamera
from appliance.camera.sources import Choice
from appliance.errors import CameraError


class Rig:
    """A camera over scripted sources, one for each time it is opened; then it hangs at opening."""

    def __init__(self, *sources: Scripted, **settings: Any) -> None:
        self.clock = Clock()
        self.opened_s: list[float] = []
        self.sources = list(sources)
        self.spares: list[Scripted] = []
        self.camera = ReopeningCamera(
            frames_per_second=10.0,
            monotonic=self.clock,
            wall=lambda: 1_700_000_000.0,
            choose_source=lambda: Choice(self._make, "a scripted camera"),
            **settings,
        )

    def _make(self, _sleep: object) -> Scripted:
        self.opened_s.append(self.clock())
        if len(self.opened_s) <= len(self.sources):
            return self.sources[len(self.opened_s) - 1]
        self.spares.append(Scripted())
        return self.spares[-1]

    def read(self) -> np.ndarray | None:
        """The picture that the loop gets once the capture thread has one or an error."""
        assert self.camera._capture is not None
        self.camera._capture.wait(5)
        return self.camera.read(0).luma

    def wait_until_reopened(self) -> None:
        while self.camera._capture is None:
            self.pass_time(0.5, step_s=0.5)

    def pass_time(self, seconds: float, step_s: float = 0.25) -> None:
        """The loop goes on reading while time passes."""
        end_s = self.clock.now_s + seconds
        while self.clock.now_s < end_s:
            self.clock.now_s += step_s
            self.camera.read(0)


@pytest.fixture
def rig() -> Iterator[Callable[..., Rig]]:
    rigs: list[Rig] = []

    def make(*sources: Scripted, **settings: Any) -> Rig:
        rigs.append(Rig(*sources, **settings))
        rigs[-1].camera.open()
        return rigs[-1]

    yield make
    for made in rigs:
        for source in [*made.sources, *made.spares]:
            source.script.put(CameraError("the test is over"))  # lets hanging threads end
        made.camera.close()


# ---- one frame slot, numbers, time


def test_the_newest_picture_wins(rig: Callable[..., Rig]) -> None:
    source = Scripted(picture(1), picture(2), picture(3))
    r = rig(source)
    assert source.read_again.wait(5)
    assert r.read()[0, 0] == 3


def test_a_picture_is_given_once_and_time_goes_on_without_one(rig: Callable[..., Rig]) -> None:
    r = rig(Scripted(picture(9)))
    r.camera._capture.wait(5)
    first = r.camera.read(0)
    r.clock.now_s += 0.5
    second = r.camera.read(0)
    assert first.luma is not None
    assert second.luma is None
    assert (first.time_s, second.time_s) == (100.0, 100.5)
    assert second.unix_s == 1_700_000_000.0
    assert not r.camera.lost


def test_read_returns_as_soon_as_the_picture_is_there(rig: Callable[..., Rig]) -> None:
    source = Scripted()
    r = rig(source)
    assert source.read_again.wait(5)
    threading.Timer(0.02, source.script.put, [picture(5)]).start()
    assert r.camera.read(timeout_s=60).luma[0, 0] == 5


def test_read_gives_up_in_time_on_a_real_clock() -> None:
    source = Scripted()
    camera = ReopeningCamera(choose_source=lambda: Choice(lambda _sleep: source, "silent")).open()
    frame = camera.read(timeout_s=0.02)
    source.script.put(CameraError("the test is over"))
    camera.close()
    assert frame.luma is None


def test_each_frame_carries_its_own_resolution(rig: Callable[..., Rig]) -> None:
    source = Scripted(picture(1, 480, 640))
    r = rig(source)
    assert r.read().shape == (480, 640)
    source.script.put(picture(1, 120, 160))
    assert r.read().shape == (120, 160)


@pytest.mark.parametrize(
    ("degrees", "corner"), [(0, (0, 0)), (90, (0, 3)), (180, (3, 5)), (270, (5, 0))]
)
def test_the_picture_is_turned_clockwise(
    rig: Callable[..., Rig], degrees: int, corner: tuple[int, int]
) -> None:
    luma = picture(0)
    luma[0, 0] = 255
    r = rig(Scripted(luma), rotate_degrees=degrees)
    turned = r.read()
    assert np.argwhere(turned == 255).tolist() == [list(corner)]


# ---- lost and found


def test_a_hanging_camera_is_noticed_within_3_s(rig: Callable[..., Rig]) -> None:
    r = rig(Scripted(picture(1)))
    assert r.read() is not None
    r.pass_time(2.0)
    assert not r.camera.lost
    r.pass_time(1.0)
    assert r.camera.lost
    assert "no picture for 2 s" in str(r.camera.failure)


def test_a_camera_of_one_picture_in_two_seconds_is_lost_after_five() -> None:
    source, clock = Scripted(picture(1)), Clock()
    camera = ReopeningCamera(
        frames_per_second=0.5,
        monotonic=clock,
        choose_source=lambda: Choice(lambda _s: source, "a slow camera"),
    )
    camera.open()._capture.wait(5)
    camera.read(0)
    lost = []
    for seconds in (4.9, 0.2):
        clock.now_s += seconds
        camera.read(0)
        lost.append(camera.lost)
    source.script.put(CameraError("the test is over"))
    camera.close()
    assert lost == [False, True]


def test_a_waiting_read_notices_the_hang_by_itself() -> None:
    source, clock = Scripted(picture(1)), Clock()
    camera = ReopeningCamera(
        monotonic=clock, choose_source=lambda: Choice(lambda _s: source, "hangs")
    )
    camera.open()._capture.wait(5)
    camera.read(0)
    assert source.read_again.wait(5)
    waits: list[float] = []

    def wait(timeout_s: float) -> None:
        waits.append(timeout_s)
        clock.now_s += timeout_s

    camera._wait = wait
    camera.read(timeout_s=60)
    source.script.put(CameraError("the test is over"))
    camera.close()
    assert waits[0] == 2.5
    assert camera.lost


def test_a_slow_first_picture_is_not_a_loss(rig: Callable[..., Rig]) -> None:
    r = rig(Scripted())
    r.pass_time(15)
    assert not r.camera.lost
    r.pass_time(6)
    assert r.camera.lost


def test_reopening_waits_longer_and_longer_and_says_so_once(
    rig: Callable[..., Rig], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    failing = [Scripted(CameraError("/dev/video0 was unplugged")) for _ in range(8)]
    r = rig(*failing, Scripted(picture(7)))
    for source in failing:
        r.read()
        assert r.camera.lost
        assert source.closed.wait(5)
        r.wait_until_reopened()
    assert r.read()[0, 0] == 7
    assert not r.camera.lost
    delays = [later - earlier for earlier, later in pairwise(r.opened_s)]
    assert delays == [1, 2, 4, 8, 16, 30, 30, 30]
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "camera: a scripted camera"),
        ("WARNING", "camera: lost: /dev/video0 was unplugged"),
        ("INFO", "camera: back"),
    ]


def test_a_camera_may_be_away_for_a_night(rig: Callable[..., Rig]) -> None:
    """2.0 ** 1024 overflows: counting attempts would have ended the jukebox after 8½ hours."""
    sources = [Scripted(CameraError("gone")) for _ in range(1100)]
    r = rig(*sources)
    for _ in sources:
        r.read()
        assert r.camera.lost
        r.pass_time(30, step_s=30)
    assert len(r.opened_s) == 1101


@pytest.mark.parametrize(("steady_s", "delay_s"), [(9, 8), (11, 1)])
def test_a_camera_that_was_steady_for_10_s_is_reopened_after_1_s(
    rig: Callable[..., Rig], steady_s: int, delay_s: int
) -> None:
    bad = [Scripted(CameraError("gone")) for _ in range(3)]
    steady = Scripted(picture(1))
    r = rig(*bad, steady)
    for _ in bad:
        r.read()
        r.wait_until_reopened()
    r.read()
    for _ in range(steady_s):
        r.clock.now_s += 1
        steady.script.put(picture(1))
        assert r.read() is not None
    steady.script.put(CameraError("gone"))
    lost_s = r.clock.now_s
    r.read()
    r.pass_time(delay_s + 0.5)
    assert r.opened_s[-1] - lost_s == delay_s


def test_a_flapping_camera_is_tried_less_and_less(rig: Callable[..., Rig]) -> None:
    r = rig(*[Scripted(picture(1), CameraError("gone")) for _ in range(5)])
    for _ in range(4):
        while not r.camera.lost:
            r.read()
        r.wait_until_reopened()
        assert r.read() is not None
    assert [later - earlier for earlier, later in pairwise(r.opened_s)] == [1, 2, 4, 8]


def test_a_thread_that_was_given_up_never_delivers(rig: Callable[..., Rig]) -> None:
    hung, fresh = Scripted(picture(1)), Scripted()
    r = rig(hung, fresh)
    r.read()
    r.pass_time(4)
    assert fresh.read_again.wait(5)
    hung.script.put(picture(66))
    assert hung.closed.wait(5)
    assert r.camera.read(0).luma is None
    fresh.script.put(picture(2))
    assert r.read()[0, 0] == 2


def test_hung_threads_do_not_pile_up(rig: Callable[..., Rig]) -> None:
    r = rig()
    r.pass_time(3600, step_s=1)
    assert len(r.opened_s) == 4
    r.spares[0].script.put(CameraError("it returned at last"))
    assert r.spares[0].closed.wait(5)
    r.camera._left_behind[0]._thread.join(5)
    r.pass_time(31, step_s=1)
    assert len(r.opened_s) == 5


def test_an_unexpected_error_reaches_the_loop(rig: Callable[..., Rig]) -> None:
    r = rig(Scripted(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        r.read()


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        "text",
        np.zeros((4, 6), np.float32),
        np.zeros((4, 6, 3), np.uint8),
        np.zeros((0, 6), np.uint8),
    ],
)
def test_garbage_is_passed_over(rig: Callable[..., Rig], garbage: Any) -> None:
    r = rig(Scripted(garbage, garbage, picture(8)))
    assert r.read()[0, 0] == 8


def test_nothing_but_garbage_is_a_loss(rig: Callable[..., Rig]) -> None:
    source = Scripted(picture(1))
    r = rig(source)
    r.read()
    source.read_again.clear()
    source.script.put(np.zeros((4, 6, 3), np.uint8))
    assert source.read_again.wait(5)
    r.pass_time(3)
    assert "only arrays of uint8 (4, 6, 3)" in str(r.camera.failure)


def test_a_dark_room_is_not_garbage(rig: Callable[..., Rig]) -> None:
    assert rig(Scripted(picture(0))).read() is not None


def test_close_does_not_wait_for_a_hanging_camera(rig: Callable[..., Rig]) -> None:
    r = rig(Scripted(picture(1)))
    r.read()
    closing = threading.Thread(target=r.camera.close)
    closing.start()
    closing.join(1)
    assert not closing.is_alive()


def test_a_closed_camera_is_not_read(rig: Callable[..., Rig]) -> None:
    """It would give frames without a picture at once, and the loop would never rest."""
    r = rig()
    r.camera.close()
    with pytest.raises(RuntimeError, match="needs an open camera"):
        r.camera.read(0)
