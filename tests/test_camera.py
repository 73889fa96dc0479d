"""The camera: every way to get pictures, and every way to lose them."""

from __future__ import annotations

import logging
import queue
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import fake_picamera2
import numpy as np
import pytest

from appliance.camera import Camera, devices, picamera2
from appliance.camera.devices import Capability
from appliance.camera.picamera2 import Picamera2Source
from appliance.camera.recorded import Film, Pace, Pictures, Reel
from appliance.camera.sources import Choice, choose
from appliance.camera.v4l2 import V4l2Source, luma_of
from appliance.errors import CameraError

GIFS = Path(__file__).parents[2] / "shared" / "data" / "video"
ASKED = {"width_px": 64, "height_px": 48, "frames_per_second": 10.0, "picture_s": 3.0}


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


class Rig:
    """A Camera over scripted sources, one for each time it is opened; then it hangs at opening."""

    def __init__(self, *sources: Scripted, **settings: Any) -> None:
        self.clock = Clock()
        self.opened_s: list[float] = []
        self.sources = list(sources)
        self.spares: list[Scripted] = []
        self.camera = Camera(
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

    def look(self) -> np.ndarray | None:
        """What the loop gets once the capture thread has said something."""
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
    for each in rigs:
        for source in [*each.sources, *each.spares]:
            source.script.put(CameraError("the test is over"))  # lets hanging threads end
        each.camera.close()


# ---- one frame slot, numbers, time


def test_the_newest_picture_wins_and_the_others_are_counted(rig: Callable[..., Rig]) -> None:
    source = Scripted(picture(1), picture(2), picture(3))
    r = rig(source)
    assert source.read_again.wait(5)
    assert r.look()[0, 0] == 3
    assert r.camera.dropped == 2
    source.script.put(CameraError("gone"))
    r.look()
    assert r.camera.lost
    assert r.camera.dropped == 2


def test_a_picture_is_given_once_and_time_goes_on_without_one(rig: Callable[..., Rig]) -> None:
    r = rig(Scripted(picture(9)))
    r.camera._capture.wait(5)
    first = r.camera.read(0)
    r.clock.now_s += 0.5
    second = r.camera.read(0)
    assert first.luma is not None
    assert second.luma is None
    assert (first.number, second.number) == (1, 2)
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
    camera = Camera(choose_source=lambda: Choice(lambda _sleep: source, "silent")).open()
    frame = camera.read(timeout_s=0.02)
    source.script.put(CameraError("the test is over"))
    camera.close()
    assert frame.luma is None


def test_each_frame_carries_its_own_resolution(rig: Callable[..., Rig]) -> None:
    source = Scripted(picture(1, 480, 640))
    r = rig(source)
    assert r.look().shape == (480, 640)
    source.script.put(picture(1, 120, 160))
    assert r.look().shape == (120, 160)


@pytest.mark.parametrize(
    ("degrees", "corner"), [(0, (0, 0)), (90, (0, 3)), (180, (3, 5)), (270, (5, 0))]
)
def test_the_picture_is_turned_clockwise(
    rig: Callable[..., Rig], degrees: int, corner: tuple[int, int]
) -> None:
    luma = picture(0)
    luma[0, 0] = 255
    r = rig(Scripted(luma), rotate_degrees=degrees)
    turned = r.look()
    assert np.argwhere(turned == 255).tolist() == [list(corner)]


# ---- lost and found


def test_a_hanging_camera_is_noticed_within_3_s(rig: Callable[..., Rig]) -> None:
    r = rig(Scripted(picture(1)))
    assert r.look() is not None
    r.pass_time(2.0)
    assert not r.camera.lost
    r.pass_time(1.0)
    assert r.camera.lost
    assert "no picture for 2 s" in str(r.camera.failure)


def test_a_waiting_read_notices_the_hang_by_itself() -> None:
    source, clock = Scripted(picture(1)), Clock()
    camera = Camera(monotonic=clock, choose_source=lambda: Choice(lambda _s: source, "hangs"))
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


def test_a_slow_first_picture_is_no_loss(rig: Callable[..., Rig]) -> None:
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
        r.look()
        assert r.camera.lost
        assert source.closed.wait(5)
        r.wait_until_reopened()
    assert r.look()[0, 0] == 7
    assert not r.camera.lost
    delays = [later - earlier for earlier, later in pairwise(r.opened_s)]
    assert delays == [1, 2, 4, 8, 16, 30, 30, 30]
    assert [(x.levelname, x.getMessage()) for x in caplog.records] == [
        ("INFO", "camera: a scripted camera"),
        ("WARNING", "camera: lost: /dev/video0 was unplugged"),
        ("INFO", "camera: back"),
    ]


def test_a_camera_may_be_away_for_a_night(rig: Callable[..., Rig]) -> None:
    """2.0 ** 1024 overflows: counting attempts would have ended the jukebox after 8½ hours."""
    sources = [Scripted(CameraError("gone")) for _ in range(1100)]
    r = rig(*sources)
    for _ in sources:
        r.look()
        assert r.camera.lost
        r.pass_time(30, step_s=30)
    assert len(r.opened_s) == 1101


def test_a_camera_that_was_steady_is_reopened_after_1_s(rig: Callable[..., Rig]) -> None:
    bad = [Scripted(CameraError("gone")) for _ in range(3)]
    steady = Scripted(picture(1))
    r = rig(*bad, steady)
    for _ in bad:
        r.look()
        r.wait_until_reopened()
    r.look()
    for _ in range(11):
        r.clock.now_s += 1
        steady.script.put(picture(1))
        assert r.look() is not None
    steady.script.put(CameraError("gone"))
    lost_s = r.clock.now_s
    r.look()
    r.pass_time(1.5)
    assert r.opened_s[-1] - lost_s == 1


def test_a_flapping_camera_is_tried_less_and_less(rig: Callable[..., Rig]) -> None:
    r = rig(*[Scripted(picture(1), CameraError("gone")) for _ in range(5)])
    for _ in range(4):
        while not r.camera.lost:
            r.look()
        r.wait_until_reopened()
        assert r.look() is not None
    assert [b - a for a, b in pairwise(r.opened_s)] == [1, 2, 4, 8]


def test_a_thread_that_was_given_up_never_delivers(rig: Callable[..., Rig]) -> None:
    hung, fresh = Scripted(picture(1)), Scripted()
    r = rig(hung, fresh)
    r.look()
    r.pass_time(4)
    assert fresh.read_again.wait(5)
    hung.script.put(picture(66))
    assert hung.closed.wait(5)
    assert r.camera.read(0).luma is None
    fresh.script.put(picture(2))
    assert r.look()[0, 0] == 2


def test_hung_threads_do_not_pile_up(rig: Callable[..., Rig]) -> None:
    r = rig()
    r.pass_time(3600, step_s=1)
    assert len(r.opened_s) == 4
    r.spares[0].script.put(CameraError("it returned at last"))
    assert r.spares[0].closed.wait(5)
    r.camera._left_behind[0]._thread.join(5)
    r.pass_time(31, step_s=1)
    assert len(r.opened_s) == 5


def test_what_nobody_expected_reaches_the_loop(rig: Callable[..., Rig]) -> None:
    r = rig(Scripted(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        r.look()


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
    assert r.look()[0, 0] == 8
    assert r.camera.dropped == 0


def test_nothing_but_garbage_is_a_loss(rig: Callable[..., Rig]) -> None:
    source = Scripted(picture(1))
    r = rig(source)
    r.look()
    source.read_again.clear()
    source.script.put(np.zeros((4, 6, 3), np.uint8))
    assert source.read_again.wait(5)
    r.pass_time(3)
    assert "only arrays of uint8 (4, 6, 3)" in str(r.camera.failure)


def test_a_dark_room_is_no_garbage(rig: Callable[..., Rig]) -> None:
    assert rig(Scripted(picture(0))).look() is not None


def test_close_does_not_wait_for_a_hanging_camera(rig: Callable[..., Rig]) -> None:
    r = rig(Scripted(picture(1)))
    r.look()
    closing = threading.Thread(target=r.camera.close)
    closing.start()
    closing.join(1)
    assert not closing.is_alive()


def test_a_closed_camera_is_not_read(rig: Callable[..., Rig]) -> None:
    """It would give empty frames without pause, and the loop would spin."""
    r = rig()
    r.camera.close()
    with pytest.raises(RuntimeError, match="needs an open camera"):
        r.camera.read(0)


# ---- choosing a source


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("nowhere.mp4", "'nowhere.mp4': no such file; use auto, picamera2"),
        ("empty", "empty: cannot be read as a picture, or has none ending in .bmp, .jpeg"),
        ("text.mp4", "text.mp4 cannot be read as a video"),
        ("broken.png", "broken.png: cannot be read as a picture"),
        ("picamera2", "picamera2 is not installed"),
    ],
)
def test_an_impossible_source_is_refused_at_once(
    source: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(picamera2.importlib.util, "find_spec", lambda _name: None)
    Path("empty").mkdir()
    Path("text.mp4").write_text("not a film")
    Path("broken.png").write_bytes(b"")
    with pytest.raises(CameraError) as caught:
        Camera(source).open()
    assert sentence in str(caught.value)


def test_a_webcam_that_is_not_plugged_in_yet_is_waited_for() -> None:
    camera = Camera("/dev/video63").open()
    camera._capture.wait(5)
    frame = camera.read(0)
    camera.close()
    assert frame.luma is None
    assert str(camera.failure) == "/dev/video63: no such device; plug the camera in"


def no_pi_camera() -> str:
    raise CameraError("no Raspberry Pi camera")


def no_webcam() -> str:
    raise CameraError("no camera plugged in")


@pytest.mark.parametrize(
    ("pi", "webcam", "description", "stands_in"),
    [
        (lambda: "imx219", lambda: "HD Webcam", "imx219", False),
        (no_pi_camera, lambda: "HD Webcam", "HD Webcam; no Raspberry Pi camera", False),
        (
            no_pi_camera,
            no_webcam,
            "the demo reel; no Raspberry Pi camera; no camera plugged in",
            True,
        ),
    ],
)
def test_auto_takes_the_best_camera_and_says_why(
    pi: Callable[[], str],
    webcam: Callable[[], str],
    description: str,
    stands_in: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("appliance.camera.picamera2.find", pi)
    monkeypatch.setattr("appliance.camera.devices.describe_first", webcam)
    choice = choose("auto", **ASKED)
    assert (str(choice), choice.stands_in) == (description, stands_in)


def test_a_camera_plugged_in_later_replaces_the_demo_reel() -> None:
    reel, webcam, clock = Scripted(picture(1)), Scripted(picture(2)), Clock()
    choices = [Choice(lambda _s: reel, "the demo reel", stands_in=True)] * 2
    choices.append(Choice(lambda _s: webcam, "HD Webcam"))
    camera = Camera(monotonic=clock, choose_source=lambda: choices.pop(0)).open()
    seen = None
    while seen is None or seen[0, 0] != 2:
        reel.script.put(picture(1))
        camera._capture.wait(5)
        seen = camera.read(0).luma
        clock.now_s += 2
    webcam.script.put(CameraError("the test is over"))
    reel.script.put(picture(1))
    camera.close()
    assert camera.description == "HD Webcam"
    assert not camera.lost
    assert reel.closed.wait(5)


# ---- which /dev/video* is a camera

PI_4 = {
    "video10": Capability("bcm2835-codec", "bcm2835-codec-decode", "platform:x", 0x04204000),
    "video13": Capability("bcm2835-isp", "bcm2835-isp", "platform:bcm2835-isp", 0x04200002),
    "video14": Capability("bcm2835-isp", "bcm2835-isp", "platform:bcm2835-isp", 0x04200001),
    "video16": Capability("bcm2835-isp", "bcm2835-isp", "platform:bcm2835-isp", 0x04A00000),
    "video0": Capability("unicam", "unicam", "platform:fe801000.csi", 0x05200001),
}
WEBCAM = {
    "video3": Capability("uvcvideo", "HD Webcam C525", "usb-0000:01:00.0-1.3", 0x04200001),
    "video4": Capability("uvcvideo", "HD Webcam C525", "usb-0000:01:00.0-1.3", 0x04A00000),
}
OLD_CODEC = {"video1": Capability("coda", "CODA960", "platform:coda", 0x0420C003)}
LOOPBACK = {"video2": Capability("v4l2 loopback", "Dummy", "platform:v4l2loopback-000", 0x05200003)}


def dev_folder(folder: Path, nodes: dict[str, Any]) -> Callable[[Path], Capability]:
    for name in nodes:
        (folder / name).touch()

    def ask(node: Path) -> Capability:
        if isinstance(nodes[node.name], Exception):
            raise nodes[node.name]
        return nodes[node.name]

    return ask


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (PI_4 | WEBCAM, "video3"),
        (LOOPBACK | WEBCAM, "video3"),  # a real one before a loop of pictures
        (PI_4 | LOOPBACK, "video2"),
        (OLD_CODEC | LOOPBACK, "video2"),
        (WEBCAM | {"video1": OSError(25, "not a V4L2 device")}, "video3"),
        (WEBCAM | {"video1": PermissionError(13, "denied")}, "video3"),
    ],
)
def test_codecs_and_metadata_nodes_are_no_cameras(
    nodes: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    found = devices.cameras(tmp_path, dev_folder(tmp_path, nodes))
    assert found[0][0].name == expected


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ({}, "no camera plugged in"),
        (PI_4, "no camera among the 5 nodes"),
        ({"video0": PermissionError(13, "denied")}, "add the user to group video: sudo usermod"),
    ],
)
def test_no_camera_is_explained(nodes: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(CameraError, match=sentence):
        devices.cameras(tmp_path, dev_folder(tmp_path, nodes))


def test_the_kernels_answer_is_read_by_node_not_by_device() -> None:
    answer = struct.pack(
        "=16s32s32sIII12x", b"uvcvideo", b"HD Webcam", b"usb-1", 0x60100, 0x84A00001, 0x04A00000
    )
    assert devices.parse(answer) == Capability("uvcvideo", "HD Webcam", "usb-1", 0x04A00000)
    assert not devices.parse(answer).is_camera()


def test_a_node_that_is_no_device_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    with pytest.raises(OSError, match="ioctl"):
        devices.query(tmp_path / "video0")


# ---- V4L2


class FakeVideoCapture:
    """cv2.VideoCapture as its V4L2 backend behaves: what the camera cannot do stays as it was."""

    def __init__(
        self, rates: dict[str, float], frame: np.ndarray | None = None, opens: bool = True
    ) -> None:
        self.rates = rates  # pixel format → the highest rate
        self.frame = frame
        self.opens = opens
        self.pixel_format = next(iter(rates))
        self.wanted_rate = 30.0
        self.grabs = self.retrieves = 0
        self.unplugged = self.released = False
        self.properties: dict[int, float] = {cv2.CAP_PROP_CONVERT_RGB: 1}
        self.on_grab: Callable[[], None] = lambda: None

    def __call__(self, _path: str, backend: int) -> FakeVideoCapture:
        assert backend == cv2.CAP_V4L2
        return self

    def isOpened(self) -> bool:  # noqa: N802
        return self.opens

    def set(self, prop: int, value: float) -> bool:
        if prop == cv2.CAP_PROP_FOURCC:
            name = int(value).to_bytes(4, "little").decode()
            self.pixel_format = name if name in self.rates else self.pixel_format
        elif prop == cv2.CAP_PROP_FPS:
            self.wanted_rate = value
        else:
            self.properties[prop] = value
        return True

    def get(self, prop: int) -> float:
        if prop == cv2.CAP_PROP_FOURCC:
            return int.from_bytes(self.pixel_format.encode(), "little")
        if prop == cv2.CAP_PROP_FPS:
            return min(self.wanted_rate, self.rates[self.pixel_format])
        return self.properties.get(prop, 0)

    def grab(self) -> bool:
        self.grabs += 1
        self.on_grab()
        return not self.unplugged

    def retrieve(self) -> tuple[bool, np.ndarray | None]:
        self.retrieves += 1
        return True, self.frame

    def release(self) -> None:
        self.released = True


def v4l2(node: Path, capture: FakeVideoCapture, clock: Clock, fps: float = 10.0) -> V4l2Source:
    node.touch()
    return V4l2Source(str(node), 640, 480, fps, monotonic=clock, open_capture=capture)


@pytest.mark.parametrize(
    ("rates", "fps", "agreed", "raw"),
    [
        ({"MJPG": 30, "YUYV": 30}, 10, "YUYV", True),
        ({"MJPG": 30, "YUYV": 5}, 10, "MJPG", True),  # 720p over USB 2
        ({"YUYV": 30, "GREY": 30}, 10, "GREY", True),
        ({"YUYV": 7.5}, 10, "YUYV", True),  # it cannot: it is used as it is
        ({"NV12": 30}, 10, "NV12", True),
        ({"BGR3": 0}, 10, "BGR3", False),  # loopback: the rate is unknown
        ({"BA81": 30}, 10, "BA81", False),  # left to OpenCV to convert
    ],
)
def test_the_cheapest_format_that_is_fast_enough_is_agreed_on(
    rates: dict[str, float], fps: float, agreed: str, raw: bool, tmp_path: Path
) -> None:
    capture = FakeVideoCapture(rates)
    v4l2(tmp_path / "video0", capture, Clock(), fps).open()
    assert capture.pixel_format == agreed
    assert (capture.properties[cv2.CAP_PROP_CONVERT_RGB] == 0) == raw


RAMP = np.arange(96, dtype=np.uint8).reshape(8, 12) * 2


@pytest.mark.parametrize(
    ("pixel_format", "raw", "tolerance"),
    [
        ("GREY", RAMP, 0),
        ("YUYV", np.dstack([RAMP, np.full_like(RAMP, 99)]), 0),
        ("UYVY", np.dstack([np.full_like(RAMP, 99), RAMP]), 0),
        ("NV12", np.vstack([RAMP, np.full((4, 12), 99, np.uint8)]), 0),
        ("YU12", np.vstack([RAMP, np.full((4, 12), 99, np.uint8)]), 0),
        ("MJPG", cv2.imencode(".jpg", RAMP)[1].reshape(1, -1), 12),
        ("MJPG", cv2.cvtColor(RAMP, cv2.COLOR_GRAY2BGR), 0),  # OpenCV would not leave it raw
        ("BGR3", cv2.cvtColor(RAMP, cv2.COLOR_GRAY2BGR), 0),
    ],
)
def test_gray_comes_out_of_every_format(pixel_format: str, raw: np.ndarray, tolerance: int) -> None:
    luma = luma_of(raw, pixel_format)
    assert luma.shape == RAMP.shape
    assert np.abs(luma.astype(int) - RAMP).max() <= tolerance


@pytest.mark.parametrize("jpeg", [b"", b"\xff\xd8 torn"])
def test_a_torn_jpeg_is_no_picture(jpeg: bytes) -> None:
    assert luma_of(np.frombuffer(jpeg, np.uint8).reshape(1, -1), "MJPG") is None


@pytest.mark.parametrize("camera_fps", [10, 15, 30, 60])
def test_every_picture_is_fetched_and_only_those_due_are_decoded(
    camera_fps: int, tmp_path: Path
) -> None:
    capture, clock = FakeVideoCapture({"YUYV": camera_fps}, np.zeros((8, 12, 2), np.uint8)), Clock()
    capture.on_grab = lambda: clock.sleep(1 / camera_fps)
    source = v4l2(tmp_path / "video0", capture, clock, fps=10)
    source.open()
    given = [source.read() is not None for _ in range(10 * camera_fps)]
    assert capture.grabs == 10 * camera_fps
    assert sum(given) == capture.retrieves
    assert 99 <= sum(given) <= 101


def test_an_unplugged_webcam_is_an_error_and_is_released(tmp_path: Path) -> None:
    capture, node = FakeVideoCapture({"YUYV": 30}), tmp_path / "video0"
    source = v4l2(node, capture, Clock())
    source.open()
    capture.unplugged = True
    with pytest.raises(CameraError, match="another program may be using it"):
        source.read()
    node.unlink()
    with pytest.raises(CameraError, match="it was unplugged"):
        source.read()
    source.close()
    assert capture.released


def test_a_busy_webcam_is_an_error(tmp_path: Path) -> None:
    source = v4l2(tmp_path / "video0", FakeVideoCapture({"YUYV": 30}, opens=False), Clock())
    with pytest.raises(CameraError, match="cannot be opened; another program"):
        source.open()


def test_missing_permission_names_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.camera.v4l2.os.access", lambda *_: False)
    source = v4l2(tmp_path / "video0", FakeVideoCapture({"YUYV": 30}), Clock())
    with pytest.raises(CameraError, match="permission denied; add the user to group video"):
        source.open()


def test_auto_looks_for_the_webcam_anew_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A webcam that was /dev/video0 often comes back as /dev/video1."""
    (tmp_path / "video1").touch()
    monkeypatch.setattr(devices, "first", lambda: str(tmp_path / "video1"))
    source = V4l2Source(
        None, 640, 480, 10, open_capture=FakeVideoCapture({"YUYV": 30}, opens=False)
    )
    with pytest.raises(CameraError, match="video1 cannot be opened"):
        source.open()


# ---- picamera2


@pytest.fixture
def pi(monkeypatch: pytest.MonkeyPatch) -> type[fake_picamera2.Picamera2]:
    monkeypatch.setitem(sys.modules, "picamera2", fake_picamera2)
    fake_picamera2.Picamera2.reset()
    return fake_picamera2.Picamera2


def test_picamera2_gives_the_luma_without_padding(pi: type[fake_picamera2.Picamera2]) -> None:
    source = Picamera2Source(330, 240, 10)
    source.open()
    luma = source.read()
    source.close()
    assert pi.made[0].stream_configuration("lores")["stride"] == 384
    assert luma.shape == (240, 330)
    assert luma.flags.c_contiguous
    assert (luma[0, 0], luma[-1, -1]) == (0, 200)
    assert not pi.made[0].is_open


def test_picamera2_is_asked_for_the_rate_and_the_widest_view(
    pi: type[fake_picamera2.Picamera2],
) -> None:
    source = Picamera2Source(640, 480, 8)
    source.open()
    source.close()
    config = pi.made[0].config
    assert config["controls"] == {"FrameDurationLimits": (125_000, 125_000)}
    assert config["sensor"] == {"output_size": (1640, 1232), "bit_depth": 10}


def test_an_odd_size_is_taken_as_the_camera_makes_it(pi: type[fake_picamera2.Picamera2]) -> None:
    source = Picamera2Source(321, 241, 10)
    source.open()
    assert source.read().shape == (240, 320)
    source.close()
    assert pi.made


def test_a_dead_sensor_is_an_error_and_the_camera_can_be_opened_again(
    pi: type[fake_picamera2.Picamera2],
) -> None:
    source = Picamera2Source(640, 480, 10)
    source.open()
    with pytest.raises(CameraError, match="fails: Camera __init__ sequence did not complete"):
        Picamera2Source(640, 480, 10).open()
    pi.hangs = True
    with pytest.raises(CameraError, match="gives no pictures any more; check its ribbon cable"):
        source.read()
    source.close()
    Picamera2Source(640, 480, 10).open()


def test_webcams_are_left_to_v4l2(pi: type[fake_picamera2.Picamera2]) -> None:
    pi.attached = [fake_picamera2.USB_CAMERA]
    with pytest.raises(CameraError, match="none is attached"):
        picamera2.find()
    pi.attached = [fake_picamera2.USB_CAMERA, fake_picamera2.PI_CAMERA]
    assert picamera2.find() == "Raspberry Pi camera 1 (imx219)"
    source = Picamera2Source(640, 480, 10)
    source.open()
    source.close()
    assert pi.made[0].number == 1


def test_picamera2_delivers_through_the_camera(pi: type[fake_picamera2.Picamera2]) -> None:
    camera = Camera("picamera2").open()
    frame = camera.read(timeout_s=5)
    camera.close()
    assert frame.luma.shape == (480, 640)
    assert not pi.made[0].is_open


# ---- recorded pictures


def film(path: Path, levels: list[int], fps: float = 10.0) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    for level in levels:
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    return path


def watch(source: Film | Pictures | Reel, clock: Clock, ticks: int) -> list[tuple[float, int]]:
    """(seconds since the beginning, brightness) at each tick."""
    began_s = clock()
    seen = [(source.read(), clock() - began_s) for _ in range(ticks)]
    return [(at_s, round(float(luma.mean()) / 20) * 20) for luma, at_s in seen]


def test_the_pace_is_even_and_lost_time_is_not_made_up_for() -> None:
    clock = Clock()
    pace = Pace(2.0, clock.sleep, clock)
    ticks = [pace.tick(), pace.tick()]
    clock.now_s += 10
    ticks += [pace.tick(), pace.tick()]
    assert ticks == [0.0, 0.5, 10.5, 11.0]


@pytest.mark.parametrize(
    ("ticks_per_second", "seen"),
    [
        (4.0, [(0.0, 20), (0.25, 60), (0.5, 100), (0.75, 140), (1.0, 20), (1.25, 60)]),
        (2.0, [(0.0, 20), (0.5, 100), (1.0, 20), (1.5, 100), (2.0, 20)]),
        (8.0, [(0.0, 20), (0.125, 20), (0.25, 60), (0.375, 60), (0.5, 100)]),
    ],
)
def test_a_film_runs_at_its_own_speed_and_begins_again(
    ticks_per_second: float, seen: list[tuple[float, int]], tmp_path: Path
) -> None:
    clock = Clock()
    source = Film(
        film(tmp_path / "a.avi", [20, 60, 100, 140], fps=4.0), ticks_per_second, clock.sleep, clock
    )
    source.open()
    assert watch(source, clock, len(seen)) == seen
    source.close()


def test_a_film_deleted_while_it_runs_is_an_error(tmp_path: Path) -> None:
    clock, path = Clock(), film(tmp_path / "a.avi", [20, 60])
    source = Film(path, 10.0, clock.sleep, clock)
    source.open()
    path.unlink()
    with pytest.raises(CameraError, match=r"a\.avi cannot be read as a video"):
        watch(source, clock, 10)
    source.close()


@pytest.mark.parametrize(
    ("gif", "pictures", "length_s"),
    [
        ("head-pose-face-detection-female.gif", 23, 1.83),
        ("face-demographics-walking-and-pause.gif", 41, 3.33),
    ],
)
def test_an_animated_gif_is_a_film(gif: str, pictures: int, length_s: float) -> None:
    if not (GIFS / gif).exists():
        pytest.skip(f"the shared test video {gif} is not here")
    clock = Clock()
    source = Film(GIFS / gif, 100.0, clock.sleep, clock)
    source.open()
    seen = [source.read() for _ in range(round(length_s * 100) + 1)]
    source.close()
    assert seen[0].shape == (270, 480)
    assert len({id(luma) for luma in seen}) == pictures


def test_pictures_follow_each_other_and_the_unreadable_one_is_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "notes.txt").write_text("no picture, and not looked at")
    for name, level in (("b.png", 100), ("a.png", 20)):
        cv2.imwrite(str(tmp_path / name), picture(level))
    (tmp_path / "aa.png").write_bytes(b"\x89PNG torn")
    clock = Clock()
    source = Pictures(tmp_path, 3.0, 1.0, clock.sleep, clock)
    source.open()
    seen = watch(source, clock, 8)
    assert seen == [(t, 100 if t in (3, 4, 5) else 20) for t in range(8)]
    assert [x.getMessage() for x in caplog.records] == [
        f"skipped: {tmp_path / 'aa.png'}: is no picture that OpenCV can read (JPEG, PNG, WebP, …)"
    ]


def test_a_folder_that_vanishes_is_a_loss_and_no_crash(tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), picture(20))
    camera = Camera(str(folder))
    camera.choose()
    (folder / "a.png").unlink()
    folder.rmdir()
    camera.open()._capture.wait(5)
    camera.read(0)
    camera.close()
    assert "stick cannot be read" in str(camera.failure)


def test_the_demo_reel_is_played_over_and_over(monkeypatch: pytest.MonkeyPatch) -> None:
    reel = SimpleNamespace(LENGTH_S=3.0, frame_at=lambda time_s: picture(round(20 * time_s)))
    monkeypatch.setitem(sys.modules, "appliance.reel", reel)
    monkeypatch.setattr("appliance.reel", reel, raising=False)
    clock = Clock()
    source = Reel(1.0, clock.sleep, clock)
    source.open()
    assert watch(source, clock, 5) == [(0, 0), (1, 20), (2, 40), (3, 0), (4, 20)]
    source.close()


@pytest.mark.parametrize("source", ["folder", "one.png", "film.avi"])
def test_recorded_pictures_come_through_the_camera(source: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("folder/a.png", "one.png"):
        cv2.imwrite(str(tmp_path / name), picture(50, 48, 64))
    film(tmp_path / "film.avi", [50, 50])
    camera = Camera(str(tmp_path / source), frames_per_second=30).open()
    frames = [camera.read(timeout_s=5) for _ in range(3)]
    camera.close()
    assert [frame.luma.shape for frame in frames] == [(48, 64)] * 3
    assert source in camera.description
