"""Where to search for newcomers: square after square, then only where something has changed."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from appliance.records import Box, GrayImage
from appliance.vision.geometry import Detection

CELL_PX = 16
# Of 255, of a cell's mean: a camera's noise moves it by 2, in a dark room by 5; a face of 40 pixels
# that comes in, by 20 and more (tests/bench/newcomers.py).
CHANGE = 8
# While nothing changes, one search in so many still covers a square: somebody may be sitting there
# whom the detector has not found so far, or may have come in front of a followed person's body.
IDLE_SEARCH_EVERY = 2
# So many of the largest squares are searched once, in six seconds, when somebody is followed first;
# the others when something changes in them, or when their turn comes.
FIRST = 18
# Of so many squares that have changed two are large ones, which show near faces, one is the longest
# waiting, and in the middle of one something begins, seen from above: a head, where somebody comes.
TURNS = 4

Cells = npt.NDArray[np.int16]


class SearchSchedule:
    """Which squares of a picture each search covers.

    squares_per_search: so many, at the most, in a whole search.
    """

    def __init__(self, squares_per_search: int) -> None:
        self._squares_per_search = squares_per_search
        self._turn = 0
        self._idle = 0.0  # searches, since anything has changed
        self._searched: dict[Box, int] = {}  # at which turn
        self._before: Cells | None = None
        # Those that have changed since they were searched: how much of their middle's width is the
        # top of something that has, as heads are.
        self._waiting: dict[Box, float] = {}
        self._was_alone = True

    def some(self, squares: Sequence[Box], luma: GrayImage) -> list[Box]:
        """The squares to search while nobody is followed.

        Every other time they are large ones, which show near faces. squares: those of the picture,
        the largest first. luma: as in changed().
        """
        wanted = self._squares_per_search
        if wanted >= len(squares):
            return list(squares)
        self._note_changes(squares, luma, ())
        self._was_alone = True
        self._turn += 1
        large, small = _by_size(squares)
        near = self._turn % 2 == 1
        first = min(len(large), max(1, wanted - 1, wanted - len(small))) if near else 0
        chosen = self._next(large, first)
        for number in range(wanted - first):
            heads = [] if number % 2 else self._heads(small)
            chosen += self._next(heads or [s for s in small if s not in chosen], 1)
        return chosen

    def changed(
        self,
        squares: Sequence[Box],
        luma: GrayImage,
        known: Sequence[Detection],
        share: float = 1.0,
    ) -> list[Box]:
        """The squares to search while others are followed: those that have changed since.

        squares: those of the picture, the largest first. luma: uint8 (height, width), the picture.
        known: the followed faces; the movements of these people do not count. share: of a whole
        search, 0…1; a search may be spread over frames.
        """
        self._note_changes(squares, luma, known)
        if self._was_alone:  # whoever sits there with the first one that was found
            new = [square for square in squares[:FIRST] if square not in self._searched]
            self._waiting = dict.fromkeys(new, 0.0) | self._waiting
            self._was_alone = False
        if self._waiting:
            self._idle = 0.0
            chosen: list[Box] = []
            for _ in range(min(max(1, round(share * self._squares_per_search)), len(squares))):
                chosen += self._most_urgent(squares)
            return chosen
        self._idle += share
        if round(self._idle, 3) < IDLE_SEARCH_EVERY:  # thirds do not sum exactly
            return []
        self._idle = 0.0
        self._turn += 1
        return self._next(squares, 1)

    def _most_urgent(self, squares: Sequence[Box]) -> list[Box]:
        """One that waits: every other time a large one, else a head or the longest waiting."""
        large, small = _by_size([square for square in squares if square in self._waiting])
        turn, self._turn = self._turn, self._turn + 1
        if turn % 2 == 0:
            return self._next(large or small, 1)
        heads = self._heads(small) if turn % TURNS == 1 else []
        return self._next(heads or small or large, 1)

    def _heads(self, squares: Sequence[Box]) -> list[Box]:
        """Those that most look as if a head had come into their middle; none if none does."""
        most = max((self._waiting.get(square, 0.0) for square in squares), default=0.0)
        return [square for square in squares if most and self._waiting.get(square) == most]

    def _next(self, squares: Sequence[Box], wanted: int) -> list[Box]:
        """Those that were searched longest ago."""
        chosen = sorted(squares, key=lambda square: self._searched.get(square, -1))[:wanted]
        self._searched |= dict.fromkeys(chosen, self._turn)
        for square in chosen:
            self._waiting.pop(square, None)
        return chosen

    def _note_changes(
        self, squares: Sequence[Box], luma: GrayImage, known: Sequence[Detection]
    ) -> None:
        cells = _cells(luma)
        if self._before is None or self._before.shape != cells.shape:
            self._before, self._waiting = cells, dict.fromkeys(squares[:FIRST], 0.0)
            return
        has_changed = np.abs(cells - self._before) > CHANGE
        for face in known:
            has_changed[_in_cells(_person(face, luma.shape[0]))] = False
        if not has_changed.any():
            return
        np.copyto(self._before, cells, where=has_changed)
        heads = has_changed.copy()
        heads[1:] &= ~has_changed[:-1]
        for square in squares:
            if has_changed[_in_cells(square)].any():
                tops = heads[_in_cells(_middle(square))]
                share = np.count_nonzero(tops) / max(1, tops.shape[1])
                self._waiting[square] = max(self._waiting.get(square, 0.0), share)


def _cells(luma: GrayImage) -> Cells:
    """The mean of 16 pixels of each cell's 256: int16 (height / 16, width / 16), 0…255.

    It takes 17 µs for 640×480, where the mean of all takes 70.
    """
    height, width = (max(1, length // CELL_PX) for length in luma.shape)
    quarter = cv2.resize(luma, (4 * width, 4 * height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.resize(quarter, (width, height), interpolation=cv2.INTER_AREA), np.int16)


def _person(face: Detection, height_px: int) -> Box:
    """Where the person with this face is: hair, shoulders and everything below."""
    left, top = round(face.x - 1.25 * face.side), round(face.y - face.side)
    return Box(left, top, round(2.5 * face.side), height_px - top)


def _by_size(squares: Sequence[Box]) -> tuple[list[Box], list[Box]]:
    """(the largest, the others)."""
    most = max((square.width for square in squares), default=0)
    large = [square for square in squares if square.width == most]
    return large, [square for square in squares if square.width < most]


def _middle(square: Box) -> Box:
    """The middle half of a square, where it finds faces best."""
    quarter, half = square.width // 4, square.width // 2
    return Box(square.x + quarter, square.y + quarter, half, half)


def _in_cells(box: Box) -> tuple[slice, slice]:
    """All cells that a box touches."""
    right, bottom = box.x + box.width, box.y + box.height
    return (
        slice(max(0, box.y // CELL_PX), max(0, -(-bottom // CELL_PX))),
        slice(max(0, box.x // CELL_PX), max(0, -(-right // CELL_PX))),
    )
