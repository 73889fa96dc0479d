"""Recorded sources: video files, folders of pictures, the demo reel."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import cast

import cv2

from appliance.camera.capture import Clock, Sleep
from appliance.camera.colour import chroma_of
from appliance.errors import CameraError
from appliance.images import read_picture
from appliance.records import GrayImage, Picture

PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".webp"}

# What a film may say of itself. One that says a million pictures a second would keep the camera
# busy for minutes to catch up with the time.
MOST_PER_SECOND, LONGEST_S = 1000.0, 60.0

log = logging.getLogger("jukebox")


class Ticks:
    """Even ticks, like those of a camera. After a delay the ticks go on from there."""

    def __init__(self, ticks_per_second: float, sleep: Sleep, monotonic: Clock) -> None:
        self._interval_s = 1 / ticks_per_second
        self._sleep = sleep
        self._monotonic = monotonic
        self._begin_s: float | None = None
        self._due_s = 0.0

    def tick(self) -> float:
        """Waits for the next tick and returns its seconds since the first, which is at once."""
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
    """A video or an animated GIF at its own speed, repeated for ever."""

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
        self._began_s = 0.0  # when the present round began, in seconds since the first tick
        self._due_s = 0.0  # when the picture that was grabbed but not yet shown is due
        self._picture: Picture | None = None

    def open(self) -> None:
        """Opens the file. Raises CameraError if it cannot be read as a video."""
        self._rewind(began_s=0.0)

    def read(self) -> Picture | None:
        """The picture of this moment; the same until the next is due.

        Raises CameraError if the file cannot be read any more.
        """
        elapsed_s = self._ticks.tick()
        while self._due_s <= elapsed_s:
            self._show_next()
        return self._picture

    def close(self) -> None:
        """Closes the file."""
        if self._capture is not None:
            self._capture.release()

    def _show_next(self) -> None:
        capture = cast("cv2.VideoCapture", self._capture)
        taken, picture = capture.retrieve()
        if taken:
            luma = cast("GrayImage", cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
            self._picture = Picture(luma, chroma_of(cast("GrayImage", picture), "BGR3"))
        rate = capture.get(cv2.CAP_PROP_FPS)
        interval_s = 1 / rate if 1 / LONGEST_S < rate < MOST_PER_SECOND else 1 / 25
        if not capture.grab():
            self._rewind(began_s=self._due_s + interval_s)
            return
        step_s = self._began_s + capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 - self._due_s
        # Not every file has timestamps that grow, and by what a film can have.
        believed = 1 / MOST_PER_SECOND < step_s < LONGEST_S
        self._due_s += step_s if believed else interval_s

    def _rewind(self, began_s: float) -> None:
        self.close()
        self._capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        # Phones film lying down and say so in a tag, which OpenCV 4.11 heeds only if asked.
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        if not self._capture.grab():
            raise CameraError(
                f"{self._path} cannot be read as a video; play it to see whether it is whole"
            )
        self._began_s = self._due_s = began_s


class Pictures:
    """A picture, or those of a folder one after the other, repeated for ever.

    picture_s: how long each is shown. Unreadable pictures are named in the log and skipped.
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
        self._picture: Picture | None = None

    def open(self) -> None:
        """Reads the first picture. Raises CameraError if none of them can be read."""
        try:
            items = [self._path] if self._path.is_file() else self._path.iterdir()
            self._paths = sorted(item for item in items if item.suffix.lower() in PICTURE_SUFFIXES)
        except OSError as error:
            raise CameraError(f"{self._path} cannot be read: {error.strerror}") from error
        self._show_next()

    def read(self) -> Picture | None:
        """The picture of this moment.

        Raises CameraError if none of the pictures can be read any more.
        """
        elapsed_s = self._ticks.tick()
        if elapsed_s >= self._due_s + self._picture_s:
            self._due_s = elapsed_s
            self._show_next()
        return self._picture

    def close(self) -> None:
        """Does nothing: no file stays open."""

    def _show_next(self) -> None:
        while self._paths:
            path = self._paths.pop(0)
            try:
                self._picture = read_picture(path)
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
    """The demo reel, repeated for ever."""

    def __init__(
        self, frames_per_second: float, sleep: Sleep, monotonic: Clock = time.monotonic
    ) -> None:
        self._ticks = Ticks(frames_per_second, sleep, monotonic)

    def open(self) -> None:
        """Does nothing: there is nothing to open."""

    def read(self) -> Picture | None:
        """The picture of this moment, gray, of 640×480 pixels."""
        from appliance.camera import reel  # noqa: PLC0415 - its pictures are loaded only where it runs

        return Picture(reel.frame_at(self._ticks.tick()))

    def close(self) -> None:
        """Does nothing: no file stays open."""
