"""What the jukebox takes for people where there are none: photos and a film without anybody.

python tests/bench/nothing.py --negatives ../shared/data/detect_negatives.zip \
    [--film ../shared/data/video/bottle-detection.mp4] [--seconds 60] [--json]

Each photo is a film of its own, at two frames a second, with a camera's noise and a sway of a
pixel, shrunk into a frame of 640×480; the film runs at its own speed, repeated for an hour.
`taken`: for how many seconds somebody was there for the jukebox, by photo.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from appliance.build import build_classifier, build_faces
from appliance.decide.mood import HmmMoodFilter
from appliance.images import chroma_of_bgr
from appliance.records import Frame, Picture
from appliance.settings import Settings
from convert import detect

PER_SECOND, NOISE, HOUR_S = 2, 2.0, 3600
SIZE = 640, 480


def main() -> int:
    """Prints the figures. 1 if a film of nobody had somebody."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--negatives", type=Path, required=True)
    parser.add_argument("--film", type=Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    seconds = {
        f"photo {number}": somebody(held(photo, asked.seconds, number))
        for number, photo in enumerate(detect.load_negatives(asked.negatives))
    }
    figures: dict[str, object] = {
        "photos": len(seconds),
        "taken": {name: there for name, there in seconds.items() if there},
        "seconds": asked.seconds * len(seconds),
    }
    if asked.film:
        figures["film"] = somebody(repeated(asked.film))
    print(json.dumps(figures) if asked.json else "\n".join(f"{k}: {v}" for k, v in figures.items()))
    return 1 if figures["taken"] or figures.get("film") else 0


def somebody(frames: Iterator[Frame]) -> float:
    """For how many seconds somebody was there."""
    settings = Settings()
    faces, classifier = build_faces(settings), build_classifier(settings)
    mood = HmmMoodFilter(settings.mood, classifier.priors)
    there_s, before_s = 0.0, 0.0
    for frame in frames:
        now = mood.update(frame.time_s, classifier.classify(frame, faces.find(frame)))
        there_s += (now.state != "nobody") * (frame.time_s - before_s)
        before_s = frame.time_s
    return round(there_s, 1)


def held(photo: Picture, seconds: int, seed: int) -> Iterator[Frame]:
    """A camera before this photo."""
    rng = np.random.default_rng(seed)
    scale = min(width / length for width, length in zip(SIZE, photo.luma.shape[::-1], strict=True))
    small = cv2.resize(photo.luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    frame = np.full((SIZE[1], SIZE[0]), 110, np.uint8)
    frame[: small.shape[0], : small.shape[1]] = small
    for number in range(seconds * PER_SECOND):
        swayed = np.roll(frame, tuple(rng.integers(-1, 2, 2)), axis=(0, 1))
        seen = (swayed + rng.normal(0, NOISE, frame.shape)).clip(0, 255).astype(np.uint8)
        yield Frame(number / PER_SECOND, 0.0, seen)


def repeated(film: Path) -> Iterator[Frame]:
    """A film for an hour, at two frames a second."""
    time_s = 0.0
    while time_s < HOUR_S:
        capture = cv2.VideoCapture(str(film))
        step = max(1, round(capture.get(cv2.CAP_PROP_FPS) / PER_SECOND))
        number = 0
        while capture.grab() and time_s < HOUR_S:
            if number % step == 0:
                bgr = np.asarray(capture.retrieve()[1], np.uint8)
                luma = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.uint8)
                yield Frame(time_s, 0.0, luma, lambda bgr=bgr: chroma_of_bgr(bgr))
                time_s += 1 / PER_SECOND
            number += 1


if __name__ == "__main__":
    sys.exit(main())
