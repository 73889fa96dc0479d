"""The face detectors: BlazeFace by default, Haar as in the published pipeline."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import cv2

from appliance.errors import ModelError
from appliance.records import Picture
from appliance.vision.blazeface import Network, checked_network
from appliance.vision.geometry import Detection, covering_squares, mean_odds
from appliance.vision.pixels import Pixels
from appliance.vision.search_schedule import SearchSchedule

MODELS = Path(__file__).resolve().parents[2] / "models"
# Squares per search for a photo, which has no next frame: all of them at once.
EVERYWHERE = sys.maxsize


class Detector(Protocol):
    """Finds faces in one picture after another."""

    def search(
        self,
        picture: Picture,
        followed: Sequence[Detection],
        *,
        min_score: float,
        min_height_px: int,
        known: Sequence[Detection] = (),
        newcomers: float = 1.0,
    ) -> list[Detection]:
        """The faces found, each once.

        followed: where faces were a moment ago.
        min_score: 0…1, what scores less is left out. min_height_px: smaller faces need not be
        found. known: faces that are there for sure, which need not be found either. newcomers:
        which share of a search elsewhere to make, too: 0 none, 1 a whole one.
        """
        ...


class BlazeFace:
    """BlazeFace short range (Bazarevsky et al. 2019), which finds large faces only.

    A face must fill about a seventh of the 128×128 pixels that the network takes, and in gray more
    than in colour. Therefore overlapping squares cover a picture, and each search takes some of
    them: where faces were a moment ago, then some squares in turn, then a smaller square around
    each face found there. The large squares show near faces, which matter more, so their turn
    comes more often.

    squares_per_search: squares searched for newcomers, 0.9 ms each; EVERYWHERE covers the whole
    picture at once, as a single photo needs.
    model: the content of a network's file; by default the shipped ones, of which a smaller one, a
    sixth of the work, searches where faces were. closer: the kind of that one, int8 or float32.
    Raises ModelError if a network or its card cannot be used.
    """

    # A face scores best, 0.9 and more, where it fills a third of its square.
    _ROOM = 3.0
    # A third of the smaller network's 64 pixels is too little; half of them, 32, is enough.
    _CLOSER_ROOM = 2.0
    # The smallest share of a square's side that a face can be found with.
    _SMALLEST = 1 / 7
    # What a view from near must give a face that a square showed, before they are averaged.
    _LEAST = 0.1

    def __init__(
        self, model: bytes | None = None, *, squares_per_search: int = 3, closer: str = "float32"
    ) -> None:
        if model is None:
            self._network = checked_network(MODELS / "blazeface_search.tflite")
            self._closer = checked_network(MODELS / f"blazeface_closer_{closer}.tflite")
            self._closer_room = self._CLOSER_ROOM
        else:
            self._network = self._closer = Network(model)
            self._closer_room = self._ROOM
        self._schedule = SearchSchedule(squares_per_search)

    def search(
        self,
        picture: Picture,
        followed: Sequence[Detection],
        *,
        min_score: float,
        min_height_px: int,
        known: Sequence[Detection] = (),
        newcomers: float = 1.0,
    ) -> list[Detection]:
        """The faces found where faces were, then those in this turn's squares."""
        faces: list[Detection] = []
        luma, gray = picture.luma, Pixels(picture.luma)
        for last in followed:
            _add_new(self._closer.detect_around(gray, last, self._closer_room, min_score), faces)
        if not newcomers:
            return faces
        squares = covering_squares(luma.shape, round(min_height_px / self._SMALLEST))
        there = [*known, *faces]
        chosen = (
            self._schedule.changed(squares, luma, there, newcomers)
            if followed or known
            else self._schedule.some(squares, luma)
        )
        pixels = Pixels.of(picture) if chosen and self._network.colours > 1 else gray
        for square in chosen:
            for hint in self._network.detect(pixels, square, min_score):
                if not any(hint.is_same(face) for face in (*known, *faces)):
                    _add_new(self._seen_again(pixels, hint, min_score), faces)
        return faces

    def _seen_again(self, pixels: Pixels, hint: Detection, min_score: float) -> list[Detection]:
        """The face that a square showed, as it looks from near; none if it is none.

        The square speaks for it as much as the view from near and its mirror image together: half
        hidden or in profile, a face looks like one in either.
        """
        near = self._from_near(pixels, hint)
        mirrored = near and self._from_near(pixels, hint, mirrored=True)
        if not near or not mirrored:
            return []
        from_near = mean_odds(near.score, mirrored.score)
        seen = replace(near, score=mean_odds(from_near, hint.score))
        return [seen] if seen.score >= min_score else []

    def _from_near(
        self, pixels: Pixels, hint: Detection, *, mirrored: bool = False
    ) -> Detection | None:
        """The face at a place as a smaller square around it shows it; None if it shows none."""
        found = self._network.detect_around(
            pixels, hint, self._ROOM, self._LEAST, mirrored=mirrored
        )
        return next((face for face in found if face.is_same(hint)), None)


class Haar:
    """OpenCV's frontal cascade, scale 1.3 and 5 neighbours. It has no score: each face gets 1.

    Raises ModelError if the cascade's file is missing or damaged.
    """

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
        picture: Picture,
        followed: Sequence[Detection],  # noqa: ARG002 - it always searches everywhere
        *,
        min_score: float,  # noqa: ARG002 - it has no score
        min_height_px: int,
        known: Sequence[Detection] = (),  # noqa: ARG002 - it always searches everywhere
        newcomers: float = 1.0,  # noqa: ARG002 - as above
    ) -> list[Detection]:
        """The faces in the whole picture."""
        found = self._cascade.detectMultiScale(
            picture.luma, scaleFactor=1.3, minNeighbors=5, minSize=(min_height_px, min_height_px)
        )
        faces: list[Detection] = []
        for x, y, width, height in found:
            face = Detection(x + width / 2, y + height / 2, float(width * self._SIDE), 1.0)
            _add_new([face], faces)
        return faces


def _add_new(faces: list[Detection], known: list[Detection]) -> None:
    """Appends to known those faces that are not in it yet."""
    known += [face for face in faces if not any(face.is_same(other) for other in known)]
