"""What must outlive this process, in a small file beside the history."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

log = logging.getLogger("jukebox")

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept.

    volume: the listener's, in percent, while a fade is on its way; low, high: between what the fade
    may have left it; boot: of the machine, during which that was so. paused: the song that the box
    itself paused; paused_at_s: where in it. loud: the listener's volume before the quiet hours, in
    percent, while the box has turned it down. stopped: a person stopped the music. asleep: the
    sleep timer ran out. camera_off: somebody wants it off, and off_hours: whether it was off by its
    hours then. lists: a hash of each stored playlist that the box made, by name; "" for one that
    belongs to a person.
    """

    volume: int | None = None
    low: int = 0
    high: int = 0
    boot: str = ""
    paused: str | None = None
    paused_at_s: float = 0.0
    loud: int | None = None
    stopped: bool = False
    asleep: bool = False
    camera_off: bool = False
    off_hours: bool = False
    lists: dict[str, str] = field(default_factory=dict)


def memory_file(database: Path) -> Path:
    """Where the jukebox with this database keeps it."""
    return database.with_suffix(".player.json")


class Memory:
    """The file. path: None to keep it only as long as this process lives."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._warned = False
        self.kept = _read(path)

    @property
    def outlives(self) -> bool:
        """Whether it is kept in a file."""
        return self._path is not None

    def keep(self, *, durable: bool = True, **changes: Any) -> None:
        """Change fields of Kept. durable: also for a power cut in the next seconds."""
        kept = replace(self.kept, **changes)
        if kept == self.kept:
            return
        self.kept = kept
        if self._path is None:
            return
        try:
            _write(self._path, json.dumps(asdict(kept)), durable=durable)
        except OSError as error:
            if not self._warned:
                log.warning(
                    "%s cannot be written: %s; the volume of a fade that is cut off, and what the "
                    "box paused itself, would be forgotten",
                    self._path,
                    error.strerror,
                )
            self._warned = True

    def keep_fade(self, volume: int, low: int, high: int, *, durable: bool) -> None:
        """A fade is on its way; see Kept."""
        self.keep(durable=durable, volume=volume, low=low, high=high, boot=_boot_id())

    def left_by_fade(self) -> tuple[int, int]:
        """Between which volumes a fade that was cut off has left it."""
        kept = self.kept
        if kept.boot == _boot_id():
            return kept.low, kept.high
        return 0, kept.volume or 0  # a power cut: MPD may have noted any moment of the fade


def _boot_id() -> str:
    """Differs after each start of the machine; "" where nothing tells."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _read(path: Path | None) -> Kept:
    """What was kept; nothing where the file is not there or cannot be understood."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path else {}
        # A later version may have kept more.
        kept = Kept(**{each.name: found[each.name] for each in fields(Kept) if each.name in found})
        whole = (
            isinstance(kept.volume, int | None)
            and isinstance(kept.low, int)
            and isinstance(kept.high, int)
            and isinstance(kept.paused, str | None)
            and isinstance(kept.paused_at_s, int | float)
            and isinstance(kept.loud, int | None)
            and all(isinstance(x, bool) for x in (kept.stopped, kept.asleep))
            and all(isinstance(x, bool) for x in (kept.camera_off, kept.off_hours))
            and isinstance(kept.lists, dict)
        )
    except FileNotFoundError:
        return Kept()
    except (OSError, ValueError, TypeError) as error:
        log.warning("%s cannot be read and begins anew: %s", path, error)
        return Kept()
    return kept if whole else Kept()


def _write(path: Path, text: str, *, durable: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    part.replace(path)
