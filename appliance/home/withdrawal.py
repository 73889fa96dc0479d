"""Removes from brokers what they keep of this jukebox: after it was switched off or moved."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from appliance.home.entities import Topics
from appliance.home.places import Access, Place, Published
from appliance.home.session import BrokerError, Session

log = logging.getLogger("jukebox")


async def withdraw(access: Access, topics: Topics) -> None:
    """Removes all that this broker keeps. Raises BrokerError."""
    session = Session(access, f"{topics.node}_leaves", lambda *_: None)
    try:
        await session.open()
        for topic in topics.retained:
            if not await session.send_surely(topic, ""):
                raise BrokerError("it does not acknowledge that it forgets")
    finally:
        session.close()


async def withdraw_all(places: Sequence[Place], published: Published, access: Access) -> bool:
    """Removes what is kept at these places. Returns whether anything is left; the log says why.

    access: with the name and the password of today, which are tried at former brokers, too.
    """
    left = False
    for place, topics in places:
        known = replace(place, username=access.username, password=access.password)
        try:
            await withdraw(known, topics)
        except BrokerError as error:
            left = True
            log.warning("the broker at %s keeps what it was told: %s", place, error)
        else:
            published.remove(place, topics)
            log.info("the broker at %s keeps nothing of this jukebox any more", place)
    return left
