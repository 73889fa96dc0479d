"""How many frames a second to read: few while nothing happens, fewer on a hot or busy processor."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2

from appliance.protocols import Camera
from appliance.records import EMOTIONS, EmotionScores, Frame, GrayImage, Step

# The least, and the rate in a calm room: at 2 frames a second a newcomer is seen within half a
# second, and the loop's longest wait (loop.LONGEST_WAIT_S) never runs out.
LEAST_PER_SECOND = 2.0
# Frames become fewer only after so long without anything new; they become more at once.
CALM_S = 30.0
# Mean difference in brightness between two frames, of 255, from which on something has moved: a
# camera's noise stays below 2 (the reel's 1.3), a person walking by makes 4 and more.
MOVEMENT = 3.0
# Every 32nd pixel of every 32nd row is enough to tell movement; each costs a cache line.
COMPARED_PIXELS = slice(None, None, 32)
COMPARED_EVERY_S = 0.45  # as often as frames of a calm room are read
HOT_C = 75.0  # a Raspberry Pi slows itself down from 80 °C on
BUSY = 1.5  # waiting processes per core
MEASURED_EVERY_S = 5.0
THERMAL = Path("/sys/class/thermal")

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Need:
    """Whether the processor must be spared.

    celsius: its temperature, None where nothing tells it. queue: waiting processes per core.
    """

    celsius: float | None
    queue: float

    def reason(self) -> str:
        """Why the processor must be spared, or ""."""
        if self.celsius is not None and self.celsius >= HOT_C:
            return "the processor is hot"  # without the figure, which changes all the time
        return "the processor is busy" if self.queue >= BUSY else ""


def processor_need() -> Need:
    """The processor's present temperature, that of its hottest part, and queue."""
    zones = THERMAL.glob("thermal_zone*/temp")
    temperatures = [celsius for zone in zones if (celsius := _celsius(zone))]
    queue = os.getloadavg()[0] / (os.cpu_count() or 1)
    return Need(max(temperatures, default=None), queue)


class FrameRatePolicy:
    """Decides after each step how many frames a second to read from then on.

    most: frames a second, at the most; it may be replaced at any time. need: called every five
    seconds.
    """

    def __init__(self, most: float, need: Callable[[], Need] = processor_need) -> None:
        self.most = most
        self._need = need
        self._needed = Need(None, 0.0)
        self._measure_s = float("-inf")
        self._lively_s: float | None = None  # when there was last anything new
        self._before: GrayImage | None = None
        self._compare_s = float("-inf")
        self._is_calm = False
        self._nobody = False

    @property
    def frames_per_second(self) -> float:
        """The rate for now: most, or less down to 2."""
        wanted = LEAST_PER_SECOND if self._is_calm else self.most
        if self._needed.reason():
            wanted /= 2
        return min(self.most, max(LEAST_PER_SECOND, wanted))

    @property
    def reason(self) -> str:
        """Why the rate is below most, in words, or ""."""
        calm = "nobody is here" if self._nobody else "nothing changes"
        return "; ".join(filter(None, [calm if self._is_calm else "", self._needed.reason()]))

    def note(self, step: Step) -> None:
        """Takes account of one step: its time, movement, faces and mood."""
        now_s = step.frame.time_s
        if now_s >= self._measure_s:
            self._measure_s = now_s + MEASURED_EVERY_S
            self._needed = self._need()
        if step.frame.luma is None:
            return
        moves = now_s >= self._compare_s and self._moves(step.frame.luma, now_s)
        self._nobody = not _people(step) and step.mood.state == "nobody"
        if self._lively_s is None or moves or _may_change(step):
            self._lively_s = now_s
        self._is_calm = now_s - self._lively_s >= CALM_S

    def _moves(self, luma: GrayImage, now_s: float) -> bool:
        self._compare_s = now_s + COMPARED_EVERY_S
        now = luma[COMPARED_PIXELS, COMPARED_PIXELS].copy()
        before, self._before = self._before, now
        if before is None or before.shape != now.shape:
            return True
        return cv2.norm(now, before, cv2.NORM_L1) >= MOVEMENT * now.size


class PacedCamera:
    """A camera that is read no more often than the frame rate policy says.

    sleep: waits so many seconds for the next frame's time, or less if there is something to do.
    """

    def __init__(
        self,
        camera: Camera,
        frame_rate: FrameRatePolicy,
        monotonic: Clock = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.camera = camera
        self._frame_rate = frame_rate
        self._monotonic = monotonic
        self.sleep = sleep
        self._due_s = float("-inf")

    def read(self, timeout_s: float) -> Frame:
        """The newest frame not yet seen, as soon as the frame rate allows one.

        After timeout_s a frame without a picture, as Camera.read().
        """
        wait_s = min(timeout_s, self._due_s - self._monotonic())
        if wait_s > 0:
            self.sleep(wait_s)
        frame = self.camera.read(timeout_s)
        if (rate := self._frame_rate.frames_per_second) < self._frame_rate.most:
            self._due_s = self._monotonic() + 1.0 / rate
        else:
            self._due_s = float("-inf")  # the camera itself gives no more
        return frame


def _may_change(step: Step) -> bool:
    """Whether any face shows another emotion than the mood, or there is no mood yet."""
    if step.mood.emotion is None:
        return bool(_people(step))
    current = EMOTIONS.index(step.mood.emotion)
    return any(max(face.probabilities) > face.probabilities[current] for face in _people(step))


def _people(step: Step) -> list[EmotionScores]:
    return [score for score in step.scores if not score.picture]


def _celsius(zone: Path) -> float | None:
    try:
        return int(zone.read_text()) / 1000.0
    except (OSError, ValueError):
        return None
