"""A day of the history in one sentence, for the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.history.files import STATES, reading


def read_yesterday(path: Path, unix_s: float) -> str | None:
    """The day before a moment in one sentence; None if nobody was there that day.

    Raises StoreError if the history cannot be read.
    """
    day = f"{datetime.fromtimestamp(unix_s, UTC).astimezone() - timedelta(days=1):%Y-%m-%d}"
    moods = ", ".join(f"{name}_minutes" for name in STATES[:-1])
    count = "select count(*) from {} where date(at, 'localtime') = ?"
    with reading(path) as db:
        row = db.execute(f"select {moods} from mood_per_day where day = ?", [day]).fetchone()  # noqa: S608 (own names)
        songs, actions = (
            db.execute(count.format(table), [day]).fetchone()[0] for table in ("plays", "touches")
        )
        if row is None or not sum(row):
            return None
    minutes = sorted(zip(row, STATES[:-1], strict=True), reverse=True)
    shares = ", ".join(f"{name} {value / sum(row):.0%}" for value, name in minutes if value >= 1)
    hours = f"{sum(row) / 60:.1f} hours with somebody here"
    return f"{hours}: {shares}; songs put on: {songs}; times that people used the player: {actions}"
