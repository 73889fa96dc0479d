"""How soon a second person is seen who comes into the picture while another is followed.

python tests/bench/newcomers.py [--count 60] [--faces ../shared/data/fer2013.zip] [--least 24]

Trials run at 10 frames a second on drawn pictures: a wall, a camera's noise, a face of the demo
reel that is followed and nods, and after about three seconds another face, which comes in from the
right within a second and stays. "still": nothing else moves. "busy": the clothes of the followed
person change in every frame. The times count from the moment when the newcomer stands still, for
12 s at the most. "sofa": somebody walks in who is as small as people are at 3.5 m, with a body,
which moves, too. --faces: pictures of PublicTest, not the reel's. --least: faces.min_height_px.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from appliance.build import build_faces
from appliance.records import EMOTIONS, Box, Emotion, Frame, GrayImage
from appliance.rehearsal.face_set import FaceSet, composites, load
from appliance.settings import FaceSettings, Settings

RATE, BEFORE_S, AFTER_S, COMES_IN_S = 10.0, 3.0, 12.0, 0.8
FIRST = Box(180, 160, 150, 150)
SIZES_PX = {"near": (90, 200), "far": (44, 66), "sofa": (24, 29)}
WALKS_PX_S = 190.0  # somebody 3.5 m away, where the picture shows 4 m
NOISE = 2.0


def main() -> int:
    """Prints a line for each kind of newcomer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="trials of each")
    parser.add_argument("--faces", type=Path, help="FER-2013 as SPLIT/CLASS/ROW.png")
    parser.add_argument("--least", type=int, default=FaceSettings().min_height_px)
    parser.add_argument("--sizes", nargs="*", default=list(SIZES_PX), choices=SIZES_PX)
    chosen = parser.parse_args()
    count = chosen.count
    faces = load(chosen.faces, "PublicTest") if chosen.faces else composites()
    settings = Settings(faces=FaceSettings(min_height_px=chosen.least))
    cv2.setNumThreads(1)
    for size, busy in [(size, busy) for size in chosen.sizes for busy in (False, True)]:
        waited = np.array([wait_s(seed, size, faces, settings, busy=busy) for seed in range(count)])
        half, most = np.percentile(waited, [50, 90], method="higher")
        print(
            f"{size}, {'busy' if busy else 'still'}: half of {count} within {half:.1f} s, nine of "
            f"ten within {most:.1f} s, {np.isinf(waited).mean():.0%} not at all"
        )
    return 0


def wait_s(seed: int, size: str, pictures: FaceSet, settings: Settings, *, busy: bool) -> float:
    """Seconds from a newcomer's arrival until there are two faces; infinity if that never was."""
    random = np.random.default_rng(seed)
    faces = build_faces(settings)
    arrived_s = BEFORE_S + random.uniform(0.0, 1.0)
    for luma, time_s in film(random, size, arrived_s, pictures, busy=busy):
        seen = faces.find(Frame(time_s, 0.0, luma))
        if time_s >= arrived_s and len(seen) > 1:
            return max(0.0, time_s - arrived_s)
    return float("inf")


def film(
    random: np.random.Generator, size: str, arrived_s: float, pictures: FaceSet, *, busy: bool
) -> Iterator[tuple[GrayImage, float]]:
    """The pictures of a trial, uint8 (480, 640), each with its time in seconds."""
    wall = cv2.resize(_texture(random, (24, 32)), (640, 480), interpolation=cv2.INTER_CUBIC)
    first, other = (_face(random, pictures, name) for name in random.choice(EMOTIONS, 2))
    shirt, hair = (int(gray) for gray in random.integers(20, 230, 2))
    side = int(random.integers(*SIZES_PX[size]))
    top = int(random.integers(10, (470 if size != "sofa" else 250) - side))
    left = int(random.integers(350, 635 - side))
    comes_in_s = (640 - left) / WALKS_PX_S if size == "sofa" else COMES_IN_S
    for number in range(round((BEFORE_S + AFTER_S) * RATE)):
        time_s = number / RATE
        luma = wall.copy()
        if busy:
            luma[330:480, 130:380] = cv2.resize(_texture(random, (6, 10)), (250, 150))
        nod = round(4 * np.sin(2 * time_s))
        _put(luma, first, Box(FIRST.x, FIRST.y + nod, FIRST.width, FIRST.height))
        if (to_go := (arrived_s - time_s) / comes_in_s) < 1.0:
            at = left + round(max(0.0, to_go) * (640 - left))
            box = Box(at, top, side, side)
            if size == "sofa":
                _put_body(luma, box, shirt, hair)
            _put(luma, other, box)
        noisy = luma + random.normal(0.0, NOISE, luma.shape)
        yield noisy.clip(0, 255).astype(np.uint8), time_s


def _put_body(luma: GrayImage, face: Box, shirt: int, hair: int) -> None:
    """Draws a head and what is below it, of one gray each."""
    x, y, side = face.x + face.width // 2, face.y + face.height // 2, face.width
    trunk = (x - round(1.1 * side), face.y + side), (x + round(1.1 * side), face.y + 7 * side)
    cv2.rectangle(luma, *trunk, [shirt], -1)
    cv2.ellipse(luma, (x, y), (round(0.6 * side), round(0.72 * side)), 0, 0, 360, [hair], -1)


def _texture(random: np.random.Generator, shape: tuple[int, int]) -> GrayImage:
    return random.normal(120, 25, shape).clip(0, 255).astype(np.uint8)


def _face(random: np.random.Generator, pictures: FaceSet, name: str) -> GrayImage:
    some = pictures.pictures[Emotion(name)]
    return some[int(random.integers(len(some)))]


def _put(luma: GrayImage, face: GrayImage, box: Box) -> None:
    """Draws the part of a face that is inside the picture."""
    right = min(box.x + box.width, luma.shape[1])
    if right > box.x:
        whole = cv2.resize(face, (box.width, box.height), interpolation=cv2.INTER_AREA)
        luma[box.y : box.y + box.height, box.x : right] = whole[:, : right - box.x]


if __name__ == "__main__":
    sys.exit(main())
