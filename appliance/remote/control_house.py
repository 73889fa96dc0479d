"""The control socket's word "house": how the house looks, as its leader says (docs/rooms.md)."""

from __future__ import annotations

from typing import Any, cast, get_args

from appliance.errors import UsageError
from appliance.records import EMOTIONS, Emotion, Mood, MoodState, Step
from appliance.remote.messages import Answer, Controls

MOST_FACES = 1000


def tell_house(arguments: dict[str, Any], step: Step, controls: Controls) -> Answer:
    """Takes it for the mood, for the next seconds. Raises UsageError."""
    state, emotion, faces = (arguments.get(name) for name in ("state", "emotion", "faces"))
    if state not in get_args(MoodState) or (state == "settled") != (emotion in EMOTIONS):
        raise UsageError(
            "house: state must be settled, uncertain or nobody, and emotion one of"
            f" {', '.join(EMOTIONS)} if it is settled"
        )
    if type(faces) is not int or not 0 <= faces <= MOST_FACES:
        raise UsageError(f"house: faces must be a whole number up to {MOST_FACES}")
    time_s, how = step.frame.time_s, cast(MoodState, state)
    looks = Emotion(emotion) if how == "settled" and isinstance(emotion, str) else None
    controls.policy.house.tell(Mood(how, looks, 1.0, faces, time_s), time_s)
    return Answer(f"the house: {looks or how}")
