"""What subscribers at the control socket are told: each change of the status, and what happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from appliance.remote.status import Status

# The keys of the status that travel with each event. Whoever lays them over the status of
# "subscribe" has the present one.
STATUS_EVENTS = {
    "mood": ("mood", "state", "emotion", "sure", "unclear", "faces", "company", "pictures"),
    "play": (
        "player",
        "title",
        "playlist",
        "listener_in_charge",
        "resting",
        "reason",
        "refusal",
        "charge",
        "charge_since",
        "joined",
    ),
    "hold": ("asked", "hold_until", "sleep_at", "asleep"),
    "rooms": ("rooms",),
    "broker": ("broker",),
    "camera": ("camera", "looks_per_second", "looks_reason"),
}
# What can be lost; its key says so.
TROUBLE = ("camera", "player", "history")

Event = dict[str, Any]


class Events:
    """Numbers events. seq: the number of the last one."""

    def __init__(self) -> None:
        self.seq = 0
        self._known: Status | None = None

    def of_change(self, status: Status) -> Iterator[Event]:
        """What has changed since the status before; nothing for the first status."""
        known, self._known = self._known, status
        if known is None or known == status:
            return
        before, now = asdict(known), asdict(status)
        for name, keys in STATUS_EVENTS.items():
            if any(before[key] != now[key] for key in keys):
                yield self.make(name, {key: now[key] for key in keys})
        for what in TROUBLE:
            if (before[what] == "lost") != (lost := now[what] == "lost"):
                yield self.make("trouble", {"what": what, "lost": lost, what: now[what]})

    def make(self, name: str, more: dict[str, Any]) -> Event:
        """The next event."""
        self.seq += 1
        return {"event": name, "seq": self.seq, **more}
