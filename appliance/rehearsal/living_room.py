"""What the camera sees on a day with several people, a poster and a TV; and who is where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import pi, sin
from random import Random

import cv2
import numpy as np

from appliance.camera.reel import grainy
from appliance.records import EMOTIONS, Emotion, GrayImage
from appliance.rehearsal.day_file import DayFile
from appliance.rehearsal.face_set import FaceSet
from appliance.rehearsal.household import Hidden, Household, PersonScript
from appliance.rehearsal.persona import Expression, Persona
from appliance.rehearsal.room import GUESTS, OWNER, WALL, Place, faded, wall

POSTER = Place(100, 75, 0)  # their sides are in the day's file
TV = Place(545, 390, 0)
SCREEN_PX = (150, 110)  # width, height
SCREEN = 60  # gray, 0…255
DIM = 120  # the gray to which a low light draws everything
PASSERS_BY_Y, PASSER_PX = 62, 70
PASSERS_BY_X = (190, 590)
HAND = 165  # gray, 0…255
NARROW = 0.55  # the width of a face turned away, in widths


@dataclass(frozen=True, slots=True)
class Visible:
    """A living face in the last frame. picture: what is drawn; expression: what it is read as."""

    place: Place
    picture: GrayImage
    expression: Expression


class LivingRoom:
    """Draws a household with pictures of faces; times must rise from frame to frame.

    Each person has one picture for each emotion. visible: the people whom the last frame shows.
    """

    def __init__(self, household: Household, day: DayFile, face_set: FaceSet, seed: int) -> None:
        self._household, self._day = household, day
        random = Random(f"room {seed}")  # noqa: S311 - nothing secret
        persons = np.random.default_rng(seed).spawn(3 + len(household.passers_by))
        places = (OWNER, *GUESTS)
        homely = (household.owner, *household.guests)
        self._homely = [
            _Person(script, _one_each(face_set, random), Persona(persons[number]), place)
            for number, (script, place) in enumerate(zip(homely, places, strict=False))
        ]
        self._passing = [
            _Person(script, _one_each(face_set, random), Persona(persons[3 + number]), None)
            for number, script in enumerate(household.passers_by)
        ]
        self._pictures = _one_each(face_set, random)  # on the wall and on TV
        self.visible: list[Visible] = []

    def frame_at(self, time_s: float) -> GrayImage:
        """The picture of this moment: uint8 (480, 640)."""
        frame = wall().copy()
        poster = self._day.poster
        _paste(frame, POSTER, faded(self._pictures[Emotion(poster.emotion)], poster.side_px))
        self._draw_tv(frame, time_s)
        self.visible = []
        for person in (*self._passing, *self._homely):
            self.visible += person.drawn(frame, time_s)
        if self._household.dim.at(time_s):
            contrast = self._day.light.contrast
            frame = np.asarray(
                cv2.convertScaleAbs(frame, alpha=contrast, beta=(1 - contrast) * DIM), np.uint8
            )
        return grainy(frame, int(time_s * 10))

    def _draw_tv(self, frame: GrayImage, time_s: float) -> None:
        shot = self._household.tv.at(time_s)
        if shot is None:
            return
        width, height = SCREEN_PX
        left, top = TV.x - width // 2, TV.y - height // 2
        # Each shot has a place and a background of its own, and its face moves within it.
        random = Random(shot.begin_s)  # noqa: S311 - nothing secret
        frame[top : top + height, left : left + width] = SCREEN + random.randrange(80)
        if shot.value:
            x = TV.x + random.randint(-35, 35) + round(4 * sin(2 * pi * time_s / 3.1))
            y = TV.y + random.randint(-15, 15) + round(2 * sin(2 * pi * time_s / 2.3))
            side = self._day.tv.side_px
            _paste(frame, Place(x, y, side), faded(self._pictures[shot.value], side))


class _Person:
    """Draws one person. place: where they sit; None: they cross the room."""

    def __init__(
        self,
        script: PersonScript,
        pictures: dict[Emotion, GrayImage],
        persona: Persona,
        place: Place | None,
    ) -> None:
        self._script, self._pictures, self._persona, self._place = script, pictures, persona, place
        self._shown: tuple[Emotion, float] | None = None
        self._expression = persona.expression(Emotion.NEUTRAL)

    def drawn(self, frame: GrayImage, time_s: float) -> Iterator[Visible]:
        """Draws them into the frame, if they are here."""
        stay = self._script.moods.at(time_s)
        if stay is None:
            return
        expression = self._script.expressions.at(time_s)
        emotion = expression.value if expression else Emotion.NEUTRAL
        # A rest lasts from one expression to the next.
        begun_s = expression.begin_s if expression else -self._script.expressions.begun(time_s)
        if self._shown != (emotion, begun_s):
            self._shown = emotion, begun_s
            self._expression = self._persona.expression(emotion)
        place = self._place_at(time_s, stay.begin_s, stay.end_s)
        picture = self._pictures[emotion]
        _paste(frame, place, self._patch(picture, place.side, time_s))
        yield Visible(place, picture, self._expression)

    def _place_at(self, time_s: float, begin_s: float, end_s: float) -> Place:
        if self._place is None:
            share = (time_s - begin_s) / (end_s - begin_s)
            x = PASSERS_BY_X[0] + share * (PASSERS_BY_X[1] - PASSERS_BY_X[0])
            return Place(round(x), PASSERS_BY_Y, PASSER_PX)
        right, down = round(3 * sin(2 * pi * time_s / 7.1)), round(3 * sin(2 * pi * time_s / 5.3))
        return Place(self._place.x + right, self._place.y + down, self._place.side)

    def _patch(self, picture: GrayImage, side: int, time_s: float) -> GrayImage:
        hidden, tilt = self._script.hidden.at(time_s), self._script.tilts.at(time_s)
        patch = faded(picture, side)
        if self._script.blinks.at(time_s):
            patch = _blinking(patch)
        if hidden:
            patch = _hidden_by(patch, hidden.value)
        if tilt:
            middle = (side - 1) / 2, (side - 1) / 2
            turn = cv2.getRotationMatrix2D(middle, -tilt.value, 1.0)
            turned = cv2.warpAffine(patch, turn, (side, side), borderValue=(WALL,))
            patch = np.asarray(turned, np.uint8)
        return patch


def _one_each(face_set: FaceSet, random: Random) -> dict[Emotion, GrayImage]:
    """One person's picture of each emotion."""
    pictures = {emotion: random.choice(face_set.pictures[emotion]) for emotion in EMOTIONS}
    return pictures | {Emotion.NEUTRAL: random.choice(face_set.resting)}


def _paste(frame: GrayImage, place: Place, patch: GrayImage) -> None:
    left, top = place.x - place.side // 2, place.y - place.side // 2
    height, width = patch.shape
    frame[top : top + height, left : left + width] = patch


def _blinking(patch: GrayImage) -> GrayImage:
    """The same face with its eyes closed: skin from above and below them, drawn together."""
    side = len(patch)
    top, bottom = round(0.34 * side), round(0.47 * side)
    share = np.linspace(0.0, 1.0, bottom - top)[:, np.newaxis]
    closed = patch.copy()
    closed[top:bottom] = (1 - share) * patch[top] + share * patch[bottom]
    return closed


def _hidden_by(patch: GrayImage, hidden: Hidden) -> GrayImage:
    """The same face with a hand before its mouth, or turned to a side."""
    side = len(patch)
    if hidden == "hand":
        covered = patch.copy()
        axes = round(0.36 * side), round(0.24 * side)
        cv2.ellipse(covered, (side // 2, round(0.78 * side)), axes, 8, 0, 360, (HAND,), cv2.FILLED)
        return covered
    narrow = cv2.resize(patch, (round(NARROW * side), side), interpolation=cv2.INTER_AREA)
    turned = _back_of_a_head(side).copy()
    turned[:, side - narrow.shape[1] :] = narrow
    return turned


@cache
def _back_of_a_head(side: int) -> GrayImage:
    patch = np.full((side, side), WALL, np.uint8)
    axes = round(0.38 * side), round(0.46 * side)
    cv2.ellipse(patch, (side // 2, side // 2), axes, 0, 0, 360, (50,), cv2.FILLED)
    return patch
