"""Hours of the day, such as "22:00-07:00", in the local time of the machine."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# Days and times that people name are of these years: arithmetic fails at the ends of the calendar.
YEARS = (2000, 2200)

_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def is_daily_hours(text: str) -> bool:
    """Whether the text is empty or has the form "HH:MM-HH:MM"."""
    return text == "" or _FORM.fullmatch(text) is not None


def within(hours: str, unix_s: float) -> bool:
    """Whether a moment lies in these hours of the day, which may go over midnight.

    An empty text is no time at all, the same time twice the whole day. A text that is_daily_hours()
    refuses counts as empty.
    """
    if not hours:  # the common case, asked with every frame
        return False
    found = _FORM.fullmatch(hours)
    if found is None:
        return False
    begin_h, begin_min, end_h, end_min = map(int, found.groups())
    begin, end = 60 * begin_h + begin_min, 60 * end_h + end_min
    local = datetime.fromtimestamp(unix_s, UTC).astimezone()
    now = 60 * local.hour + local.minute
    return begin <= now < end if begin < end else now >= begin or now < end
