"""What fewer readings do to the moods: when those of the demo reel are found.

python tests/bench/readings.py [--rounds 6]

Each round shows the reel at ten frames a second with a camera's noise, once to a jukebox that reads
every frame and once to one that reads as the loop does (decide/readings.py). A line for each: the
share of frames that it reads, the seconds at which each mood comes, in the mean of the rounds, and
how many other moods came in all of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import mean

import cv2
import numpy as np

from appliance.build import build_classifier, build_faces
from appliance.camera import reel
from appliance.decide.mood import HmmMoodFilter
from appliance.decide.readings import Readings
from appliance.records import Frame, Step
from appliance.settings import Settings

FRAMES_PER_SECOND = 10
NOISE = 2.0  # a webcam's, in gray levels
SHOWN = ("neutral", "happy", "surprise", "sad", "angry", "disgust")


@dataclass
class Round:
    """What one jukebox saw. came_s: mood → when it came; others: moods that nobody showed."""

    frames: int = 0
    read: int = 0
    came_s: dict[str, float] = field(default_factory=dict)
    others: int = 0


def main() -> None:
    """Prints a line for both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    for every in (True, False):
        rounds = [watched(frames(seed), every=every) for seed in range(asked.rounds)]
        share = sum(seen.read for seen in rounds) / sum(seen.frames for seen in rounds)
        came = ", ".join(f"{mood} {_mean_s(rounds, mood)}" for mood in SHOWN)
        others = sum(seen.others for seen in rounds)
        what = "every frame" if every else "as the loop"
        print(f"{what}: {share:.0%} of the frames read; {came}; {others} others")


def watched(shown: Iterator[Frame], *, every: bool) -> Round:
    """What a jukebox makes of these frames. every: it reads all of them."""
    settings, readings, seen = Settings(), Readings(), Round()
    faces, classifier = build_faces(settings), build_classifier(settings)
    mood = HmmMoodFilter(settings.mood, classifier.priors)
    for frame in shown:
        found = faces.find(frame)
        seen.frames += 1
        if not (readings.are_due(frame, found) or every):
            continue
        seen.read += 1
        scores = classifier.classify(frame, found)
        step = Step(frame, scores, mood.update(frame.time_s, scores), None, None)
        if step.may_change_mood:
            readings.hurry()
        if (emotion := step.mood.emotion) and emotion not in seen.came_s:
            seen.came_s[emotion] = frame.time_s
            seen.others += emotion not in SHOWN
    return seen


def frames(seed: int) -> Iterator[Frame]:
    """One round of the reel, each seed with other moments and other noise."""
    random = np.random.default_rng(seed)
    for number in range(round(reel.LENGTH_S * FRAMES_PER_SECOND)):
        time_s = number / FRAMES_PER_SECOND
        luma = reel.frame_at(time_s + seed * 0.023)
        noisy = luma + NOISE * random.standard_normal(luma.shape, np.float32)
        yield Frame(time_s, time_s, np.clip(noisy, 0, 255).astype(np.uint8))


def _mean_s(rounds: list[Round], mood: str) -> str:
    came_s = [seen.came_s[mood] for seen in rounds if mood in seen.came_s]
    return f"{mean(came_s):.1f}" if len(came_s) == len(rounds) else f"only {len(came_s)} times"


if __name__ == "__main__":
    main()
