"""What Home Assistant shows of a jukebox: a table of entities, and the message that announces them.

The message is Home Assistant's "device discovery": one retained message for all entities. What it
accepts is checked against the real one (tests/home_assistant.sh).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from appliance.listener import LISTENER_ACTIONS
from appliance.records import EMOTIONS

DISCOVERY = "homeassistant"
# Home Assistant says "online" here when it has started.
BIRTH = f"{DISCOVERY}/status"
ONLINE, OFFLINE = "online", "offline"
PRESS = "PRESS"
AUTO = "auto"

Share = Literal["off", "presence", "mood", "all"]
LEVELS: tuple[Share, ...] = ("off", "presence", "mood", "all")
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one jukebox. node: its name there, which no other jukebox has."""

    prefix: str
    node: str

    def of(self, name: str) -> str:
        """Where something is told."""
        return f"{self.prefix}/{self.node}/{name}"

    def command(self, key: str) -> str:
        """Where the house asks for something."""
        return self.of(f"{key}/set")

    @property
    def discovery(self) -> str:
        """Where Home Assistant reads of all entities."""
        return f"{DISCOVERY}/device/{self.node}/config"

    @property
    def retained(self) -> tuple[str, ...]:
        """All that a broker keeps of this jukebox; the entities go before their availability."""
        return self.discovery, self.of("availability")


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing that Home Assistant shows. told: the topic with its state, "" if it has none.

    share: it is not even named below this level. more: further keys of its announcement.
    """

    key: str
    platform: str
    name: str
    told: str = "state"
    share: Share = "presence"
    is_asked: bool = False
    more: Fields = field(default_factory=dict)


ENTITIES = (
    Entity("occupied", "binary_sensor", "Occupancy", more={"device_class": "occupancy"}),
    Entity("camera", "switch", "Camera", is_asked=True, more={"icon": "mdi:camera"}),
    Entity(
        "volume",
        "number",
        "Volume",
        is_asked=True,
        more={"min": 0, "step": 1, "unit_of_measurement": "%", "icon": "mdi:volume-high"},
    ),
    Entity("hold", "button", "Hold", "", is_asked=True, more={"icon": "mdi:pause-octagon"}),
    Entity("resume", "button", "Resume", "", is_asked=True, more={"icon": "mdi:play-circle"}),
    Entity("skip", "button", "Skip", "", is_asked=True, more={"icon": "mdi:skip-next"}),
    Entity(
        "touch",
        "event",
        "Listener",
        "touch",
        more={"event_types": list(LISTENER_ACTIONS), "icon": "mdi:gesture-tap"},
    ),
    Entity(
        "trouble",
        "binary_sensor",
        "Trouble",
        more={"device_class": "problem", "entity_category": "diagnostic"},
    ),
    Entity(
        "mood",
        "sensor",
        "Mood",
        "mood",
        "mood",
        more={"device_class": "enum", "options": [*EMOTIONS, "uncertain", "nobody"]},
    ),
    Entity(
        "sure",
        "sensor",
        "Certainty",
        "mood",
        "mood",
        more={
            "device_class": "enum",
            "options": ["fairly", "quite", "very"],
            "entity_category": "diagnostic",
            "enabled_by_default": False,
        },
    ),
    Entity("why", "sensor", "Why", "mood", "mood", more={"icon": "mdi:chat-question"}),
    Entity(
        "asked",
        "select",
        "Music for",
        share="mood",
        is_asked=True,
        more={"options": [AUTO, *EMOTIONS], "icon": "mdi:playlist-music"},
    ),
)


def allows(share: Share, least: Share) -> bool:
    """Whether this level of sharing reaches the other one."""
    return LEVELS.index(share) >= LEVELS.index(least)


def told_at(share: Share) -> Iterator[Entity]:
    """The entities that are shown at this level."""
    return (entity for entity in ENTITIES if allows(share, entity.share))


def announcement(
    topics: Topics, share: Share, *, name: str, version: str, volume_max: int
) -> Fields:
    """The message from which Home Assistant makes a device with its entities.

    Those that are above this level are announced as gone, because Home Assistant keeps what is only
    left out.
    """
    shown = {entity.key for entity in told_at(share)}
    return {
        "device": {
            "identifiers": [topics.node],
            "name": name,
            "manufacturer": "Emotional Jukebox",
            "model": "Emotional Jukebox",
            "sw_version": version,
        },
        "origin": {"name": "Emotional Jukebox", "sw_version": version},
        "availability": [{"topic": topics.of("availability")}],
        "components": {
            entity.key: _component(entity, topics, _slug(name), volume_max)
            if entity.key in shown
            else {"platform": entity.platform}
            for entity in ENTITIES
        },
    }


def _slug(name: str) -> str:
    """A jukebox's name as a part of Home Assistant's entity ids, such as jukebox_kitchen."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return slug if "jukebox" in slug else f"jukebox_{slug}".rstrip("_")


def _component(entity: Entity, topics: Topics, slug: str, volume_max: int) -> Fields:
    made: Fields = {
        "platform": entity.platform,
        "name": entity.name,
        "unique_id": f"{topics.node}_{entity.key}",
        "default_entity_id": f"{entity.platform}.{slug}_{entity.key}",
        **entity.more,
    }
    if entity.told:
        made["state_topic"] = topics.of(entity.told)
    if entity.told and entity.platform != "event":  # an event's message has its own form
        made["value_template"] = f"{{{{ value_json.{entity.key} }}}}"
    if entity.is_asked:
        made["command_topic"] = topics.command(entity.key)
    if entity.platform == "button":
        made["payload_press"] = PRESS
    if entity.key == "volume":
        made["max"] = volume_max
    if entity.key == "trouble":
        made["value_template"] = "{{ 'ON' if value_json.trouble else 'OFF' }}"
        made["json_attributes_topic"] = made["state_topic"]
        made["json_attributes_template"] = "{{ {'sentence': value_json.trouble} | tojson }}"
    return made
