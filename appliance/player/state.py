"""What the player must know again after a restart, and the file that keeps it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from appliance.listener import SILENCED, Charge

HASH_LENGTH = 6  # one of 8,000 unheard songs is taken for one of 2,000 heard ones
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class PlayerState:
    """What the player must know again after a restart.

    volume: the listener's, in percent, while a fade is on, else None; low, high: the volumes, in
    percent, between which the fade may have left MPD; boot: the id of the machine's boot at that
    time. charge: whose doing it is that music plays, or that it does not. paused: the uri of the
    song that the jukebox itself paused, else None; paused_at_s: the position in it. mpd_started_s:
    when the MPD was started that was seen last, in seconds since the start of this machine, whose
    id is mpd_boot; "" if none was seen. loud: the listener's volume before the quiet hours, in
    percent, while the jukebox has turned it down, else None. lists: by name, a hash of each stored
    playlist that the jukebox made; "" for one that belongs to a person. own: OwnSongs.to_keep() of
    the songs in the queue; {} if they were never kept. heard: by emotion, hashes of the songs heard
    in its present round, one behind the other, oldest first. db_update: when MPD's music was last
    updated, as MPD told it when its skips were last compared with the copy.

    stopped, cleared: what earlier versions keep in place of charge; to be deleted after one more
    release.
    """

    volume: int | None = None
    low: int = 0
    high: int = 0
    boot: str = ""
    charge: Charge = "jukebox"
    paused: str | None = None
    paused_at_s: float = 0.0
    mpd_boot: str = ""
    mpd_started_s: float = 0.0
    loud: int | None = None
    stopped: bool = False
    cleared: bool = False
    lists: dict[str, str] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)
    heard: dict[str, str] = field(default_factory=dict)
    db_update: str = ""


class PlayerStateFile(Protocol):
    """Keeps the state; the service does so in a file (history/state.py)."""

    @property
    def kept(self) -> PlayerState:
        """The state that is kept now."""

    @property
    def outlives(self) -> bool:
        """Whether it is kept beyond this process."""

    def keep(self, *, durable: bool = True, **changes: Any) -> None:
        """Change fields of the state. durable: they must survive a power cut in the next second."""


class UnsavedState:
    """A state that ends with the process."""

    outlives = False

    def __init__(self) -> None:
        self.kept = PlayerState()
        self._changing = Lock()

    def keep(self, *, durable: bool = True, **changes: Any) -> None:
        """Change fields of the state."""
        del durable
        with self._changing:
            self.kept = replace(self.kept, **changes)


def kept_charge(kept: PlayerState) -> Charge:
    """The charge that was kept last, by this version or by an earlier one."""
    if kept.stopped and kept.charge not in SILENCED:
        return "cleared" if kept.cleared else "stopped"
    if kept.paused is not None and kept.charge not in SILENCED:
        return "resting"
    # An earlier version has seen music since.
    gone = {"stopped": not kept.stopped, "cleared": not kept.stopped, "resting": not kept.paused}
    return "jukebox" if gone.get(kept.charge) else kept.charge


def list_hash(uris: Iterable[str]) -> str:
    """The hash that tells whether a stored playlist is still as the jukebox wrote it."""
    text = "\n".join(uris)
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]


def song_hash(uri: str) -> str:
    """The hash that stands for a song in PlayerState.heard: six characters."""
    return list_hash([uri])[:HASH_LENGTH]


def keep_fade(state: PlayerStateFile, volume: int, low: int, high: int, *, durable: bool) -> None:
    """Keep the volumes of a fade, all in percent; see PlayerState."""
    state.keep(durable=durable, volume=volume, low=low, high=high, boot=boot_id())


def left_by_fade(kept: PlayerState) -> tuple[int, int]:
    """The lowest and highest volume, in percent, at which a fade that was cut off left MPD."""
    if kept.boot == boot_id():
        return kept.low, kept.high
    # After a power cut MPD may have restored the volume of any moment of the fade.
    return 0, kept.volume or 0


def boot_id() -> str:
    """An id that differs after each start of the machine; "" if it is unknown."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
