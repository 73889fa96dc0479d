"""A stand-in for picamera2: the calls that appliance/camera/picamera2.py makes, and their traps.

Shapes, keys and refusals follow picamera2 0.3 (picamera2.py, request.py, job.py) and its manual:
one camera can be opened once, lores must be YUV, even-sized and not larger than main, YUV420 arrays
are (height × 3/2, stride) with the stride rounded up, a job that gets no picture times out. The
sensor modes are those of camera module 2 (imx219).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

PI_CAMERA = {
    "Model": "imx219",
    "Location": 2,
    "Rotation": 180,
    "Id": "/base/soc/i2c0mux/i2c@1/imx219@10",
}
USB_CAMERA = {"Model": "HD Webcam", "Id": "/base/soc/usb@7e980000/usb1@1-1.2:1.0-32e4:9422"}

SENSOR_MODES = [
    {"size": (640, 480), "bit_depth": 10, "fps": 206.65, "crop_limits": (1000, 752, 1280, 960)},
    {"size": (1640, 1232), "bit_depth": 8, "fps": 83.7, "crop_limits": (0, 0, 3280, 2464)},
    {"size": (1640, 1232), "bit_depth": 10, "fps": 41.85, "crop_limits": (0, 0, 3280, 2464)},
    {"size": (1920, 1080), "bit_depth": 10, "fps": 47.57, "crop_limits": (680, 692, 1920, 1080)},
    {"size": (3280, 2464), "bit_depth": 10, "fps": 21.19, "crop_limits": (0, 0, 3280, 2464)},
]


class Picamera2:
    """Behaves as its class attributes say; every instance is recorded in `made`."""

    attached: ClassVar[list[dict[str, Any]]] = [PI_CAMERA]
    hangs: ClassVar[bool] = False
    stride_multiple: ClassVar[int] = 64
    made: ClassVar[list[Picamera2]] = []

    @classmethod
    def reset(cls) -> None:
        cls.attached, cls.hangs, cls.made = [PI_CAMERA], False, []

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        return list(Picamera2.attached)

    def __init__(self, camera_num: int = 0) -> None:
        if any(other.is_open and other.number == camera_num for other in Picamera2.made):
            raise RuntimeError("Camera __init__ sequence did not complete.")
        if camera_num >= len(Picamera2.attached):
            raise IndexError("list index out of range")
        self.number = camera_num
        self.is_open = True
        self.started = False
        self.timeouts_s: list[float] = []
        self.config: dict[str, Any] | None = None
        Picamera2.made.append(self)

    @property
    def sensor_modes(self) -> list[dict[str, Any]]:
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        return SENSOR_MODES

    def create_video_configuration(
        self,
        main: dict[str, Any],
        lores: dict[str, Any],
        sensor: dict[str, Any],
        controls: dict[str, Any],
        buffer_count: int = 6,
    ) -> dict[str, Any]:
        for stream in (main, lores):
            if not set(stream) <= {"size", "format"}:
                raise ValueError(f"Bad key in {stream}")
            width, height = stream["size"]
            stream["size"] = (width - width % 2, height - height % 2)  # align_stream
        return {
            "main": main,
            "lores": lores,
            "sensor": sensor,
            "controls": controls,
            "buffer_count": buffer_count,
        }

    def configure(self, config: dict[str, Any]) -> None:
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        if any(config["lores"]["size"][i] > config["main"]["size"][i] for i in (0, 1)):
            raise RuntimeError("lores stream dimensions may not exceed main stream")
        if config["lores"]["format"] not in {"YUV420", "YVU420"}:
            raise RuntimeError("lores stream must be YUV")
        width = config["lores"]["size"][0]
        config["lores"]["stride"] = -(-width // self.stride_multiple) * self.stride_multiple
        self.config = config

    def start(self) -> None:
        if self.config is None:
            raise RuntimeError("Camera has not been configured")
        self.started = True

    def stream_configuration(self, name: str = "main") -> dict[str, Any]:
        assert self.config is not None
        return self.config[name]

    def capture_array(self, name: str, wait: bool) -> Job:
        if not self.started:
            raise RuntimeError("not started")  # the real one waits for ever
        assert not wait, "a waiting capture_array blocks for ever when the sensor dies"
        return Job(None if Picamera2.hangs else self._planes(name))

    def wait(self, job: Job, timeout: float | None = None) -> np.ndarray:
        assert timeout is not None, "this would block for ever when the sensor dies"
        self.timeouts_s.append(timeout)
        if job.result is None:
            raise TimeoutError
        return job.result

    def close(self) -> None:
        self.is_open = self.started = False

    def _planes(self, name: str) -> np.ndarray:
        """Y rises to the right, padding is 255, U and V are 77."""
        stream = self.stream_configuration(name)
        (width, height), stride = stream["size"], stream["stride"]
        planes = np.full((height * 3 // 2, stride), 77, np.uint8)
        planes[:height] = 255
        planes[:height, :width] = np.linspace(0, 200, width).astype(np.uint8)
        return planes


class Job:
    def __init__(self, result: np.ndarray | None) -> None:
        self.result = result
