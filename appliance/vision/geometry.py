"""Where faces are in one picture, and the squares of a picture in which to search for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, hypot, radians, sin, sqrt

from appliance.records import Box

# The networks know smaller tilts: FER-2013's faces are tilted by 12 degrees (standard deviation).
STRAIGHTEN_DEG = 10.0


def straightening(tilt: float) -> float:
    """By how many degrees to turn a head before a network sees it: by its tilt, or not at all."""
    return tilt if abs(tilt) >= STRAIGHTEN_DEG else 0.0


@dataclass(frozen=True, slots=True)
class Detection:
    """A face in one picture: centre and side of its FER-2013 square in pixels, score 0…1.

    Whatever the detector, the square is what a picture of FER-2013 would show around the face,
    because that is what the emotion model was trained on. tilt: degrees by which the head is tilted
    clockwise in the picture. turn: how far the nose is from the middle of the eyes, in distances
    between the eyes, to the right of the picture; 0 from the front. Both are 0 where the detector
    tells no points.
    """

    x: float
    y: float
    side: float
    score: float
    tilt: float = 0.0
    turn: float = 0.0

    def distance(self, other: Detection) -> float:
        """How far apart the two centres are, in sides of the larger face."""
        return hypot(self.x - other.x, self.y - other.y) / max(self.side, other.side)

    def is_same(self, other: Detection) -> bool:
        """Whether both are one face of one picture: their centres are within half a face."""
        return self.distance(other) < 0.5

    def posed_as(self, other: Detection) -> Detection:
        """The same square with the tilt and the turn of another."""
        return replace(self, tilt=other.tilt, turn=other.turn)

    def moved(self, right: float, down: float, turn: float) -> Detection:
        """The same face elsewhere. right, down: in pixels of a picture turned so much."""
        across, along = cos(radians(turn)), sin(radians(turn))
        x = self.x + right * across - down * along
        y = self.y + right * along + down * across
        return replace(self, x=x, y=y)

    def box(self) -> Box:
        """The square in whole pixels. It may overhang the picture, see preprocessing.crop."""
        side = round(self.side)
        return Box(round(self.x - side / 2), round(self.y - side / 2), side, side)


def mean_odds(first: float, second: float) -> float:
    """The mean of two probabilities by the logarithms of their odds. Both are in 0…1."""
    odds = sqrt(first * second), sqrt((1.0 - first) * (1.0 - second))
    return odds[0] / max(sum(odds), 1e-12)


def square_around(face: Detection, shape: tuple[int, ...], room: float) -> Box:
    """A square that the face fills to 1 / room, made smaller and moved to lie in the picture.

    shape: (height, width) of the picture in pixels.
    """
    height, width = shape
    side = min(max(1, round(face.side * room)), width, height)
    left = min(max(0, round(face.x - side / 2)), width - side)
    top = min(max(0, round(face.y - side / 2)), height - side)
    return Box(left, top, side, side)


@lru_cache(maxsize=4)
def covering_squares(shape: tuple[int, ...], smallest_px: int) -> tuple[Box, ...]:
    """Half overlapping squares that cover a picture, the largest first.

    shape: (height, width) of the picture in pixels. The largest are as high (or wide) as the
    picture; each smaller size is half the one before, and the first of at most smallest_px is the
    last.
    """
    height, width = shape
    side = min(width, height)
    squares = _squares(width, height, side)
    while side > max(smallest_px, 1):
        side //= 2
        squares += _squares(width, height, side)
    return tuple(squares)


def _squares(width: int, height: int, side: int) -> list[Box]:
    return [Box(x, y, side, side) for y in _steps(height, side) for x in _steps(width, side)]


def _steps(length: int, side: int) -> list[int]:
    """Where squares begin along an edge: evenly, neighbours sharing at least half of each."""
    count = 1 + -(-(length - side) * 2 // side)
    return [round(n * (length - side) / max(1, count - 1)) for n in range(count)]
