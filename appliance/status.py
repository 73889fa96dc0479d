"""What the running jukebox shows of itself: a small file beside the database.

Written only when something changes, a few times an hour.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Self

from appliance.errors import StoreError
from appliance.loop import Step, describe
from appliance.records import Emotion

log = logging.getLogger("jukebox")


@dataclass(frozen=True, slots=True)
class Status:
    """How things are. playlist: whose music the box put on; None if a person chose the song."""

    mood: str
    emotion: Emotion | None
    faces: int
    camera: str
    player: Literal["play", "pause", "stop", "lost"]
    title: str
    playlist: Emotion | None
    listener_in_charge: bool

    @classmethod
    def of(cls, step: Step, camera: str) -> Self:
        """The status after a step."""
        playing = step.playback
        return cls(
            mood=describe(step.mood),
            emotion=step.mood.emotion,
            faces=step.mood.faces,
            camera=camera,
            player="lost" if playing is None else playing.state,
            title="" if playing is None else playing.title,
            playlist=None if playing is None else playing.emotion,
            listener_in_charge=playing is not None and playing.listener,
        )

    def sentence(self) -> str:
        """One line for people."""
        doing = {"play": f"playing {self.title}", "pause": "paused", "stop": "silent"}
        parts = [self.mood, doing.get(self.player, "waiting for MPD")]
        if self.listener_in_charge:
            parts.append("the listener is in charge")
        if self.camera == "lost":
            parts.append("waiting for the camera")
        return "; ".join(parts)


def place(database: Path) -> Path:
    """Where the status of the jukebox with this database is kept."""
    return database.with_suffix(".status.json")


def write(status: Status, database: Path) -> None:
    """Replaces the status file at once; a full disk only makes it old."""
    path = place(database)
    try:
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(status)), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        log.debug("%s: cannot be written: %s", path, error)


def read(database: Path) -> Status:
    """What the jukebox with this database wrote last. Raises StoreError if it never did."""
    path = place(database)
    try:
        return Status(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise StoreError(f"{path}: not there; the jukebox has not run with this file") from error
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(
            f"{path}: cannot be read: {error}; it is written anew on change"
        ) from error
