"""The loop: one step is one frame on its way from the camera to the loudspeaker.

    camera → faces → emotion → mood → policy → player
                                  └→ store ←┘

Read `Loop.step` first. Every device arrives as one of the Protocols below; what fails is left alone
for a while and tried again (`recovery.py`), and the rest goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.decide.policy import LOOKS
from appliance.decide.recovery import Recovery
from appliance.errors import PlayerError, StoreError
from appliance.records import (
    Adjustment,
    Decision,
    EmotionScores,
    Face,
    Frame,
    Mood,
    Play,
    Playback,
    Touch,
)

log = logging.getLogger("jukebox")

# Ctrl-C and the watchdog are looked after at least this often, even if the camera gives nothing.
LONGEST_WAIT_S = 0.5

ADJUSTED = {
    "pause": "the music fades out",
    "resume": "the music goes on",
    "volume": "the volume is changed",
}


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

    def record_touch(self, unix_s: float, touch: Touch) -> None:
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


@dataclass(frozen=True, slots=True)
class Step:
    """What one step saw and did. playback: None while the player cannot be reached."""

    frame: Frame
    scores: tuple[EmotionScores, ...]
    mood: Mood
    playback: Playback | None
    play: Play | None


class Loop:
    """Runs the devices, one frame at a time."""

    def __init__(self, devices: Devices) -> None:
        self.devices = devices
        self._player = Recovery("player", PlayerError)
        self._store = Recovery("history", StoreError)
        self._mood = Mood("nobody", None, 0.0, 0, 0.0)
        self._time_s: float | None = None

    def run(self, after_step: Callable[[Step], bool]) -> None:
        """Steps until after_step, called once a step, returns False."""
        while after_step(self.step(self.devices.camera.read(LONGEST_WAIT_S))):
            pass

    def step(self, frame: Frame) -> Step:
        """One frame's way: look, read the faces, settle the mood, decide, play, remember."""
        found = self.devices.faces.find(frame)
        scores = self.devices.classifier.classify(frame, found)
        mood = self.devices.mood.update(frame.time_s, scores, blind=frame.luma is None)
        changed = (mood.state, mood.emotion) != (self._mood.state, self._mood.emotion)
        if changed:
            sure = f", {mood.probability:.0%} sure" if mood.emotion else ""
            log.info("%s%s", describe(mood), sure)
        playback, play = self._play(frame, mood)
        self._remember(frame, mood, play, changed=changed)
        self._time_s, self._mood = frame.time_s, mood
        return Step(frame, scores, mood, playback, play)

    def _play(self, frame: Frame, mood: Mood) -> tuple[Playback | None, Play | None]:
        done = self._player.attempt(frame.time_s, lambda: self._look_and_act(frame, mood))
        return done or (None, None)

    def _look_and_act(self, frame: Frame, mood: Mood) -> tuple[Playback, Play | None]:
        time_s, player = frame.time_s, self.devices.player
        playback = player.playback(time_s)
        if playback.touch is not None:  # told once, whatever becomes of the rest
            self.devices.store.record_touch(frame.unix_s, playback.touch)
        decision = self.devices.policy.decide(time_s, frame.unix_s, mood, playback)
        if decision is None:
            return playback, None
        if isinstance(decision, Adjustment):
            if player.adjust(decision, time_s):
                log.info("%s: %s", ADJUSTED[decision.how], decision.reason)
            return playback, None
        play = player.carry_out(decision, time_s)
        if play is None:
            self.devices.policy.refused(time_s, decision)
        else:
            log.info("playing %s (%s): %s", play.title, play.emotion, play.reason)
        return playback, play

    def _remember(self, frame: Frame, mood: Mood, play: Play | None, *, changed: bool) -> None:
        store, unix_s = self.devices.store, frame.unix_s
        if self._time_s is not None:
            store.record_seconds(unix_s, self._mood, frame.time_s - self._time_s)
        if changed:
            store.record_mood(unix_s, mood)
        if play is not None:
            store.record_play(unix_s, play, mood)
        self._store.attempt(frame.time_s, lambda: store.write(unix_s))


def describe(mood: Mood) -> str:
    """One calm line: who is seen and how they look."""
    if mood.state == "nobody":
        return "nobody is here"
    who = "1 face" if mood.faces == 1 else f"{mood.faces or 'no'} faces"
    if mood.emotion is None:
        return f"{who}: the mood is uncertain"
    return f"{who}: the room {LOOKS[mood.emotion]}"
