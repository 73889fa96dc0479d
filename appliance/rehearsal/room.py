"""What the camera sees on the day: faces of the album in a plain room, frame after frame."""

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

WALL = 140
# Of the pictures shown in a mood these are neutral or of any other class; the rest is the mood's.
NEUTRAL_SHARE, WRONG_SHARE = 0.15, 0.10
HOLD_S = (0.5, 1.5)  # each picture stands so long: a face changes slowly
DARK = 0.07  # of the light that is left in a dark spell
BLUR_PX = 8.0  # sigma in a blurred spell
EDGE_PX = 4.0  # softness of a picture's edge


@dataclass(frozen=True, slots=True)
class Place:
    """Where a face is: its middle and its side, in pixels."""

    x: int
    y: int
    side: int


OWNER = Place(320, 225, 200)
GUESTS = Place(540, 215, 120), Place(95, 220, 110)


class Room:
    """Draws the script with pictures of the album. Times must rise from frame to frame."""

    def __init__(
        self, script: Script, album: FaceSet, seed: int, wrong_share: float = WRONG_SHARE
    ) -> None:
        self._script = script
        random = Random(seed)  # noqa: S311 - which picture comes next is no secret
        self._owner = _Person(OWNER, album, random, album.resting, wrong_share)
        neutral = album.pictures[Emotion.NEUTRAL]
        self._guests = tuple(
            _Person(place, album, random, neutral, wrong_share) for place in GUESTS
        )

    def frame_at(self, time_s: float) -> GrayImage:
        """uint8 (480, 640)."""
        frame = _wall().copy()
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
    """Somebody's stream of pictures."""

    def __init__(
        self,
        place: Place,
        album: FaceSet,
        random: Random,
        resting: tuple[GrayImage, ...],
        wrong_share: float,
    ) -> None:
        self._place, self._album, self._random = place, album, random
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
        """Lays the face that they make now into the frame."""
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
        chance = self._random.random()
        if chance < self._wrong_share:
            return self._random.choice([other for other in EMOTIONS if other is not mood])
        return Emotion.NEUTRAL if chance < self._wrong_share + NEUTRAL_SHARE else mood

    def _picture(self, shown: Emotion) -> GrayImage:
        some = self._resting if shown is Emotion.NEUTRAL else self._album.pictures[shown]
        side = self._place.side
        face = cv2.resize(self._random.choice(some), (side, side), interpolation=cv2.INTER_CUBIC)
        cover = _cover(side)
        wall = np.full((side, side), WALL, np.uint8)
        return np.asarray(cv2.blendLinear(face, wall, cover, 1 - cover), np.uint8)


@cache
def _wall() -> GrayImage:
    return np.full((HEIGHT_PX, WIDTH_PX), WALL, np.uint8)


@cache
def _cover(side: int) -> npt.NDArray[np.float32]:
    """1 in a picture, falling to 0 at its edges."""
    inner = np.zeros((side, side), np.float32)
    rim = round(1.5 * EDGE_PX)
    inner[rim:-rim, rim:-rim] = 1.0
    return np.asarray(cv2.GaussianBlur(inner, (0, 0), EDGE_PX), np.float32)
