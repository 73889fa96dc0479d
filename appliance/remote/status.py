"""What the running jukebox tells about itself: a small file, as a rule beside the database.

It is written only when something changes, a few times an hour.
"""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from appliance.decide.phrases import IN_CHARGE, Sureness, describe, describe_pictures, how_sure
from appliance.decide.policy import MusicPolicy
from appliance.errors import StoreError, why_failed
from appliance.listener import NEVER, Charge
from appliance.records import Emotion, Frame, MoodState, Step, Unclear

if TYPE_CHECKING:  # `jukebox status` needs no socket
    from appliance.process.notify import Notifier

log = logging.getLogger("jukebox")


@dataclass(frozen=True, slots=True)
class Status:
    """How things are, in words and values for people and programs.

    mood: in words; emotion: of a settled mood, and sure: how sure it is. unclear: why faces cannot
    be read well; None if they can. state: of the mood. faces: in the last frame; company: whether
    more than one was seen lately. camera: its description, "lost" or "off". playlist: the emotion
    whose music the jukebox put on; None if a person chose the song. asked: the emotion that
    somebody asked for. hold_until, sleep_at: the local time, such as "18:30", until which automatic
    changes pause or at which the music fades out; else None. asleep: the sleep timer ran out, and
    nobody has asked for music since. charge: whose doing it is that music plays, or that it does
    not (listener.py); charge_since: the local time since when. resting: the jukebox itself paused
    the music. reason: why the last song was put on. looks_per_second: frames read per second now;
    looks_reason: why not as many as the settings allow, or "". refusal: why MPD lets the jukebox do
    nothing, or "". history: "lost" while it cannot be written. pictures: faces of the last frame
    that are pictures, which faces leaves out. joined: the music of the house's leader plays here.
    rooms: where that music goes, as the leader tells. broker: how it stands with the house's
    broker: good, and text; None while nobody tells of it.
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
    refusal: str = ""
    charge: Charge = "jukebox"
    charge_since: str | None = None
    history: Literal["kept", "lost"] = "kept"
    pictures: int = 0
    sure: Sureness = ""
    unclear: Unclear | None = None
    state: MoodState = "uncertain"
    company: bool = False
    joined: bool = False
    rooms: list[dict[str, Any]] = field(default_factory=list)
    broker: dict[str, Any] | None = None

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
        """The status after a step.

        camera: see the class. reason: why the last song was put on. frames_per_second,
        frame_rate_reason: as FrameRatePolicy has them.
        """
        playing, broker = step.playback, policy.broker.at(step.frame.time_s)
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
            refusal="" if playing is None else playing.refusal,
            charge=policy.listener.charge,
            history="kept" if step.recorded else "lost",
            charge_since=_local_time(policy.listener.since_s, step.frame),
            pictures=sum(score.picture for score in step.scores),
            sure=how_sure(step.mood),
            unclear=step.mood.unclear,
            state=step.mood.state,
            company=step.mood.company,
            joined=policy.house_sound.joined,
            rooms=[asdict(room) for room in policy.house_sound.rooms(step.frame.time_s)],
            broker=asdict(broker) if broker else None,
        )

    def outline(self) -> str:
        """One line for anybody: nothing in it comes from faces."""
        return replace(self, mood="", pictures=0).sentence()

    def sentence(self) -> str:
        """One line for people."""
        player = {"play": f"playing {self.title}", "pause": "paused", "stop": "silent"}
        plays = player.get(self.player, "waiting for MPD")
        parts = [
            self.mood,
            describe_pictures(self.pictures),
            "the house's music plays here" if self.joined else plays,
        ]
        if self.refusal:
            parts.append(self.refusal)
        if self.asked:
            parts.append(f"somebody asked for {self.asked}")
        if self.listener_in_charge:
            why = IN_CHARGE.get(self.charge)  # unknown in the file of an earlier version
            since = f" since {self.charge_since}: {why}" if why else ""
            parts.append(f"the listener is in charge{since}")
        if self.hold_until:
            parts.append(f"nothing is changed until {self.hold_until}")
        if self.sleep_at:
            parts.append(f"the music fades out at {self.sleep_at}")
        if self.asleep:
            parts.append("the jukebox sleeps until somebody asks for music")
        if self.history == "lost":
            parts.append("the history cannot be written")
        if self.camera in ("lost", "off"):
            parts.append("waiting for the camera" if self.camera == "lost" else "the camera is off")
        return "; ".join(filter(None, parts))

    def frame_rate(self) -> str:
        """A second line for people: how many frames are read per second, and why."""
        rate = f"reads {self.looks_per_second:g} frames a second"
        return f"{rate}: {self.looks_reason}" if self.looks_reason else rate


def _clock(moment_s: float, frame: Frame) -> str | None:
    """The local time of a moment of the loop's time; None if it is past or never comes."""
    return _local_time(moment_s, frame) if frame.time_s < moment_s < NEVER else None


def _local_time(moment_s: float, frame: Frame) -> str:
    """The hour and minute, on the clock of this machine, of a moment of the loop's time."""
    # A whole minute, so that the status does not change while nothing does. What is past has begun
    # in that minute, what comes ends about then.
    minutes = (frame.unix_s + moment_s - frame.time_s) / 60.0
    minute = (floor(minutes) if moment_s <= frame.time_s else round(minutes)) * 60
    return f"{datetime.fromtimestamp(minute, UTC).astimezone():%H:%M}"


class StatusReporter:
    """Tells `systemctl status` and `jukebox status` how things are, whenever that changes."""

    def __init__(self, notifier: Notifier, database: Path) -> None:
        self._notifier = notifier
        self._database = database
        self._reported: Status | None = None
        self._written: Status | None = None

    def report(self, status: Status) -> None:
        """Tells both, unless they know this status already."""
        if status != self._reported:
            self._reported = status
            self._notifier.status(status.outline())  # every user of this machine may read it
        if status != self._written and write(status, self._database):
            self._written = status


def status_file(database: Path) -> Path:
    """Where the jukebox with this database keeps its status.

    For the system's service this is a folder in memory that systemd provides: a third of what the
    service wrote to the SD card was this file (docs/install.md).
    """
    beside = database.with_suffix(".status.json")
    state, runtime = os.environ.get("STATE_DIRECTORY"), os.environ.get("RUNTIME_DIRECTORY")
    return Path(runtime, beside.name) if runtime and state == str(database.parent) else beside


def write(status: Status, database: Path) -> bool:
    """Replaces the status file in one step. Returns whether that worked.

    If the disk is full, there is no file: an old one would tell of another song.
    """
    path = status_file(database)
    part = path.with_suffix(".part")
    try:
        part.write_text(json.dumps(asdict(status)), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        log.debug("%s: cannot be written: %s", path, error)
        for left in (path, part):
            with suppress(OSError):
                left.unlink()
        return False
    return True


def read(database: Path) -> Status:
    """The status that the jukebox with this database wrote last.

    Raises StoreError if there is none, or if it cannot be read.
    """
    path = status_file(database)
    try:
        return Status(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise StoreError(
            f"{path} does not exist: no jukebox has run with this database yet"
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(
            f"{path} cannot be read: {why_failed(error)}; a running jukebox soon replaces it"
        ) from error
