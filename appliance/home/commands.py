"""What the house asks for: messages of the broker → requests to the jukebox, or actions at MPD."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from appliance.home.entities import AUTO, PRESS, Share, told_at
from appliance.player.client import Client
from appliance.player.watched_mpd import skip
from appliance.records import EMOTIONS

LONGEST_PAYLOAD = 64


@dataclass(frozen=True, slots=True)
class Wish:
    """One of both. word, arguments: what the jukebox is asked for. action: what MPD does."""

    word: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    action: Callable[[Client], None] | None = None


def wish_of(key: str, payload: bytes, share: Share, volume_max: int) -> Wish | None:
    """What a message to an entity asks for; None if that is nothing that may be asked."""
    asked = {entity.key for entity in told_at(share) if entity.is_asked}
    if key not in asked or len(payload) > LONGEST_PAYLOAD:
        return None
    text = payload.decode(errors="replace").strip()
    return _turn(text, volume_max) if key == "volume" else WISHES.get((key, text))


WISHES = {
    ("camera", "ON"): Wish("camera", {"state": "on"}),
    ("camera", "OFF"): Wish("camera", {"state": "off"}),
    ("hold", PRESS): Wish("hold"),
    ("resume", PRESS): Wish("resume"),
    ("skip", PRESS): Wish(action=skip),
    ("asked", AUTO): Wish("auto"),
    **{("asked", str(emotion)): Wish("mood", {"emotion": str(emotion)}) for emotion in EMOTIONS},
}


def _turn(text: str, volume_max: int) -> Wish | None:
    try:
        percent = float(text)
    except ValueError:
        return None
    if not 0 <= percent <= 100:  # a typing error must not become the loudest there is
        return None
    wanted = min(volume_max, round(percent))
    return Wish(action=lambda client: client.setvol(wanted))
