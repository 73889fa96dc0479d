"""The records that travel from camera to loudspeaker, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from appliance.listener import OF_PEOPLE, Charge, ListenerAction

if TYPE_CHECKING:  # light verbs use these records, too, and need not load numpy
    import numpy as np
    import numpy.typing as npt

# What calibration multiplies each emotion's probability by, in the order of EMOTIONS.
Factors = tuple[float, ...]
Numbers: TypeAlias = "npt.NDArray[np.float32]"  # (72,) of one face
GrayImage: TypeAlias = "npt.NDArray[np.uint8]"  # (height, width), 0 = black … 255 = white
# A picture's colour, (height / 2, width / 2, 2): Cr and Cb of JPEG's YCbCr, 128 where it is gray.
ChromaImage: TypeAlias = "npt.NDArray[np.uint8]"


class Emotion(StrEnum):
    """The seven classes of FER-2013, in the order of its labels and of every model's outputs."""

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


# This share of a network's priors is spread evenly. Without it, an answer of disgust, which comes
# once in a hundred faces, would count for too much (docs/lab-notebook.md).
EVEN_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Priors:
    """What a network answers on average: seven mean probabilities in the order of EMOTIONS.

    all: over all held-out faces, that is, faces that the network was not trained on; neutral: over
    those of them that look neutral. A model's card holds both.
    """

    all: tuple[float, ...]
    neutral: tuple[float, ...]

    @classmethod
    def even(cls) -> Self:
        """The priors of a network about which nothing is known: every emotion is as likely."""
        shares = (1.0 / len(EMOTIONS),) * len(EMOTIONS)
        return cls(shares, shares)

    def evened(self) -> tuple[float, ...]:
        """Those of all faces, with a share spread evenly, by which answers are divided."""
        return tuple(
            [(1.0 - EVEN_SHARE) * share + EVEN_SHARE / len(EMOTIONS) for share in self.all]
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """What a camera or a file shows: gray pixels, and their colour for whoever asks.

    chroma: gives the colour. It is a function because only a search for faces needs it, a few times
    a second, and cameras deliver it in forms that take work. None: the picture is gray.
    """

    luma: GrayImage
    chroma: Callable[[], ChromaImage] | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the room, and its time.

    time_s: monotonic; everything is decided by it. unix_s: the wall clock; it dates the history and
    gives the hour of the day. luma: None where the camera gave no picture in time, because the loop
    goes on without one. chroma: as in Picture.
    """

    time_s: float
    unix_s: float
    luma: GrayImage | None
    chroma: Callable[[], ChromaImage] | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A square around a face, cut as FER-2013's pictures are, in pixels of its frame.

    x, y: of its left upper corner; it may overhang the frame.
    """

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a frame.

    score: how sure the detector is that it is one, 0…1. track: a number that stays with the face
    from frame to frame. tilt: degrees by which the head is tilted clockwise in the frame. turn: how
    far the nose is from the middle of the eyes, in distances between the eyes; 0 from the front.
    """

    box: Box
    score: float
    track: int
    tilt: float = 0.0
    turn: float = 0.0


# Why a face cannot be read well, the most important cause first.
Unclear = Literal["dark", "small", "blurred", "tilted", "turned", "hidden"]


@dataclass(frozen=True, slots=True)
class EmotionScores:
    """How one face looks: probabilities in the order of EMOTIONS, each 0…1, their sum 1.

    probabilities: of the network's first head, which learned from a crowd; people are shown these.
    mean_probabilities: of all its heads, corrected for people unlike those whom the network learned
    from (vision/correction.py); the mood is computed from these.
    weight: how much the face counts among several, 0…1; 0 for a picture. unclear: why the face
    cannot be read well; None if it can. picture: whether it is taken for a picture (a poster, a
    photo), which is nobody. numbers: what the network knew before its answer, by which people are
    taught (vision/people.py); None if it does not give them.
    """

    face: Face
    probabilities: tuple[float, ...]
    mean_probabilities: tuple[float, ...]
    weight: float
    unclear: Unclear | None = None
    picture: bool = False
    numbers: Numbers | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TaughtFace:
    """What one person's face is like when it shows one emotion: numbers, never pictures.

    name: of the person. examples: how many were shown. network: which one gave the numbers, so that
    another one does not take them for its own. numbers: the mean of its answers to the examples.
    """

    name: str
    emotion: Emotion
    examples: float
    network: str
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FaceWeights:
    """What spoke for how a face looks: its track, the likeliest emotion, and region → share, 0…1.

    weights: of the regions in face_regions.REGIONS; they sum to 1, or all are 0 if nothing spoke.
    """

    track: int
    emotion: Emotion
    weights: dict[str, float]


@dataclass(frozen=True, slots=True)
class CameraAdvice:
    """Whether faces can be read in the camera's picture, now or when somebody comes.

    text: what to do, or who is in sight, in words.
    """

    is_fit: bool
    text: str


MoodState = Literal["settled", "uncertain", "nobody"]


@dataclass(frozen=True, slots=True)
class Mood:
    """How the room looked over the last seconds.

    emotion: None unless the state is "settled". probability: of the leading emotion, 0…1. faces:
    how many the last frame showed, without pictures. since_s: when state and emotion became what
    they are, as Frame.time_s. company: whether more than one face was seen lately. unclear: why the
    faces of the last seconds cannot be read well; None if they can.
    """

    state: MoodState
    emotion: Emotion | None
    probability: float
    faces: int
    since_s: float
    company: bool = False
    unclear: Unclear | None = None


@dataclass(frozen=True, slots=True)
class Playback:
    """What the player does now.

    emotion: from whose playlist the jukebox took the current song; None for the listener's own.
    remaining_s: until the end of the current song; None for a stream, or if nothing plays, or if
    nobody knows. has_end: whether it ends by itself, as files do, even if nobody knows when.
    queued_after: how many songs of the queue will play after this one.
    charge: whose doing it is that this plays, or that nothing does.
    volume_percent: 0…100; None where MPD does not control the volume, or during a fade.
    listener_action: the last thing that a person did since the previous Playback.
    volume_before: the listener's volume, before the jukebox lowered it for the quiet hours; None if
    it did not, or if a person has changed the volume since.
    refusal: why the player lets the jukebox do nothing; "" if it may play.
    empty: whether no song is in the queue.
    began: a song of the jukebox's that has begun to sound since the previous Playback.
    """

    state: Literal["play", "pause", "stop"]
    title: str
    emotion: Emotion | None
    remaining_s: float | None
    queued_after: int
    charge: Charge = "jukebox"
    volume_percent: int | None = None
    listener_action: ListenerAction | None = None
    volume_before: int | None = None
    refusal: str = ""
    empty: bool = False
    has_end: bool = False
    began: Play | None = None

    @property
    def listener(self) -> bool:
        """Whether a person chose what plays, or that nothing does: leave it alone."""
        return self.charge in OF_PEOPLE

    @property
    def resting(self) -> bool:
        """Whether the jukebox itself paused the music."""
        return self.charge == "resting"


How = Literal["append", "switch", "fade", "offer"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What should play.

    how: append it after the current song, switch to it at once, fade over to it, or offer it, which
    puts it into the empty queue without playing it. reason: why, in words for people.
    """

    emotion: Emotion
    how: How
    reason: str


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What should change in what plays: fade out and pause, resume, or another volume.

    reason: why, in words for people. volume_percent: the new volume, 0…100, only with "volume".
    volume_before: the volume that the player keeps for Playback.volume_before.
    """

    how: Literal["pause", "resume", "volume"]
    reason: str
    volume_percent: int | None = None
    volume_before: int | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """A song that the jukebox put on. source: the playlist, folder or link that it came from."""

    title: str
    uri: str
    emotion: Emotion
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class SkipCount:
    """How often people have skipped a song in a mood, as MPD's stickers say.

    count: 0 for a song that they did not skip, or whose skips they deleted. day: of the last skip,
    as ISO 8601; "" if it is unknown. lost: whether MPD has forgotten the sticker together with the
    song, so that it is to be put back once the song is there again.
    """

    uri: str
    emotion: Emotion
    count: int
    day: str
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What one frame led to.

    playback: before this step acted; None while the player cannot be reached. play: the song of the
    jukebox's that has begun to sound, if any. recorded: whether the history could be written.
    """

    frame: Frame
    scores: tuple[EmotionScores, ...]
    mood: Mood
    playback: Playback | None
    play: Play | None
    recorded: bool = True
