"""The owner's lesson before a simulated day: `jukebox teach` asks for seven faces, each twice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from math import inf

from appliance.build import build_faces
from appliance.errors import ModelError
from appliance.records import Emotion, Frame
from appliance.rehearsal import household
from appliance.rehearsal.day import FRAMES_PER_SECOND
from appliance.rehearsal.day_file import DayFile
from appliance.rehearsal.face_set import FaceSet
from appliance.rehearsal.living_room import LivingRoom
from appliance.rehearsal.misread import PersonasClassifier
from appliance.rehearsal.script import Spell, Timeline
from appliance.running.teacher import OWNER, space_of
from appliance.settings import Settings
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.lesson import Lesson
from appliance.vision.people import Profile
from appliance.vision.pictures import PictureAware

LONGEST_S = 600.0  # longer than a lesson in which no face can be read


def given(
    day: DayFile, face_set: FaceSet, seed: int, settings: Settings, network: EmotionClassifier
) -> Profile:
    """The profile of the owner of this day after the lesson.

    Raises ModelError if the network cannot be taught.
    """
    space = space_of(network)
    if space is None:
        raise ModelError(f"{network.name}: cannot be taught")
    lesson = Lesson(0.0)
    asked = _Asked(lesson.turns)
    room = LivingRoom(household.alone(asked, LONGEST_S), day, face_set, seed)
    reader, faces = PictureAware(PersonasClassifier(network, room)), build_faces(settings)
    for number in count():
        time_s = number / FRAMES_PER_SECOND
        frame = Frame(time_s, time_s, room.frame_at(time_s))
        said = lesson.watch(time_s, reader.classify(frame, faces.find(frame)))
        asked.turn += sum(one.stage == "next" for one in said)
        if lesson.is_over:
            break
    profile = Profile(space)
    for shown in lesson.shown:
        profile = profile.with_example(OWNER, shown.emotion, shown.numbers, shown.examples)
    return profile


class _Asked(Timeline[Emotion]):
    """The face that the lesson asks for, for as long as it takes. turn: which one, from 0 on."""

    def __init__(self, turns: Sequence[Emotion]) -> None:
        super().__init__(())
        self._turns = turns
        self.turn = 0

    def at(self, time_s: float) -> Spell[Emotion]:
        """The present one."""
        del time_s
        turn = min(self.turn, len(self._turns) - 1)
        return Spell(float(turn), inf, self._turns[turn])
