"""Pictures that were made before: video files, folders of pictures, the demo reel."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import cast

import cv2

from appliance.camera.capture import Clock, Sleep
from appliance.errors import CameraError
from appliance.images import read_gray
from appliance.records import GrayImage

PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".webp"}

log = logging.getLogger("jukebox")


class Ticks:
    """Even ticks, as a camera gives them. Late ones are not made up for."""

    def __init__(self, ticks_per_second: float, sleep: Sleep, monotonic: Clock) -> None:
        self._interval_s = 1 / ticks_per_second
        self._sleep = sleep
        self._monotonic = monotonic
        self._begin_s: float | None = None
        self._due_s = 0.0

    def tick(self) -> float:
        """Wait for the next tick; the first is at once. Returns the seconds since then."""
        now_s = self._monotonic()
        if self._begin_s is None:
            self._begin_s = self._due_s = now_s
        self._due_s = max(self._due_s, now_s)
        if self._due_s > now_s:
            self._sleep(self._due_s - now_s)
        elapsed_s = self._due_s - self._begin_s
        self._due_s += self._interval_s
        return elapsed_s


class Film:
    """A video or an animated GIF at its own speed, over and over."""

    def __init__(
        self,
        path: Path,
        frames_per_second: float,
        sleep: Sleep,
        monotonic: Clock = time.monotonic,
    ) -> None:
        self._path = path
        self._ticks = Ticks(frames_per_second, sleep, monotonic)
        self._capture: cv2.VideoCapture | None = None
        self._began_s = 0.0  # when the present round began, in seconds of the pace
        self._due_s = 0.0  # when the picture that was grabbed but not yet shown is due
        self._luma: GrayImage | None = None

    def open(self) -> None:
        """Raises CameraError where the file cannot be read as a video."""
        self._rewind(began_s=0.0)

    def read(self) -> GrayImage | None:
        """The picture of this moment; the same again while the film stands still."""
        elapsed_s = self._ticks.tick()
        while self._due_s <= elapsed_s:
            self._show_next()
        return self._luma

    def close(self) -> None:
        """Close the file."""
        if self._capture is not None:
            self._capture.release()

    def _show_next(self) -> None:
        capture = cast("cv2.VideoCapture", self._capture)
        taken, picture = capture.retrieve()
        if taken:
            self._luma = cast("GrayImage", cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
        interval_s = 1 / (capture.get(cv2.CAP_PROP_FPS) or 25)
        if not capture.grab():
            self._rewind(began_s=self._due_s + interval_s)
            return
        due_s = self._began_s + capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        # Not every file has timestamps that grow.
        self._due_s = due_s if due_s > self._due_s else self._due_s + interval_s

    def _rewind(self, began_s: float) -> None:
        self.close()
        self._capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not self._capture.grab():
            raise CameraError(
                f"{self._path} cannot be read as a video; play it to see whether it is whole"
            )
        self._began_s = self._due_s = began_s


class Pictures:
    """A picture, or those of a folder one after the other, over and over.

    Unreadable ones are named and skipped.
    """

    def __init__(
        self,
        path: Path,
        picture_s: float,
        frames_per_second: float,
        sleep: Sleep,
        monotonic: Clock = time.monotonic,
    ) -> None:
        self._path = path
        self._paths: list[Path] = []
        self._picture_s = picture_s
        self._ticks = Ticks(frames_per_second, sleep, monotonic)
        self._due_s = 0.0
        self._luma: GrayImage | None = None

    def open(self) -> None:
        """Raises CameraError where not one of them can be read."""
        try:
            items = [self._path] if self._path.is_file() else self._path.iterdir()
            self._paths = sorted(item for item in items if item.suffix.lower() in PICTURE_SUFFIXES)
        except OSError as error:
            raise CameraError(f"{self._path} cannot be read: {error.strerror}") from error
        self._show_next()

    def read(self) -> GrayImage | None:
        """The picture of this moment."""
        elapsed_s = self._ticks.tick()
        if elapsed_s >= self._due_s + self._picture_s:
            self._due_s = elapsed_s
            self._show_next()
        return self._luma

    def close(self) -> None:
        """Nothing is held open."""

    def _show_next(self) -> None:
        while self._paths:
            path = self._paths.pop(0)
            try:
                self._luma = read_gray(path)
            except CameraError as error:
                log.warning("skipped: %s", error)
            else:
                self._paths.append(path)
                return
        raise CameraError(
            f"{self._path}: cannot be read as a picture, or has none ending in"
            f" {', '.join(sorted(PICTURE_SUFFIXES))}"
        )


class Reel:
    """The demo reel, over and over."""

    def __init__(
        self, frames_per_second: float, sleep: Sleep, monotonic: Clock = time.monotonic
    ) -> None:
        self._ticks = Ticks(frames_per_second, sleep, monotonic)

    def open(self) -> None:
        """Nothing to open."""

    def read(self) -> GrayImage | None:
        """The picture of this moment."""
        from appliance.camera import reel  # noqa: PLC0415 - its pictures are loaded only where it runs

        return reel.frame_at(self._ticks.tick())

    def close(self) -> None:
        """Nothing is held open."""
