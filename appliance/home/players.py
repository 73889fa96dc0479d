"""The players of all rooms, which the leader sets: how loud, how early, mute where it is empty."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from appliance.errors import UsageError
from appliance.home.levels import LONGEST_ID, MOST_ROOMS, Levels
from appliance.home.snapcast import Player, Snapserver, SnapserverError
from appliance.home.vote import Room

Fields = dict[str, Any]


class Players:
    """Those that snapserver knows. node: the leader's own number.

    rooms: as they were heard of last, by their number. away_s: after so long without anybody a room
    is muted; 0: never.
    """

    def __init__(
        self,
        levels: Levels,
        node: str,
        rooms: Callable[[], Mapping[str, Room]],
        away_s: float,
    ) -> None:
        self._levels, self._node = levels, node
        self._rooms, self._away_s = rooms, away_s
        self._snapserver = Snapserver()
        self._players: list[Player] = []

    async def steer(self) -> None:
        """Sets volume and trim of each room, and mutes those that are empty.

        Raises SnapserverError.
        """
        try:
            found = await self._snapserver.players()
        except SnapserverError:
            await asyncio.sleep(1.0)  # it may just have been started
            found = await self._snapserver.players()
        self._players = [player for player in found if len(player.id) <= LONGEST_ID][:MOST_ROOMS]
        for player in self._players:
            level, muted = self._levels.of(player.id), self._is_empty(player.id)
            if (player.volume, player.muted) != (level.percent, muted):
                await self._snapserver.turn(player.id, level.percent, muted=muted)
            if player.trim_ms != level.trim_ms:
                await self._snapserver.trim(player.id, level.trim_ms)

    def change(self, payload: bytes) -> bool:
        """Takes in what somebody wants of a room. Returns whether anything changes.

        Nonsense changes nothing.
        """
        with suppress(ValueError, UsageError, AttributeError):
            told = json.loads(payload)
            names = {player.name: player.id for player in self._players}
            wanted = str(told.get("room"))
            known = {player.id for player in self._players}
            if (player := names.get(wanted, wanted)) in known:
                self._levels.change(player, told)
                return True
        return False

    def told(self) -> list[Fields]:
        """All of them, as the leader tells the others."""
        return [self._told_of(player) for player in self._players]

    def close(self) -> None:
        """Ends the connection to snapserver."""
        self._snapserver.close()

    def _is_empty(self, player: str) -> bool:
        """Whether nobody has been there for away_s. A room without a camera never is."""
        room = self._rooms().get(player) if self._away_s else None
        return room is not None and room.state == "nobody" and room.age_s >= self._away_s

    def _told_of(self, player: Player) -> Fields:
        room, level = self._rooms().get(player.id), self._levels.of(player.id)
        return {
            "room": player.id,
            "name": (room.name if room else player.name) or player.id,
            "connected": player.connected,
            "leads": player.id == self._node,
            "muted": self._is_empty(player.id),
            "volume_percent": level.percent,
            "volume_max": level.volume_max,
            "trim_ms": level.trim_ms,
        }
