"""What the home ties together: the jukebox, MPD, the broker and the other rooms."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from random import uniform
from typing import Any

from appliance.home.broker import Broker
from appliance.home.commands import wish_of
from appliance.home.entities import BIRTH, ONLINE
from appliance.home.places import access_of, name_of, topics_of
from appliance.home.report import BrokerReport
from appliance.home.rooms import CHANGE, Rooms
from appliance.home.sharing import House
from appliance.home.sound import Sound
from appliance.home.telling import Teller
from appliance.home.wishes import Wishes
from appliance.player.steady_volume import SteadyVolume
from appliance.player.watched_mpd import Mpd
from appliance.process.release import this_version
from appliance.remote.control_places import control_sockets
from appliance.remote.jukebox import Jukebox
from appliance.settings import Settings

FIRST_LOOK_S = 2.0  # a jukebox that runs answers between two frames


class Home:
    """One jukebox at one broker."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._share = settings.home.share
        self._volume_most = settings.volume.max  # until the jukebox tells what is in force
        self._topics = topics_of(settings, environ)
        self._jukebox = Jukebox(control_sockets(settings, environ), self._changed, self._heard)
        self._mpd = Mpd(settings.mpd, self._see_player)
        self._volume = SteadyVolume(self._changed)
        self._is_joined = False
        self._news = asyncio.Event()
        self._wishes = Wishes(self._jukebox, self._mpd)
        name = name_of(settings.home)
        self._rooms = Rooms(settings.rooms, self._topics, name, self._send, self._someone_came)
        self._sound = Sound(
            settings,
            environ,
            self._topics,
            self._mpd,
            rooms=lambda: self._rooms.heard,
            joined=self._joined,
            changed=self._steered,
        )
        listens = [self._topics.command("+"), BIRTH, *self._rooms.listens]
        self._broker = Broker(
            access_of(settings.home, environ),
            self._topics,
            listens,
            self._received,
            opened=self._opened,
            lost=self._lost,
        )
        self._report = BrokerReport(settings, environ, self._jukebox, lambda: self._broker.is_open)
        self._teller = Teller(
            self._topics,
            self._share,
            self._broker.send,
            name=name,
            version=this_version(),
        )

    async def run(self) -> None:
        """Runs until it is cancelled."""
        async with asyncio.TaskGroup() as together:
            together.create_task(self._jukebox.run())
            together.create_task(self._mpd.run())
            together.create_task(self._connect())
            together.create_task(self._tell())
            together.create_task(self._wishes.run())
            together.create_task(self._sound.run())
            together.create_task(self._report.run())

    async def _connect(self) -> None:
        """Begins when there is something to tell, so that nobody hears first of false trouble."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOOK_S):
                while self._jukebox.status is None:
                    await asyncio.sleep(0.05)
        await self._broker.run()

    async def _tell(self) -> None:
        """Tells whatever changes."""
        while True:
            house, now_s = self._house(), time.monotonic()
            again_s = min(
                self._teller.tell(house, now_s, self._volume_max()), self._rooms.tell(house, now_s)
            )
            with suppress(TimeoutError):
                async with asyncio.timeout_at(again_s):
                    await self._news.wait()
            self._news.clear()

    def _send(self, topic: str, payload: str, retain: bool) -> None:
        self._broker.send(topic, payload, retain)

    def _house(self) -> House:
        return House(self._jukebox.status, self._volume.shown)

    def _volume_max(self) -> int:
        return int(self._jukebox.settings.get("volume", {}).get("max", self._volume_most))

    def _received(self, topic: str, payload: bytes, was_kept: bool) -> None:
        if was_kept:  # somebody's wish of another day
            return
        if topic == BIRTH:
            if payload.decode(errors="replace") == ONLINE:
                self._teller.announce_at(time.monotonic() + uniform(2.0, 6.0))  # noqa: S311
                self._changed()
            return
        if topic == f"{self._topics.prefix}/{CHANGE}":
            if self._sound.change(payload):
                self._rooms.serve(self._sound.players(), at_once=True)
                self._changed()
            return
        if topic.endswith("/set"):
            key = topic.removesuffix("/set").rpartition("/")[2]
            wish = wish_of(key, payload, self._share, self._volume_max())
        else:
            wish = self._rooms.received(topic, payload, time.monotonic())
        self._wishes.add(wish)

    def _see_player(self) -> None:
        playing = self._mpd.playing
        self._volume.see(playing.volume_percent if playing else None)
        self._changed()

    def _heard(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "touch":
            self._teller.touch(str(event.get("action")))
        elif event["event"] == "room":
            wanted = {key: value for key, value in event.items() if key not in ("event", "seq")}
            self._send(f"{self._topics.prefix}/{CHANGE}", json.dumps(wanted), False)
        elif event.get("joined") is not None:
            self._sound.hurry()

    def _joined(self) -> bool:
        """Whether the leader's music is to play here; while nobody can tell, as before."""
        if self._jukebox.status is not None:
            self._is_joined = self._jukebox.status.get("joined") is True
        return self._is_joined

    def _someone_came(self) -> None:
        self._sound.hurry()

    def _steered(self) -> None:
        self._rooms.serve(self._sound.players())
        self._changed()

    def _opened(self) -> None:
        self._teller.connected()
        self._report.changed()
        self._changed()

    def _lost(self) -> None:
        self._teller.lost()
        self._report.changed()
        self._changed()

    def _changed(self) -> None:
        self._news.set()
