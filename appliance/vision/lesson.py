"""A guided lesson: a person shows seven faces, twice, and the jukebox says what it sees.

Pure: time comes with the frames. `Lesson.watch` tells what to say after each of them; what was
learned is in `Lesson.shown` at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from appliance.records import EMOTIONS, Emotion, EmotionScores, Numbers

# At rest first, so that whoever sits down has time; strong faces between weak ones.
ORDER = (
    Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SURPRISE, Emotion.SAD,
    Emotion.ANGRY, Emotion.DISGUST, Emotion.FEAR,
)  # fmt: skip
ROUNDS = 2  # two of each: docs/teaching.md has what each one is worth
# To read the words and make the face; to hold it; and to wait at most for a face that can be read.
READY_S, HOLD_S, PATIENCE_S = 3.5, 4.0, 12.0
REST_S = 60.0  # of a face at rest
ENOUGH_SAMPLES = 3  # of a face that is held; a calm camera gives two a second
ENOUGH_AT_REST = 30
# A minute at rest shows more than four seconds do: so many examples.
REST_EXAMPLES = 3.0
SAY_EVERY_S = 1.0

Stage = Literal["ready", "hold", "next", "over"]


@dataclass(frozen=True, slots=True)
class Said:
    """What is said to the person. face, faces: which of how many is asked for, from 1 on.

    emotion: that is asked for. sees: what the face looks like now, None while none can be read.
    good: at the end whether anything was learned.
    """

    stage: Stage
    face: int
    faces: int
    emotion: Emotion
    sees: Emotion | None = None
    sure: float = 0.0
    good: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A face that was shown. numbers: the mean of its samples. examples: how many it counts."""

    emotion: Emotion
    numbers: Numbers
    examples: float = 1.0


@dataclass(frozen=True, slots=True)
class _Pace:
    """How long each face takes: to get ready, to hold it, and at most to wait for it.

    samples: how many of it are enough. examples: how many they count.
    """

    ready_s: float
    hold_s: float
    patience_s: float
    samples: int
    examples: float


@dataclass(slots=True)
class Lesson:
    """One lesson. time_s: when it begins. rest: only the face at rest, for a minute."""

    time_s: float
    rest: bool = False
    shown: list[Shown] = field(default_factory=list)
    _turn: int = 0
    _begun_s: float = 0.0
    _said_s: float = float("-inf")
    _samples: list[Numbers] = field(default_factory=list)
    _stopped: bool = False

    def __post_init__(self) -> None:
        self._begun_s = self.time_s

    @property
    def turns(self) -> Sequence[Emotion]:
        """The faces to show, in turn."""
        return (Emotion.NEUTRAL,) if self.rest else ORDER * ROUNDS

    @property
    def _pace(self) -> _Pace:
        if self.rest:
            return _Pace(0.0, REST_S, 0.0, ENOUGH_AT_REST, REST_EXAMPLES)
        return _Pace(READY_S, HOLD_S, PATIENCE_S, ENOUGH_SAMPLES, 1.0)

    @property
    def is_over(self) -> bool:
        """Whether all faces were shown, or the lesson was stopped."""
        return self._turn >= len(self.turns)

    def stop(self) -> None:
        """Ends the lesson with the next frame."""
        self._stopped = True

    def watch(self, time_s: float, scores: Iterable[EmotionScores]) -> list[Said]:
        """What to say after one more frame. scores: of all its faces, as the network reads them."""
        if self.is_over:
            return []
        if self._stopped:
            self._turn = len(self.turns)
            return [self._over()]
        face = readable(scores)
        pace, passed_s = self._pace, time_s - self._begun_s
        if face is not None and face.numbers is not None and passed_s >= pace.ready_s:
            self._samples.append(face.numbers)
        has_all = len(self._samples) >= pace.samples
        is_due = passed_s >= pace.ready_s + pace.hold_s
        if (is_due and has_all) or passed_s >= pace.ready_s + pace.hold_s + pace.patience_s:
            return self._end_turn(time_s, learned=has_all)
        if time_s - self._said_s < SAY_EVERY_S:
            return []
        self._said_s = time_s
        return [self._now("ready" if passed_s < pace.ready_s else "hold", face)]

    def _end_turn(self, time_s: float, *, learned: bool) -> list[Said]:
        emotion = self.turns[self._turn]
        if learned:
            numbers = np.asarray(np.mean(self._samples, axis=0), np.float32)
            self.shown.append(Shown(emotion, numbers, self._pace.examples))
        said = [Said("next", self._turn + 1, len(self.turns), emotion, good=learned)]
        self._turn, self._begun_s, self._samples = self._turn + 1, time_s, []
        self._said_s = float("-inf")
        if self.is_over:
            said.append(self._over())
        return said

    def _over(self) -> Said:
        last = len(self.turns)
        return Said("over", last, last, self.turns[-1], good=bool(self.shown))

    def _now(self, stage: Stage, face: EmotionScores | None) -> Said:
        emotion, faces = self.turns[self._turn], len(self.turns)
        if face is None:
            return Said(stage, self._turn + 1, faces, emotion)
        sure = max(face.probabilities)
        sees = EMOTIONS[face.probabilities.index(sure)]
        return Said(stage, self._turn + 1, faces, emotion, sees, sure)


def readable(scores: Iterable[EmotionScores]) -> EmotionScores | None:
    """The largest living face; None if there is none, or if it cannot be read well."""
    people = [score for score in scores if not score.picture]
    largest = max(people, key=lambda score: score.face.box.height, default=None)
    return None if largest is None or largest.unclear else largest
