"""The home as a process: until it is told to stop, or until there is nothing to tell."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from contextlib import suppress

from appliance.home.home import Home
from appliance.home.places import Access, Published, access_of, lock_of, topics_of
from appliance.home.withdrawal import withdraw_all
from appliance.process.notify import Notifier
from appliance.settings import Settings

WITHDRAW_AGAIN_S = 60.0


def serve(settings: Settings, environ: Mapping[str, str]) -> None:
    """Tells the broker until SIGTERM or SIGINT.

    Where nothing is to be told, it ends as soon as no broker keeps anything of this jukebox. Raises
    ConfigError for a password that cannot be read, BusyError if another one runs.
    """
    lock = lock_of(settings, environ)
    lock.take()  # two with one name would throw each other out of the broker, for ever
    try:
        with suppress(asyncio.CancelledError):
            asyncio.run(_until_stopped(settings, environ))
    finally:
        lock.release()


async def _until_stopped(settings: Settings, environ: Mapping[str, str]) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with suppress(RuntimeError, ValueError):  # not the main thread, as in tests
            loop.add_signal_handler(number, task.cancel if task else loop.stop)
    access, topics = access_of(settings.home, environ), topics_of(settings, environ)
    published, notifier = Published.of(settings, environ), Notifier()
    notifier.ready()
    if not settings.home.is_on:
        notifier.status("nothing is told to any broker")
        await _leave(published, access)
        return
    notifier.status(f"tells the broker at {access}: {settings.home.share}")
    await withdraw_all(published.others(access, topics), published, access)
    published.add(access, topics)
    await Home(settings, environ).run()


async def _leave(published: Published, access: Access) -> None:
    """Returns when no broker keeps anything, which one that is away delays."""
    while await withdraw_all(published.places(), published, access):
        await asyncio.sleep(WITHDRAW_AGAIN_S)
