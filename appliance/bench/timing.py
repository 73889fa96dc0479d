"""The times of single frames, for several pipelines in turn, so that all meet the same noise."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from appliance.records import Frame

# So many frames in a row for each pipeline. With one frame each in turn, the processor's caches
# would be full of the other pipelines' data (0.26 instead of 0.2 ms for the jukebox).
BLOCK = 20

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A pipeline to time. read: does everything that it does for a frame.

    every: it gets only one frame in so many, because a slow one would take too long.
    """

    read: Callable[[Frame], object]
    every: int = 1


@dataclass(frozen=True, slots=True)
class Times:
    """The times of one pipeline, in milliseconds a frame. frames: how many were counted."""

    frames: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @classmethod
    def of(cls, took_s: Sequence[float]) -> Times:
        """The times of so many frames. took_s: seconds of each, at least one."""
        took_ms = 1000 * np.asarray(took_s)
        p50, p95, p99 = (round(float(np.percentile(took_ms, p)), 4) for p in (50, 95, 99))
        return cls(len(took_ms), round(float(took_ms.mean()), 4), p50, p95, p99)


def measure(
    benchmarks: Mapping[str, Benchmark],
    frames: Sequence[Frame],
    warm_up: int,
    clock: Clock = time.perf_counter,
) -> dict[str, Times]:
    """The times of each pipeline, by name. They take turns, some frames at a time.

    warm_up: so many frames at the beginning are not counted. Each frame is copied just before it is
    read, as a camera's driver would just have written it: memory that nobody has touched for a
    minute takes twice as long to read.
    """
    took_s: dict[str, list[float]] = {name: [] for name in benchmarks}
    for start in range(0, len(frames), BLOCK):
        for name, benchmark in benchmarks.items():
            for number in range(start, min(start + BLOCK, len(frames))):
                if number % benchmark.every:
                    continue
                fresh = _fresh(frames[number])
                began_s = clock()
                benchmark.read(fresh)
                if number >= warm_up:
                    took_s[name].append(clock() - began_s)
    return {name: Times.of(seconds) for name, seconds in took_s.items()}


def _fresh(frame: Frame) -> Frame:
    return frame if frame.luma is None else replace(frame, luma=frame.luma.copy())
