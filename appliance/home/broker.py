"""The broker, to which a connection is made again for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from random import uniform

from appliance.home.entities import OFFLINE, Topics
from appliance.home.places import Access
from appliance.home.session import BrokerError, Received, Session

log = logging.getLogger("jukebox")

TRY_AGAIN_S = (1.0, 2.0, 4.0, 8.0, 10.0)  # the last one for ever


class Broker:
    """Stays connected. received: called with each message on one of the topics in `listens`.

    opened, lost: called when the connection is there and when it is gone.
    """

    def __init__(
        self,
        access: Access,
        topics: Topics,
        listens: Sequence[str],
        received: Received,
        *,
        opened: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self._access, self._topics, self._listens = access, topics, listens
        self._received, self._opened, self._lost = received, opened, lost
        self._session: Session | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._session is not None

    async def run(self) -> None:
        """Keeps the connection until it is cancelled, and says goodbye then."""
        failures, told = 0, ""
        while True:
            try:
                await self._connected()
            except BrokerError as error:
                why = str(error)
            else:
                failures, why = 0, "it hung up, or it does not answer any more"
            if why != told:
                log.warning("the broker at %s: %s; I keep trying", self._access, why)
                told = why
            wait_s = TRY_AGAIN_S[min(failures, len(TRY_AGAIN_S) - 1)]
            await asyncio.sleep(wait_s * uniform(0.8, 1.2))  # noqa: S311 - all boxes of a house
            failures += 1

    def send(self, topic: str, payload: str, retain: bool) -> None:
        """Sends a message, which is lost if the broker has just vanished."""
        if self._session is not None:
            self._session.send(topic, payload, retain)

    async def _connected(self) -> None:
        """Returns when a connection was lost. Raises BrokerError if none is made."""
        session = Session(self._access, self._topics.node, self._received)
        session.will(self._topics.of("availability"), OFFLINE)
        try:
            await session.open()
            await session.listen(self._listens)
            self._session = session
            log.info("the broker at %s is there", self._access)
            self._opened()
            await session.until_lost()
        except asyncio.CancelledError:
            if session.is_open:
                await session.send_surely(self._topics.of("availability"), OFFLINE)
            raise
        finally:
            self._session = None
            self._lost()
            session.close()
