"""The README's picture: how the jukebox reads the demo reel. Made by: python -m convert.picture."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from appliance.camera import reel
from appliance.decide.mood import HmmMoodFilter
from appliance.records import EMOTIONS, Emotion, EmotionScores, Frame, GrayImage, Mood
from appliance.settings import Settings
from appliance.vision.cards import MODELS
from appliance.vision.detectors import BlazeFace
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.faces import FollowingFaceDetector
from appliance.vision.tracker import FaceTracker
from convert.drawing import COLOURS, PALE, new_figure, save

OUT = Path(__file__).parent.parent / "docs" / "reel.png"
FRAMES_PER_SECOND = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """What the jukebox made of one frame. luma: uint8 (480, 640)."""

    time_s: float
    luma: GrayImage
    scores: tuple[EmotionScores, ...]
    mood: Mood


def main() -> None:
    """Runs the reel through detector, network and mood, and draws the result."""
    seen = watch()
    figure = new_figure(12, 5.6)
    panels = figure.subplot_mosaic(
        [[str(emotion) for emotion in EMOTIONS], ["day"] * 7], height_ratios=[3, 1]
    )
    for emotion in EMOTIONS:
        draw_face(panels[str(emotion)], emotion, seen)
    draw_time(panels["day"], seen)
    save(figure, OUT)


def watch() -> list[Seen]:
    """What the jukebox reads in each frame of the reel, with its own settings."""
    settings = Settings()
    faces = FollowingFaceDetector(
        BlazeFace(closer="int8"),
        FaceTracker(MODELS / "tracker_float32.tflite"),
        min_score=settings.faces.min_score,
        min_height_px=settings.faces.min_height_px,
        search_every_s=settings.faces.search_every_s,
    )
    classifier = EmotionClassifier(MODELS / "emotion_int8_single.tflite", in_turn=True)
    mood = HmmMoodFilter(settings.mood, classifier.priors)
    seen = []
    for number in range(int(reel.LENGTH_S * FRAMES_PER_SECOND)):
        time_s = number / FRAMES_PER_SECOND
        luma = reel.frame_at(time_s)
        frame = Frame(time_s, 0.0, luma)
        scores = classifier.classify(frame, faces.find(frame))
        seen.append(Seen(time_s, luma, scores, mood.update(time_s, scores)))
    return seen


def draw_face(axes: Axes, emotion: Emotion, seen: list[Seen]) -> None:
    """Draws the middle of the time that shows only this emotion: the face, its box, its scores."""
    alone = [frame for frame in seen if frame.scores and reel.truth_at(frame.time_s) == (emotion,)]
    middle = alone[len(alone) // 2]
    scores = middle.scores[0]
    box = scores.face.box
    axes.imshow(middle.luma, cmap="gray", vmin=0, vmax=255)
    outline = Rectangle((box.x, box.y), box.width, box.height, fill=False, ec="white", lw=1.5)
    axes.add_patch(outline)
    x = box.x + box.width / 2
    axes.set(xlim=(x - 120, x + 120), ylim=(480, 40), xticks=[], yticks=[])
    axes.text(x, 54, f"shown: {emotion}", ha="center", va="top", fontsize=10)
    bars = axes.inset_axes((0.0, -0.62, 1.0, 0.6))
    bars.barh(range(7), scores.probabilities, color=[COLOURS[emotion] for emotion in EMOTIONS])
    bars.set(xlim=(0, 1), xticks=[], ylim=(6.6, -0.6), yticks=range(7))
    first = emotion is EMOTIONS[0]
    names = [str(emotion) for emotion in EMOTIONS] if first else [""] * 7
    bars.set_yticklabels(names, fontsize=8)
    bars.spines[:].set_visible(False)
    bars.tick_params(length=0)


def draw_time(axes: Axes, seen: list[Seen]) -> None:
    """Draws two bands: what the nearest face shows, and the mood that the jukebox settled on."""
    for row, name in enumerate(("shown", "mood")):
        for frame in seen:
            truth = reel.truth_at(frame.time_s)
            emotion = frame.mood.emotion if row else (truth[0] if truth else None)
            colour = COLOURS[emotion] if emotion else PALE
            axes.barh(row, 1 / FRAMES_PER_SECOND, left=frame.time_s, height=0.8, color=colour)
        axes.text(-1, row, name, ha="right", va="center", fontsize=10)
    moods = [frame.mood.emotion for frame in seen]
    changes = [0, *np.flatnonzero([before is not after for before, after in pairwise(moods)])]
    for start, end in zip(changes, [*changes[1:], len(seen) - 1], strict=True):
        settled = moods[end]
        if settled:
            middle_s = (seen[start].time_s + seen[end].time_s) / 2
            axes.text(middle_s, 1, settled, ha="center", va="center", fontsize=8, color="white")
    axes.set(ylim=(1.5, -0.5), xlim=(0, reel.LENGTH_S), yticks=[])
    axes.set_xlabel("seconds of the demo reel")
    axes.spines[:].set_visible(False)


if __name__ == "__main__":
    main()
