"""Tells the jukebox how it stands with the broker, so that its page can say so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from appliance.errors import ControlError
from appliance.home.probe import Step, probe
from appliance.remote.jukebox import Jukebox
from appliance.settings import Settings

EVERY_S = 10.0  # the jukebox forgets after thirty (decide/told.py)


class BrokerReport:
    """What is wrong is said as `jukebox home test` does. is_open: whether there is a connection."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        jukebox: Jukebox,
        is_open: Callable[[], bool],
    ) -> None:
        self._settings, self._environ = settings, environ
        self._jukebox, self._is_open = jukebox, is_open
        self._news = asyncio.Event()
        self._was_open = False
        self._last: Step | None = None  # that the test came to, since the connection changed

    def changed(self) -> None:
        """The connection may be there, or gone."""
        if self._is_open() != self._was_open:
            self._was_open = self._is_open()
            self._last = None
            self._news.set()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._news.wait()
            self._news.clear()
            # A connection alone says nothing of what the broker's rules allow.
            if self._last is None or not (self._last.good and self._is_open()):
                self._last = await asyncio.to_thread(self._test)
            if self._last.good and not self._is_open():
                continue  # it is found within seconds
            good, text = self._last.good, self._last.text
            if good:
                text = f"the broker at {self._settings.home.address} is there"
            with suppress(ControlError):
                await self._jukebox.ask("broker", {"good": good, "text": text})

    def _test(self) -> Step:
        *_, last = probe(self._settings, self._environ)
        return last
