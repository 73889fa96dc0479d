"""What another process of this jukebox told last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

SHOWN_FOR_S = 30.0  # whoever tells repeats it every ten seconds


@dataclass(frozen=True, slots=True)
class BrokerState:
    """How it stands with the house's broker. good: all is well. text: what, in words."""

    good: bool
    text: str


class Told(Generic[T]):
    """Keeps it for a while: a process that ends does not say so."""

    def __init__(self) -> None:
        self._told: T | None = None
        self._told_s = 0.0

    def tell(self, told: T, time_s: float) -> None:
        """From now on, this counts."""
        self._told, self._told_s = told, time_s

    def at(self, time_s: float) -> T | None:
        """What counts now; None if nobody tells any more."""
        return self._told if time_s - self._told_s < SHOWN_FOR_S else None
