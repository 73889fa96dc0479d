"""Hears once of all rooms of the house, and asks their leader for something: `jukebox rooms`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from appliance.errors import ControlError, UsageError
from appliance.home.payload import json_of
from appliance.home.places import access_of, topics_of
from appliance.home.rooms import CHANGE, EVERY_S, HOUSE, LONGEST_SOUND, SOUND
from appliance.home.session import BrokerError, Session
from appliance.home.vote import Room
from appliance.remote.control_house import player_of
from appliance.settings import Settings

Fields = dict[str, Any]
ANSWER_S = 8.0  # the leader tells at once what is in force from its next round on


@dataclass(slots=True)
class Census:
    """rooms: by number, how each looks. house: as its leader tells of it; None without one.

    players: of the rooms with a loudspeaker, if the leader's music goes to all of them. leaders:
    names by number of all that spoke for the house; there should be one.
    """

    rooms: dict[str, Fields] = field(default_factory=dict)
    house: Fields | None = None
    players: list[Fields] = field(default_factory=list)
    leaders: dict[str, str] = field(default_factory=dict)

    def by_name(self) -> list[Fields]:
        """All rooms, each with its player, if it has one; also players that are no jukebox."""
        found = {node: dict(room) for node, room in self.rooms.items()}
        for player in self.players:
            known = found.setdefault(player["room"], {"name": player["name"], "node": ""})
            known["player"] = player
        return sorted(found.values(), key=lambda room: str(room["name"]))


async def listen(
    settings: Settings, environ: Mapping[str, str], seconds: float = EVERY_S + 1.0
) -> Census:
    """All that is told in this time. Raises BrokerError."""
    census = Census()
    async with _hearing(settings, environ, census):
        await asyncio.sleep(seconds)
    return census


async def ask(settings: Settings, environ: Mapping[str, str], room: str, wanted: Fields) -> Fields:
    """The player of a room, after its leader did what is wanted.

    Raises BrokerError, and ControlError if there is no such room, or nobody who leads it.
    """
    census = Census()

    def player() -> Fields | None:
        found = (player for player in census.players if room in (player["room"], player["name"]))
        return next(found, None)

    async with _hearing(settings, environ, census) as session:
        message = json.dumps(wanted | {"room": room})
        await session.send_surely(f"{settings.home.prefix}/{CHANGE}", message, retain=False)
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                while not census.players or (
                    (found := player()) is not None and wanted.items() - found.items()
                ):
                    await asyncio.sleep(0.1)
        if not census.players:
            raise ControlError("no leader answers whose music goes to all rooms (docs/rooms.md)")
        if (found := player()) is None:
            names = ", ".join(str(each["name"]) for each in census.players)
            raise ControlError(f"there is no room {room} with a loudspeaker; there are: {names}")
        return found


@asynccontextmanager
async def _hearing(
    settings: Settings, environ: Mapping[str, str], census: Census
) -> AsyncIterator[Session]:
    prefix = settings.home.prefix

    def received(topic: str, payload: bytes, _was_kept: bool) -> None:
        # Of something that is no jukebox.
        with suppress(ValueError, LookupError, TypeError, UsageError):
            told = json_of(payload, LONGEST_SOUND)
            if topic == f"{prefix}/{SOUND}":
                census.players = [asdict(player_of(player)) for player in told]
            elif topic == f"{prefix}/{HOUSE}":
                census.house = asdict(Room.of_message(told)) | {"leader": str(told["leader"])}
                census.leaders[census.house["leader"]] = str(census.house["name"])
            else:
                node = topic.split("/")[-2]
                census.rooms[node] = asdict(Room.of_message(told)) | {"node": node}

    access = access_of(settings.home, environ)
    session = Session(access, f"{topics_of(settings, environ).node}_rooms", received)
    try:
        try:
            await session.open()
        except BrokerError as error:
            raise BrokerError(f"the broker at {access}: {error}; see: jukebox home test") from error
        await session.listen([f"{prefix}/+/room", f"{prefix}/{HOUSE}", f"{prefix}/{SOUND}"])
        yield session
    finally:
        session.close()
