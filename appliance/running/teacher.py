"""Teaching on request: a person shows their faces, and is read by them from then on."""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from appliance.decide.phrases import lesson_words
from appliance.errors import ControlError, UsageError
from appliance.history.store import SqliteStore
from appliance.records import EMOTIONS, Emotion, Frame, Numbers
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.lesson import Lesson, Said, Shown, readable
from appliance.vision.people import FaceSpace, Profile, evidence_of, read_space
from appliance.vision.taught import Taught

OWNER = "owner"  # who is meant where nobody is named
LOOKED_S = 5.0  # "looks sad" means what the face showed in the last so many seconds
LONGEST_NAME = 40
MOST_PEOPLE = 12

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Look:
    """What a face was like for a moment."""

    time_s: float
    track: int
    numbers: Numbers
    probabilities: tuple[float, ...]


class Teacher:
    """Gives lessons, and keeps in the history what it learns.

    reader: reads faces by what was learned. store: the history. network: gives the numbers.
    """

    def __init__(self, reader: Taught, store: SqliteStore, network: EmotionClassifier) -> None:
        self._reader = reader
        self._store = store
        self._network = network
        self._lesson: Lesson | None = None
        self._name = ""
        self._looked: deque[_Look] = deque()
        self.use(network)

    def use(self, network: EmotionClassifier) -> None:
        """Goes on with another network. Raises ModelError."""
        self._network = network
        space = space_of(network)
        self._reader.use(space, network.priors)

    @property
    def can_teach(self) -> bool:
        """Whether the present network can be taught; those of other people cannot."""
        return self._reader.space is not None

    @property
    def people(self) -> dict[str, dict[str, float]]:
        """How many examples of each emotion are known, by name."""
        return {
            name: {str(e): profile.faces[e].examples for e in EMOTIONS if e in profile.faces}
            for name, profile in self._reader.profiles.items()
        }

    def begin(self, name: str, time_s: float, *, rest: bool = False) -> str:
        """Begins a lesson. Returns what its person should do. Raises UsageError, ControlError."""
        name = checked_name(name)
        known = self._reader.profiles
        if self._lesson is not None:
            raise ControlError(f"{self._name} is being taught now; wait until that is over")
        if not self.can_teach:
            raise ControlError(f"the network {self._network.name} cannot be taught")
        if name not in known and len(known) >= MOST_PEOPLE:
            raise ControlError(f"{MOST_PEOPLE} people are known, and no more fit; forget one first")
        self._name, self._lesson = name, Lesson(time_s, rest=rest)
        if rest:
            return f"{name}: look at the camera with a face at rest for 60 seconds"
        return (
            f"{name}: sit down before the camera, in light; I ask for"
            f" {len(self._lesson.turns)} faces, which takes two minutes"
        )

    def stop(self) -> str:
        """Ends the lesson; what was shown so far is learned at the next frame."""
        if self._lesson is None:
            return "nobody is being taught"
        self._lesson.stop()
        return f"{self._name}: the lesson ends"

    def note(self, frame: Frame) -> list[Event]:
        """Looks at one more frame. Returns what is to be told."""
        self._remember(frame)
        if self._lesson is None:
            return []
        said = self._lesson.watch(frame.time_s, self._reader.last)
        events = [self._event(each) for each in said]
        if self._lesson.is_over:
            shown, self._lesson = self._lesson.shown, None
            self._learn(self._name, shown, frame.unix_s)
        return events

    def looks(self, emotion: Emotion, frame: Frame) -> str:
        """Learns that the largest face looked like this lately. Returns what is learned, or ""."""
        space = self._reader.space
        if self._lesson is not None or space is None:
            return ""
        recent = [look for look in self._looked if frame.time_s - look.time_s <= LOOKED_S]
        if not recent:
            return "no face can be read, so I learn nothing"
        known = self._reader.profiles
        name = self._reader.person(recent[-1].track) if known else OWNER
        if name is None:
            return "this face is nobody's whom I was taught, so I learn nothing from it"
        own = [look for look in recent if look.track == recent[-1].track]
        numbers = np.asarray(np.mean([look.numbers for look in own], axis=0), np.float32)
        evened = self._network.priors.evened()
        evidence = [evidence_of(look.probabilities, evened) for look in own]
        weight = (known.get(name) or Profile(space)).trust(
            emotion, numbers, np.mean(evidence, axis=0)
        )
        self._learn(name, [Shown(emotion, numbers, weight)], frame.unix_s)
        return f"an example of {name}"

    def forget(self, name: str) -> Future[int]:
        """Begins to forget a person for good. The result is how many emotions were known.

        Raises UsageError if nobody has this name.
        """
        if name not in self._reader.profiles:
            raise UsageError(f"nobody is known as {name[:LONGEST_NAME]!r}; {self._names()}")
        self._reader.forget(name)
        return self._store.forget_person(name)

    def forget_rest(self) -> None:
        """Forgets the owner where only their face at rest is known."""
        if set(self.people.get(OWNER, ())) == {str(Emotion.NEUTRAL)}:
            self.forget(OWNER)

    def forget_all(self) -> None:
        """Forgets everybody; the history does so for itself."""
        for name in list(self._reader.profiles):
            self._reader.forget(name)

    def _names(self) -> str:
        return f"known are {', '.join(self.people)}" if self.people else "nobody was taught yet"

    def _learn(self, name: str, shown: Iterable[Shown], unix_s: float) -> None:
        space = self._reader.space
        if space is None:  # the settings have named another network meanwhile
            return
        profile = self._reader.profiles.get(name) or Profile(space)
        before = profile.faces
        for each in shown:
            profile = profile.with_example(name, each.emotion, each.numbers, each.examples)
        if profile.faces:
            self._reader.learn(name, profile)
            changed = [
                face for emotion, face in profile.faces.items() if before.get(emotion) != face
            ]
            self._store.record_taught(unix_s, changed)

    def _remember(self, frame: Frame) -> None:
        while self._looked and frame.time_s - self._looked[0].time_s > LOOKED_S:
            self._looked.popleft()
        face = readable(self._reader.last)
        if face is not None and face.numbers is not None and frame.luma is not None:
            shown = face.mean_probabilities
            self._looked.append(_Look(frame.time_s, face.face.track, face.numbers, shown))

    def _event(self, said: Said) -> Event:
        """What is told of the lesson, for programs and in words."""
        event = {"name": self._name, **asdict(said), "sure": round(said.sure, 3)}
        event["rest"] = self._lesson is not None and self._lesson.rest
        return event | {"text": lesson_words(self._name, **asdict(said))}


def space_of(network: EmotionClassifier) -> FaceSpace | None:
    """The space in which this network's faces lie; None if it cannot be taught."""
    space, inside = read_space(), network.card.inside
    return space if space and inside and inside.space == space.network else None


def checked_name(name: str) -> str:
    """A name that can be shown and kept. Raises UsageError."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or name.startswith("-"):
        raise UsageError(f"teach: a name has 1 to {LONGEST_NAME} letters that can be shown")
    return name
