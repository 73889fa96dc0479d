"""Milliseconds of each stage for a frame of the demo reel, and the memory used, on one thread.

python tests/bench/step.py [--detector haar] [--precision float32] [--frames 400]
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import time
from dataclasses import replace

import cv2

from appliance.build import build_classifier, build_faces
from appliance.camera import reel
from appliance.decide.mood import HmmMoodFilter
from appliance.records import Frame
from appliance.settings import EmotionSettings, FaceSettings, Settings
from appliance.vision.interpreter import runtime_name

FRAMES_PER_SECOND = 5.0


def main() -> None:
    """Prints the median and the 95th percentile of each stage over frames with a face."""
    asked = _asked()
    cv2.setNumThreads(1)
    settings = replace(
        Settings(),
        faces=FaceSettings(detector=asked.detector),
        emotion=EmotionSettings(precision=asked.precision),
    )
    faces, classifier = build_faces(settings), build_classifier(settings)
    mood = HmmMoodFilter(settings.mood, classifier.priors)
    took_ms: dict[str, list[float]] = {"find": [], "classify": [], "mood": [], "all": []}
    for number in range(asked.frames):
        time_s = number / FRAMES_PER_SECOND
        frame = Frame(time_s, 0.0, reel.frame_at(time_s))
        begun = time.perf_counter()
        found = faces.find(frame)
        seen = time.perf_counter()
        scores = classifier.classify(frame, found)
        read = time.perf_counter()
        mood.update(time_s, scores)
        done = time.perf_counter()
        if found:
            spans = seen - begun, read - seen, done - read, done - begun
            for times, span_s in zip(took_ms.values(), spans, strict=True):
                times.append(1000 * span_s)
    print(f"{platform.machine()}, Python {platform.python_version()}, {runtime_name()}, 640×480")
    for stage, times in took_ms.items():
        p95 = statistics.quantiles(times, n=20)[-1]
        median = statistics.median(times)
        print(f"{stage:10}{median:8.3f} ms median {p95:8.3f} ms p95   {len(times)} frames")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'memory':10}{peak_mb:8.0f} MB at most")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--detector", choices=["blazeface", "haar"], default="blazeface")
    parser.add_argument("--precision", choices=["int8", "float32"], default="int8")
    parser.add_argument("--frames", type=int, default=400)
    return parser.parse_args()


if __name__ == "__main__":
    main()
