"""Hears once of all rooms of the house, for `jukebox rooms`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from appliance.home.places import access_of, topics_of
from appliance.home.rooms import EVERY_S, HOUSE
from appliance.home.session import Session
from appliance.home.vote import Room
from appliance.settings import Settings

Fields = dict[str, Any]


async def listen(
    settings: Settings, environ: Mapping[str, str], seconds: float = EVERY_S + 1.0
) -> tuple[list[Fields], Fields | None]:
    """All rooms by name, and the house as its leader tells of it. Raises BrokerError."""
    rooms: dict[str, Fields] = {}
    house: list[Fields] = []
    prefix = settings.home.prefix

    def received(topic: str, payload: bytes, _was_kept: bool) -> None:
        with suppress(ValueError, LookupError, TypeError):  # of something that is no jukebox
            told = json.loads(payload)
            room = asdict(Room.of_message(told))
            if topic == f"{prefix}/{HOUSE}":
                house[:] = [room | {"leader": str(told["leader"])}]
            else:
                node = topic.split("/")[-2]
                rooms[node] = room | {"node": node}

    session = Session(
        access_of(settings.home, environ), f"{topics_of(settings, environ).node}_rooms", received
    )
    try:
        await session.open()
        await session.listen([f"{prefix}/+/room", f"{prefix}/{HOUSE}"])
        await asyncio.sleep(seconds)
    finally:
        session.close()
    return sorted(rooms.values(), key=lambda room: str(room["name"])), next(iter(house), None)
