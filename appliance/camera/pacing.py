"""How many looks a second are worth it: few while nothing happens, fewer on a processor in need."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2

from appliance.protocols import Camera
from appliance.records import EMOTIONS, Frame, GrayImage, Step

# The least, and what a calm room gets: at 2 a second a newcomer is seen within half a second, and
# the loop's longest wait (loop.LONGEST_WAIT_S) never runs out.
LEAST = 2.0
# Looks become fewer only after so long without anything new; they become more at once.
CALM_S = 30.0
# Of the mean difference between one look's brightness and the next, in 255ths: a camera's noise
# stays below 2 (the reel's 1.3), a person walking by makes 4 and more.
MOVES = 3.0
# So few pixels tell movement; each costs a cache line.
LOOKED_AT = slice(None, None, 32)
COMPARED_EVERY_S = 0.45  # as often as a calm room is looked at
HOT_C = 75.0  # a Raspberry Pi slows itself down from 80 °C on
BUSY = 1.5  # processes waiting for each core
MEASURED_EVERY_S = 5.0
THERMAL = Path("/sys/class/thermal")

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Need:
    """How the processor is: its temperature, None where nothing tells it, and its queue by core."""

    celsius: float | None
    queue: float

    def reason(self) -> str:
        """Why it should be spared, or ""."""
        if self.celsius is not None and self.celsius >= HOT_C:
            return "the processor is hot"  # without the figure, which changes all the time
        return "the processor is busy" if self.queue >= BUSY else ""


def processor_need() -> Need:
    """How the processor is now."""
    temperatures = [each for zone in THERMAL.glob("thermal_zone*/temp") if (each := _celsius(zone))]
    queue = os.getloadavg()[0] / (os.cpu_count() or 1)
    return Need(max(temperatures, default=None), queue)


class FrameRatePolicy:
    """Decides, after each step, how many looks a second the next ones get.

    most: looks a second, at the most. need: asked for every five seconds.
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
        """For now."""
        wanted = LEAST if self._is_calm else self.most
        if self._needed.reason():
            wanted /= 2
        return min(self.most, max(LEAST, wanted))

    @property
    def reason(self) -> str:
        """Why it is not as often as could be, in words, or ""."""
        calm = "nobody is here" if self._nobody else "nothing changes"
        return "; ".join(filter(None, [calm if self._is_calm else "", self._needed.reason()]))

    def note(self, step: Step) -> None:
        """What one step saw."""
        now_s = step.frame.time_s
        if now_s >= self._measure_s:
            self._measure_s = now_s + MEASURED_EVERY_S
            self._needed = self._need()
        if step.frame.luma is None:
            return
        moves = now_s >= self._compare_s and self._moves(step.frame.luma, now_s)
        self._nobody = not step.scores and step.mood.state == "nobody"
        if self._lively_s is None or moves or _may_change(step):
            self._lively_s = now_s
        self._is_calm = now_s - self._lively_s >= CALM_S

    def _moves(self, luma: GrayImage, now_s: float) -> bool:
        self._compare_s = now_s + COMPARED_EVERY_S
        now = luma[LOOKED_AT, LOOKED_AT].copy()
        before, self._before = self._before, now
        if before is None or before.shape != now.shape:
            return True
        return cv2.norm(now, before, cv2.NORM_L1) >= MOVES * now.size


class PacedCamera:
    """A camera that is looked at no more often than the pace says."""

    def __init__(
        self,
        camera: Camera,
        pace: FrameRatePolicy,
        monotonic: Clock = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.camera = camera
        self.pace = pace
        self._monotonic = monotonic
        self._sleep = sleep
        self._due_s = float("-inf")

    def read(self, timeout_s: float) -> Frame:
        """The newest frame not yet seen, when it is time for one."""
        wait_s = min(timeout_s, self._due_s - self._monotonic())
        if wait_s > 0:
            self._sleep(wait_s)
        frame = self.camera.read(timeout_s)
        if self.pace.frames_per_second < self.pace.most:
            self._due_s = self._monotonic() + 1.0 / self.pace.frames_per_second
        else:
            self._due_s = float("-inf")  # the camera itself gives them as often
        return frame


def _may_change(step: Step) -> bool:
    """Whether any face looks otherwise than the mood, or the mood is open."""
    if step.mood.emotion is None:
        return bool(step.scores)
    held = EMOTIONS.index(step.mood.emotion)
    return any(max(each.probabilities) > each.probabilities[held] for each in step.scores)


def _celsius(zone: Path) -> float | None:
    try:
        return int(zone.read_text()) / 1000.0
    except (OSError, ValueError):
        return None
