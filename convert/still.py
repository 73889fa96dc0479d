"""On which mood the jukebox settles before people who sit still, each with one unchanging face.

    python -m convert.still --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --photos ../shared/data/detect_faces.zip

A network is judged on fresh faces, but an owner sits before the camera with one face for an hour.
So each face here is seen for half a minute, with the noise of a camera and a sway of a pixel, by
the jukebox's own detector, tracker, network and mood filter. The faces: 24 of PublicTest that the
crowd calls neutral with one voice, as they are, tilted, and with drawn glasses; and faces with a
mask in photos.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from appliance.decide.mood import HmmMoodFilter
from appliance.errors import ModelError
from appliance.records import Frame, GrayImage, Mood, Picture
from appliance.settings import FaceSettings, MoodSettings
from appliance.vision.cards import MODELS
from appliance.vision.detectors import BlazeFace
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.faces import FollowingFaceDetector
from appliance.vision.tracker import FaceTracker
from convert import data, detect, room
from convert.pictures import DataError

PEOPLE = 24
TILTS = (0, 25, 35, 45, 60)
SECONDS, FRAMES_PER_SECOND = 20, 5
WIDTH_PX, HEIGHT_PX, FACE_PX = 640, 480, 160  # of the frame, and of a face in it
NOISE, SWAY_PX = 2.0, 1.0
NOISE_PX = 800  # side of a field of noise, of which a frame gets a part
MASKED = "good"  # what the photos call a face with a mask
LEAST_MASK_PX = 64
UNSETTLED = "uncertain"

Disturb = Callable[[GrayImage, np.random.Generator], GrayImage]


class Room:
    """A jukebox with one person after another before it. Raises ModelError."""

    def __init__(self, model: Path = MODELS / "emotion_int8_single.tflite") -> None:
        self._classifier = EmotionClassifier(model, in_turn=True)
        self._tracker = FaceTracker(MODELS / "tracker_float32.tflite")

    def moods(self, picture: GrayImage, rng: np.random.Generator) -> list[Mood]:
        """The mood after each frame. picture: uint8 (height, width), what the camera sees."""
        rules = FaceSettings()
        faces = FollowingFaceDetector(
            BlazeFace(closer="int8"),
            self._tracker,
            min_score=rules.min_score,
            min_height_px=rules.min_height_px,
            search_every_s=rules.search_every_s,
        )
        mood = HmmMoodFilter(MoodSettings(), self._classifier.priors)
        moods = []
        for number in range(SECONDS * FRAMES_PER_SECOND):
            time_s = number / FRAMES_PER_SECOND
            frame = Frame(time_s, time_s, _seen(picture, rng))
            scores = self._classifier.classify(frame, faces.find(frame))
            moods.append(mood.update(time_s, scores))
        return moods


def settled(moods: Sequence[Mood]) -> str:
    """The mood at the end, "uncertain" or "nobody"."""
    last = moods[-1]
    return str(last.emotion or (last.state if last.state == "nobody" else UNSETTLED))


def in_a_room(face: GrayImage, degrees: float = 0.0) -> GrayImage:
    """A frame with the face in its middle, tilted against the clock: uint8 (480, 640)."""
    side = face.shape[0]
    middle = (side - 1) / 2, (side - 1) / 2
    place = np.asarray(cv2.getRotationMatrix2D(middle, degrees, FACE_PX / side), np.float64)
    place[:, 2] += (WIDTH_PX - side) / 2, (HEIGHT_PX - side) / 2
    frame = np.full((HEIGHT_PX, WIDTH_PX), 110, np.uint8)
    size = WIDTH_PX, HEIGHT_PX
    cover = cv2.warpAffine(np.ones(face.shape, np.float32), place, size)
    laid = cv2.warpAffine(face, place, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.blendLinear(laid, frame, cover, 1 - cover), np.uint8)


def neutral_faces(faces: data.Faces, votes: data.Votes, count: int = PEOPLE) -> list[GrayImage]:
    """The first faces of PublicTest that nine of ten call neutral and that are found as they are.

    Raises DataError if there are fewer.
    """
    tested = data.select_split(faces, "PublicTest")
    ballots = data.join_votes(tested, votes)
    share = ballots[:, data.VOTE_COLUMNS.index("neutral")] / np.maximum(ballots.sum(axis=1), 1)
    find = detect.finder("blazeface", FaceSettings().min_score, FaceSettings().min_height_px)
    found: list[GrayImage] = []
    for image in tested.images[share >= 0.9]:
        if len(find(Picture(in_a_room(image)))) == 1:
            found.append(image)
        if len(found) == count:
            return found
    raise DataError(f"only {len(found)} neutral faces of {count}")


def masked_faces(photos: Iterable[detect.Photo]) -> list[GrayImage]:
    """Frames around the faces with a mask that the detector finds, uint8 (480, 640)."""
    find = detect.finder("blazeface", FaceSettings().min_score, FaceSettings().min_height_px)
    frames = []
    for photo in photos:
        for box in photo.boxes:
            if box.kind != MASKED or box.height < LEAST_MASK_PX:
                continue
            frame = _around(photo.luma, box)
            if len(find(Picture(frame))) == 1:
                frames.append(frame)
    return frames


def report(moods: dict[str, list[str]]) -> list[str]:
    """One line for each kind of faces: how many settled on what."""
    return [
        f"{kind:12}" + ", ".join(f"{name} {count}" for name, count in Counter(found).most_common())
        for kind, found in moods.items()
    ]


def _around(luma: GrayImage, box: detect.Annotated) -> GrayImage:
    """The face with its surroundings, as large as FACE_PX in a frame; the photo's edge repeats."""
    scale = FACE_PX / (1.15 * box.height)
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    place = np.array([[scale, 0, WIDTH_PX / 2 - scale * x], [0, scale, HEIGHT_PX / 2 - scale * y]])
    size = WIDTH_PX, HEIGHT_PX
    return np.asarray(cv2.warpAffine(luma, place, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _seen(picture: GrayImage, rng: np.random.Generator) -> GrayImage:
    sway = np.array([[1, 0, rng.normal(0, SWAY_PX)], [0, 1, rng.normal(0, SWAY_PX)]])
    moved = cv2.warpAffine(picture, sway, picture.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    # Noise of the same few values each time, elsewhere: new noise would take most of the time.
    height, width = picture.shape
    left, top = rng.integers(0, NOISE_PX - width), rng.integers(0, NOISE_PX - height)
    return np.asarray(cv2.add(moved, _noise()[top : top + height, left : left + width], dtype=0))


@cache
def _noise() -> npt.NDArray[np.int16]:
    noise = np.random.default_rng(0).normal(0, NOISE, (NOISE_PX, NOISE_PX))
    return np.asarray(np.rint(noise), np.int16)


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 judged, 1 data or model that cannot be used, 2 usage."""
    options = _options(arguments)
    try:
        jukebox = Room(options.model)
        faces = neutral_faces(data.load_emotions(options.data), data.load_votes(options.votes))
        frames = disturbed(faces)
        if options.photos:
            # The network learned what a mask is from the other photos (quality.py).
            frames["masks"] = masked_faces(detect.load_photos(options.photos)[1::2])
    except (DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return 1
    moods = {kind: _settled(jukebox, shown, kind) for kind, shown in frames.items()}
    if options.json:
        print(json.dumps({kind: dict(Counter(found)) for kind, found in moods.items()}))
    else:
        print("\n".join(report(moods)))
    return 0


def disturbed(faces: Sequence[GrayImage]) -> dict[str, list[GrayImage]]:
    """Frames with these faces tilted, and with glasses, a mask and a hand drawn on them."""
    frames = {f"tilt {tilt}": [in_a_room(face, tilt) for face in faces] for tilt in TILTS}
    drawn: dict[str, Disturb] = {
        "glasses": room.glasses, "drawn mask": room.mask, "hand": room.hand
    }  # fmt: skip
    for kind, draw in drawn.items():
        rng = np.random.default_rng(0)
        frames[kind] = [in_a_room(draw(face, rng)) for face in faces]
    return frames


def _settled(jukebox: Room, frames: Sequence[GrayImage], kind: str) -> list[str]:
    rng = np.random.default_rng(0)
    return [settled(jukebox.moods(frame, rng)) for frame in tqdm(frames, kind, disable=None)]


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "convert.still", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="FER-2013: zip, folder or CSV")
    parser.add_argument("--votes", type=Path, required=True, help="FER+: either CSV")
    parser.add_argument("--photos", type=Path, help="with an annotations.json that knows masks")
    running = MODELS / "emotion_int8_single.tflite"
    parser.add_argument("--model", type=Path, default=running, help="of a single view")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
