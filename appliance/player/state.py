"""What the player must remember beyond this process, and the file that it is given for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class PlayerState:
    """What the player must remember.

    volume: the listener's, in percent, while a fade is on its way; low, high: the volumes between
    which the fade may have left it; boot: of the machine, during which that was so. paused: the
    song that the jukebox itself paused; paused_at_s: where in it. loud: the listener's volume
    before the quiet hours, in percent, while the jukebox has turned it down. stopped: a person
    stopped the music. lists: a hash of each stored playlist that the jukebox made, by name; "" for
    one that belongs to a person.
    """

    volume: int | None = None
    low: int = 0
    high: int = 0
    boot: str = ""
    paused: str | None = None
    paused_at_s: float = 0.0
    loud: int | None = None
    stopped: bool = False
    lists: dict[str, str] = field(default_factory=dict)


class PlayerStateFile(Protocol):
    """Keeps the state, as a rule in a file (history/state.py)."""

    @property
    def kept(self) -> PlayerState:
        """What is kept now."""

    @property
    def outlives(self) -> bool:
        """Whether it is kept beyond this process."""

    def keep(self, *, durable: bool = True, **changes: Any) -> None:
        """Change fields of the state. durable: also for a power cut in the next seconds."""


class Unkept:
    """A state that ends with the process."""

    outlives = False

    def __init__(self) -> None:
        self.kept = PlayerState()

    def keep(self, *, durable: bool = True, **changes: Any) -> None:
        """Change fields of the state."""
        del durable
        self.kept = replace(self.kept, **changes)


def list_hash(uris: Iterable[str]) -> str:
    """By which a stored playlist is known as the jukebox wrote it."""
    return hashlib.sha256("\n".join(uris).encode()).hexdigest()[:16]


def keep_fade(state: PlayerStateFile, volume: int, low: int, high: int, *, durable: bool) -> None:
    """A fade is on its way; see PlayerState."""
    state.keep(durable=durable, volume=volume, low=low, high=high, boot=_boot_id())


def left_by_fade(kept: PlayerState) -> tuple[int, int]:
    """The volumes between which a fade that was cut off has left it, in percent."""
    if kept.boot == _boot_id():
        return kept.low, kept.high
    return 0, kept.volume or 0  # a power cut: MPD may have noted any moment of the fade


def _boot_id() -> str:
    """Differs after each start of the machine; "" where nothing tells."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
