"""Times of single frames, of several pipelines in turn, so that all meet the same noise."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from appliance.records import Frame

# Frames in a row: one by one, each would meet the processor's caches full of the others' doings
# (0.26 instead of 0.2 ms for the box).
BLOCK = 20

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A pipeline. every: of the frames, it gets one in so many; the slow ones would take all day.

    read: does all that there is to do for a frame.
    """

    read: Callable[[Frame], object]
    every: int = 1


@dataclass(frozen=True, slots=True)
class Times:
    """Of one pipeline, in milliseconds a frame."""

    frames: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @classmethod
    def of(cls, took_s: Sequence[float]) -> Times:
        """From seconds."""
        took_ms = 1000 * np.asarray(took_s)
        p50, p95, p99 = (round(float(np.percentile(took_ms, p)), 4) for p in (50, 95, 99))
        return cls(len(took_ms), round(float(took_ms.mean()), 4), p50, p95, p99)


def measure(
    benchmarks: Mapping[str, Benchmark],
    frames: Sequence[Frame],
    warm_up: int,
    clock: Clock = time.perf_counter,
) -> dict[str, Times]:
    """The times of each, some frames at a time in turn. warm_up: so many frames are not counted.

    Each gets its frame as it would from a camera, whose driver has just written it: memory that
    nobody has touched for a minute takes twice as long to read.
    """
    took_s: dict[str, list[float]] = {name: [] for name in benchmarks}
    for start in range(0, len(frames), BLOCK):
        for name, lane in benchmarks.items():
            for number in range(start, min(start + BLOCK, len(frames))):
                if number % lane.every:
                    continue
                fresh = _fresh(frames[number])
                begun_s = clock()
                lane.read(fresh)
                if number >= warm_up:
                    took_s[name].append(clock() - begun_s)
    return {name: Times.of(each) for name, each in took_s.items()}


def _fresh(frame: Frame) -> Frame:
    return frame if frame.luma is None else replace(frame, luma=frame.luma.copy())
