"""What a clock that is wrong must not delete: a box without a battery may start in any year."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlite_utils import Database

from appliance.history.forgetting import TABLES

# A box is rarely switched off for two years, and a wrong clock is rarely wrong by less.
JUMP = timedelta(days=730)
# Whoever uses it on so many days after a jump has set the clock, or can live with it.
DAYS_TO_BELIEVE = 10


def believable_now(db: Database, unix_s: float) -> datetime:
    """The moment from which the age of rows counts: now, if the rows say that the clock is right.

    After a jump of two years it stays where it was before the jump, until there are rows of ten
    days since. Rows of the future do not count.
    """
    now = datetime.fromtimestamp(unix_s, UTC)
    for later, earlier in pairwise((now, *_newest_days(db, now))):
        if later - earlier > JUMP:
            return earlier + timedelta(days=1)
    return now


def without_jump(dates: Iterable[datetime], now: datetime) -> list[datetime]:
    """Those of the dates that no jump of two years separates from now; the oldest first."""
    near, last = [], now
    past = sorted((date for date in dates if date <= now), reverse=True)
    for date in past:
        if last - date > JUMP:
            break
        near.append(date)
        last = date
    return near[::-1]


def _newest_days(db: Database, now: datetime) -> Iterator[datetime]:
    """The newest ten days of which there are rows, the newest first."""
    days = " union ".join(f"select substr(at, 1, 10) day from {table}" for table in TABLES)  # noqa: S608
    found = db.execute(
        f"select day from ({days}) where day <= ? order by day desc limit ?",  # noqa: S608
        [f"{now:%Y-%m-%d}", DAYS_TO_BELIEVE],
    )
    for (day,) in found.fetchall():
        with suppress(TypeError, ValueError):  # a row that another program has written
            yield datetime.fromisoformat(day).replace(tzinfo=UTC)
