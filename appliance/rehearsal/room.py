"""What the camera sees on the simulated day: pictures of faces in a plain room."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import pi, sin
from random import Random

import cv2
import numpy as np
import numpy.typing as npt

from appliance.camera.reel import HEIGHT_PX, WIDTH_PX, grainy
from appliance.records import EMOTIONS, Emotion, GrayImage
from appliance.rehearsal.face_set import FaceSet
from appliance.rehearsal.script import Script

WALL = 140  # gray, 0…255
# Shares of the pictures shown in a mood that are neutral, or of any other class; all others show
# the mood.
NEUTRAL_SHARE, WRONG_SHARE = 0.15, 0.10
HOLD_S = (0.5, 1.5)  # each picture stays for a time in between: a face changes slowly
DARK = 0.07  # the share of the light that is left in a dark picture
BLUR_PX = 8.0  # sigma of a blurred picture
EDGE_PX = 4.0  # sigma of the soft edge around a face


@dataclass(frozen=True, slots=True)
class Place:
    """Where a face is, in pixels of the frame. x, y: of its middle; side: of its square."""

    x: int
    y: int
    side: int


OWNER = Place(320, 225, 200)
GUESTS = Place(540, 215, 120), Place(95, 220, 110)


class Room:
    """Draws the script with pictures of faces; times must rise from frame to frame.

    wrong_share: of the pictures, 0…1, that show another emotion than the mood.
    """

    def __init__(
        self, script: Script, face_set: FaceSet, seed: int, wrong_share: float = WRONG_SHARE
    ) -> None:
        self._script = script
        random = Random(seed)  # noqa: S311 - nothing secret
        self._owner = _Person(OWNER, face_set, random, face_set.resting, wrong_share)
        neutral = face_set.pictures[Emotion.NEUTRAL]
        self._guests = tuple(
            _Person(place, face_set, random, neutral, wrong_share) for place in GUESTS
        )

    def frame_at(self, time_s: float) -> GrayImage:
        """The picture of this moment: uint8 (480, 640)."""
        frame = wall().copy()
        spell = self._script.lights.at(time_s)
        light = spell.value if spell else None
        for person, moods in zip(self._guests, self._script.guests, strict=True):
            if guest := moods.at(time_s):
                person.draw(frame, time_s, guest.value, None)
        mood = self._script.truth_at(time_s)
        if mood and not self._script.glances.at(time_s):
            grimace = self._script.grimaces.at(time_s)
            if grimace:
                self._owner.draw(frame, time_s, mood, grimace.value, grimace.end_s)
            else:
                self._owner.draw(frame, time_s, mood, None)
        if light == "blurred":
            frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), BLUR_PX), np.uint8)
        elif light == "dark":
            frame = np.asarray(cv2.convertScaleAbs(frame, alpha=DARK), np.uint8)
        return grainy(frame, int(time_s * 10))


class _Person:
    """One person's stream of pictures. resting: the pictures to show for neutral."""

    def __init__(
        self,
        place: Place,
        face_set: FaceSet,
        random: Random,
        resting: tuple[GrayImage, ...],
        wrong_share: float,
    ) -> None:
        self._place, self._face_set, self._random = place, face_set, random
        self._resting, self._wrong_share = resting, wrong_share
        self._patch: GrayImage | None = None
        self._until_s = float("-inf")
        self._reason: tuple[Emotion, Emotion | None] | None = None

    def draw(
        self,
        frame: GrayImage,
        time_s: float,
        mood: Emotion,
        grimace: Emotion | None,
        grimace_ends_s: float = 0.0,
    ) -> None:
        """Draws the face that they make now into the frame, which is uint8 (480, 640)."""
        reason = mood, grimace
        if self._patch is None or time_s >= self._until_s or reason != self._reason:
            shown = grimace or self._expression(mood)
            self._until_s = grimace_ends_s if grimace else time_s + self._random.uniform(*HOLD_S)
            self._reason, self._patch = reason, self._picture(shown)
        place = self._place
        left = place.x - place.side // 2 + round(3 * sin(2 * pi * time_s / 7.1))
        top = place.y - place.side // 2 + round(3 * sin(2 * pi * time_s / 5.3))
        frame[top : top + place.side, left : left + place.side] = self._patch

    def _expression(self, mood: Emotion) -> Emotion:
        """What the face shows next in this mood."""
        chance = self._random.random()
        if chance < self._wrong_share:
            return self._random.choice([other for other in EMOTIONS if other is not mood])
        return Emotion.NEUTRAL if chance < self._wrong_share + NEUTRAL_SHARE else mood

    def _picture(self, shown: Emotion) -> GrayImage:
        pictures = self._resting if shown is Emotion.NEUTRAL else self._face_set.pictures[shown]
        return faded(self._random.choice(pictures), self._place.side)


def faded(picture: GrayImage, side: int) -> GrayImage:
    """A picture of a face that fades into the wall at its edges: uint8 (side, side)."""
    face = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    opacity = _opacity(side)
    behind = np.full((side, side), WALL, np.uint8)
    return np.asarray(cv2.blendLinear(face, behind, opacity, 1 - opacity), np.uint8)


@cache
def wall() -> GrayImage:
    """The empty room, not to be drawn into: uint8 (480, 640)."""
    return np.full((HEIGHT_PX, WIDTH_PX), WALL, np.uint8)


@cache
def _opacity(side: int) -> npt.NDArray[np.float32]:
    """1 inside a picture, falling to 0 at its edges: (side, side)."""
    inner = np.zeros((side, side), np.float32)
    rim = round(1.5 * EDGE_PX)
    inner[rim:-rim, rim:-rim] = 1.0
    return np.asarray(cv2.GaussianBlur(inner, (0, 0), EDGE_PX), np.float32)
