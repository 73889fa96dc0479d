"""How a face differs from what it was: without noise, light, and movement of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import hypot

import cv2
import numpy as np
import numpy.typing as npt

from appliance.records import Box, GrayImage

Floats = npt.NDArray[np.float32]

CELLS = 32  # along each side of a face's square
# Compared is what lies in an ellipse with these half axes, in halves of the square: the face
# without hair and background, which move apart from it.
ACROSS, ALONG = 0.8, 0.85
# Steps of Gauss and Newton, at the most; each moves the square by about the size of the remaining
# error, and below the second number, in halves of the square, it lies well enough.
STEPS, NEAR_ENOUGH = 3, 0.01
# With less than this of its contrast the face is another one, or hidden.
LEAST_GAIN = 0.1
# From this root mean square on it is another face, or this one has turned away. Between two people
# it is 0.28 and more, half of the time 0.75; in a blink up to 0.44.
OTHER = 0.35


@dataclass(frozen=True, slots=True)
class Difference:
    """What is left of a face's change, in spreads (standard deviations) of its gray values.

    peak: of the patch of three by three cells that has changed most; a blink is 0.25 and more.
    whole: root mean square over the face.
    """

    peak: float
    whole: float

    @property
    def is_other(self) -> bool:
        """Whether this is not the same face at all, or only its back."""
        return self.whole > OTHER


class Likeness:
    """A face as it was when it was last learned.

    It is a pattern of 32 by 32 cells. Least squares explain a later picture of the face by it: by
    more or less light, also from one side and through another exposure (the pattern's square), and
    by a small affine movement (its derivatives), as Lucas and Kanade do (1981). What they cannot
    explain moved within the face.
    """

    def __init__(self, luma: GrayImage, box: Box) -> None:
        half = box.width / 2
        # Maps the square from -1 to 1 to pixels of the frame: (x, y, 1) → (x, y).
        self._pose = np.array([[half, 0.0, box.x + half], [0.0, half, box.y + half]])
        self._cells = _Near(luma, self._pose).sampled(self._pose)
        self._rest = np.zeros_like(self._cells)
        self.learn()

    @property
    def box(self) -> Box:
        """The face's square in whole pixels."""
        x, y, side = self.square
        return Box(round(x - side / 2), round(y - side / 2), round(side), round(side))

    @property
    def square(self) -> tuple[float, float, float]:
        """Where the face is now: x, y of its middle and the side of its square, in pixels."""
        (a, _, x), (b, _, y) = self._pose.tolist()
        return x, y, 2.0 * hypot(a, b)

    def learn(self) -> None:
        """From now on the face is compared with its average over all that was absorbed."""
        inside = self._cells[_INSIDE]
        self._spread = max(float(inside.std()), 1e-3)
        pattern = (self._cells - inside.mean()) / self._spread
        self._basis = _explanations(pattern.reshape(CELLS, CELLS))
        gram = self._basis.T.astype(np.float64) @ self._basis
        gram[np.diag_indices_from(gram)] += 1e-3
        # A third of the time of solve(), which takes every cell for a system of its own.
        self._solve = (np.linalg.inv(gram) @ self._basis.T).astype(np.float32)

    def compare(self, luma: GrayImage) -> Difference:
        """How the face differs now. luma: uint8 (height, width), the whole frame."""
        before = self._pose
        near = _Near(luma, before)
        for _ in range(STEPS):
            seen = near.sampled(self._pose)[_INSIDE]
            amounts = self._solve @ seen
            gain = float(amounts[_GAIN])
            if gain < LEAST_GAIN * self._spread:
                self._pose = before
                return Difference(float("inf"), float("inf"))
            moved = amounts[_MOVES].astype(np.float64) / gain
            if np.abs(moved).sum() < NEAR_ENOUGH:
                break
            self._move(moved)
        self._rest[_INSIDE] = (seen - self._basis @ amounts) / np.float32(gain)
        difference = self._difference()
        if difference.is_other:
            self._pose = before
        return difference

    def _difference(self) -> Difference:
        smooth = cv2.blur(self._rest.reshape(CELLS, CELLS), (3, 3))
        lowest, highest, _, _ = cv2.minMaxLoc(smooth)
        whole = cv2.norm(self._rest) / len(_INSIDE) ** 0.5
        return Difference(max(-lowest, highest), whole)

    def absorb(self, share: float) -> None:
        """Takes this share, 0…1, of the last difference into the average."""
        self._cells += np.float32(share * self._spread) * self._rest

    def _move(self, moved: npt.NDArray[np.float64]) -> None:
        """Moves the square. moved: right and down, each for 1, x and y, in halves of the square."""
        back = np.eye(3)
        back[:2, 2] -= moved[[0, 3]]
        back[0, :2] -= moved[1:3]
        back[1, :2] -= moved[4:6]
        self._pose = self._pose @ back


class _Near:
    """The pixels around a face, blurred once for all steps. pose: see Likeness."""

    def __init__(self, luma: GrayImage, pose: npt.NDArray[np.float64]) -> None:
        x, y, half = float(pose[0, 2]), float(pose[1, 2]), hypot(pose[0, 0], pose[1, 0])
        self._left, self._top = max(0, int(x - 1.3 * half)), max(0, int(y - 1.3 * half))
        right, bottom = int(x + 1.3 * half) + 2, int(y + 1.3 * half) + 2
        pixels = luma[self._top : bottom, self._left : right]
        self._scale = 1
        # Averages of two by two whole pixels are quick, see preprocessing.
        while half >= 0.75 * CELLS * self._scale and min(pixels.shape) > 3:
            height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
            even = pixels[: 2 * height, : 2 * width]
            half_size = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
            pixels = np.asarray(half_size, np.uint8)
            self._scale *= 2
        # A fifth of the time of GaussianBlur.
        self._blurred = cv2.blur(cv2.blur(pixels, (3, 3)), (3, 3)) if pixels.size else None

    def sampled(self, pose: npt.NDArray[np.float64]) -> Floats:
        """The cells of the face, float32 (1024). pose: not far from the one in the beginning."""
        if self._blurred is None:
            return np.zeros(CELLS * CELLS, np.float32)
        # From cells to these pixels, whose middles lie at whole numbers.
        place = pose @ _CELLS_TO_SQUARE
        place[:, 2] -= self._left, self._top
        place /= self._scale
        place[:, 2] -= 0.5
        cells = cv2.warpAffine(
            self._blurred,
            place,
            (CELLS, CELLS),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return cells.reshape(-1).astype(np.float32)


def _explanations(pattern: Floats) -> Floats:
    """What may happen to the pattern without anything moving within it: float32 (inside, 16)."""
    x, y = _axes()
    down, right = np.gradient(pattern, 2 / CELLS)
    light = [np.ones_like(x), x, y, x * x, y * y, x * y]
    contrast = [pattern, pattern * x, pattern * y, pattern * pattern]
    movement = [right, right * x, right * y, down, down * x, down * y]
    planes = np.stack([*light, *contrast, *movement], axis=-1)
    return np.ascontiguousarray(planes.reshape(CELLS * CELLS, -1)[_INSIDE])


_GAIN, _MOVES = 6, slice(10, 16)  # of the amounts: the pattern itself; the movement


@cache
def _axes() -> tuple[Floats, Floats]:
    """Of each cell's middle x and y, -1…1: float32 (32, 32)."""
    middles = (2 * np.arange(CELLS, dtype=np.float32) + 1) / CELLS - 1
    x, y = np.meshgrid(middles, middles)
    return x, y


def _inside() -> npt.NDArray[np.intp]:
    x, y = _axes()
    return np.flatnonzero((x / ACROSS) ** 2 + (y / ALONG) ** 2 < 1)


_INSIDE = _inside()
_CELLS_TO_SQUARE = np.array(
    [[2 / CELLS, 0.0, 1 / CELLS - 1], [0.0, 2 / CELLS, 1 / CELLS - 1], [0.0, 0.0, 1.0]]
)
