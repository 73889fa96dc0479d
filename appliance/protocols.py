"""What the loop asks of each device that a frame meets on its way; any of them may be replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.records import (
    Adjustment,
    Decision,
    EmotionScores,
    Face,
    Frame,
    ListenerAction,
    Mood,
    Play,
    Playback,
)


class Camera(Protocol):
    """Looks at the room; reopens itself when it is lost."""

    def read(self, timeout_s: float) -> Frame:
        """The newest frame not yet seen; one without a picture if none came in time."""


class FaceDetector(Protocol):
    """Finds and follows faces."""

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """The faces in a frame; none in a frame without a picture."""


class Classifier(Protocol):
    """Reads faces."""

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """How each of these faces looks."""


class MoodFilter(Protocol):
    """Turns scores over time into a mood."""

    def update(self, time_s: float, scores: Sequence[EmotionScores], blind: bool = False) -> Mood:
        """The mood after one more frame."""


class Policy(Protocol):
    """Decides what should play."""

    def decide(
        self, time_s: float, unix_s: float, mood: Mood, playback: Playback
    ) -> Decision | Adjustment | None:
        """What to do now, or None."""

    def refused(self, time_s: float, decision: Decision) -> None:
        """The player found nothing to play for this decision."""


class Player(Protocol):
    """Plays. Raises PlayerError."""

    def playback(self, time_s: float) -> Playback:
        """What plays now."""

    def carry_out(self, decision: Decision, time_s: float) -> Play | None:
        """The song put on, or None if its playlist has none."""

    def adjust(self, adjustment: Adjustment, time_s: float) -> bool:
        """Pauses, goes on or turns the volume; False if there was nothing to be done."""


class Store(Protocol):
    """Remembers. Recording keeps rows in memory; writing them may raise StoreError."""

    def record_mood(self, unix_s: float, mood: Mood) -> None:
        """The mood changed."""

    def record_seconds(self, unix_s: float, mood: Mood, seconds: float) -> None:
        """The mood lasted."""

    def record_play(self, unix_s: float, play: Play, mood: Mood) -> None:
        """A song was put on, in this mood."""

    def record_listener_action(self, unix_s: float, action: ListenerAction) -> None:
        """A person did something to the player."""

    def write(self, unix_s: float) -> None:
        """Writes what waits to be written. Raises StoreError; nothing is lost then."""


@dataclass(slots=True)
class Devices:
    """Everything a frame meets on its way; any of them may be replaced between two steps."""

    camera: Camera
    faces: FaceDetector
    classifier: Classifier
    mood: MoodFilter
    policy: Policy
    player: Player
    store: Store
