"""The Raspberry Pi's own cameras, through picamera2.

The calls are those of the Picamera2 manual (https://datasheets.raspberrypi.com/camera/picamera2-manual.pdf).
picamera2 comes with Raspberry Pi OS (apt: python3-picamera2) and is seen from a virtual environment
only if that was made with --system-site-packages.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from appliance.camera.colour import of_planes
from appliance.errors import CameraError
from appliance.records import Picture

TIMEOUT_S = 2.0  # for one picture; below reopening.STALL_S, so that the camera is closed properly


class Picamera2Source:
    """The first camera on a ribbon cable. Its lores stream is used.

    width_px, height_px: odd ones are made even. frames_per_second: what the camera is set to.
    """

    def __init__(self, width_px: int, height_px: int, frames_per_second: float) -> None:
        self._size = (width_px, height_px)
        self._frames_per_second = frames_per_second
        self._timeout_s = max(TIMEOUT_S, 2 / frames_per_second)
        self._camera: Any = None

    def open(self) -> None:
        """Configures and starts the camera. Raises CameraError if there is none or it fails."""
        require_module()
        with _explained():
            from picamera2 import Picamera2  # noqa: PLC0415 - exists on a Pi only, takes seconds

            self._camera = Picamera2(_number_and_model()[0])
            self._camera.configure(self._configuration())
            self._camera.start()
            self._size = self._camera.stream_configuration("lores")["size"]

    def read(self) -> Picture | None:
        """The next picture. picamera2 keeps to the frame rate.

        Raises CameraError if no picture comes in two seconds, or the camera fails.
        """
        with _explained():
            job = self._camera.capture_array("lores", wait=False)
            planes = self._camera.wait(job, timeout=self._timeout_s)
        # planes: (height × 3/2, stride); above is Y, below U and V; right of width is padding
        width_px, height_px = self._size
        luma = np.ascontiguousarray(planes[:height_px, :width_px])
        return Picture(luma, of_planes(planes, width_px))

    def close(self) -> None:
        """Stops the camera and releases it."""
        if self._camera is not None:
            with _explained():
                self._camera.close()

    def _configuration(self) -> Any:
        frame_us = round(1_000_000 / self._frames_per_second)
        stream = {"size": self._size, "format": "YUV420"}
        mode = _widest(self._camera.sensor_modes, self._frames_per_second)
        return self._camera.create_video_configuration(
            main=dict(stream),  # picamera2 demands one, at least as large as lores
            lores=dict(stream),
            sensor={"output_size": mode["size"], "bit_depth": mode["bit_depth"]},
            controls={"FrameDurationLimits": (frame_us, frame_us)},
            buffer_count=4,
        )


def require_module() -> None:
    """Raises CameraError if picamera2 is not installed."""
    if importlib.util.find_spec("picamera2") is None:
        raise CameraError(
            "no Raspberry Pi camera (picamera2 is not installed; on a Pi: sudo apt install"
            " python3-picamera2)"
        )


def find() -> str:
    """The first Raspberry Pi camera in words.

    Raises CameraError if none is attached, or picamera2 is not installed or fails.
    """
    require_module()
    logging.getLogger("picamera2").setLevel(logging.WARNING)  # else it reports every step
    with _explained():
        number, model = _number_and_model()
    return f"Raspberry Pi camera {number} ({model})"


def _number_and_model() -> tuple[int, str]:
    from picamera2 import Picamera2  # noqa: PLC0415

    for number, camera in enumerate(Picamera2.global_camera_info()):
        if "usb" not in camera["Id"].lower():  # webcams are listed too; V4L2 serves them better
            return number, camera["Model"]
    raise CameraError("no Raspberry Pi camera (none is attached; rpicam-hello --list-cameras)")


def _widest(modes: list[dict[str, Any]], frames_per_second: float) -> dict[str, Any]:
    """The sensor mode that sees most of the room, with the fewest pixels.

    Left to itself, libcamera takes the nearest size: 640×480 of camera module 2 is cut from the
    middle and sees 39 % of the width.
    """

    def merit(mode: dict[str, Any]) -> tuple[bool, int, int, int]:
        _, _, seen_width, seen_height = mode["crop_limits"]
        width, height = mode["size"]
        fast_enough = mode["fps"] >= frames_per_second
        return fast_enough, seen_width * seen_height, -width * height, mode["bit_depth"]

    return max(modes, key=merit)


@contextmanager
def _explained() -> Iterator[None]:
    """Turns whatever picamera2 and libcamera raise into CameraError."""
    try:
        yield
    except CameraError:
        raise
    except TimeoutError as error:
        raise CameraError(
            "the Raspberry Pi camera gives no pictures any more; check its ribbon cable"
        ) from error
    except Exception as error:  # RuntimeError, OSError, IndexError, KeyError …: not documented
        raise CameraError(
            f"the Raspberry Pi camera fails: {error or type(error).__name__}; check its ribbon"
            " cable and that no other program uses it (rpicam-hello shows whether it works)"
        ) from error
