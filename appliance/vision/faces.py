"""Frame → faces, followed from frame to frame."""

from __future__ import annotations

from typing import Protocol

from appliance.records import Face, Frame, GrayImage, Picture
from appliance.vision.detectors import Detector
from appliance.vision.geometry import Detection
from appliance.vision.tracks import Track, agrees, is_known, matched

# A followed face may score so much lower than a newcomer must: half turned away or behind a hand,
# it is still the face that was there a moment ago. (0.55 and 0.45 found no further faces.)
FOLLOW_RATIO = 0.7
# A face unseen for longer is a new face when it comes back.
GAP_S = 1.0
# A followed face that the tracker is less sure of needs the detector to see it as well.
SURE = 0.8
# A face that only the tracker still sees is given up after so long: the tracker may have drifted
# onto something else. Gestures hide a face from the detector for less (video/asl_gestures,
# thanks.mkv).
UNCONFIRMED_S = 3.0
# While faces are followed, a search for newcomers is spread over so many frames, of a square each:
# no frame takes long.
PIECES = 3


class Tracker(Protocol):
    """Follows one face from one picture to the next."""

    def follow(self, luma: GrayImage, last: Detection) -> Detection | None:
        """Where this face is now; None if it is not there any more.

        luma: uint8 (height, width), the picture. last: where the face was a moment ago.
        """
        ...


class FollowingFaceDetector:
    """The faces of each frame, numbered.

    min_score: 0…1, what a newcomer must reach. min_height_px: smaller faces are passed over.
    tracker: follows faces between two searches; without one the detector searches for each of them
    in every frame. search_every_s: time between two searches for newcomers while a face is
    followed; 0 searches every frame. While nobody is followed, every frame is searched.
    """

    def __init__(
        self,
        detector: Detector,
        tracker: Tracker | None = None,
        *,
        min_score: float,
        min_height_px: int,
        search_every_s: float = 0.0,
    ) -> None:
        self._detector = detector
        self._tracker = tracker
        self._min_score = min_score
        self._min_height_px = min_height_px
        self._search_every_s = search_every_s
        self._tracks: dict[int, Track] = {}
        self._newest = 0
        self._search_s = float("-inf")  # when the next search for newcomers is due
        self._pictured_s = float("-inf")  # when the last picture came
        self._is_followed = False  # whether the last frame showed anybody

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """The faces in a frame, by track number; none where the camera gave no picture.

        A box may overhang the frame, because half a face at the edge is best read in a crop as
        wide as a whole one (preprocessing.crop repeats the edge); its centre is always inside.
        """
        if frame.luma is None:
            return ()
        now_s = frame.time_s
        self._forget_the_gone(now_s)
        followed = self._followed(frame.luma)
        unsure = [n for n in self._tracks if self._is_unsure(n, followed.get(n), now_s)]
        share = self._share_due(now_s, waits=bool(unsure))
        if share or unsure:
            picture = Picture(frame.luma, frame.chroma)
            followed = self._searched(picture, followed, now_s, unsure, share)
        for number, face in followed.items():
            track = self._tracks[number]
            track.face, track.seen_s = face, now_s
        self._is_followed = bool(followed)
        return tuple(
            Face(face.box(), face.score, number, face.tilt, face.turn)
            for number, face in sorted(followed.items())
        )

    def _followed(self, luma: GrayImage) -> dict[int, Detection]:
        """Track number → where the tracker sees this face now."""
        if self._tracker is None:
            return {}
        followed: dict[int, Detection] = {}
        for number, track in self._tracks.items():
            face = self._tracker.follow(luma, track.face)
            # Of two tracks that have run into one face, the older goes on.
            if face and self._counts(face, luma) and not is_known(face, followed):
                followed[number] = face
        return followed

    def _share_due(self, now_s: float, *, waits: bool) -> float:
        """Which share of a search for newcomers is due: 0 none, 1 a whole one.

        waits: whether it may wait for the next frame, because this one has work to do.
        """
        piece_s = self._search_every_s / PIECES
        late_s = now_s - self._search_s
        if not self._is_followed or piece_s == 0.0:
            # Whoever comes first may not come alone: the next frame makes a whole search, too.
            self._search_s = now_s - self._search_every_s
            return 1.0
        if late_s < (piece_s if waits else 0.0):
            return 0.0
        pieces = min(PIECES, 1 + int(late_s / piece_s))
        self._search_s = max(self._search_s + pieces * piece_s, now_s)
        return pieces / PIECES

    def _searched(
        self,
        picture: Picture,
        followed: dict[int, Detection],
        now_s: float,
        unsure: list[int],
        share: float,
    ) -> dict[int, Detection]:
        """The followed faces and those that the detector finds, newcomers by the share of a search.

        unsure: the tracks that the detector must confirm.
        """
        for asked in unsure:
            self._tracks[asked].asked_s = now_s
        found = self._detector.search(
            picture,
            [followed.get(number, self._tracks[number].face) for number in unsure],
            min_score=self._min_score * FOLLOW_RATIO,
            min_height_px=self._min_height_px,
            known=[face for number, face in followed.items() if number not in unsure],
            newcomers=share,
        )
        found = [face for face in found if self._counts(face, picture.luma)]
        places = {number: track.face for number, track in self._tracks.items()} | followed
        numbers, seen = matched(found, places), dict(followed)
        for index, face in enumerate(found):
            if index not in numbers and (face.score < self._min_score or is_known(face, seen)):
                continue
            number = numbers.get(index) or self._next_number()
            # The tracker's squares are the steadier ones, while both see the same.
            same = agrees(seen.get(number), face)
            seen[number] = seen[number].posed_as(face) if same else face
            self._tracks[number] = Track(face, now_s, now_s, now_s)
        for number, track in list(self._tracks.items()):
            if now_s - track.confirmed_s > UNCONFIRMED_S:
                del self._tracks[number]
        return {
            number: face for number, face in seen.items() if self._is_believed(number, face, now_s)
        }

    def _is_unsure(self, number: int, followed: Detection | None, now_s: float) -> bool:
        """Whether the detector must confirm a face."""
        waited_s = now_s - self._tracks[number].asked_s
        patience_s = min(self._search_every_s, UNCONFIRMED_S)
        return followed is None or followed.score < SURE or waited_s >= patience_s

    def _is_believed(self, number: int, face: Detection, now_s: float) -> bool:
        """Whether the tracker is sure of a face, or the detector has just confirmed it."""
        track = self._tracks.get(number)
        return track is not None and (face.score >= SURE or track.confirmed_s == now_s)

    def _counts(self, face: Detection, luma: GrayImage) -> bool:
        """Whether a face is large enough, and its centre inside the picture."""
        height, width = luma.shape
        inside = 0 <= face.x < width and 0 <= face.y < height
        return face.side >= self._min_height_px and inside

    def _forget_the_gone(self, now_s: float) -> None:
        # At one frame a second the last picture itself is a second old.
        since_s = max(min(now_s - GAP_S, self._pictured_s), now_s - UNCONFIRMED_S)
        self._pictured_s = now_s
        self._tracks = {
            number: track for number, track in self._tracks.items() if track.seen_s >= since_s
        }

    def _next_number(self) -> int:
        self._newest += 1
        return self._newest
