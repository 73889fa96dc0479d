"""What the house asks for: the jukebox or MPD does it, one thing after the other."""

from __future__ import annotations

import asyncio
import logging

from appliance.errors import ControlError, PlayerError
from appliance.home.commands import Wish
from appliance.player.watched_mpd import Mpd
from appliance.remote.jukebox import Jukebox

log = logging.getLogger("jukebox")

MOST_WISHES = 8  # more at once are a mistake somewhere in the house


class Wishes:
    """Those that wait."""

    def __init__(self, jukebox: Jukebox, mpd: Mpd) -> None:
        self._jukebox, self._mpd = jukebox, mpd
        self._waiting: asyncio.Queue[Wish] = asyncio.Queue(MOST_WISHES)

    def add(self, wish: Wish | None) -> None:
        """Has it fulfilled, unless there are too many."""
        if wish is not None and not self._waiting.full():
            self._waiting.put_nowait(wish)

    async def run(self) -> None:
        """Fulfils them until it is cancelled."""
        while True:
            wish = await self._waiting.get()
            try:
                if wish.action is not None:
                    await self._mpd.do(wish.action)
                else:
                    await self._jukebox.tell(wish.word, wish.arguments)
            except (ControlError, PlayerError) as error:
                log.info("the house asked for something that cannot be: %s", error)
