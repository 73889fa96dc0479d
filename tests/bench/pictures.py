"""Pictures that are taken for people, and people who are taken for pictures.

python tests/bench/pictures.py [--data ../shared/data] [--heads 6] [--odd] [--json]

Heads are whole heads of people.zip, at even places of its sorted names (`--odd`: at the odd ones,
on which the thresholds were chosen), 60, 90 and 140 pixels large, drawn into frames with a camera's
noise, most of them with a webcam's JPEG blocks. Posters hang for ten minutes: still, swaying in a
draught, and under light that is switched and drifts, before a camera that sets its exposure. People
sit for as long (`--minutes`), sway by a pixel and blink every 2 to 10 s. "clips": the calmest 5 s
of each shared video, shown to and fro. Faces come from the jukebox's own detector and tracker.

For posters the share of the time after two minutes in which they are taken for people, for people
the share of all the time in which they are taken for pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from math import cos, pi, radians, sin
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from appliance.build import build_faces
from appliance.camera.reel_people import FACE_AT, FACE_PX, Appearance, person
from appliance.records import Box, Emotion, Face, Frame, GrayImage
from appliance.settings import Settings
from appliance.vision.detectors import EVERYWHERE
from appliance.vision.stillness import Stillness

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
POSTERS = ("hung", "swaying", "relit")
SIDES_PX = (60, 90, 140)
WIDTH_PX, HEIGHT_PX = 320, 240
AFTER_S = 120.0
# Where the eyes are in a FER-2013 square, and how large they are, in its sides.
EYES, EYE_ACROSS, EYE_HIGH = ((0.31, 0.40), (0.69, 0.40)), 0.125, 0.05

Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Head:
    """A head with open and with closed eyes, uint8 (height, width). box: of its face."""

    gray: GrayImage
    closed: GrayImage
    box: Box


def composite_head(emotion: Emotion = Emotion.NEUTRAL) -> Head:
    """A head that is nobody's: of the demo reel, before a wall."""
    drawn = person(Appearance(hair=62, shirt=92, hair_px=100), emotion)
    wall = np.full_like(drawn.gray, 150)
    gray = np.asarray(cv2.blendLinear(drawn.gray, wall, drawn.cover, 1 - drawn.cover), np.uint8)
    box = Box(*FACE_AT, FACE_PX, FACE_PX)
    return Head(gray, _with_closed_eyes(gray, box, _usual_eyes(box)), box)


def head_of(gray: GrayImage) -> Head | None:
    """The largest head in a picture; None if no face is found in it."""
    height, width = gray.shape
    border = (height // 2, height // 2, width // 2, width // 2)
    wide = np.asarray(cv2.copyMakeBorder(gray, *border, cv2.BORDER_REPLICATE), np.uint8)
    detector = build_faces(Settings(), squares_per_search=EVERYWHERE)
    if not (faces := detector.find(Frame(0.0, 0.0, wide))):
        return None
    found = max(faces, key=lambda face: face.box.height).box
    box = Box(found.x - width // 2, found.y - height // 2, found.width, found.height)
    return Head(gray, _with_closed_eyes(gray, box, _eyes(gray, box)), box)


def _usual_eyes(box: Box) -> list[tuple[float, float]]:
    return [(box.x + x * box.width, box.y + y * box.width) for x, y in EYES]


def _eyes(gray: GrayImage, box: Box) -> list[tuple[float, float]]:
    """The middles of the eyes: where OpenCV's cascade finds them, else at the usual places."""
    file = Path(cv2.__file__).parent / "data" / "haarcascade_eye.xml"
    least = round(0.15 * box.width)
    found = cv2.CascadeClassifier(str(file)).detectMultiScale(gray, 1.05, 3, 0, (least, least))
    eyes = _usual_eyes(box)
    for x, y, width, height in found:
        middle = x + width / 2, y + height / 2
        for number, usual in enumerate(_usual_eyes(box)):
            if max(abs(middle[0] - usual[0]), abs(middle[1] - usual[1])) < 0.12 * box.width:
                eyes[number] = middle
    return eyes


def _with_closed_eyes(gray: GrayImage, box: Box, eyes: Sequence[tuple[float, float]]) -> GrayImage:
    """The head with lids over its eyes: skin from above to below them, and a line of lashes."""
    closed = gray.astype(np.float32)
    across, high = EYE_ACROSS * box.width, EYE_HIGH * box.width
    for x, y in eyes:
        top, bottom = int(y - 1.6 * high), int(y + 1.9 * high) + 1
        left, right = int(x - 1.2 * across), int(x + 1.2 * across) + 1
        rows, columns = np.mgrid[top:bottom, left:right].astype(np.float32)
        above = cv2.blur(closed[top - 2 : top + 1, left:right], (5, 1)).mean(0)
        below = closed[bottom - 1 : bottom + 2, left:right].mean(0)
        down = (rows - top) / (bottom - 1 - top)
        skin = np.maximum(above, np.percentile(above, 60)) * (1 - down) + below * down
        lashes = np.exp(-(((rows - y - 0.6 * high) / (0.012 * box.width + 0.5)) ** 2))
        lid = skin * (1 - 0.45 * lashes)
        away = ((columns - x) / across) ** 2 + ((rows - y) / (1.5 * high)) ** 2
        cover = np.clip(1.6 - 1.6 * away, 0, 1)
        place = closed[top:bottom, left:right]
        place[:] = place * (1 - cover) + lid * cover
    return closed.clip(0, 255).astype(np.uint8)


class Scene:
    """A head on a wall. kind: one of POSTERS, or "person". side_px: of the face in the frame.

    jpeg: the quality of a webcam's JPEG, 0 for none.
    """

    def __init__(self, head: Head, kind: str, side_px: int, seed: int, jpeg: int = 0) -> None:
        self._head, self._kind, self._side_px, self._jpeg = head, kind, side_px, jpeg
        self._random = random = np.random.default_rng(seed)
        rough = random.normal(130, 22, (8, 10)).clip(20, 230).astype(np.float32)
        size = WIDTH_PX, HEIGHT_PX
        self._wall: Pixels = cv2.resize(rough, size, interpolation=cv2.INTER_CUBIC)
        self._x = WIDTH_PX / 2 + random.uniform(-20, 20)
        self._y = HEIGHT_PX / 2 + random.uniform(-10, 10)
        self._phases = random.uniform(0, 2 * pi, 4)
        self._blink_s, self._blink_lasts_s = random.uniform(1, 8), 0.25
        self._switched_s, self._light = 0.0, (1.0, 0.0, 0.0)
        self._exposure = 1.0

    @property
    def box(self) -> Box:
        """Where the face is, if it does not sway."""
        side = self._side_px
        return Box(round(self._x - side / 2), round(self._y - side / 2), side, side)

    def frame_at(self, time_s: float) -> GrayImage:
        """The frame of this moment, uint8 (240, 320); times must rise."""
        lid = self._lid(time_s) if self._kind == "person" else 0.0
        head = cv2.addWeighted(self._head.gray, 1 - lid, self._head.closed, lid, 0)
        frame = self._drawn(head, self._place(time_s))
        if self._kind == "relit":
            frame = self._relit(frame, time_s)
        spread = np.sqrt(1.5 + 0.03 * frame.clip(0, 255))  # 2.1 at 100: reading, and shot noise
        frame = frame + self._noise() * spread
        luma = frame.clip(0, 255).astype(np.uint8)
        if self._jpeg:
            content = cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, self._jpeg])[1]
            luma = np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), np.uint8)
        return luma

    def _noise(self) -> Pixels:
        """One of 96 planes of noise with a standard deviation of 1."""
        plane = _planes()[self._random.integers(24)]
        across, down = self._random.integers(0, 2, 2)
        return plane[:: 2 * int(down) - 1, :: 2 * int(across) - 1]

    def _lid(self, time_s: float) -> float:
        """How far the eyes are closed, 0…1. They close in 0.07 s and open in 0.11."""
        if time_s > self._blink_s + self._blink_lasts_s:
            self._blink_s = time_s + self._random.uniform(2, 10)
            self._blink_lasts_s = self._random.uniform(0.18, 0.35)
        over = (time_s - self._blink_s) / self._blink_lasts_s
        return min(1.0, over / 0.3, (1 - over) / 0.45) if 0 < over < 1 else 0.0

    def _place(self, time_s: float) -> npt.NDArray[np.float64]:
        """Maps the head's pixels to the frame's."""
        across = down = degrees = 0.0
        narrower = 1.0
        one, two, three, four = self._phases
        if self._kind == "swaying":
            gust = 0.5 + 0.5 * sin(time_s / 17 + four)
            swing = sin(2 * pi * time_s / 2.7 + one) + 0.3 * sin(2 * pi * time_s / 1.1 + two)
            across, degrees = 3 * gust * swing, 1.5 * gust * swing
            narrower = 1 - 0.03 * gust * abs(sin(2 * pi * time_s / 4.1 + three))
        elif self._kind == "person":
            across = 0.7 * sin(2 * pi * time_s / 4.3 + one) + 0.4 * sin(2 * pi * time_s / 1.9 + two)
            down = 0.6 * sin(2 * pi * time_s / 3.7 + three)
        box = self._head.box
        scale = self._side_px / box.width
        right, below = scale * cos(radians(degrees)), scale * sin(radians(degrees))
        turn = np.array([[narrower * right, -below], [narrower * below, right]])
        middle = np.array([box.x + box.width / 2, box.y + box.height / 2])
        there = np.array([self._x + across, self._y + down])
        return np.column_stack([turn, there - turn @ middle])

    def _drawn(self, head: GrayImage, place: npt.NDArray[np.float64]) -> Pixels:
        scale = self._side_px / self._head.box.width
        if scale < 0.75:  # as a lens does
            head = np.asarray(cv2.GaussianBlur(head, (0, 0), 0.45 / scale), np.uint8)
        size = WIDTH_PX, HEIGHT_PX
        drawn = cv2.warpAffine(head.astype(np.float32), place, size)
        cover = cv2.warpAffine(np.ones(head.shape, np.float32), place, size)
        return np.asarray(self._wall * (1 - cover) + drawn * cover, np.float32)

    def _relit(self, frame: Pixels, time_s: float) -> Pixels:
        """Lamps go on and off, the sun moves, and the exposure follows."""
        if time_s > self._switched_s:
            self._switched_s = time_s + self._random.uniform(20, 80)
            random = self._random
            self._light = random.uniform(0.35, 1.25), *random.uniform(-0.35, 0.35, 2)
        lamp, right, down = self._light
        x, y = np.linspace(-1, 1, WIDTH_PX), np.linspace(-1, 1, HEIGHT_PX)[:, np.newaxis]
        light = lamp * (1 + 0.15 * sin(time_s / 37)) * (1 + right * x + down * y)
        lit = frame * light
        wanted = min(1.8, max(0.6, 120 / max(20.0, float(lit.mean()))))
        self._exposure += 0.15 * (wanted - self._exposure)
        return np.asarray(lit * self._exposure, np.float32)


@cache
def _planes() -> Pixels:
    noise = np.random.default_rng(0).standard_normal((24, HEIGHT_PX, WIDTH_PX), np.float32)
    return np.asarray(noise, np.float32)


def watched(
    frames: Iterator[tuple[float, GrayImage]], height_px: int = 40
) -> Iterator[tuple[float, bool, bool]]:
    """Of each frame its time, whether a face is seen, and whether it is taken for a picture."""
    rules = replace(Settings().faces, min_height_px=height_px)
    detector, stillness = build_faces(Settings(faces=rules)), Stillness()
    for time_s, luma in frames:
        frame = Frame(time_s, 0.0, luma)
        faces: Sequence[Face] = detector.find(frame)
        pictures = stillness.pictures(frame, faces)
        yield time_s, bool(faces), bool(faces) and all(face.track in pictures for face in faces)


def film(
    scene: Scene, minutes: float, frames_per_second: float
) -> Iterator[tuple[float, GrayImage]]:
    """The frames of a scene with their times."""
    for number in range(round(60 * minutes * frames_per_second)):
        yield number / frames_per_second, scene.frame_at(number / frames_per_second)


def to_and_fro(
    clip: Sequence[GrayImage], clip_rate: float, minutes: float, frames_per_second: float
) -> Iterator[tuple[float, GrayImage]]:
    """The frames of a film that shows a clip forwards, backwards, forwards …"""
    for number in range(round(60 * minutes * frames_per_second)):
        time_s = number / frames_per_second
        at = int(time_s * clip_rate) % max(1, 2 * len(clip) - 2)
        yield time_s, clip[min(at, 2 * len(clip) - 2 - at)]


def calmest(path: Path, seconds: float = 5.0) -> tuple[list[GrayImage], float]:
    """The part of a video in which the least moves, and its frames per second."""
    capture = cv2.VideoCapture(str(path))
    rate, frames = capture.get(cv2.CAP_PROP_FPS) or 10.0, []
    while (read := capture.read())[0]:
        frames.append(np.asarray(cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY), np.uint8))
    length = min(len(frames), round(seconds * rate))
    moves = [cv2.norm(a, b, cv2.NORM_L1) for a, b in pairwise(frames)]
    starts = range(len(frames) - length + 1)
    first = min(starts, key=lambda start: sum(moves[start : start + length - 1]))
    return frames[first : first + length], rate


def as_person(frames: Iterator[tuple[float, GrayImage]]) -> float:
    """The share of the time after two minutes in which a person is seen, 0…1."""
    late = [seen and not picture for time_s, seen, picture in watched(frames) if time_s >= AFTER_S]
    return sum(late) / len(late)


def as_picture(frames: Iterator[tuple[float, GrayImage]]) -> float:
    """The share of the time in which a picture is seen, 0…1."""
    taken = [picture for _, _, picture in watched(frames)]
    return sum(taken) / len(taken)


def heads_of(people: Path, count: int, *, odd: bool) -> list[Head]:
    """Heads from even or odd places of the sorted names, evenly chosen."""
    with zipfile.ZipFile(people) as archive:
        names = sorted(n for n in archive.namelist() if n.endswith((".jpg", ".png")))
        mine = names[1 if odd else 0 :: 2]
        chosen = mine[len(mine) // count // 2 :: len(mine) // count][:count]
        found = [head_of(_gray(archive.read(name))) for name in chosen]
    return [head for head in found if head is not None]


def _gray(content: bytes) -> GrayImage:
    pixels = np.frombuffer(content, np.uint8)
    return np.asarray(cv2.imdecode(pixels, cv2.IMREAD_GRAYSCALE), np.uint8)


def main() -> int:
    """Prints a line for each kind of film. 1 if there are no data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--heads", type=int, default=6)
    parser.add_argument("--odd", action="store_true")
    parser.add_argument("--minutes", type=float, default=10.0, help="of people")
    parser.add_argument("--rate", type=float, default=5.0, help="frames per second")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    if not (asked.data / "people.zip").exists():
        print(f"{asked.data}: no people.zip", file=sys.stderr)
        return 1
    shares = measured(asked)
    if asked.json:
        print(json.dumps(shares))
        return 0
    for what, found in shares.items():
        wrong = "as a picture" if what.startswith(("person", "clips")) else "as a person"
        mean, worst = sum(found) / len(found), max(found)
        print(f"{what:18} {len(found):2} films, {wrong} {mean:.1%}, at worst {worst:.1%}")
    return 0


def measured(asked: argparse.Namespace) -> dict[str, list[float]]:
    """The share of each film, by its kind. asked: the options."""
    shares: dict[str, list[float]] = defaultdict(list)

    def note(what: str, share: float) -> None:
        shares[what].append(share)
        print(f"{what}: {share:.2%}", file=sys.stderr, flush=True)

    for number, head in enumerate(heads_of(asked.data / "people.zip", asked.heads, odd=asked.odd)):
        for side in SIDES_PX:
            jpeg = (0, 50, 70, 85)[(number + side // 10) % 4]
            for kind in POSTERS:
                scene = Scene(head, kind, side, number, jpeg)
                note(f"{kind}, {side} px", as_person(film(scene, 10.0, asked.rate)))
            scene = Scene(head, "person", side, number, jpeg)
            note(f"person, {side} px", as_picture(film(scene, asked.minutes, asked.rate)))
    videos = sorted(p for p in (asked.data / "video").rglob("*") if p.suffix in {".mkv", ".gif"})
    for path in videos:
        clip, rate = calmest(path)
        note("clips", as_picture(to_and_fro(clip, rate, asked.minutes, asked.rate)))
    return shares


if __name__ == "__main__":
    sys.exit(main())
