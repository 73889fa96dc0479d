"""Several days in two numbers a figure: the median of the seeds, and the worst."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

# The figures that are summed up; "settle_s.p90" is the p90 of settle_s. Of the first more is
# better, of the others less.
MORE_IS_BETTER = ("right_share", "music_right_share")
LESS_IS_BETTER = (
    "wrong_changes_per_hour",
    "settle_s.median",
    "settle_s.p90",
    "uncertain_when_clear_share",
    "presence_s",
    "against_listener",
    "changes_while_uncertain_or_away",
    "replay_s",
)


def summed_up(days: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The median and the worst of each figure, and the days themselves.

    days: as Result.as_dict gives them, at least one. A figure that no day has is None.
    """
    middle: dict[str, Any] = {}
    worst: dict[str, Any] = {}
    for name in (*MORE_IS_BETTER, *LESS_IS_BETTER):
        values = [value for day in days if (value := value_of(day, name)) is not None]
        worst_of = min if name in MORE_IS_BETTER else max
        middle[name] = round(median(values), 4) if values else None
        worst[name] = worst_of(values) if values else None
    return {"median": middle, "worst": worst, "days": list(days)}


def value_of(day: dict[str, Any], name: str) -> float | None:
    """A figure of one day, also one within another."""
    outer, _, inner = name.partition(".")
    value = day.get(outer)
    if inner:
        value = value.get(inner) if value else None
    return value
