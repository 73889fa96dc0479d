"""When what is told: at once, once a minute, and moods at most every ten seconds.

It reads no clock and knows no connection, so a day passes in a test within a second.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from appliance.home.entities import ONLINE, Share, Topics, announcement
from appliance.home.sharing import House, mood_of, state_of

MOOD_EVERY_S = 10.0
# Moods are not retained, so whoever comes later waits for the next one. Home Assistant also misses
# what comes while it makes the entities that were announced.
AGAIN_S = 60.0
SOON_S = 4.0

Send = Callable[[str, str, bool], None]  # topic, payload, whether the broker keeps it
Fields = dict[str, Any]
NEVER = float("inf")


@dataclass(slots=True)
class _Topic:
    """What was told last on a topic. every_s: the least time between two messages."""

    name: str
    every_s: float = 0.0
    told: Fields | None = None
    told_at_s: float = -NEVER
    again_at_s: float = -NEVER

    def due_at(self, wanted: Fields) -> float:
        """When this is to be told."""
        due_s = -NEVER if wanted != self.told else self.again_at_s
        return max(due_s, self.told_at_s + self.every_s)


class Teller:
    """Tells the house how things are. send: to the broker; it is called only while connected.

    name: of the jukebox, for people.
    """

    def __init__(
        self, topics: Topics, share: Share, send: Send, *, name: str, version: str
    ) -> None:
        self._topics, self._share, self._send = topics, share, send
        self._name, self._version = name, version
        self._state, self._mood = _Topic("state"), _Topic("mood", MOOD_EVERY_S)
        self._announce_at_s = NEVER
        self._volume_max: int | None = None  # that was announced
        self._is_connected = False

    def connected(self) -> None:
        """The broker is there again, perhaps without anything that it was told before."""
        self._is_connected = True
        self._announce_at_s = -NEVER

    def lost(self) -> None:
        """The broker is away."""
        self._is_connected = False

    def announce_at(self, time_s: float) -> None:
        """Tells everything again then: Home Assistant has started, and does not listen yet."""
        self._announce_at_s = min(time_s, self._announce_at_s)

    def touch(self, action: str) -> None:
        """A person did this to the player, now."""
        if self._is_connected:
            self._send(self._topics.of("touch"), json.dumps({"event_type": action}), False)

    def tell(self, house: House, time_s: float, volume_max: int) -> float:
        """Tells what is due. Returns when to call again at the latest."""
        if not self._is_connected:
            return NEVER
        again_s = AGAIN_S
        if time_s >= self._announce_at_s or volume_max != self._volume_max:
            self._announce(volume_max)
            again_s = SOON_S
        due = [
            self._announce_at_s,
            self._tell(self._state, state_of(house, self._share), time_s, again_s),
        ]
        if (mood := mood_of(house, self._share)) is not None:
            due.append(self._tell(self._mood, mood, time_s, again_s))
        return min(due)

    def _announce(self, volume_max: int) -> None:
        message = announcement(
            self._topics,
            self._share,
            name=self._name,
            version=self._version,
            volume_max=volume_max,
        )
        self._send(self._topics.discovery, json.dumps(message), True)
        self._send(self._topics.of("availability"), ONLINE, True)
        self._volume_max, self._announce_at_s = volume_max, NEVER
        self._state.again_at_s = self._mood.again_at_s = -NEVER

    def _tell(self, topic: _Topic, wanted: Fields, time_s: float, again_s: float) -> float:
        """Tells it if it is due. Returns when it is due next."""
        if time_s >= topic.due_at(wanted):
            self._send(self._topics.of(topic.name), json.dumps(wanted), False)
            topic.told, topic.told_at_s, topic.again_at_s = wanted, time_s, time_s + again_s
        return topic.due_at(wanted)
