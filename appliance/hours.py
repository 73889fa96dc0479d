"""Hours of the day, such as "22:00-07:00", in the local time of the box."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def is_daily_hours(text: str) -> bool:
    """Whether within() understands this text."""
    return text == "" or _FORM.fullmatch(text) is not None


def within(hours: str, unix_s: float) -> bool:
    """Whether this moment lies in these hours of its day; they may go over midnight.

    Never for an empty text. The same time twice is the whole day.
    """
    if not hours:  # asked with every frame
        return False
    found = _FORM.fullmatch(hours)
    if found is None:
        return False
    begin_h, begin_min, end_h, end_min = map(int, found.groups())
    begin, end = 60 * begin_h + begin_min, 60 * end_h + end_min
    local = datetime.fromtimestamp(unix_s, UTC).astimezone()
    now = 60 * local.hour + local.minute
    return begin <= now < end if begin < end else now >= begin or now < end
