"""Milliseconds that it takes to explain a face of the demo reel, on one thread.

python tests/bench/why.py [--count 200]
"""

from __future__ import annotations

import argparse
import platform
import statistics

import cv2

from appliance.build import build_classifier, build_faces, emotion_model
from appliance.camera import reel
from appliance.records import Frame
from appliance.settings import Settings
from appliance.vision.interpreter import runtime_name
from appliance.why.explainer import Explainer

FRAMES_PER_SECOND = 5.0


def main() -> None:
    """Prints the median, the 95th percentile and the shortest of these times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="explanations")
    count = parser.parse_args().count
    cv2.setNumThreads(1)
    times = took_ms(count)
    p95 = statistics.quantiles(times, n=20)[-1]
    print(f"{platform.machine()}, Python {platform.python_version()}, {runtime_name()}")
    print(
        f"why {statistics.median(times):8.3f} ms median {p95:8.3f} ms p95 "
        f"{min(times):8.3f} ms at least   {count} faces"
    )


def took_ms(count: int) -> list[float]:
    """Milliseconds from the cut face to its map, for the first faces of the reel."""
    settings = Settings()
    explainer = Explainer(emotion_model(settings))
    faces, classifier = build_faces(settings), build_classifier(settings)
    times: list[float] = []
    number = 0
    while len(times) < count:
        time_s = number / FRAMES_PER_SECOND
        frame = Frame(time_s, 0.0, reel.frame_at(time_s))
        scores = classifier.classify(frame, faces.find(frame))
        times += [explainer.explain(frame.luma, score).took_ms for score in scores]
        number += 1
    return times[:count]


if __name__ == "__main__":
    main()
