"""The records that travel from camera to loudspeaker, in the order in which they are made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

if TYPE_CHECKING:  # light verbs use these records, too, and must not wait for numpy
    import numpy as np
    import numpy.typing as npt

# By what each emotion's probability is multiplied, in the order of EMOTIONS (calibration).
Factors = tuple[float, ...]
GrayImage: TypeAlias = "npt.NDArray[np.uint8]"  # (height, width), 0 black … 255 white


class Emotion(StrEnum):
    """The seven classes of FER-2013, in the order of its labels and of every model's output."""

    ANGRY = "angry"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPY = "happy"
    SAD = "sad"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"


EMOTIONS = tuple(Emotion)
# The two classes of UTKFace, in the order of its numbers and of a gender model's output.
GENDERS = ("male", "female")


@dataclass(frozen=True, slots=True)
class Priors:
    """What a network answers on average: mean probabilities in the order of EMOTIONS.

    all: over all faces; neutral: over those that show nothing. From faces that it was not trained
    on; a model's card holds them.
    """

    all: tuple[float, ...]
    neutral: tuple[float, ...]

    @classmethod
    def even(cls) -> Self:
        """Those of a network of which nothing is known."""
        shares = (1.0 / len(EMOTIONS),) * len(EMOTIONS)
        return cls(shares, shares)


@dataclass(frozen=True, slots=True)
class Frame:
    """One look at the room.

    time_s is monotonic and carries all the reasoning; unix_s is the wall clock and only dates the
    history. luma is None where the camera gave nothing in time: time goes on all the same.
    """

    time_s: float
    unix_s: float
    luma: GrayImage | None


@dataclass(frozen=True, slots=True)
class Box:
    """A square around a face, cut as FER-2013's pictures are, in pixels of its frame."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a frame. score: 0…1, of the detector; track: a number that stays with it."""

    box: Box
    score: float
    track: int


@dataclass(frozen=True, slots=True)
class EmotionScores:
    """How one face looks: probabilities in the order of EMOTIONS, summing to 1; weight: 0…1.

    probabilities: by the network's head that learned from a crowd, as people are told.
    mean_probabilities: the mean of all its heads, which the mood is reckoned from.
    """

    face: Face
    probabilities: tuple[float, ...]
    mean_probabilities: tuple[float, ...]
    weight: float


MoodState = Literal["settled", "uncertain", "nobody"]


@dataclass(frozen=True, slots=True)
class Mood:
    """What the room looks like over the last seconds.

    emotion is None unless the state is settled; probability is that of the leading emotion; faces
    counts those in the last frame; since_s is when (state, emotion) began; company: there was more
    than one face lately.
    """

    state: MoodState
    emotion: Emotion | None
    probability: float
    faces: int
    since_s: float
    company: bool = False


# What a person can do to the player that the box then sees.
ListenerAction = Literal["play", "pause", "stop", "skip", "seek", "queue", "volume", "mode"]


@dataclass(frozen=True, slots=True)
class Playback:
    """What the player does now, as MPD reports it.

    emotion: whose playlist the current song was taken from by the box, None for the listener's own.
    remaining_s: to the end of the current song, None for a stream or when nothing plays.
    queued_after: songs in the queue that will play after this one.
    listener: the box must not act, because a person did (paused, stopped or chose for themselves).
    volume_percent: None where MPD has no control over it, or a fade is on its way.
    listener_action: the last thing that a person did since the look before.
    resting: the box itself paused the music. volume_before: the listener's, before the box turned
    it down for the quiet hours; None if it did not, or a person has turned it since.
    """

    state: Literal["play", "pause", "stop"]
    title: str
    emotion: Emotion | None
    remaining_s: float | None
    queued_after: int
    listener: bool
    volume_percent: int | None = None
    listener_action: ListenerAction | None = None
    resting: bool = False
    volume_before: int | None = None


How = Literal["append", "switch", "fade"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What should play. how: append after the current song, switch at once, or fade over to it."""

    emotion: Emotion
    how: How
    reason: str


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What should happen to that which plays: fade out and pause, go on, or another volume.

    volume_before: to be remembered, for Playback.
    """

    how: Literal["pause", "resume", "volume"]
    reason: str
    volume_percent: int | None = None  # of "volume"
    volume_before: int | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """A song that the box put on. source: the playlist, folder or link it came from."""

    title: str
    uri: str
    emotion: Emotion
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """What one frame led to. playback: None while the player cannot be reached."""

    frame: Frame
    scores: tuple[EmotionScores, ...]
    mood: Mood
    playback: Playback | None
    play: Play | None
