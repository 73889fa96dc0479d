"""The control socket's words of the house: how it looks, the players of its rooms, its broker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast, get_args

from appliance.decide.house_sound import LEVELS, RoomPlayer
from appliance.decide.phrases import counted
from appliance.decide.told import BrokerState
from appliance.errors import ControlError, UsageError
from appliance.records import EMOTIONS, Emotion, Mood, MoodState, Step
from appliance.remote.controls import Controls
from appliance.remote.messages import Answer

MOST_FACES = 1000
MOST_ROOMS, LONGEST_NAME = 50, 60
LONGEST_TEXT = 500


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
    sounds = arguments.get("sound", False)
    if type(sounds) is not bool:
        raise UsageError("house: sound must be true or false")
    time_s, how = step.frame.time_s, cast(MoodState, state)
    looks = Emotion(emotion) if how == "settled" and isinstance(emotion, str) else None
    controls.policy.house.tell(Mood(how, looks, 1.0, faces, time_s), time_s, sounds=sounds)
    return Answer(f"the house: {looks or how}")


def show_rooms(arguments: dict[str, Any], step: Step, controls: Controls) -> Answer:
    """Takes in the rooms with the leader's music, to be shown. Raises UsageError."""
    rooms = arguments.get("rooms")
    if not isinstance(rooms, list) or len(rooms) > MOST_ROOMS:
        raise UsageError(f"rooms: it must be a list of up to {MOST_ROOMS} rooms")
    found = tuple(player_of(room) for room in rooms)
    controls.policy.house_sound.show(found, step.frame.time_s)
    return Answer(counted(len(found), "room"))


def show_broker(arguments: dict[str, Any], step: Step, controls: Controls) -> Answer:
    """Takes in how it stands with the broker, to be shown. Raises UsageError."""
    good, text = arguments.get("good"), arguments.get("text")
    if type(good) is not bool or not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise UsageError(
            f"broker: good must be true or false, text up to {LONGEST_TEXT} characters"
        )
    controls.policy.broker.tell(BrokerState(good, text), step.frame.time_s)
    return Answer("the broker: " + ("good" if good else "it fails"))


ABOUT_HOUSE: dict[str, Callable[[dict[str, Any], Step, Controls], Answer]] = {
    "house": tell_house,
    "rooms": show_rooms,
    "broker": show_broker,
}


def wanted_of_room(arguments: dict[str, Any]) -> dict[str, Any]:
    """What somebody wants of a room, for its leader. Raises UsageError."""
    wanted: dict[str, Any] = {"room": _text(arguments.get("room"))}
    given = {key: arguments[key] for key in LEVELS if arguments.get(key) is not None}
    if not given:
        raise UsageError(f"rooms: say one or more of {', '.join(LEVELS)}")
    return wanted | {key: _number(key, value) for key, value in given.items()}


def check_known(room: str, rooms: Sequence[RoomPlayer]) -> None:
    """Raises ControlError unless this is one of the rooms with the leader's music."""
    if not rooms:
        raise ControlError("no room leads the sound, so there is nobody who could set it")
    if not any(room in (known.room, known.name) for known in rooms):
        names = ", ".join(known.name for known in rooms)
        raise ControlError(f"there is no room {room} with a loudspeaker; there are: {names}")


def player_of(found: Any) -> RoomPlayer:
    """A room's player in a message. Raises UsageError for anything else."""
    try:
        player = RoomPlayer(
            room=_text(found["room"]),
            name=_text(found["name"]),
            connected=found["connected"] is True,
            leads=found["leads"] is True,
            muted=found["muted"] is True,
            **{key: _number(key, found[key]) for key in LEVELS},
        )
    except (LookupError, TypeError) as error:
        raise UsageError("rooms: one of them is none") from error
    return player


def _number(key: str, found: Any) -> int:
    if type(found) is not int or not 0 <= found <= LEVELS[key]:
        raise UsageError(f"room: {key} must be a whole number from 0 to {LEVELS[key]}")
    return found


def _text(found: Any) -> str:
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_NAME:
        raise UsageError(f"room: its name must have 1 to {LONGEST_NAME} characters")
    return found
