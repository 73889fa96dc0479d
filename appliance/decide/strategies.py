"""From the mood of the room to the mood of the music.

Each emotion has a place on Russell's plane of valence and arousal (J. A. Russell 1980, "A
circumplex model of affect"). "iso" follows Altshuler's principle of 1948: music begins like the
listener's mood and leads away from it step by step. A controlled trial is Starcke, Mayr & von
Georgi 2021, "Emotion Modulation through Music after Sadness Induction". It may or may not help:
music is not a treatment.
"""

from __future__ import annotations

import math

from appliance.records import EMOTIONS, Emotion
from appliance.settings import Strategy

# Degrees from pleasure towards arousal, as in Russell's figure 2. Surprise is his "astonished". He
# has no disgust; it stands at his "distressed". Neutral is the middle.
_DEGREES = {
    Emotion.HAPPY: 8.0,
    Emotion.SURPRISE: 70.0,
    Emotion.ANGRY: 99.0,
    Emotion.FEAR: 116.0,
    Emotion.DISGUST: 138.0,
    Emotion.SAD: 208.0,
}
PLACES: dict[Emotion, tuple[float, float]] = {
    emotion: (
        math.cos(math.radians(_DEGREES[emotion])),
        math.sin(math.radians(_DEGREES[emotion])),
    )
    if emotion in _DEGREES
    else (0.0, 0.0)
    for emotion in EMOTIONS
}


def music_for(emotion: Emotion, strategy: Strategy, target: Emotion, progress: float) -> Emotion:
    """The emotion whose playlist fits a room in this mood.

    target: where "iso" leads to. progress: how far "iso" has come, 0…1.
    """
    match strategy:
        case "lift":
            return Emotion.HAPPY
        case "calm":
            return Emotion.NEUTRAL
        case "iso":
            return _on_the_way(emotion, target, progress)
    return emotion


def _on_the_way(emotion: Emotion, target: Emotion, progress: float) -> Emotion:
    """The nearest of the mood, neutral and the target; neutral music suits any change."""
    begin, end = PLACES[emotion], PLACES[target]
    point = tuple(a + (b - a) * progress for a, b in zip(begin, end, strict=True))
    steps = (emotion, target, Emotion.NEUTRAL)
    return min(steps, key=lambda step: math.dist(PLACES[step], point))
