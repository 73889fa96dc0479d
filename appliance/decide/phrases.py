"""Moods and what listeners do, in words for people."""

from __future__ import annotations

from typing import Literal

from appliance.listener import Charge, ListenerAction
from appliance.records import Emotion, Mood, Unclear

PHRASES = {
    Emotion.ANGRY: "looks angry",
    Emotion.DISGUST: "looks disgusted",
    Emotion.FEAR: "looks afraid",
    Emotion.HAPPY: "looks happy",
    Emotion.SAD: "looks sad",
    Emotion.SURPRISE: "looks surprised",
    Emotion.NEUTRAL: "looks neutral",
}
# What somebody is asked for who teaches the jukebox their faces.
ASKED = {
    Emotion.ANGRY: "look angry",
    Emotion.DISGUST: "look disgusted",
    Emotion.FEAR: "look afraid",
    Emotion.HAPPY: "look happy",
    Emotion.SAD: "look sad",
    Emotion.SURPRISE: "look surprised",
    Emotion.NEUTRAL: "rest your face",
}
UNCLEAR: dict[Unclear, str] = {
    "dark": "it is too dark",
    "small": "you are too far away",
    "blurred": "I see you blurred",
    "tilted": "I see you tilted",
    "turned": "I see you from the side",
    "hidden": "something hides your face",
}
LISTENER_ACTIONS: dict[ListenerAction, str] = {
    "play": "somebody pressed play",
    "pause": "somebody paused the music",
    "stop": "somebody stopped the music",
    "skip": "somebody chose another song",
    "seek": "somebody moved within the song",
    "queue": "somebody changed the queue",
    "volume": "somebody changed the volume",
    "mode": "somebody changed how MPD plays",
}

# Why a person is in charge of the music, or of the silence.
IN_CHARGE: dict[Charge, str] = {
    "chosen": "somebody chose what plays",
    "paused": "somebody paused the music",
    "stopped": "somebody stopped the music",
    "cleared": "somebody cleared the queue",
}


Sureness = Literal["", "fairly", "quite", "very"]


def how_sure(mood: Mood) -> Sureness:
    """How sure a settled mood is, in steps coarse enough that they seldom change; else ""."""
    if mood.emotion is None:
        return ""
    if mood.probability >= 0.9:
        return "very"
    return "quite" if mood.probability >= 0.7 else "fairly"


def counted(number: float, noun: str) -> str:
    """Such as "1 minute", "2 minutes" and "0.5 minutes"."""
    return f"{number:g} {noun}" if number == 1 else f"{number:g} {noun}s"


def describe(mood: Mood) -> str:
    """One line that says how many faces are seen and how the room looks."""
    if mood.state == "nobody":
        return "nobody is here"
    who = counted(mood.faces, "face") if mood.faces else "no faces"
    if mood.emotion is None:
        why = f", {UNCLEAR[mood.unclear]}" if mood.unclear else ""
        return f"{who}: the mood is uncertain{why}"
    return f"{who}: the room {PHRASES[mood.emotion]}"


def describe_pictures(count: int) -> str:
    """How many faces are pictures, which are nobody; "" if none is."""
    if not count:
        return ""
    return "1 picture on the wall is left out" if count == 1 else f"{count} pictures are left out"


def lesson_words(
    name: str, *, stage: str, emotion: Emotion, sees: Emotion | None, good: bool, **_more: object
) -> str:
    """What is said to somebody who shows their faces: see Said in vision/lesson.py."""
    if stage == "over":
        how = "I read you by your own faces from now on" if good else "I have learned nothing"
        return f"{name}: {how}"
    if stage == "next":
        return "thank you" if good else "I could not see that well; we go on without it"
    if sees is None:
        return f"{ASKED[emotion]}; I cannot see your face well"
    return f"{ASKED[emotion]} … I see: {PHRASES[sees]}"
