"""New files in MPD's music: MPD reads them, and the playlist of their folder gets them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

from mpd import CommandError

from appliance.player.client import Client
from appliance.web.page import Page

MPD_READS_S = 20.0
FOLLOWS_S = 3.0  # the jukebox renews a playlist that is still its own within a second
LOOK_AGAIN_S = 0.2


async def let_mpd_read(page: Page, name: str, files: list[str]) -> list[str]:
    """Lets MPD find new files in a folder of its music. Returns those that it cannot play.

    The others are put into the stored playlist of the folder's name. Raises PlayerError.
    """
    if not files or not await _has_read(page, name):
        return []
    unknown = [
        file for file in files if not await page.mpd.ask(partial(_knows, uri=f"{name}/{file}"))
    ]
    if page.house.status is not None:
        uris = [f"{name}/{file}" for file in files if file not in unknown]
        await _put_into_playlist(page, name, uris)
    return unknown


async def _has_read(page: Page, name: str) -> bool:
    """Lets MPD read the folder. Returns whether it is done; a large collection takes long."""
    await page.mpd.ask(lambda client: client.update(name))
    with suppress(TimeoutError):
        async with asyncio.timeout(MPD_READS_S):
            while "updating_db" in await page.mpd.ask(lambda client: client.state()):
                await asyncio.sleep(LOOK_AGAIN_S)
            return True
    return False


def _knows(client: Client, uri: str) -> bool:
    with suppress(CommandError):
        return bool(client.lsinfo(uri))
    return False


async def _put_into_playlist(page: Page, name: str, uris: list[str]) -> None:
    """Puts songs into the stored playlist of the folder's name, if there is one.

    A playlist that nobody has edited follows its folder: the jukebox does it. One of a person's
    does not.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(FOLLOWS_S):
            while await page.mpd.ask(lambda client: _missing(client, name, uris)):
                await asyncio.sleep(LOOK_AGAIN_S)
    await page.mpd.ask(lambda client: _add_missing(client, name, uris))


def _missing(client: Client, name: str, uris: list[str]) -> list[str]:
    """Those that the stored playlist lacks; none if there is no such playlist."""
    try:
        there = set(client.listplaylist(name))
    except CommandError:
        return []
    return [uri for uri in uris if uri not in there]


def _add_missing(client: Client, name: str, uris: list[str]) -> None:
    for uri in _missing(client, name, uris):
        client.playlistadd(name, uri)
