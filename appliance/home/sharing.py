"""What is told at each level of sharing, from what the jukebox and MPD say.

The promise stands here: below "mood" no word comes from a face, and of several people together
nothing is told below "all". So every text below "mood" is one of this file, never one of the
jukebox's, which may name a mood's playlist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

from appliance.home.entities import AUTO, Share, allows

LONGEST_TEXT = 255  # Home Assistant makes a sensor unknown whose text is longer

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class House:
    """What is known. status: of the jukebox (docs/control.md), None while it does not run.

    volume: in percent, None where MPD has none.
    """

    status: Fields | None = None
    volume: int | None = None


def state_of(house: House, share: Share) -> Fields:
    """What may be told at once and at any time. None stands for unknown."""
    status = house.status
    told: Fields = {
        "occupied": _switch(status["state"] != "nobody") if _sees(status) else None,
        "camera": _switch(status["camera"] != "off") if status else None,
        "volume": house.volume,
        "trouble": _trouble(house),
    }
    if allows(share, "mood"):  # what somebody asked for is an emotion's name
        told["asked"] = (status["asked"] or AUTO) if status else None
    return told


def mood_of(house: House, share: Share) -> Fields | None:
    """How the room looks; None where nothing is told of that."""
    if not allows(share, "mood"):
        return None
    status = house.status
    if not _sees(status):
        return {"mood": None, "sure": None, "why": _why(status)}
    if status["state"] == "nobody":
        return {"mood": "nobody", "sure": None, "why": _why(status)}
    with_guests = status["company"] or status["faces"] > 1
    if with_guests and not allows(share, "all"):
        return {"mood": "uncertain", "sure": None, "why": ""}
    mood = status["emotion"] or "uncertain"
    return {"mood": mood, "sure": status["sure"] or None, "why": _why(status)}


def _sees(status: Fields | None) -> TypeGuard[Fields]:
    """Whether it runs, and its camera works."""
    return status is not None and status["camera"] not in ("off", "lost")


def _switch(on: bool) -> str:
    return "ON" if on else "OFF"


def _why(status: Fields | None) -> str:
    """Why this song plays."""
    if status is None or status["player"] != "play":
        return ""
    if status["listener_in_charge"]:
        return "somebody chose what plays"
    return str(status["reason"])[:LONGEST_TEXT]


def _trouble(house: House) -> str:
    """What is wrong, in words; "" if nothing is."""
    status = house.status
    if status is None:
        return "the jukebox does not run"
    wrong = {
        "the camera is lost": status["camera"] == "lost",
        "the music player cannot be reached": status["player"] == "lost",
        "the music player lets the jukebox do nothing": bool(status["refusal"]),
        "the history cannot be written": status["history"] == "lost",
    }
    return "; ".join(text for text, is_so in wrong.items() if is_so)
