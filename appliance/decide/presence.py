"""Whether somebody is here. Presence is about bodies and never waits for the mood of a face."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.records import EmotionScores, Face

# A face is believed to be one when its last sightings score so high: the mean of two, each of
# three, the mean of ten, or the last alone after one that a newcomer must have. The detector takes
# two of the 207 photos without people for faces; in 400 s of each, two come to 0.938 (leaps apart),
# three in a row are never above 0.9, ten come to 0.866, and 0.99 came after 0.5. Living faces have
# their second sighting mostly above 0.98.
TWO_SIGHTINGS, THREE_SIGHTINGS, TEN_SIGHTINGS = 0.94, 0.90, 0.875
FIRST_SIGHTING, SURE_SIGHTING = 0.70, 0.98
# Heads tilted so much are straightened before they are judged (vision/geometry.py), and so are
# things that look like one. Two sightings of such a thing come to 0.98, but only after others that
# score low; the sightings of a living face score high from the second on.
TILTED_DEG, TILTED_SIGHTINGS, TILTED_BEFORE = 10.0, 0.97, 0.85
# A square that leaps to another size has drifted onto something else. What it shows then is not
# believed for a while; the detector gives such a face up after 3 s. Nor is what the detector calls
# tilted now in one way and now in another. Of 24 people tilted by 0 to 60 degrees, who sway before
# a noisy camera, half of the tilts that it tells differ by less than 5 degrees from those a second
# before, and 19 of 20 by less than 16.
LEAP, LEAP_DEG, DISTRUST_S = 1.5, 15.0, 5.0
# A track unseen for longer never comes back: its face gets another number.
FORGET_S = 10.0


class Presence:
    """Whether somebody is here, from the faces of frame after frame.

    Somebody comes with a face that is believed to be one, within two or three frames, and stays
    until no face at all was seen for away_s.
    """

    def __init__(self) -> None:
        self.is_here = False
        self._seen_s = float("-inf")  # when somebody was last seen
        self._time_s: float | None = None  # of the last frame
        self._tracks: dict[int, _Track] = {}

    def update(
        self, time_s: float, scores: Sequence[EmotionScores], away_s: float, *, blind: bool = False
    ) -> bool:
        """Whether somebody has just come, after no face was seen for away_s.

        scores: of the frame's faces, without pictures. blind: the frame has no picture, which does
        not show that people have left.
        """
        if blind and self._time_s is not None:
            self._seen_s += max(0.0, time_s - self._time_s)
        self._time_s = time_s
        believed = [self._is_believed(time_s, score.face) for score in scores]
        was_here = self.is_here and time_s - self._seen_s < away_s
        self.is_here = any(believed) or was_here
        # Whoever is here may be seen badly; only who comes must be believed.
        if scores and self.is_here:
            self._seen_s = time_s
        return self.is_here and not was_here

    def _is_believed(self, time_s: float, face: Face) -> bool:
        self._tracks = {
            number: track
            for number, track in self._tracks.items()
            if time_s - track.seen_s < FORGET_S
        }
        return self._tracks.setdefault(face.track, _Track()).add(time_s, face)


@dataclass(slots=True)
class _Track:
    """The last sightings of one face."""

    scores: deque[float] = field(default_factory=lambda: deque(maxlen=10))
    height_px: int = 0
    tilt: float = 0.0
    seen_s: float = float("-inf")
    trusted_s: float = float("-inf")  # from when on

    def add(self, time_s: float, face: Face) -> bool:
        """Whether the face is believed to be one, after one more sighting."""
        if self.scores and self._leaps(face):
            self.trusted_s = time_s + DISTRUST_S
        self.scores.append(face.score)
        self.height_px, self.tilt, self.seen_s = face.box.height, face.tilt, time_s
        return time_s >= self.trusted_s and self._is_sure()

    def _leaps(self, face: Face) -> bool:
        growth = face.box.height / max(1, self.height_px)
        return not 1 / LEAP < growth < LEAP or abs(face.tilt - self.tilt) > LEAP_DEG

    def _is_sure(self) -> bool:
        scores = list(self.scores)
        if len(scores) < 2:
            return False
        before, last = scores[-2:]
        if abs(self.tilt) >= TILTED_DEG:
            sure = (before + last) / 2 >= TILTED_SIGHTINGS
            return sure and sum(scores) / len(scores) >= TILTED_BEFORE
        return (
            (before + last) / 2 >= TWO_SIGHTINGS
            or (before >= FIRST_SIGHTING and last >= SURE_SIGHTING)
            or (len(scores) >= 3 and min(scores[-3:]) >= THREE_SIGHTINGS)
            or (len(scores) == 10 and sum(scores) / 10 >= TEN_SIGHTINGS)
        )
