"""What the running jukebox shows of itself: a small file, as a rule beside the database.

Written only when something changes, a few times an hour.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from appliance.decide.phrases import describe
from appliance.decide.policy import MusicPolicy
from appliance.errors import StoreError
from appliance.records import Emotion, Frame, Step

log = logging.getLogger("jukebox")


@dataclass(frozen=True, slots=True)
class Status:
    """How things are. playlist: whose music the box put on; None if a person chose the song.

    asked: the mood that somebody asked for. hold_until, sleep_at: local time, such as "18:30",
    until which it holds back or at which it fades out; None: it does not. asleep: it has done so,
    until somebody asks for music. resting: the box itself paused. reason: why the last song was put
    on. looks_per_second: how often it looks now, and looks_reason: why not as often as it could, or
    "".
    """

    mood: str
    emotion: Emotion | None
    faces: int
    camera: str
    player: Literal["play", "pause", "stop", "lost"]
    title: str
    playlist: Emotion | None
    listener_in_charge: bool
    asked: Emotion | None = None
    hold_until: str | None = None
    sleep_at: str | None = None
    asleep: bool = False
    resting: bool = False
    reason: str = ""
    looks_per_second: float = 0.0
    looks_reason: str = ""

    @classmethod
    def of(
        cls,
        step: Step,
        *,
        camera: str,
        policy: MusicPolicy,
        reason: str,
        frames_per_second: float,
        frame_rate_reason: str,
    ) -> Self:
        """The status after a step. reason: why the last song was put on."""
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
            asked=policy.asked,
            hold_until=_clock(policy.hold_until_s, step.frame),
            sleep_at=_clock(policy.sleep_at_s, step.frame),
            asleep=policy.asleep,
            resting=playing is not None and playing.resting,
            reason=reason,
            looks_per_second=frames_per_second,
            looks_reason=frame_rate_reason,
        )

    def sentence(self) -> str:
        """One line for people."""
        doing = {"play": f"playing {self.title}", "pause": "paused", "stop": "silent"}
        parts = [self.mood, doing.get(self.player, "waiting for MPD")]
        if self.asked:
            parts.append(f"somebody asked for {self.asked}")
        if self.listener_in_charge:
            parts.append("the listener is in charge")
        if self.hold_until:
            parts.append(f"nothing is changed until {self.hold_until}")
        if self.sleep_at:
            parts.append(f"the music fades out at {self.sleep_at}")
        if self.asleep:
            parts.append("it sleeps until somebody asks for music")
        if self.camera in ("lost", "off"):
            parts.append("waiting for the camera" if self.camera == "lost" else "the camera is off")
        return "; ".join(parts)

    def frame_rate(self) -> str:
        """A second line for people: how often it looks, and why."""
        times = f"looks {self.looks_per_second:g} times a second"
        return f"{times}: {self.looks_reason}" if self.looks_reason else times


def _clock(moment_s: float, frame: Frame) -> str | None:
    """The local time of a moment to come, None if it is past or never comes."""
    left_s = moment_s - frame.time_s
    if not 0 < left_s < float("inf"):
        return None
    # A whole minute, so that the status does not change while nothing does.
    minute = round((frame.unix_s + left_s) / 60.0) * 60
    return f"{datetime.fromtimestamp(minute, UTC).astimezone():%H:%M}"


def place(database: Path) -> Path:
    """Where the status of the jukebox with this database is kept.

    Of the system's service in memory, where systemd gives it a folder: a third of what it wrote to
    the card was this file (docs/install.md).
    """
    beside = database.with_suffix(".status.json")
    state, memory = os.environ.get("STATE_DIRECTORY"), os.environ.get("RUNTIME_DIRECTORY")
    return Path(memory, beside.name) if memory and state == str(database.parent) else beside


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
