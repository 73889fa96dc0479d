"""BlazeFace's network: one square of a picture → the faces in it."""

from __future__ import annotations

from dataclasses import replace
from math import atan2, cos, degrees, exp, hypot, log, radians, sin
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from appliance.errors import ModelError
from appliance.records import Box
from appliance.vision.cards import REPAIR, card_path, checked_bytes, read_card
from appliance.vision.geometry import Detection, square_around, straightening
from appliance.vision.interpreter import Interpreter
from appliance.vision.pixels import Pixels

# From the detector's box to FER-2013's square: side × 1.17, centre 0.105 sides up. Median over
# 793 Training pictures pasted four times enlarged into gray squares three times their size
# (quartiles ±0.11 and ±0.04). Haar's boxes in 155 photos of faces say 1.167 and 0.104.
SIDE, UP = 1.17, 0.105
# Cells of 8 and of 16 pixels, and the anchors of each.
# The numbers of an anchor: a box, then points, of which these are used: right eye, left eye, nose.
BOX, POINTS = slice(0, 4), slice(4, 10)
# A head that a turned picture shows upright is in its middle, and tilted by so little: of 72 people
# by 18 degrees at most, things by more (docs/lab-notebook.md).
UPRIGHT_DEG, MIDDLE = 20.0, 0.2
CELLS_PX = ((8, 2), (16, 6))
SIZES_PX = (64, 128)


class Network:
    """One of BlazeFace's files: for gray pictures, or for three colours, as published.

    content: of the file. name: of the file, for messages. size_px: side of the input, 64 or 128.
    Raises ModelError for any other network.
    """

    def __init__(self, content: bytes, name: str = "the face detector") -> None:
        self._network = Interpreter(content, name)
        _, self.size_px, _, self.colours = shape = self._network.input_shape
        # One for all: memory for a new one of 196 kB would cost four times what filling it does.
        self._image = np.empty(shape, np.float32)
        self._anchors = anchors(self.size_px)
        # All, or those of the finer map alone, which come first.
        known = len(self._anchors), CELLS_PX[0][1] * (self.size_px // CELLS_PX[0][0]) ** 2
        output_shapes = self._network.output_shapes
        outputs = {output[-1]: index for index, output in enumerate(output_shapes)}
        counts = {output[1] for output in output_shapes}
        if self.size_px not in SIZES_PX or len(counts) != 1 or not counts <= set(known):
            raise ModelError(f"{name}: takes {shape}, not 128×128 or 64×64; {REPAIR}")
        self._scores, self._boxes = outputs[min(outputs)], outputs[max(outputs)]

    def detect(
        self, picture: Pixels, square: Box, min_score: float, *, mirrored: bool = False
    ) -> list[Detection]:
        """The faces that lie wholly in one square, or are cut by the picture's own edge.

        square: inside the picture, in its pixels. min_score: 0…1. mirrored: the network sees the
        square's mirror image. The detections are in the picture's pixels, each face once.
        """
        return [
            self._as_fer_square(face, square)
            for face in self._seen(picture.square(square, self.size_px), min_score, mirrored)
            if not self._is_cut(face, square, picture.luma.shape)
        ]

    def detect_around(
        self,
        picture: Pixels,
        face: Detection,
        room: float,
        min_score: float,
        *,
        mirrored: bool = False,
    ) -> list[Detection]:
        """The faces around one that was found, which fills 1 / room of the square that is searched.

        A tilted head is seen upright, too, because the network knows upright heads best, and where
        it is seen better: a small head that looks tilted from afar may not be so from near.
        mirrored: as for detect().
        """
        square = square_around(face, picture.luma.shape, room)
        found = self.detect(picture, square, min_score, mirrored=mirrored)
        tilted = next((seen for seen in found if seen.is_same(face)), face)
        if not straightening(tilted.tilt):
            return found
        return _best(found + self._upright(picture, tilted, room, min_score, mirrored))

    def _upright(
        self, picture: Pixels, face: Detection, room: float, min_score: float, mirrored: bool
    ) -> list[Detection]:
        """The face as a picture that is turned with it shows it; none if it is not upright."""
        side = face.side * room
        turned = picture.turned((face.x, face.y), side, face.tilt, self.size_px)
        whole = Box(0, 0, self.size_px, self.size_px)
        upright = (
            _turned_back(self._as_fer_square(seen, whole), face, side / self.size_px, self.size_px)
            for seen in self._seen(turned, min_score, mirrored)
            if abs(seen.tilt) <= UPRIGHT_DEG
        )
        return [seen for seen in upright if seen.distance(face) <= MIDDLE]

    def _seen(
        self, small: npt.NDArray[np.uint8], min_score: float, mirrored: bool
    ) -> list[Detection]:
        """The faces in a square of the network's own size, in its pixels, each once."""
        if mirrored:
            small = np.asarray(cv2.flip(small, 1), np.uint8)
        if self.colours == 3 and small.ndim == 2:
            small = np.asarray(cv2.cvtColor(small, cv2.COLOR_GRAY2RGB), np.uint8)
        found = merged(self._decoded(*self.answers(small), min_score))
        return [_mirrored_back(face, self.size_px) for face in found] if mirrored else found

    def answers(
        self, small: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """(boxes, logits) of all anchors, float32 (anchors, 16 or 4) and (anchors).

        small: a square of the network's own size, uint8 (size_px, size_px[, 3]).
        """
        np.copyto(self._image, small.reshape(self._image.shape))
        self._image *= np.float32(1 / 127.5)
        self._image -= np.float32(1.0)
        outputs = self._network.run(self._image)
        return outputs[self._boxes][0], outputs[self._scores][0, :, 0]

    def _decoded(
        self, boxes: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], min_score: float
    ) -> list[Detection]:
        """What the anchors see, in input pixels. boxes: (anchors, 16 or 4); logits: (anchors)."""
        # Few anchors are likely, most often none: for those NumPy would take three times as long.
        share = min(max(min_score, 1e-9), 1.0 - 1e-9)
        found = []
        for anchor in np.flatnonzero(logits >= log(share / (1.0 - share))).tolist():
            right, down, width, height = boxes[anchor, BOX].tolist()
            x, y = self._anchors[anchor]
            score = 1.0 / (1.0 + exp(-float(logits[anchor])))
            pose = _pose(boxes[anchor, POINTS].tolist())
            found.append(Detection(x + right, y + down, max(width, height), score, *pose))
        return found

    def _as_fer_square(self, face: Detection, square: Box) -> Detection:
        scale, tilt = square.width / self.size_px, radians(face.tilt)
        return replace(
            face,
            x=square.x + (face.x + UP * face.side * sin(tilt)) * scale,
            y=square.y + (face.y - UP * face.side * cos(tilt)) * scale,
            side=SIDE * face.side * scale,
        )

    def _is_cut(self, face: Detection, square: Box, shape: tuple[int, ...]) -> bool:
        """Whether it reaches out of its square into the picture: another square has it whole."""
        height, width = shape
        half = face.side / 2
        return (
            (face.x < half and square.x > 0)
            or (face.y < half and square.y > 0)
            or (face.x + half > self.size_px and square.x + square.width < width)
            or (face.y + half > self.size_px and square.y + square.height < height)
        )


def checked_network(model: Path) -> Network:
    """The network of models/NAME.tflite.

    Raises ModelError if it is not what models/NAME.json describes, or not a network of BlazeFace.
    """
    card = read_card(model, "face detection")
    network = Network(checked_bytes(model, card.sha256), str(model))
    if network.size_px != card.size_px:
        raise ModelError(
            f"{card_path(model)}: input.size_px is {card.size_px}, the network takes "
            f"{network.size_px}; {REPAIR}"
        )
    return network


def merged(faces: list[Detection]) -> list[Detection]:
    """One detection a face, the best first: the mean, weighted by score, of all that are the same.

    This is the weighted suppression of the paper (Bazarevsky et al. 2019).
    """
    found = []
    rest = sorted(faces, key=lambda face: -face.score)
    while rest:
        best = rest[0]
        same = [face for face in rest if face.is_same(best)]
        rest = [face for face in rest if not face.is_same(best)]
        total = sum([face.score for face in same])
        x = sum([face.x * face.score for face in same]) / total
        y = sum([face.y * face.score for face in same]) / total
        side = sum([face.side * face.score for face in same]) / total
        found.append(replace(best, x=x, y=y, side=side))
    return found


def _best(faces: list[Detection]) -> list[Detection]:
    """One detection a face: the one with the highest score."""
    best: list[Detection] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if not any(face.is_same(other) for other in best):
            best.append(face)
    return best


def _mirrored_back(seen: Detection, size_px: int) -> Detection:
    """What the mirror image of a square shows, in the pixels of that square."""
    return replace(seen, x=size_px - seen.x, tilt=-seen.tilt, turn=-seen.turn)


def _turned_back(seen: Detection, face: Detection, scale: float, size_px: int) -> Detection:
    """What a window that is turned with a face shows, in the picture's pixels.

    seen: in pixels of the window, in whose middle the face is. scale: pixels of the picture in one.
    """
    right, down = scale * (seen.x - size_px / 2), scale * (seen.y - size_px / 2)
    moved, tilt = face.moved(right, down, face.tilt), face.tilt + seen.tilt
    return replace(seen, x=moved.x, y=moved.y, side=seen.side * scale, tilt=tilt)


def _pose(points: list[float]) -> tuple[float, float]:
    """(tilt, turn), as Detection has them. points: right eye, left eye, nose, or none at all."""
    if not points:
        return 0.0, 0.0
    right_x, right_y, left_x, left_y, nose_x, nose_y = points
    across, down = left_x - right_x, left_y - right_y
    apart = max(1.0, hypot(across, down))  # pixels; in a profile the eyes may fall together
    beside = nose_x - (left_x + right_x) / 2, nose_y - (left_y + right_y) / 2
    turn = (beside[0] * across + beside[1] * down) / apart**2
    return degrees(atan2(down, across)), turn


def anchors(size_px: int) -> list[tuple[float, float]]:
    """The anchors' centres in input pixels, in the order of the outputs."""
    return [
        ((column + 0.5) * cell_px, (row + 0.5) * cell_px)
        for cell_px, anchors_each in CELLS_PX
        for row in range(size_px // cell_px)
        for column in range(size_px // cell_px)
        for _ in range(anchors_each)
    ]
