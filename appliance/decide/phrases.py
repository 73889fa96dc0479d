"""Moods and what listeners do, in words for people."""

from __future__ import annotations

from appliance.records import Emotion, ListenerAction, Mood, Unclear

PHRASES = {
    Emotion.ANGRY: "looks angry",
    Emotion.DISGUST: "looks disgusted",
    Emotion.FEAR: "looks afraid",
    Emotion.HAPPY: "looks happy",
    Emotion.SAD: "looks sad",
    Emotion.SURPRISE: "looks surprised",
    Emotion.NEUTRAL: "looks neutral",
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


def describe(mood: Mood) -> str:
    """One line that says how many faces are seen and how the room looks."""
    if mood.state == "nobody":
        return "nobody is here"
    who = "1 face" if mood.faces == 1 else f"{mood.faces or 'no'} faces"
    if mood.emotion is None:
        why = f", {UNCLEAR[mood.unclear]}" if mood.unclear else ""
        return f"{who}: the mood is uncertain{why}"
    return f"{who}: the room {PHRASES[mood.emotion]}"
