"""What subscribers at the control socket are told: each change of the status, and what happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from appliance.remote.status import Status

# The keys of the status that travel with each event. Whoever lays them over the status of
# "subscribe" has the present one.
STATUS_EVENTS = {
    "mood": ("mood", "emotion", "sure", "unclear", "faces"),
    "play": ("player", "title", "playlist", "listener_in_charge", "resting", "reason", "refusal"),
    "hold": ("asked", "hold_until", "sleep_at", "asleep"),
    "camera": ("camera", "looks_per_second", "looks_reason"),
}
TROUBLE = {"camera": "camera", "player": "player"}  # what is lost, by the key that says so

Event = dict[str, Any]


class Events:
    """Numbers events. seq: the number of the last one."""

    def __init__(self) -> None:
        self.seq = 0
        self._known: dict[str, Any] = {}

    def of_change(self, status: Status) -> Iterator[Event]:
        """What has changed since the status before; nothing for the first status."""
        before, self._known = self._known, asdict(status)
        if not before or before == self._known:
            return
        now = self._known
        for name, keys in STATUS_EVENTS.items():
            if any(before[key] != now[key] for key in keys):
                yield self.make(name, {key: now[key] for key in keys})
        for what, key in TROUBLE.items():
            if (before[key] == "lost") != (lost := now[key] == "lost"):
                yield self.make("trouble", {"what": what, "lost": lost})

    def make(self, name: str, more: dict[str, Any]) -> Event:
        """The next event."""
        self.seq += 1
        return {"event": name, "seq": self.seq, **more}
