"""The name of a source, as the owner writes it → the source."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.access import closed_folder, why_closed
from appliance.camera import devices, picamera2
from appliance.camera.capture import Sleep, Source, SourceMaker
from appliance.camera.picamera2 import Picamera2Source
from appliance.camera.recorded import PICTURE_SUFFIXES, Film, Pictures, Reel
from appliance.camera.v4l2 import V4l2Source
from appliance.errors import CameraError


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen source.

    make: makes it; two that are equal open the same. name: in words. reasons: why each better
    source was not chosen. stands_in: it was chosen only because there is no camera, and gives way
    as soon as there is one.
    """

    make: SourceMaker
    name: str
    reasons: tuple[str, ...] = ()
    stands_in: bool = False

    def __str__(self) -> str:
        return "; ".join([self.name, *self.reasons])


@dataclass(frozen=True, slots=True)
class _Webcam:
    """Makes the source of a V4L2 camera. device: None for the best one at the time."""

    device: str | None
    width_px: int
    height_px: int
    frames_per_second: float

    def __call__(self, _sleep: Sleep) -> Source:
        return V4l2Source(self.device, self.width_px, self.height_px, self.frames_per_second)


def choose(
    source: str,
    *,
    width_px: int,
    height_px: int,
    frames_per_second: float,
    picture_s: float,
    reel_stands_in: bool = False,
) -> Choice:
    """The source of that name. Raises CameraError if it can never give a picture.

    reel_stands_in: if there is no camera, "auto" chooses the demo reel; else it waits for a camera.
    """

    def pi_camera(_sleep: Sleep) -> Source:
        return Picamera2Source(width_px, height_px, frames_per_second)

    def v4l2(device: str | None) -> SourceMaker:
        return _Webcam(device, width_px, height_px, frames_per_second)

    def reel(sleep: Sleep) -> Source:
        return Reel(frames_per_second, sleep)

    path = Path(os.path.expanduser(source))  # Path.expanduser() raises if there is no home
    if source == "auto":
        return _best(pi_camera, v4l2(None), reel if reel_stands_in else None)
    if source == "picamera2":
        picamera2.require_module()
        return Choice(pi_camera, "the Raspberry Pi camera")
    if source == "reel":
        return Choice(reel, "the demo reel")
    if source.startswith(("/dev/video", "/dev/v4l/")):
        return Choice(v4l2(source), f"the camera at {source}")
    if closed := closed_folder(path):
        raise CameraError(
            f"camera source {str(path)!r} cannot be read, because {why_closed(closed)}; move it to"
            " a folder that the jukebox may read, such as /srv"
        )
    if path.is_char_device():
        return Choice(v4l2(source), f"the camera at {source}")
    return _recorded(path, frames_per_second, picture_s)


def _recorded(path: Path, frames_per_second: float, picture_s: float) -> Choice:
    """A file or folder, after opening it once: one that is broken now stays broken."""

    def pictures(sleep: Sleep) -> Source:
        return Pictures(path, picture_s, frames_per_second, sleep)

    def film(sleep: Sleep) -> Source:
        return Film(path, frames_per_second, sleep)

    if not path.exists():
        raise CameraError(
            f"camera source {str(path)!r}: no such file; use auto, picamera2, /dev/video0 (or"
            " another number), reel, a video file, a picture or a folder of pictures"
        )
    is_film = path.is_file() and path.suffix.lower() not in PICTURE_SUFFIXES
    make: SourceMaker = film if is_film else pictures
    with contextlib.closing(make(time.sleep)) as source:
        source.open()
    return Choice(make, f"the {'video' if is_film else 'pictures'} {path}, repeated")


def _best(pi_camera: SourceMaker, v4l2: SourceMaker, reel: SourceMaker | None) -> Choice:
    """A Raspberry Pi camera, else a V4L2 one, else the demo reel or a wait, with the reasons."""
    reasons: list[str] = []
    search: tuple[tuple[Callable[[], str], SourceMaker], ...] = (
        (picamera2.find, pi_camera),
        (devices.describe_first, v4l2),
    )
    for find, make in search:
        try:
            found = find()
        except CameraError as error:
            reasons.append(str(error))
        else:
            return Choice(make, found, tuple(reasons))
    if reel is not None:
        return Choice(reel, "the demo reel", tuple(reasons), stands_in=True)
    return Choice(v4l2, "the first camera to be plugged in", tuple(reasons), stands_in=True)
