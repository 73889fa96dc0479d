"""Frame to faces, followed from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Protocol

from appliance.records import Box, Face, Frame, GrayImage

# A face already followed may score this much lower than a newcomer must: half turned away or behind
# a hand, it is still the face that was there a moment ago.
FOLLOW_RATIO = 0.7
# A face unseen for longer is a new face when it comes back.
GAP_S = 1.0


@dataclass(frozen=True, slots=True)
class Detection:
    """A face in one picture: centre and side of its FER-2013 square in pixels, score 0…1.

    Whatever the detector, the square is what a picture of FER-2013 would show around the face,
    because that is what the emotion model was trained on.
    """

    x: float
    y: float
    side: float
    score: float

    def distance(self, other: Detection) -> float:
        """Between the two centres, in sides of the larger face."""
        return hypot(self.x - other.x, self.y - other.y) / max(self.side, other.side)

    def is_same(self, other: Detection) -> bool:
        """Whether both are one face of one picture: their centres are within half a face."""
        return self.distance(other) < 0.5


class Detector(Protocol):
    """Looks for faces in one picture."""

    def search(self, luma: GrayImage, followed: Sequence[Detection]) -> list[Detection]:
        """Each face found, once. followed: where faces were a moment ago."""
        ...


class FaceFinder:
    """The faces of each frame, numbered.

    min_score: 0…1, what a newcomer must reach. min_height_px: smaller faces are passed over.
    """

    def __init__(self, detector: Detector, *, min_score: float, min_height_px: int) -> None:
        self._detector = detector
        self._min_score = min_score
        self._min_height_px = min_height_px
        self._tracks: dict[int, _Track] = {}
        self._newest = 0

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """The faces in a frame, by track number; none where the camera gave no picture.

        A box may overhang the frame, because half a face at the edge is best read in a crop as
        wide as a whole one (preprocessing.crop repeats the edge); its centre is always inside.
        """
        if frame.luma is None:
            return ()
        self._forget_the_gone(frame.time_s)
        found = [face for face in self._search(frame.luma) if self._is_usable(face, frame.luma)]
        numbers = self._matched(found)
        faces = []
        for index, face in enumerate(found):
            if index not in numbers and face.score < self._min_score:
                continue
            track = numbers.get(index) or self._next_number()
            self._tracks[track] = _Track(face, frame.time_s)
            faces.append(Face(_box(face), face.score, track))
        return tuple(sorted(faces, key=lambda face: face.track))

    def _search(self, luma: GrayImage) -> list[Detection]:
        return self._detector.search(luma, [track.face for track in self._tracks.values()])

    def _is_usable(self, face: Detection, luma: GrayImage) -> bool:
        height, width = luma.shape
        return face.side >= self._min_height_px and 0 <= face.x < width and 0 <= face.y < height

    def _forget_the_gone(self, now_s: float) -> None:
        self._tracks = {
            number: track for number, track in self._tracks.items() if now_s - track.seen_s <= GAP_S
        }

    def _matched(self, found: list[Detection]) -> dict[int, int]:
        """Index in found → track number, nearest pairs first."""
        pairs = sorted(
            (face.distance(track.face), number, index)
            for index, face in enumerate(found)
            for number, track in self._tracks.items()
        )
        numbers: dict[int, int] = {}
        for distance, number, index in pairs:
            # A whole face: about as far as a person walks between two of five frames a second.
            if distance < 1.0 and index not in numbers and number not in numbers.values():
                numbers[index] = number
        return numbers

    def _next_number(self) -> int:
        self._newest += 1
        return self._newest


@dataclass(frozen=True, slots=True)
class _Track:
    face: Detection
    seen_s: float


def _box(face: Detection) -> Box:
    side = round(face.side)
    return Box(round(face.x - side / 2), round(face.y - side / 2), side, side)
