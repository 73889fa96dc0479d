"""MPD as the page and the home see it, while it cannot be reached."""

import asyncio
import socket

import pytest

from appliance.player.watched_mpd import Mpd
from appliance.settings import MpdSettings


def test_who_gives_up_while_mpd_is_being_reached_breaks_nothing():
    async def give_up(mpd):
        watching = asyncio.create_task(mpd.run())
        while not mpd._connection.is_open:  # then its thread has begun to connect
            await asyncio.sleep(0.01)
        asked = asyncio.create_task(mpd.ask(lambda client: client.state()))
        await asyncio.sleep(0)
        for task in (asked, watching):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with socket.create_server(("127.0.0.1", 0), backlog=0) as busy:
        waiting = [socket.socket() for _ in range(3)]
        for caller in waiting:  # who calls after them is not answered
            caller.setblocking(False)
            caller.connect_ex(busy.getsockname())
        settings = MpdSettings(address="127.0.0.1", port=busy.getsockname()[1])
        asyncio.run(give_up(Mpd(settings, lambda: None)))
        for caller in waiting:
            caller.close()
