"""One rehearsal: the simulated day that was asked for, and its figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from appliance.build import build_classifier, build_faces
from appliance.decide.mood import HmmMoodFilter
from appliance.protocols import Classifier, FaceDetector, MoodFilter
from appliance.records import (
    EMOTIONS,
    Emotion,
    EmotionScores,
    Face,
    Factors,
    Frame,
    GrayImage,
)
from appliance.rehearsal import first_lesson, household, script
from appliance.rehearsal.baselines import Average, Vote
from appliance.rehearsal.day import FRAMES_PER_SECOND, Day, Diary, as_rehearsed
from appliance.rehearsal.day_file import DayFile
from appliance.rehearsal.face_set import FaceSet, composites, load, with_resting
from appliance.rehearsal.figures import Figures, figures
from appliance.rehearsal.living_room import LivingRoom
from appliance.rehearsal.misread import PersonasClassifier
from appliance.rehearsal.player import RecordingPlayer, StandIn
from appliance.rehearsal.room import Room
from appliance.rehearsal.script import Script
from appliance.running.teacher import OWNER, space_of
from appliance.settings import Settings
from appliance.vision.calibration import LASTS_S, NONE, Calibrated, RestingFace
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.people import Profile
from appliance.vision.pictures import PictureAware
from appliance.vision.taught import Taught

HOURS = 8.0  # of the day without a file
NO_PICTURE = np.zeros((1, 1), np.uint8)  # nobody looks at it


@dataclass(frozen=True, slots=True)
class Plan:
    """What to rehearse; the fields are the options of `jukebox rehearse`.

    faces, split, votes: as face_set.load takes them; faces None: the composites of the demo reel.
    day: as DayFile.load takes it; None: the day of docs/rehearsal.md. hours None: as the day says.
    resting: what the owner's neutral face is misread as. calibrated: calibrate with it first.
    taught: give the owner of `day` a lesson first.
    """

    faces: Path | None = None
    split: str = "PublicTest"
    votes: Path | None = None
    hours: float | None = None
    seed: int = 1
    day: str | None = None
    resting: Emotion | None = None
    calibrated: bool = False
    taught: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """A rehearsal and what came of it. network: the name of the one that read the faces.

    replay_s, replay_cpu_s: the time and the processor time that the day took.
    """

    plan: Plan
    network: str
    face_set: FaceSet
    diary: Diary
    figures: Figures
    replay_s: float
    replay_cpu_s: float

    def as_dict(self) -> dict[str, Any]:
        """The figures and what they are for, as JSON knows them."""
        plan = self.plan
        return {
            **self.figures.as_dict(),
            "replay_s": round(self.replay_s, 1),
            "replay_cpu_s": round(self.replay_cpu_s, 1),
            "frames": len(self.diary.moments),
            "frames_per_second": FRAMES_PER_SECOND,
            "seed": plan.seed,
            "day": plan.day,
            "split": plan.split if plan.faces else None,
            "faces": self.face_set.name,
            "votes": plan.votes.name if plan.votes else None,
            "pictures": self.face_set.counts(),
            "resting": plan.resting,
            "calibrated": plan.calibrated,
            "taught": plan.taught,
            "network": self.network,
        }


class Rehearsal:
    """A planned day. profiles: of the people who were taught before it, by name.

    Raises DataError if the faces are unusable, ModelError if a network is.
    """

    def __init__(self, plan: Plan, settings: Settings) -> None:
        self._plan = plan
        self._settings = as_rehearsed(settings, search_seldom=plan.day is None)
        network = build_classifier(self._settings)
        self._network, self._priors = network.name, network.priors
        self._face_set = load(plan.faces, plan.split, plan.votes) if plan.faces else composites()
        if plan.resting:
            still = build_classifier(self._settings, still=True)
            self._face_set = with_resting(
                self._face_set, lambda face: _likeliest(still.probabilities(face)), plan.resting
            )
        self._scene = _scene(plan, self._face_set, network)
        calibrated = Calibrated(PictureAware(self._scene.classifier))
        if plan.calibrated:
            calibrated.factors = self._calibration(network)
        self._classifier: Classifier = calibrated
        self.profiles = _taught(plan, self._face_set, self._settings, network)
        if self.profiles:
            reader = Taught(calibrated, space_of(network), network.priors)
            for name, profile in self.profiles.items():
                reader.learn(name, profile)
            self._classifier = reader
        self._seen: list[tuple[EmotionScores, ...]] = []

    def live(self, tell: Callable[[float], None] | None = None) -> Result:
        """The day as the jukebox lives it. tell: gets the share that is over, now and then."""
        vision = _RecordingVision(build_faces(self._settings), self._classifier)
        self._seen = vision.seen
        return self._lived(
            self._scene.frame_at, vision, HmmMoodFilter(self._settings.mood, self._priors), tell
        )

    def relive(self, name: str) -> Result:
        """The same scores of the same faces, with another mood filter: "average" or "vote".

        To be called after live().
        """
        other = {"average": Average, "vote": Vote}[name]
        return self._lived(lambda _: NO_PICTURE, _Replay(self._seen), other(), None)

    def _lived(
        self,
        picture_at: Callable[[float], GrayImage],
        vision: _RecordingVision | _Replay,
        mood: MoodFilter,
        tell: Callable[[float], None] | None,
    ) -> Result:
        player = StandIn(Random(self._plan.seed))  # noqa: S311 - lengths of songs
        day = Day(
            self._scene.script,
            self._settings,
            picture_at=picture_at,
            faces=vision,
            classifier=vision,
            mood=mood,
            recorder=RecordingPlayer(player, player),
            is_clear_at=self._scene.is_clear_at,
        )
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        diary = day.live(tell)
        took_s, took_cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu_s
        return Result(
            self._plan, self._network, self._face_set, diary, figures(diary), took_s, took_cpu_s
        )

    def _calibration(self, network: Classifier) -> Factors:
        """What `jukebox calibrate` finds in a minute of the owner's neutral face."""
        room = Room(script.at_rest(LASTS_S), self._face_set, self._plan.seed, wrong_share=0.0)
        faces, watched = build_faces(self._settings), RestingFace(0.0, self._priors)
        for number in range(int(LASTS_S * FRAMES_PER_SECOND)):
            time_s = number / FRAMES_PER_SECOND
            frame = Frame(time_s, time_s, room.frame_at(time_s))
            watched.watch(network.classify(frame, faces.find(frame)))
        return watched.factors() or NONE


@dataclass(frozen=True, slots=True)
class _Scene:
    """What happens on the day, what the camera sees of it, and what reads the faces."""

    script: Script
    frame_at: Callable[[float], GrayImage]
    is_clear_at: Callable[[float], bool]
    classifier: Classifier


def _taught(
    plan: Plan, face_set: FaceSet, settings: Settings, network: EmotionClassifier
) -> dict[str, Profile]:
    """What the owner's lesson gives, if the plan has one. Raises DataError and ModelError."""
    if not plan.taught or plan.day is None:
        return {}
    day = DayFile.load(plan.day)
    return {OWNER: first_lesson.given(day, face_set, plan.seed, settings, network)}


def _scene(plan: Plan, face_set: FaceSet, network: Classifier) -> _Scene:
    """The scene of a plan. Raises DataError if the day's file cannot be used."""
    if plan.day is None:
        day_script = script.write(3600 * (plan.hours or HOURS), plan.seed)
        room = Room(day_script, face_set, plan.seed)
        return _Scene(day_script, room.frame_at, day_script.is_clear_at, network)
    day = DayFile.load(plan.day)
    home = household.write(day, 3600 * (plan.hours or day.hours), plan.seed)
    living = LivingRoom(home, day, face_set, plan.seed)
    classifier = PersonasClassifier(network, living)
    return _Scene(home.script, living.frame_at, home.is_clear_at, classifier)


class _RecordingVision:
    """Detector and network, and a record of the scores of every frame."""

    def __init__(self, faces: FaceDetector, classifier: Classifier) -> None:
        self._classifier = classifier
        self.find = faces.find
        self.seen: list[tuple[EmotionScores, ...]] = []

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """How these faces look; it is kept in `seen`."""
        self.seen.append(self._classifier.classify(frame, faces))
        return self.seen[-1]


class _Replay:
    """Detector and network in one, which repeat the scores of an earlier day."""

    def __init__(self, seen: Sequence[tuple[EmotionScores, ...]]) -> None:
        self._seen = iter(seen)

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """No faces: classify knows them."""
        del frame
        return ()

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """How the faces of the next frame looked."""
        del frame, faces
        return next(self._seen)


def _likeliest(probabilities: Sequence[float]) -> Emotion:
    return EMOTIONS[int(np.argmax(probabilities))]
