"""`jukebox rooms`: the rooms of the house, who leads them, how they look, and how they sound."""

from __future__ import annotations

import argparse
import asyncio
import os
from typing import Any

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.errors import ControlError, UsageError
from appliance.settings import Settings

Fields = dict[str, Any]


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds what may be set of a room, and --json."""
    verb.add_argument("--room", metavar="NAME", help="set something of this room:")
    verb.add_argument("--volume", type=int, metavar="PERCENT", help="how loud it is")
    verb.add_argument("--max", type=int, metavar="PERCENT", help="how loud it may ever be")
    verb.add_argument(
        "--trim", type=int, metavar="MS", help="by how much it plays early, up to 1000 ms"
    )
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Listens until each room has spoken: eleven seconds. Returns 1 without any."""
    settings = settings_of(chosen)
    if not settings.rooms.join:
        raise ControlError("this room is none of several; set rooms.join = true (docs/rooms.md)")
    given = {"volume_percent": chosen.volume, "volume_max": chosen.max, "trim_ms": chosen.trim}
    wanted = {key: value for key, value in given.items() if value is not None}
    if bool(wanted) != (chosen.room is not None):
        raise UsageError("--room NAME goes with --volume, --max or --trim")
    return _set(settings, chosen, wanted) if wanted else _show(settings, chosen)


def _set(settings: Settings, chosen: argparse.Namespace, wanted: Fields) -> int:
    from appliance.home.census import ask
    from appliance.remote.control_house import wanted_of_room

    wanted_of_room(wanted | {"room": chosen.room})
    player = asyncio.run(ask(settings, os.environ, chosen.room, wanted))
    if chosen.json:
        print_json(player)
    else:
        print(f"{player['name']}: {_sounds(player)}")
    return 0


def _show(settings: Settings, chosen: argparse.Namespace) -> int:
    from appliance.home.census import listen

    census = asyncio.run(listen(settings, os.environ))
    rooms, house = census.by_name(), census.house
    if chosen.json:
        print_json({"rooms": rooms, "house": house})
        return 0 if rooms else 1
    for room in rooms:
        leads = ", which leads" if room["node"] in census.leaders else ""
        print(
            f"{room['name']}{leads}: {'; '.join(filter(None, (_looks_since(room), _plays(room))))}"
        )
    print(f"the house: {_looks(house)}" if house else "nobody leads: each room plays its own music")
    if len(census.leaders) > 1:
        both = " and ".join(sorted(census.leaders.values()))
        print(f"{both} lead, each of them: set rooms.leader = true in one room alone")
    return 0 if rooms else 1


def _looks_since(room: Fields) -> str:
    return f"{_looks(room)}, for {room['age_s']:.0f} s" if "state" in room else ""


def _looks(room: Fields) -> str:
    """How a room looks, in words."""
    return {
        "settled": f"looks {room['emotion']}, {room['faces']} there",
        "uncertain": f"uncertain, {room['faces']} there",
        "nobody": "nobody is there",
    }.get(room["state"], "its camera is off or lost")


def _plays(room: Fields) -> str:
    return _sounds(room["player"]) if "player" in room else ""


def _sounds(player: Fields) -> str:
    """How a room sounds, in words."""
    if not player["connected"]:
        return "its loudspeaker is away"
    loud = "muted" if player["muted"] else f"{player['volume_percent']} %"
    early = f", {player['trim_ms']} ms early" if player["trim_ms"] else ""
    return f"plays in step, {loud} of at most {player['volume_max']} %{early}"
