"""Webcams: the pixel format agreed on, gray out of each, and every way to lose one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from fake_camera import Clock

from appliance.camera import devices
from appliance.camera.v4l2 import V4l2Source, in_rows, luma_of
from appliance.errors import CameraError


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
        ({"MJPG": 30, "YUYV": 9.5}, 10, "YUYV", True),  # nearly fast enough
        ({"MJPG": 30, "YUYV": 8.5}, 10, "MJPG", True),
        ({"YUYV": 7.5}, 10, "YUYV", True),  # too slow, but used as it is
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


@pytest.mark.parametrize(
    ("pixel_format", "raw"),
    [
        ("GREY", RAMP),
        ("YUYV", np.dstack([RAMP, np.full_like(RAMP, 99)])),
        ("UYVY", np.dstack([np.full_like(RAMP, 99), RAMP])),
        ("NV12", np.vstack([RAMP, np.full((4, 12), 99, np.uint8)])),
    ],
)
def test_a_picture_in_one_row_of_bytes_is_gray_all_the_same(
    pixel_format: str, raw: np.ndarray
) -> None:
    picture = in_rows(raw.reshape(1, -1), pixel_format, 12, 8)
    assert np.array_equal(luma_of(picture, pixel_format), RAMP)


def test_a_picture_in_one_row_of_bytes_is_read_in_the_size_agreed_on(tmp_path: Path) -> None:
    picture = np.full((480, 640, 2), 7, np.uint8).reshape(1, -1)  # as OpenCV 4.14 gives a device's
    source = v4l2(tmp_path / "video0", FakeVideoCapture({"YUYV": 10}, picture), Clock())
    source.open()
    assert source.read().luma.shape == (480, 640)


def test_a_raw_picture_of_another_size_than_agreed_on_is_not_a_picture() -> None:
    assert luma_of(in_rows(RAMP.reshape(1, -1), "YUYV", 12, 8), "YUYV") is None


@pytest.mark.parametrize("pixel_format", ["GREY", "YUYV", "UYVY", "NV12", "YU12"])
@pytest.mark.parametrize(
    ("told", "last_line_is_full"),
    [(True, True), (True, False), (False, True)],  # if it is not, only the kernel knows its length
)
def test_lines_that_are_longer_in_memory_than_their_pixels_are_cut(
    pixel_format: str, told: bool, last_line_is_full: bool
) -> None:
    lines = {"GREY": RAMP, "YUYV": np.dstack([RAMP, RAMP]), "UYVY": np.dstack([RAMP, RAMP])}
    planar = np.vstack([RAMP, np.full((4, 12), 99, np.uint8)])
    pixels = lines.get(pixel_format, planar)
    pixels = pixels.reshape(len(pixels), -1)
    padded = np.pad(pixels, ((0, 0), (0, 32 - pixels.shape[1])), constant_values=255)
    row = padded.reshape(1, -1)
    if not last_line_is_full:
        row = row[:, : row.size - 32 + pixels.shape[1]]
    picture = in_rows(row, pixel_format, 12, 8, line_bytes=32 if told else 0)
    assert np.array_equal(luma_of(picture, pixel_format), RAMP)


def test_what_fills_up_the_end_of_a_picture_is_cut() -> None:
    """The buffers of some drivers end with a whole page."""
    row = np.pad(RAMP.reshape(1, -1), ((0, 0), (0, 5)))
    assert np.array_equal(luma_of(in_rows(row, "GREY", 12, 8, line_bytes=12), "GREY"), RAMP)


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
@pytest.mark.parametrize("line_bytes", [128, 192])
def test_a_driver_with_long_lines_is_read_through_opencv_itself(
    line_bytes: int, tmp_path: Path
) -> None:
    library, node = tmp_path / "fake_v4l2.so", tmp_path / "video0"
    source = Path(__file__).with_name("fake_v4l2.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    node.touch()
    script = (
        "import sys; from appliance.camera.v4l2 import V4l2Source\n"
        "camera = V4l2Source(sys.argv[1], 64, 48, 10)\n"
        "camera.open(); luma = camera.read().luma; camera.close()\n"
        "print(luma.shape, (luma == luma[:, :1]).all(), *luma[:, 0])"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, node],
        env={
            **os.environ,
            "LD_PRELOAD": str(library),
            "FAKE_CAMERA": str(node),
            "FAKE_LINE_BYTES": str(line_bytes),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == " ".join(["(48, 64) True", *map(str, range(48))])


def test_pictures_of_another_size_are_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    capture, clock = FakeVideoCapture({"YUYV": 10}, np.zeros((1, 1000), np.uint8)), Clock()
    capture.on_grab = lambda: clock.sleep(0.1)
    source = v4l2(tmp_path / "video0", capture, clock)
    source.open()
    assert [source.read() for _ in range(3)] == [None] * 3
    (line,) = [record.getMessage() for record in caplog.records]
    assert "gives pictures of 1000 bytes, which is not 640×480 in YUYV" in line


def test_a_jpeg_without_its_end_marker_is_a_picture() -> None:
    jpeg = cv2.imencode(".jpg", RAMP)[1].reshape(1, -1)
    assert bytes(jpeg[0, -2:]) == b"\xff\xd9"
    for end in (jpeg[:, :-2], np.pad(jpeg[:, :-2], ((0, 0), (0, 30)))):  # or filled up
        luma = luma_of(end, "MJPG")
        assert luma is not None
        assert np.abs(luma.astype(int) - RAMP).max() <= 12


@pytest.mark.parametrize("jpeg", [b"", b"\xff\xd8 torn"])
def test_a_torn_jpeg_is_not_a_picture(jpeg: bytes) -> None:
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


def test_auto_searches_for_the_webcam_at_each_opening(
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
