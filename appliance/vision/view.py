"""Whether the camera's picture is fit for reading faces: turned, dark, blurred, covered, empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from appliance.images import turned
from appliance.records import CameraAdvice, GrayImage, Picture
from appliance.settings import FaceSettings
from appliance.vision.detectors import Detector
from appliance.vision.geometry import Detection

# For so long, and so often, pictures are looked at: somebody may turn their head; none is kept.
VIEWED_S, VIEW_EVERY_S = 1.5, 0.6
# Shares of white: below the first there is no light at all, below the second too little.
BLACK, DARK = 0.03, 0.12
# Below this standard deviation of 40 by 30 mean grays, nothing is before the lens but its cover.
# The bare wall of the demo reel, in even light, has 14.
UNIFORM = 2.0
# Below it edges are as soft as after a blur of 5 pixels in 640: of 60 pictures and films none that
# is sharp has less than 0.46; blurred by 4 pixels they have 0.29 to 0.45, by 6 at most 0.36.
SHARP = 0.38
# An edge is where the grays differ by so much; without at least this share of such places a picture
# has nothing to be sharp.
EDGE, ENOUGH_EDGES = 25.0, 0.005
# The faces of the right turn are surer by 0.04 and more, in sum; half of all turned heads are found
# as well (99 heads, photos and films).
SURER = 0.03
# The detector finds faces that lie on their side, too: those of another turn.
UPRIGHT_DEG = 45.0
# Faces from this height on are found, though too small to be read, to say so.
FAR_PX = 20
# A face's square of 20 cm, through a lens that sees 60° across: 1.15 m from a distance of 1 m.
FACE_M, LENS = 0.20, 1.15


@dataclass(frozen=True, slots=True)
class View:
    """What a picture is like.

    brightness: 0…1. is_uniform: it is the same gray everywhere. sharpness: of its sharpest edges,
    1 for an edge between two pixels; None without edges. turn_degrees: clockwise, which brings its
    faces upright. faces_px: their heights, the largest first; width_px: of the picture.
    """

    brightness: float
    is_uniform: bool
    sharpness: float | None
    turn_degrees: int
    faces_px: tuple[int, ...]
    width_px: int


def view_of(pictures: Sequence[Picture], detector: Detector, rules: FaceSettings) -> View:
    """What the last of some pictures is like; faces of all of them tell which way it is turned.

    pictures: at least one, of one size. detector: one that searches all of each picture at once.
    """
    last = pictures[-1]
    luma = last.luma
    sureness = [
        sum(
            face.score
            for picture in pictures
            for face in _found(detector, turned(picture, 90 * quarter), rules, rules.min_height_px)
            if abs(face.tilt) <= UPRIGHT_DEG
        )
        for quarter in range(4)
    ]
    best = max(range(4), key=sureness.__getitem__)
    quarter = best if sureness[best] > sureness[0] + SURER * len(pictures) else 0
    faces = _found(detector, turned(last, 90 * quarter), rules, FAR_PX)
    return View(
        brightness=float(luma.mean()) / 255,
        is_uniform=float(cv2.resize(luma, (40, 30), interpolation=cv2.INTER_AREA).std()) < UNIFORM,
        sharpness=_sharpness(luma),
        turn_degrees=90 * quarter,
        faces_px=tuple(sorted((round(face.side) for face in faces), reverse=True)),
        width_px=luma.shape[1],
    )


def advice(view: View, min_height_px: int, rotate_degrees: int) -> CameraAdvice:
    """What to do about the camera that shows this view.

    min_height_px: of a face that is read. rotate_degrees: as set at present.
    """
    if view.brightness < BLACK:
        return CameraAdvice(False, "it is black: take the cover off the lens, or switch on a light")
    if view.is_uniform:
        return CameraAdvice(False, "it is the same gray everywhere: take away what covers the lens")
    if view.turn_degrees:
        how = "upside down" if view.turn_degrees == 180 else "on its side"
        right = (rotate_degrees + view.turn_degrees) % 360
        return CameraAdvice(False, f"it is {how}: set camera.rotate_degrees = {right}")
    if view.sharpness is not None and view.sharpness < SHARP:
        return CameraAdvice(
            False, "it is out of focus: clean the lens, and turn it until edges are sharp"
        )
    if view.brightness < DARK:
        return CameraAdvice(True, "it is too dark to read faces well: switch on a light")
    return CameraAdvice(True, _who(view, min_height_px))


def _who(view: View, min_height_px: int) -> str:
    """Who is in sight, and how near somebody must come."""
    meters = FACE_M * view.width_px / (LENS * min_height_px)
    near = f"faces are read from {min_height_px} pixels on, up to about {meters:.1f} m away"
    read = [height for height in view.faces_px if height >= min_height_px]
    if read:
        count = "1 face" if len(read) == 1 else f"{len(read)} faces"
        return f"{count} in sight, {read[0]} pixels high"
    if view.faces_px:
        return f"a face of {view.faces_px[0]} pixels is too far away: come nearer; {near}"
    return f"nobody is in sight: sit down before the camera and check again; {near}"


def _found(
    detector: Detector, picture: Picture, rules: FaceSettings, min_height_px: int
) -> list[Detection]:
    found = detector.search(picture, [], min_score=rules.min_score, min_height_px=min_height_px)
    return [face for face in found if face.side >= min_height_px]


def _sharpness(luma: GrayImage) -> float | None:
    """How much of an edge lies between two pixels, at the sharpest edges of a picture, 0…1."""
    size = 320, 320 * luma.shape[0] // luma.shape[1]
    gray = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    around = np.ones((11, 11), np.uint8)
    span = cv2.dilate(gray, around) - cv2.erode(gray, around)
    across = cv2.filter2D(gray, -1, np.array([[-1.0, 0.0, 1.0]]))
    down = cv2.filter2D(gray, -1, np.array([[-1.0], [0.0], [1.0]]))
    edges = span > EDGE
    if edges.mean() < ENOUGH_EDGES:
        return None
    steepest = np.maximum(np.abs(across), np.abs(down))[edges] / span[edges]
    return float(np.percentile(steepest, 98))
