"""Steers snapserver at its control port on this machine: JSON-RPC 2.0, one object a line.

A client of our own: three requests are all that is needed. python-snapcast keeps a model of the
whole server and connects again by itself; here each round asks anew, and an error is the round's.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from appliance.errors import JukeboxError
from appliance.home.vote import LONGEST_NAME

PORT = 1705
ANSWER_S = 3.0
LONGEST_LINE = 1 << 20  # the status of fifty clients has 40 kB

Fields = dict[str, Any]


class SnapserverError(JukeboxError):
    """snapserver cannot be reached, or it refuses."""


@dataclass(frozen=True, slots=True)
class Player:
    """A snapclient. id: a jukebox's number, or what another one calls itself.

    trim_ms: by how much it plays early, for a loudspeaker that is late.
    """

    id: str
    name: str
    connected: bool
    volume: int
    muted: bool
    trim_ms: int


class Snapserver:
    """One connection, made at the first question and again after an error."""

    def __init__(self, port: int = PORT) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._last_id = 0

    async def players(self) -> list[Player]:
        """All snapclients that it has ever seen. Raises SnapserverError."""
        try:
            groups = (await self._ask("Server.GetStatus", {}))["server"]["groups"]
            return [_player(client) for group in groups for client in group["clients"]]
        except (LookupError, TypeError, ValueError) as error:
            raise SnapserverError("snapserver tells nothing that can be read") from error

    async def turn(self, player: str, percent: int, *, muted: bool) -> None:
        """Sets a volume, of which snapserver itself limits nothing. Raises SnapserverError."""
        volume = {"percent": max(0, min(100, percent)), "muted": muted}
        await self._ask("Client.SetVolume", {"id": player, "volume": volume})

    async def trim(self, player: str, milliseconds: int) -> None:
        """Lets it play earlier by so much. Raises SnapserverError."""
        await self._ask("Client.SetLatency", {"id": player, "latency": milliseconds})

    def close(self) -> None:
        """Ends the connection."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _ask(self, method: str, parameters: Fields) -> Fields:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._asked(method, parameters)
        except (OSError, TimeoutError, ValueError) as error:
            self.close()
            raise SnapserverError(f"snapserver does not answer: {error}") from error
        except asyncio.CancelledError:
            self.close()
            raise

    async def _asked(self, method: str, parameters: Fields) -> Fields:
        if self._reader is None or self._writer is None:
            connecting = asyncio.open_connection("127.0.0.1", self._port, limit=LONGEST_LINE)
            self._reader, self._writer = await connecting
        self._last_id += 1
        request = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": parameters}
        self._writer.write(json.dumps(request).encode() + b"\r\n")
        while line := await self._reader.readline():
            told = json.loads(line)  # between the answers it tells what others change
            if not isinstance(told, dict) or told.get("id") != self._last_id:
                continue
            if "error" in told:
                raise SnapserverError(f"snapserver refuses {method}: {told['error']}")
            return dict(told["result"])
        raise OSError("it hung up")


def _player(client: Fields) -> Player:
    config, volume = client["config"], client["config"]["volume"]
    return Player(
        str(client["id"]),
        (str(config["name"]) or str(client["host"]["name"]))[:LONGEST_NAME],
        client["connected"] is True,
        int(volume["percent"]),
        volume["muted"] is True,
        int(config["latency"]),
    )
