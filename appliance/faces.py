"""Frame to faces, followed from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.detection import Detection
from appliance.detectors import Detector
from appliance.records import Face, Frame, GrayImage

# A face already followed may score this much lower than a newcomer must: half turned away or behind
# a hand, it is still the face that was there a moment ago. (0.55 and 0.45 found nobody more.)
FOLLOW_RATIO = 0.7
# A face unseen for longer is a new face when it comes back.
GAP_S = 1.0


class FaceDetector:
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
        found = self._search(frame.luma)
        numbers = self._matched(found)
        faces = []
        for index, face in enumerate(found):
            if index not in numbers and face.score < self._min_score:
                continue
            track = numbers.get(index) or self._next_number()
            self._tracks[track] = _Track(face, frame.time_s)
            faces.append(Face(face.box(), face.score, track))
        return tuple(sorted(faces, key=lambda face: face.track))

    def _search(self, luma: GrayImage) -> list[Detection]:
        height, width = luma.shape
        found = self._detector.search(
            luma,
            [track.face for track in self._tracks.values()],
            min_score=self._min_score * FOLLOW_RATIO,
            min_height_px=self._min_height_px,
        )
        return [
            face
            for face in found
            if face.side >= self._min_height_px and 0 <= face.x < width and 0 <= face.y < height
        ]

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
