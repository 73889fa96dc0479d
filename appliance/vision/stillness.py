"""Which of the faces are pictures: posters, photos, a screen that stands still."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

import numpy as np
import numpy.typing as npt

from appliance.records import Box, Face, Frame, GrayImage
from appliance.vision.likeness import Likeness

# A face in which nothing has moved for so long, as far as it was seen, is a picture. People blink
# every 2 to 10 s, and half of the blinks fall between two frames.
STILL_S = 100.0
# A face is compared no more often: a blink lasts as long, and each costs 30 µs, or 300 out of cold
# caches. The posters of tests/bench/pictures.py allow no more than 0.4 s.
COMPARED_EVERY_S = 0.35
# What is seen in one frame stands for no longer than this.
LONGEST_STEP_S = 0.6
# A patch has moved that changes by so many times what the greatest change usually is, but at least
# and at most by so many spreads. Of posters that hang and sway none changes by more than 2.7 times
# the usual or 0.12 spreads; of 213 blinks the smallest was 4.2 times and 0.18, half of them 17 and
# 0.6. What usually changes by more is too noisy to be told from a face that moves.
TIMES_USUAL, LEAST_MOVED, MOVED = 3.2, 0.07, 0.15
# How fast the usual follows.
USUAL_SHARE = 0.05
# A picture counts again if it moves twice within this time, or so many times MOVED at once.
STRONGLY, MOVES_AGAIN_S = 2.0, 30.0
# After a movement the face is left alone for so long: it may go on moving.
RESTS_S = 2.0
# The likeness is averaged over about so many comparisons, and replaced as often, so that slow
# changes of the light go into it.
LEARNED_EVERY = 64
# A face that another one has hidden for less long is no wall that shows itself again: it has turned
# or blinked, and is somebody's. (A blink, and RESTS_S until the face is looked at again, take 3 s.)
AWAY_S = 5.0
# In a smaller face a blink is not told from noise: it is never taken for a picture.
MIN_SIDE_PX = 48
# The light changes if more than half of some pixels of the frame change by this share of their mean
# between two comparisons, and for so long after it, until the camera's exposure has followed. What
# differs then may be a shadow, or white that is whiter no more.
LIGHT_CHANGES, LIGHT_RESTS_S = 0.015, 3.0
_SOME_PIXELS = slice(None, None, 24), slice(None, None, 24)
# While it changes, only from this root mean square on is it another face.
SURELY_OTHER = 0.6
# So many faces are remembered, that of a picture behind somebody among them.
REMEMBERED = 8


class Stillness:
    """Follows how long nothing has moved within each face.

    It remembers faces by their place, not by their track: a poster that is lost and found again
    goes on being a poster, and whoever sits down in front of it is somebody else.
    """

    def __init__(self) -> None:
        self._watched: dict[int, _Watched] = {}  # by track
        self._remembered: list[_Watched] = []  # the longest unseen first
        self._light = _Light()

    def pictures(self, frame: Frame, faces: Sequence[Face]) -> frozenset[int]:
        """The tracks of those faces of a frame that are pictures."""
        if frame.luma is None:
            return frozenset()
        self._light.note(frame.luma, frame.time_s)
        for gone in self._watched.keys() - {face.track for face in faces}:
            self._remember(self._watched.pop(gone))
        for face in faces:
            if face.box.width >= MIN_SIDE_PX:
                self._look(frame.luma, face, frame.time_s)
        return frozenset(track for track, face in self._watched.items() if face.is_picture)

    def _look(self, luma: GrayImage, face: Face, time_s: float) -> None:
        watched = self._watched.get(face.track)
        if watched is not None and time_s < watched.due_s:
            return
        if watched is None or not watched.look(luma, face.box, time_s, self._light.changes):
            if watched is not None and watched.is_picture:
                self._remember(watched)
            self._watched[face.track] = self._known(luma, face.box, time_s)

    def _known(self, luma: GrayImage, box: Box, time_s: float) -> _Watched:
        """The remembered face that is at this place; a new one if there is none."""
        for known in reversed(self._remembered):
            if known.is_back(luma, box, time_s):
                self._remembered.remove(known)
                return known
        return _Watched(Likeness(luma, box), time_s)

    def _remember(self, watched: _Watched) -> None:
        if watched.still_s == 0.0:
            return
        self._remembered.append(watched)
        if len(self._remembered) > REMEMBERED:
            # The longest unseen goes, first of those that are no pictures.
            self._remembered.remove(min(self._remembered, key=lambda face: face.is_picture))


class _Light:
    """Whether the light in the room changes, or the camera's exposure."""

    def __init__(self) -> None:
        self.changes = False
        self._last: npt.NDArray[np.float32] | None = None
        self._changed_s = self._due_s = float("-inf")

    def note(self, luma: GrayImage, time_s: float) -> None:
        """Takes note of one more frame."""
        if time_s < self._due_s:
            return
        self._due_s = time_s + COMPARED_EVERY_S
        now, last = luma[_SOME_PIXELS].astype(np.float32), self._last
        if last is not None and last.shape == now.shape:
            change, limit = now - last, LIGHT_CHANGES * float(last.mean())
            brighter, darker = np.count_nonzero(change > limit), np.count_nonzero(change < -limit)
            if 2 * max(brighter, darker) > now.size:
                self._changed_s = time_s
        self._last = now
        self.changes = time_s - self._changed_s < LIGHT_RESTS_S


class _Watched:
    """One face. still_s: for how long nothing has moved in it; due_s: when to look again."""

    def __init__(self, likeness: Likeness, time_s: float) -> None:
        self.is_picture = False
        self.still_s = 0.0
        self.due_s = time_s + COMPARED_EVERY_S
        self._likeness = likeness
        self._looked_s = time_s
        self._looks = 1
        self._usual: float | None = None  # of the greatest changes while nothing moved
        self._is_outdated = False  # something has moved since the likeness was taken
        self._moved_s = float("-inf")  # when a picture last moved a little
        self._left_s = float("-inf")  # when another face was there instead of the picture

    def look(self, luma: GrayImage, box: Box, time_s: float, light_changes: bool) -> bool:
        """Takes note of how the face is now; False if a face must be watched anew."""
        if self._is_outdated:
            return False
        difference = self._likeness.compare(luma)
        passed_s = min(time_s - self._looked_s, LONGEST_STEP_S)
        self._looked_s, self.due_s = time_s, time_s + COMPARED_EVERY_S
        has_moved = difference.peak > self._limit()
        if light_changes and has_moved and difference.whole < SURELY_OTHER:
            if not difference.is_other:
                self._likeness, self._looks = Likeness(luma, self._likeness.box), 1
            return True  # else the exposure may be far off yet
        is_other = difference.is_other or not self._is_at(box)
        if is_other and self.is_picture:
            self._left_s = time_s
            return False
        if is_other or has_moved:
            self._note_movement(difference.peak, time_s)
        else:
            self._note_stillness(difference.peak, 0.0 if light_changes else passed_s)
        return True

    def is_back(self, luma: GrayImage, box: Box, time_s: float) -> bool:
        """Whether this is the face that is there now."""
        if not self._is_at(box) or self._likeness.compare(luma).peak > STRONGLY * MOVED:
            return False
        if time_s - self._left_s < AWAY_S:
            self._begin_anew(time_s)
        self._looked_s, self.due_s = time_s, time_s + COMPARED_EVERY_S
        return True

    def _is_at(self, box: Box) -> bool:
        """Whether the face that is tracked there is this one. box: of the tracked face."""
        x, y, side = self._likeness.square
        apart = hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y)
        return apart < 0.35 * side and 0.7 < box.width / side < 1.4

    def _limit(self) -> float:
        if self._usual is None:
            return MOVED
        return min(MOVED, max(LEAST_MOVED, TIMES_USUAL * self._usual))

    def _note_stillness(self, peak: float, passed_s: float) -> None:
        usual = peak if self._usual is None else self._usual
        self._usual = usual + USUAL_SHARE * (peak - usual)
        self.still_s += passed_s
        self.is_picture = self.is_picture or self.still_s >= STILL_S
        self._looks += 1
        self._likeness.absorb(max(1 / self._looks, 1 / LEARNED_EVERY))
        # At first often: a single frame has all of its noise.
        if self._looks % LEARNED_EVERY == 0 or self._looks in (2, 4, 8, 16, 32):
            self._likeness.learn()

    def _note_movement(self, peak: float, time_s: float) -> None:
        again = time_s - self._moved_s < MOVES_AGAIN_S
        self._moved_s = time_s
        if not self.is_picture or again or peak > STRONGLY * MOVED:
            self._begin_anew(time_s)

    def _begin_anew(self, time_s: float) -> None:
        self.is_picture, self.still_s = False, 0.0
        self._is_outdated, self.due_s = True, time_s + RESTS_S
