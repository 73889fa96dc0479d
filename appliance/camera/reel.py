"""The demo reel: a drawn film of two people who come by and show their feelings.

It shows no real person. The faces are composites, each the average of dozens of people (reel_faces,
convert/composites.py); room, hair and shoulders are drawn. It is the same in every run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import pi, sin

import cv2
import numpy as np
import numpy.typing as npt

from appliance.camera.reel_people import FACE_PX, MIDDLE, Appearance, Person, between, person
from appliance.records import Emotion, GrayImage

WIDTH_PX, HEIGHT_PX = 640, 480
MORPH_S = 2.0
WALK_S = 3.0

Transform = npt.NDArray[np.float64]  # (2, 3), as cv2.warpAffine takes it


@dataclass(frozen=True, slots=True)
class Visit:
    """One person's stay.

    feelings: (since when in seconds, emotion); the first holds from before the person is seen.
    from_left: whether they come from the left and leave to the left. x, y: where the middle of the
    face rests, in pixels of the frame; face_px: side of its FER-2013 square in the frame.
    """

    appearance: Appearance
    feelings: tuple[tuple[float, Emotion], ...]
    enters_s: float
    leaves_s: float
    from_left: bool
    x: float
    y: float
    face_px: float


ANNA = Appearance(hair=62, shirt=92, hair_px=190)
BEN = Appearance(hair=42, shirt=150, hair_px=100)

VISITS = (
    Visit(
        appearance=ANNA,
        feelings=(
            (0.0, Emotion.NEUTRAL),
            (26.0, Emotion.HAPPY),
            (46.0, Emotion.FEAR),
            (66.0, Emotion.SURPRISE),
        ),
        enters_s=4.0,
        leaves_s=86.0,
        from_left=True,
        x=270.0,
        y=225.0,
        face_px=190.0,
    ),
    Visit(
        appearance=BEN,
        feelings=((0.0, Emotion.HAPPY),),
        enters_s=30.0,
        leaves_s=42.0,
        from_left=False,
        x=490.0,
        y=235.0,
        face_px=140.0,
    ),
    Visit(
        appearance=BEN,
        feelings=((0.0, Emotion.SAD), (118.0, Emotion.ANGRY), (138.0, Emotion.DISGUST)),
        enters_s=96.0,
        leaves_s=158.0,
        from_left=False,
        x=350.0,
        y=225.0,
        face_px=180.0,
    ),
)
LENGTH_S = 168.0


def frame_at(time_s: float) -> GrayImage:
    """The picture at a time in seconds, uint8 (480, 640). The reel is a loop without an end."""
    time_s %= LENGTH_S
    frame = _room().copy()
    for visit in sorted(VISITS, key=lambda visit: visit.face_px):  # the nearer hides the farther
        if visit.enters_s < time_s < visit.leaves_s + WALK_S:
            _merge(frame, _person(visit, time_s), _place(visit, time_s))
    return grainy(frame, int(time_s * 30))


def grainy(frame: GrayImage, number: int) -> GrayImage:
    """A frame with a camera's noise, uint8 (480, 640).

    frame: the same without noise. number: of the frame; four kinds of noise take turns.
    """
    lighter, darker = _grain(number % 4)
    return np.asarray(cv2.subtract(cv2.add(frame, lighter), darker), np.uint8)


def truth_at(time_s: float) -> tuple[Emotion, ...]:
    """The emotions of the faces that are wholly in the picture at a time in seconds.

    In the middle of a change from one emotion to another it becomes the new one.
    """
    time_s %= LENGTH_S
    return tuple(
        _feelings(visit, time_s - MORPH_S / 2)[1]
        for visit in VISITS
        if visit.face_px / 2 <= _walk(visit, time_s) <= WIDTH_PX - visit.face_px / 2
    )


def _person(visit: Visit, time_s: float) -> Person:
    before, now, share = _feelings(visit, time_s)
    if share == 1.0:
        return person(visit.appearance, now)
    return between(visit.appearance, before, now, share)


def _feelings(visit: Visit, time_s: float) -> tuple[Emotion, Emotion, float]:
    """The emotion before, the one now, and how far the face has come from one to the other, 0…1."""
    now = max(n for n, (since_s, _) in enumerate(visit.feelings) if n == 0 or since_s <= time_s)
    since_s, emotion = visit.feelings[now]
    return visit.feelings[max(0, now - 1)][1], emotion, _eased((time_s - since_s) / MORPH_S)


def _walk(visit: Visit, time_s: float) -> float:
    """The x of the visitor's face in pixels: coming in, at its place or going out."""
    # The shoulders are wider than the face.
    beyond = 1.25 * visit.face_px
    outside = -beyond if visit.from_left else WIDTH_PX + beyond
    coming = _eased((time_s - visit.enters_s) / WALK_S)
    going = _eased((time_s - visit.leaves_s) / WALK_S)
    return outside + (visit.x - outside) * (coming - going)


def _place(visit: Visit, time_s: float) -> Transform:
    """Maps the person's pixels to the frame's; the person sways and nods a little."""
    across = _walk(visit, time_s)
    steps = 0.0 if across == visit.x else 6.0 * sin(2 * pi * time_s / 0.6)
    x = across + 5.0 * sin(2 * pi * time_s / 7.1)
    y = visit.y + steps + 3.0 * sin(2 * pi * time_s / 5.3)
    scale = visit.face_px / FACE_PX * (1.0 + 0.02 * sin(2 * pi * time_s / 11.0))
    tilt_degrees = 2.5 * sin(2 * pi * time_s / 9.0)
    place = np.asarray(cv2.getRotationMatrix2D(MIDDLE, tilt_degrees, scale), np.float64)
    place[:, 2] += x - MIDDLE[0], y - MIDDLE[1]
    return place


def _eased(share: float) -> float:
    share = min(1.0, max(0.0, share))
    return share * share * (3.0 - 2.0 * share)


def _merge(frame: GrayImage, visitor: Person, place: Transform) -> None:
    """Draws a person into the frame. place: maps the person's pixels to the frame's."""
    height, width = visitor.gray.shape
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]])
    xs, ys = place @ corners.T
    left, right = (int(np.clip(x, 0, WIDTH_PX)) for x in (xs.min(), xs.max() + 1))
    top, bottom = (int(np.clip(y, 0, HEIGHT_PX)) for y in (ys.min(), ys.max() + 1))
    if left == right or top == bottom:
        return
    moved = place - np.array([[0, 0, left], [0, 0, top]])
    gray, cover = (
        cv2.warpAffine(plane, moved, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
        for plane in (visitor.gray, visitor.cover)
    )
    below = frame[top:bottom, left:right]
    below[:] = cv2.blendLinear(below, gray, 1 - cover, cover)


@cache
def _room() -> GrayImage:
    """A plain wall, lit from the upper left."""
    y, x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)
    light = 178 - 0.07 * x - 0.05 * y + 22 * np.exp(-((x - 150) ** 2 + (y - 90) ** 2) / 60000)
    return np.asarray(light, np.uint8)


@cache
def _grain(number: int) -> tuple[GrayImage, GrayImage]:
    """A camera's noise, two planes of uint8 (480, 640): what it adds and what it takes away."""
    noise = np.random.default_rng(number).normal(0, 2.0, (HEIGHT_PX, WIDTH_PX))
    lighter, darker = np.clip(noise, 0, None), np.clip(-noise, 0, None)
    return lighter.round().astype(np.uint8), darker.round().astype(np.uint8)
