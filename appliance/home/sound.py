"""The sound of this room: on the leader, its MPD into all rooms; elsewhere, the leader's music.

Each round asks the process with the sound card (speaker.py) to run what is to run. The leader's
rounds also let MPD play into the rooms, and set what each room's player may do (players.py).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from appliance.errors import ControlError, JukeboxError, PlayerError
from appliance.history.files import database_file
from appliance.home.entities import Topics
from appliance.home.levels import Levels
from appliance.home.mpd_outputs import MpdOutputs
from appliance.home.players import Players
from appliance.home.vote import Room
from appliance.player.connection import Address, Connection
from appliance.player.watched_mpd import Mpd
from appliance.remote.control_client import ControlClient
from appliance.remote.control_places import is_service
from appliance.settings import Settings

log = logging.getLogger("jukebox")

FROM_SYSTEMD = Path("/run/jukebox-sound/socket")  # systemd/jukebox-sound.socket
EVERY_S = 3.0
ANSWER_S = 10.0
HERE = "127.0.0.1"

Fields = dict[str, Any]


def socket_of(settings: Settings, environ: Mapping[str, str]) -> Path:
    """Where the process with the sound card listens."""
    if is_service(environ):
        return FROM_SYSTEMD
    return database_file(settings.store, environ).with_name("sound.sock")


class Sound:
    """rooms: the other rooms and this one as they were heard of last, by their number.

    joined: whether the leader's music is to play here, as the jukebox says. changed: called after
    each round of the leader.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        topics: Topics,
        mpd: Mpd,
        *,
        rooms: Callable[[], Mapping[str, Room]],
        joined: Callable[[], bool],
        changed: Callable[[], None],
    ) -> None:
        self._rooms_settings = settings.rooms
        self._topics, self._mpd = topics, mpd
        self._address = Address(settings.mpd.address, settings.mpd.port, settings.mpd.password)
        self._joined, self._changed = joined, changed
        own = database_file(settings.store, environ)
        self._socket = socket_of(settings, environ)
        self._outputs = MpdOutputs(own.with_name("outputs.json"))
        levels = Levels(own.with_name("rooms.json"))
        away_s = 60.0 * settings.listener.away_minutes if settings.rooms.follow else 0.0
        self._players = Players(levels, topics.node, rooms, away_s)
        self._now = asyncio.Event()
        self._complaint = ""
        self._routed: bool | None = None  # whether MPD plays into the rooms; None: not known
        self.serves = False

    async def run(self) -> None:
        """Runs until it is cancelled."""
        try:
            while self._rooms_settings.sound or self._routed is None:
                if self._rooms_settings.sound:
                    try:
                        await self._round()
                    except JukeboxError as error:
                        self._complain(str(error))
                        self._serve(False)
                if not self.serves:
                    await self._route(False)  # also of a leader that is none any more
                with suppress(TimeoutError):
                    async with asyncio.timeout(EVERY_S):
                        await self._now.wait()
                self._now.clear()
        finally:
            self._players.close()
            if self._routed:
                self._end_of_leading()

    def hurry(self) -> None:
        """Something has changed: begins the next round at once."""
        self._now.set()

    def change(self, payload: bytes) -> bool:
        """Takes in what somebody wants of a room. Returns whether this is the leader, who may."""
        if self.serves and self._players.change(payload):
            self.hurry()
        return self.serves

    def players(self) -> list[Fields] | None:
        """All rooms with a loudspeaker; None while this one's music does not go to them."""
        return self._players.told() if self.serves else None

    async def _round(self) -> None:
        leads = self._rooms_settings.leader
        here = HERE if leads else self._rooms_settings.leader_address if self._joined() else ""
        running = await asyncio.to_thread(self._ask, here, serves=leads)
        trouble, serves = str(running["trouble"]), running["serves"] is True
        if serves:
            await self._players.steer()
            if not (serves := await self._route(True)):
                trouble = trouble or "MPD cannot play into them: sudo ./setup.sh install"
        self._serve(serves)
        self._complain(trouble)

    def _end_of_leading(self) -> None:
        """Nobody keeps snapserver running any more: MPD plays by its own loudspeaker again."""
        with suppress(ControlError):
            self._ask("", serves=False)  # the sound card is free then
        connection = Connection(self._address, greet=lambda _client: None)
        with suppress(PlayerError), connection.client() as mpd:
            self._outputs.by_itself(mpd)
        connection.close()

    def _ask(self, leader: str, *, serves: bool) -> Fields:
        wanted = {
            "serve": serves,
            "leader": leader,
            "node": self._topics.node,
            "device": self._rooms_settings.device,
        }
        if not os.path.exists(self._socket):  # unlike Path.exists(), it never raises
            raise ControlError(
                f"{self._socket} is not there; only an installed jukebox plays in step: its"
                " jukebox-sound.socket (docs/rooms.md)"
            )
        with ControlClient(self._socket, ANSWER_S) as speaker:
            return dict(speaker.ask("play", wanted)["data"])

    async def _route(self, into_rooms: bool) -> bool:
        """Lets MPD play into the rooms, or by itself: once, so that a person may switch, too.

        Returns whether it plays into the rooms.
        """
        if into_rooms == self._routed:
            return into_rooms
        try:
            if not into_rooms:
                await self._mpd.do(self._outputs.by_itself)
            elif not await self._mpd.do(self._outputs.into_rooms):
                return False
        except PlayerError as error:
            log.debug("MPD's outputs stay as they are: %s", error)
            return False
        self._routed = into_rooms
        return into_rooms

    def _serve(self, serves: bool) -> None:
        if serves != self.serves:
            self.serves = serves
            log.info("the music goes to %s", "all rooms" if serves else "this room alone")
        if self._rooms_settings.leader:
            self._changed()

    def _complain(self, text: str) -> None:
        if text != self._complaint:
            self._complaint = text
            if text:
                log.warning("the sound of the rooms: %s; I keep trying", text)
