"""Several rooms with one mood: what this room tells the others, and what it hears of them.

One jukebox, the leader, counts the rooms' votes and tells what came of it (vote.py). Each jukebox,
the leader's, too, takes that for the mood, for as long as it hears of it. Everything goes by the
broker: without it, each room plays its own music.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from appliance.decide.house_mood import LEADER_AWAY_S
from appliance.home.commands import Wish
from appliance.home.entities import Topics
from appliance.home.sharing import House
from appliance.home.vote import ROOM_AWAY_S, HouseVote, Room, vote
from appliance.settings import RoomsSettings

# A mood is told at most so often, as everywhere in the home.
EVERY_S = 10.0
HOUSE = "rooms/house"
# With the players of all rooms; and what anybody wants of one.
SOUND, CHANGE = "rooms/sound", "rooms/set"
SOMEBODY = ("settled", "uncertain")
LONGEST_PAYLOAD = 1024
LONGEST_SOUND = 32 * 1024  # fifty rooms have 10 kB

Send = Callable[[str, str, bool], None]
Fields = dict[str, Any]


class Rooms:
    """One room of the house. send: to the broker; it is called only while connected.

    came: called when somebody comes into a room that was empty.
    """

    def __init__(
        self,
        settings: RoomsSettings,
        topics: Topics,
        name: str,
        send: Send,
        came: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings, self._topics, self._name, self._send = settings, topics, name, send
        self._came = came
        self._heard: dict[str, tuple[Room, float]] = {}  # by node; with the time
        self._told_at_s = -EVERY_S
        self._looks = ("", "")  # state and emotion
        self._told_state = ""
        self._since_s = 0.0
        self._emotion = ""  # of the house
        self._led_at_s = -LEADER_AWAY_S
        self._players: list[Fields] | None = None

    @property
    def listens(self) -> list[str]:
        """The topics on which it hears of other rooms."""
        if not self._settings.join:
            return []
        prefix = self._topics.prefix
        sound = [f"{prefix}/{topic}" for topic in (SOUND, CHANGE)]
        return [f"{prefix}/+/room", f"{prefix}/{HOUSE}", f"{prefix}/+/touch", *sound]

    def serve(self, players: list[Fields] | None, *, at_once: bool = False) -> None:
        """The leader's music goes to the players of these rooms; None: to its own room alone.

        All rooms hear at once of what has changed. at_once: of what has not, too.
        """
        if at_once or players != self._players:
            self._told_at_s = -EVERY_S
        self._players = players

    @property
    def heard(self) -> dict[str, Room]:
        """All rooms by their number, as each told last."""
        return {node: room for node, (room, _) in self._heard.items()}

    def tell(self, house: House, time_s: float) -> float:
        """Tells what is due. Returns when to call again at the latest."""
        if not self._settings.join:
            return float("inf")
        room = self._room(house, time_s)
        # Music that was muted is to sound at once where somebody comes.
        has_come = self._told_state == "nobody" and room.state in SOMEBODY
        if has_come or time_s - self._told_at_s >= EVERY_S:
            self._told_at_s, self._told_state = time_s, room.state
            self._send(self._topics.of("room"), json.dumps(asdict(room)), False)
            if self._settings.leader:
                self._lead(time_s)
        return self._told_at_s + EVERY_S

    def received(self, topic: str, payload: bytes, time_s: float) -> Wish | None:
        """What another room's message, or the leader's, leads to."""
        node, _, what = topic.removeprefix(f"{self._topics.prefix}/").rpartition("/")
        is_sound = topic == f"{self._topics.prefix}/{SOUND}"
        longest = LONGEST_SOUND if is_sound else LONGEST_PAYLOAD
        try:
            told = json.loads(payload) if len(payload) <= longest else None
            if is_sound:
                return Wish("rooms", {"rooms": told})
            if what == "room":
                self._hear(node, Room.of_message(told), time_s)
            elif topic == f"{self._topics.prefix}/{HOUSE}":
                room, self._led_at_s = Room.of_message(told), time_s
                looks = {"state": room.state, "emotion": room.emotion, "faces": room.faces}
                return Wish("house", looks | {"sound": _sounds(told)})
        except ValueError:
            return None
        # Whoever uses the player in one room holds all of them, while they are one house.
        is_led = time_s - self._led_at_s < LEADER_AWAY_S
        others = node in self._heard and node != self._topics.node
        return Wish("hold") if what == "touch" and others and is_led else None

    def _hear(self, node: str, room: Room, time_s: float) -> None:
        before, _ = self._heard.get(node, (room, 0.0))
        self._heard[node] = room, time_s
        if before.state == "nobody" and room.state in SOMEBODY:
            self._came()

    def _lead(self, time_s: float) -> None:
        rooms = [room for room, heard_s in self._heard.values() if time_s - heard_s < ROOM_AWAY_S]
        self._heard = {node: told for node, told in self._heard.items() if told[0] in rooms}
        house: HouseVote = vote(rooms, self._emotion)
        self._emotion = house.emotion
        sounds = self._players is not None
        if house.state == "unknown" and sounds:  # no camera at all: nothing changes the music
            house = replace(house, state="uncertain")
        if house.state != "unknown":
            told = {"name": self._name, "age_s": 0.0, "leader": self._topics.node, **asdict(house)}
            told["sound"] = sounds
            self._send(f"{self._topics.prefix}/{HOUSE}", json.dumps(told), False)
        if sounds:
            players = json.dumps(self._players)
            self._send(f"{self._topics.prefix}/{SOUND}", players, False)

    def _room(self, house: House, time_s: float) -> Room:
        status = house.status
        if status is None or status["camera"] in ("off", "lost"):
            room = Room(self._name, "unknown")
        else:
            room = Room(self._name, status["state"], status["emotion"] or "", status["faces"])
        if (room.state, room.emotion) != self._looks:
            self._looks, self._since_s = (room.state, room.emotion), time_s
        return replace(room, age_s=round(time_s - self._since_s, 1))


def _sounds(told: Any) -> bool:
    """Whether the leader's music goes to all rooms; an earlier jukebox does not tell."""
    return told.get("sound") is True
