"""The README's picture: the demo reel as the box sees it. Made by: python -m convert.picture."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from appliance.camera import reel
from appliance.decide.mood import HmmMoodFilter
from appliance.records import EMOTIONS, Emotion, EmotionScores, Frame, Mood
from appliance.settings import Settings
from appliance.vision.cards import MODELS
from appliance.vision.detectors import BlazeFace
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.faces import FollowingFaceDetector
from appliance.vision.tracker import FaceTracker
from convert.drawing import COLOURS, PALE, new_figure, save

OUT = Path(__file__).parent.parent / "docs" / "reel.png"
FRAMES_PER_SECOND = 5


def main() -> None:
    """Runs the reel through detector, network and mood, and draws what came out."""
    seen = watch()
    figure = new_figure(12, 5.6)
    panels = figure.subplot_mosaic([[str(e) for e in EMOTIONS], ["day"] * 7], height_ratios=[3, 1])
    for emotion in EMOTIONS:
        draw_face(panels[str(emotion)], emotion, seen)
    draw_time(panels["day"], seen)
    save(figure, OUT)


def watch() -> list[tuple[Frame, tuple[EmotionScores, ...], Mood]]:
    """What the box sees in each frame of the reel, at the frame rate of its settings."""
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
        frame = Frame(time_s, 0.0, reel.frame_at(time_s))
        scores = classifier.classify(frame, faces.find(frame))
        seen.append((frame, scores, mood.update(time_s, scores)))
    return seen


def draw_face(
    axes: Axes, emotion: Emotion, seen: list[tuple[Frame, tuple[EmotionScores, ...], Mood]]
) -> None:
    """The middle of the time in which only this emotion is shown: the face, its box, its scores."""
    alone = [(f, s) for f, s, _ in seen if s and reel.truth_at(f.time_s) == (emotion,)]
    frame, scores = alone[len(alone) // 2]
    box = scores[0].face.box
    axes.imshow(frame.luma, cmap="gray", vmin=0, vmax=255)
    outline = Rectangle((box.x, box.y), box.width, box.height, fill=False, ec="white", lw=1.5)
    axes.add_patch(outline)
    middle = box.x + box.width / 2
    axes.set(xlim=(middle - 120, middle + 120), ylim=(480, 40), xticks=[], yticks=[])
    axes.text(middle, 54, f"shown: {emotion}", ha="center", va="top", fontsize=10)
    bars = axes.inset_axes((0.0, -0.62, 1.0, 0.6))
    bars.barh(range(7), scores[0].probabilities, color=[COLOURS[e] for e in EMOTIONS])
    bars.set(xlim=(0, 1), xticks=[], ylim=(6.6, -0.6), yticks=range(7))
    first = emotion is EMOTIONS[0]
    bars.set_yticklabels([str(e) for e in EMOTIONS] if first else [""] * 7, fontsize=8)
    bars.spines[:].set_visible(False)
    bars.tick_params(length=0)


def draw_time(axes: Axes, seen: list[tuple[Frame, tuple[EmotionScores, ...], Mood]]) -> None:
    """Two bands: what the nearest face shows, and the mood that the box settled on."""
    for row, name in enumerate(("shown", "mood")):
        for frame, _, mood in seen:
            truth = reel.truth_at(frame.time_s)
            emotion = mood.emotion if row else (truth[0] if truth else None)
            colour = COLOURS[emotion] if emotion else PALE
            axes.barh(row, 1 / FRAMES_PER_SECOND, left=frame.time_s, height=0.8, color=colour)
        axes.text(-1, row, name, ha="right", va="center", fontsize=10)
    changes = [0, *np.flatnonzero([a[2].emotion is not b[2].emotion for a, b in pairwise(seen)])]
    for start, end in zip(changes, [*changes[1:], len(seen) - 1], strict=True):
        emotion = seen[end][2].emotion
        if emotion:
            middle = (seen[start][0].time_s + seen[end][0].time_s) / 2
            axes.text(middle, 1, emotion, ha="center", va="center", fontsize=8, color="white")
    axes.set(ylim=(1.5, -0.5), xlim=(0, reel.LENGTH_S), yticks=[])
    axes.set_xlabel("seconds of the demo reel")
    axes.spines[:].set_visible(False)


if __name__ == "__main__":
    main()
