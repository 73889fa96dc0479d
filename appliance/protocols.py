"""What the loop asks of the seven devices that a frame meets on its way.

A device is any object with these methods: the real ones come from `build.py`, tests and the
rehearsal bring their own. No method waits, except `Camera.read`, for at most its timeout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.listener import ListenerAction
from appliance.records import (
    Adjustment,
    Decision,
    EmotionScores,
    Face,
    Frame,
    Mood,
    Play,
    Playback,
)


class Camera(Protocol):
    """Gives frames; reopens itself when its device is lost."""

    def read(self, timeout_s: float) -> Frame:
        """The newest frame not yet given; one without a picture if none came within timeout_s."""


class FaceDetector(Protocol):
    """Finds faces and follows them from frame to frame."""

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """The faces in a frame; none in a frame without a picture."""


class Classifier(Protocol):
    """Reads the emotions of faces."""

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """How each of these faces of the frame looks; nothing for a frame without a picture."""


class MoodFilter(Protocol):
    """Turns the flickering scores of many frames into a mood."""

    def update(self, time_s: float, scores: Sequence[EmotionScores], blind: bool = False) -> Mood:
        """The mood after one more frame. blind: the frame has no picture, so nothing is learned."""


class Policy(Protocol):
    """Decides what should play."""

    def decide(
        self, time_s: float, unix_s: float, mood: Mood, playback: Playback
    ) -> Decision | Adjustment | None:
        """What to do now; None leaves everything as it is. unix_s: for the hours of the day."""

    def refused(self, time_s: float, decision: Decision) -> None:
        """Takes note that the player found nothing to play for this decision."""


class Player(Protocol):
    """Plays music. Each method raises PlayerError if the player cannot be reached or refuses."""

    def playback(self, time_s: float) -> Playback:
        """What plays now; tells each action of the listener, and each own song's begin, once."""

    def may_be_back(self) -> bool:
        """After a PlayerError: whether a retry is worthwhile at once, before the pause is over."""

    def carry_out(self, decision: Decision, time_s: float) -> Play | None:
        """The song that was put on; None if there was none to put on.

        It counts as played once Playback.began tells of it. Raises SongsAwaitedError while the
        mood's songs are being read: decide anew at the next frame.
        """

    def adjust(self, adjustment: Adjustment, time_s: float) -> bool:
        """Pauses, resumes or changes the volume; False if there was nothing to do."""


class Store(Protocol):
    """Keeps the history. Its record methods only keep rows in memory and never fail."""

    def record_mood(self, unix_s: float, mood: Mood) -> None:
        """The mood has changed to this one."""

    def record_seconds(self, unix_s: float, mood: Mood, seconds: float) -> None:
        """The mood given lasted for so many seconds, until unix_s."""

    def record_play(self, unix_s: float, play: Play, mood: Mood) -> None:
        """A song was put on, in this mood."""

    def record_listener_action(self, unix_s: float, action: ListenerAction) -> None:
        """A person did something to the player."""

    def write(self, unix_s: float) -> None:
        """Writes the rows that wait. Raises StoreError; the rows then wait for the next call."""


@dataclass(slots=True)
class Devices:
    """Everything that a frame meets on its way; any of them may be replaced between two steps."""

    camera: Camera
    faces: FaceDetector
    classifier: Classifier
    mood: MoodFilter
    policy: Policy
    player: Player
    store: Store
