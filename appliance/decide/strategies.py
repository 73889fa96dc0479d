"""From the mood of the room to the mood of the music.

Emotions have a place on Russell's plane of valence and arousal (J. A. Russell 1980, "A circumplex
model of affect"). "iso" follows Altshuler's principle of 1948: begin with music like the listener's
mood and lead away from it step by step; a controlled trial is Starcke, Mayr & von Georgi 2021,
"Emotion Modulation through Music after Sadness Induction". It may help and it may not: music is no
treatment.
"""

from __future__ import annotations

import math

from appliance.records import EMOTIONS, Emotion
from appliance.settings import Strategy

# Degrees from pleasure towards arousal, as in Russell's figure 2; he has "astonished" for surprise
# and no disgust, which stands at his "distressed". Neutral is the middle.
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
    """Whose playlist fits a room that looks so.

    target: where "iso" leads to. progress: how far it has come, 0…1.
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
    """The nearest of begin, end and middle: by way of neutral, as its music suits any change."""
    begin, end = PLACES[emotion], PLACES[target]
    point = tuple(b + (e - b) * progress for b, e in zip(begin, end, strict=True))
    steps = (emotion, target, Emotion.NEUTRAL)
    return min(steps, key=lambda step: math.dist(PLACES[step], point))
