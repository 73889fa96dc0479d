"""Webcams and everything else with a /dev/video* node, through OpenCV."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from appliance.camera import devices
from appliance.camera.capture import Clock
from appliance.camera.colour import JPEG, chroma_of
from appliance.errors import CameraError
from appliance.images import decoded
from appliance.records import GrayImage, Picture

# Pixel formats to ask for, least work first. At 640×480, YUYV's gray is every second byte, 0.07 ms;
# a gray JPEG takes 0.9 ms to decode. Cameras on USB 2 need MJPG only for many or large pictures.
PREFERRED = ("GREY", "YUYV", "MJPG")
# Formats that luma_of() takes as the camera delivers them; OpenCV turns all others into BGR.
PACKED = {"YUYV": 0, "UYVY": 1}  # channel of the luma
PLANAR = ("NV12", "NV21", "YU12", "YV12")
READABLE = ("GREY", *PACKED, *PLANAR, *JPEG)

log = logging.getLogger("jukebox")


class V4l2Source:
    """A V4L2 camera.

    device: its path, None for the best one at the time of open(). width_px, height_px,
    frames_per_second: what is asked for; a camera that cannot give it is used as it is.
    """

    def __init__(
        self,
        device: str | None,
        width_px: int,
        height_px: int,
        frames_per_second: float,
        *,
        monotonic: Clock = time.monotonic,
        open_capture: Callable[[str, int], cv2.VideoCapture] = cv2.VideoCapture,
        bytes_per_line: Callable[[str], int] = devices.bytes_per_line,
    ) -> None:
        self._wanted_device = device
        self._width_px = width_px
        self._height_px = height_px
        self._frames_per_second = frames_per_second
        self._monotonic = monotonic
        self._open_capture = open_capture
        self._bytes_per_line = bytes_per_line
        self._device = ""
        self._capture: cv2.VideoCapture | None = None
        self._pixel_format = ""
        self._line_bytes = 0  # of a line in memory; 0 if unknown
        self._warned = False
        self._due_s = 0.0

    def open(self) -> None:
        """Finds and opens the device. Raises CameraError if it is missing, in use or not ours."""
        self._device = self._wanted_device or devices.first()
        if not os.path.exists(self._device):
            raise CameraError(f"{self._device}: no such device; plug the camera in")
        if not os.access(self._device, os.R_OK | os.W_OK):
            raise devices.permission_denied(self._device)
        self._capture = self._open_capture(self._device, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise CameraError(f"{self._device} cannot be opened; {self._suspicion()}")
        self._pixel_format = self._negotiate(self._capture)
        self._line_bytes = self._bytes_per_line(self._device)
        self._due_s = self._monotonic()

    def read(self) -> Picture | None:
        """The next picture; None if it is not due yet, or is damaged.

        Pictures between two that are due are fetched, so that none is old, but not decoded. Raises
        CameraError if the camera gives no more.
        """
        if self._capture is None or not self._capture.grab():
            raise CameraError(f"{self._device} gives no pictures any more; {self._suspicion()}")
        interval_s = 1 / self._frames_per_second
        now_s = self._monotonic()
        if now_s < self._due_s:
            return None
        self._due_s = max(self._due_s, now_s - interval_s) + interval_s
        taken, picture = self._capture.retrieve()
        return self._picture(cast("GrayImage", picture)) if taken else None

    def close(self) -> None:
        """Releases the device."""
        if self._capture is not None:
            self._capture.release()

    def _negotiate(self, capture: cv2.VideoCapture) -> str:
        """Sets the camera and returns its pixel format. What it refuses stays as it was."""
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._width_px)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._height_px)
        for pixel_format in PREFERRED:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*pixel_format))
            capture.set(cv2.CAP_PROP_FPS, self._frames_per_second)
            rate = capture.get(cv2.CAP_PROP_FPS)  # 0 or less where the driver does not know
            fast_enough = rate <= 0 or rate > 0.9 * self._frames_per_second
            if _pixel_format(capture) == pixel_format and fast_enough:
                break
        if (agreed := _pixel_format(capture)) in READABLE:
            capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        return agreed

    def _picture(self, picture: GrayImage) -> Picture | None:
        capture = cast("cv2.VideoCapture", self._capture)
        width, height = (
            int(capture.get(size)) for size in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        raw = in_rows(picture, self._pixel_format, width, height, self._line_bytes)
        if raw.size == 0 and picture.size and not self._warned:
            self._warned = True
            log.warning(
                "camera: %s gives pictures of %d bytes, which is not %d×%d in %s; they are left"
                " out: choose another [camera] width and height",
                self._device, picture.size, width, height, self._pixel_format,
            )  # fmt: skip
        luma = luma_of(raw, self._pixel_format)
        return None if luma is None else Picture(luma, chroma_of(raw, self._pixel_format))

    def _suspicion(self) -> str:
        if not os.path.exists(self._device):
            return "it was unplugged"
        return f"another program may be using it (fuser -v {self._device}), or its cable is loose"


def in_rows(
    picture: npt.NDArray[np.uint8], pixel_format: str, width: int, height: int, line_bytes: int = 0
) -> npt.NDArray[np.uint8]:
    """A raw picture as luma_of() takes it; an empty one if its size is not the one agreed on.

    picture: uint8, as OpenCV hands it over, which is one row of bytes (4.11 and 4.14 alike). The
    result is uint8 (height, width), for YUYV and UYVY (height, width, 2), for NV12 and its like
    (height × 3/2, width). width, height: in pixels. line_bytes: of a line in memory, 0 if unknown.
    """
    if picture.ndim != 2 or picture.shape[0] != 1 or pixel_format in JPEG:
        return picture
    lines = height * 3 // 2 if pixel_format in PLANAR else height
    used = 2 * width if pixel_format in PACKED else width
    line = max(line_bytes, used)
    if not line_bytes and picture.size % lines == 0:
        line = max(used, picture.size // lines)  # of lines filled up to a length
    missing = lines * line - picture.size
    if missing > line - used:  # the last line need not be filled up
        return picture[:, :0]
    whole = np.pad(picture[0], (0, missing)) if missing > 0 else picture[0, : lines * line]
    rows = np.ascontiguousarray(whole.reshape(lines, line)[:, :used])
    return rows.reshape(height, width, 2) if pixel_format in PACKED else rows


def luma_of(picture: npt.NDArray[np.uint8], pixel_format: str) -> GrayImage | None:
    """The gray of a picture, uint8 (height, width); None if it is damaged.

    picture: uint8, as in_rows() returns it, a JPEG's bytes, or BGR (height, width, 3).
    """
    if picture.size == 0:
        return None
    if picture.ndim == 3 and picture.shape[2] == 3:  # BGR: this format or driver was not left raw
        return cast("GrayImage", cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    if pixel_format in JPEG:
        return decoded(picture.reshape(-1))
    if pixel_format in PACKED and picture.ndim == 3:
        return cast("GrayImage", cv2.extractChannel(picture, PACKED[pixel_format]))
    if pixel_format in PLANAR:
        return picture[: picture.shape[0] * 2 // 3]
    return picture


def _pixel_format(capture: cv2.VideoCapture) -> str:
    return (
        int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True).decode("latin-1")
    )
