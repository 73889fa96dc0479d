"""`jukebox rooms`: the rooms of the house, who leads them, and how they look."""

from __future__ import annotations

import argparse
import asyncio
import os
from typing import Any

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.errors import ControlError


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds --json."""
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Listens until each room has spoken: eleven seconds. Returns 1 without any."""
    settings = settings_of(chosen)
    if not settings.rooms.join:
        raise ControlError("this room is none of several; set rooms.join = true (docs/rooms.md)")
    from appliance.home.census import listen

    rooms, house = asyncio.run(listen(settings, os.environ))
    if chosen.json:
        print_json({"rooms": rooms, "house": house})
        return 0 if rooms else 1
    for room in rooms:
        leads = ", which leads" if house and room["node"] == house["leader"] else ""
        print(f"{room['name']}{leads}: {_looks(room)}, for {room['age_s']:.0f} s")
    print(f"the house: {_looks(house)}" if house else "nobody leads: each room plays its own music")
    return 0 if rooms else 1


def _looks(room: dict[str, Any]) -> str:
    """How a room looks, in words."""
    return {
        "settled": f"looks {room['emotion']}, {room['faces']} there",
        "uncertain": f"uncertain, {room['faces']} there",
        "nobody": "nobody is there",
    }.get(room["state"], "its camera is off or lost")
