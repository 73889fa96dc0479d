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

Cells = npt.NDArray[np.int16]


class SearchSchedule:
    """Which squares of a picture each search covers.

    squares_per_search: so many, at the most.
    """

    def __init__(self, squares_per_search: int) -> None:
        self._squares_per_search = squares_per_search
        self._turn = self._idle = 0
        self._searched: dict[Box, int] = {}  # at which turn
        self._before: Cells | None = None
        self._waiting: set[Box] = set()  # those that have changed since they were searched

    def some(self, squares: Sequence[Box]) -> list[Box]:
        """The squares to search while nobody is followed.

        Every other time they are large ones, which show near faces. squares: those of the picture,
        the largest first.
        """
        self._before = None
        return self._chosen(squares, squares[0].width, near=self._turn % 2 == 0)

    def changed(
        self, squares: Sequence[Box], luma: GrayImage, known: Sequence[Detection]
    ) -> list[Box]:
        """The squares to search while others are followed: those that have changed since.

        squares: those of the picture, the largest first. luma: uint8 (height, width), the picture.
        known: the followed faces; the movements of these people do not count.
        """
        self._note_changes(squares, luma, known)
        self._idle = 0 if self._waiting else self._idle + 1
        if not self._waiting:
            self._turn += 1
            return [] if self._idle % IDLE_SEARCH_EVERY else self._next(squares, 1)
        waiting = [square for square in squares if square in self._waiting]
        return self._chosen(waiting, squares[0].width, near=True)

    def _chosen(self, squares: Sequence[Box], largest_px: int, *, near: bool) -> list[Box]:
        """As many as a search covers; near: the largest, and one other."""
        self._turn += 1
        if self._squares_per_search >= len(squares):
            return self._next(squares, len(squares))
        large = [square for square in squares if square.width == largest_px]
        small = [square for square in squares if square.width < largest_px]
        first = (
            min(
                len(large),
                max(1, self._squares_per_search - 1, self._squares_per_search - len(small)),
            )
            if near
            else 0
        )
        return self._next(large, first) + self._next(small, self._squares_per_search - first)

    def _next(self, squares: Sequence[Box], wanted: int) -> list[Box]:
        """Those that were searched longest ago."""
        chosen = sorted(squares, key=lambda square: self._searched.get(square, -1))[:wanted]
        self._searched |= dict.fromkeys(chosen, self._turn)
        self._waiting.difference_update(chosen)
        return chosen

    def _note_changes(
        self, squares: Sequence[Box], luma: GrayImage, known: Sequence[Detection]
    ) -> None:
        cells = _cells(luma)
        if self._before is None or self._before.shape != cells.shape:
            self._before, self._waiting = cells, set(squares)
            return
        has_changed = np.abs(cells - self._before) > CHANGE
        for face in known:
            has_changed[_in_cells(_person(face, luma.shape[0]))] = False
        if has_changed.any():
            np.copyto(self._before, cells, where=has_changed)
            self._waiting |= {square for square in squares if has_changed[_in_cells(square)].any()}


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


def _in_cells(box: Box) -> tuple[slice, slice]:
    """All cells that a box touches."""
    right, bottom = box.x + box.width, box.y + box.height
    return (
        slice(max(0, box.y // CELL_PX), max(0, -(-bottom // CELL_PX))),
        slice(max(0, box.x // CELL_PX), max(0, -(-right // CELL_PX))),
    )
