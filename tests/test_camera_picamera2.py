"""The Raspberry Pi camera, with a stand-in for picamera2."""

from __future__ import annotations

import sys

import fake_picamera2
import pytest

from appliance.camera import picamera2
from appliance.camera.picamera2 import Picamera2Source
from appliance.camera.reopening import ReopeningCamera
from appliance.errors import CameraError


@pytest.fixture
def pi(monkeypatch: pytest.MonkeyPatch) -> type[fake_picamera2.Picamera2]:
    monkeypatch.setitem(sys.modules, "picamera2", fake_picamera2)
    fake_picamera2.Picamera2.reset()
    return fake_picamera2.Picamera2


def test_picamera2_gives_the_luma_without_padding(pi: type[fake_picamera2.Picamera2]) -> None:
    source = Picamera2Source(330, 240, 10)
    source.open()
    luma = source.read().luma
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
    assert source.read().luma.shape == (240, 320)
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


@pytest.mark.parametrize(("frames_per_second", "timeout_s"), [(10, 2.0), (0.5, 4.0)])
def test_a_picture_is_waited_for_less_long_than_a_camera_counts_as_lost(
    pi: type[fake_picamera2.Picamera2], frames_per_second: float, timeout_s: float
) -> None:
    """After 2.5 s ReopeningCamera would leave the thread behind with the camera open."""
    source = Picamera2Source(640, 480, frames_per_second)
    source.open()
    source.read()
    source.close()
    assert pi.made[0].timeouts_s == [timeout_s]


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
    camera = ReopeningCamera("picamera2").open()
    frame = camera.read(timeout_s=5)
    camera.close()
    assert frame.luma.shape == (480, 640)
    assert not pi.made[0].is_open
