"""How well a tracker answers for windows: which faces it keeps, and which losses it notices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convert.windows import Windows

Numbers = npt.NDArray[np.float32]


def kept_and_noticed(logits: Numbers, boxes: Numbers, windows: Windows) -> dict[str, float]:
    """The figures, 0…1, as JSON.

    kept: share of the faces with a probability of at least a half; noticed: share of the other
    windows with less; overlap: median of the intersection over union of the answered and the true
    square of a face; overlap_0_6: share of the faces with at least 0.6 of it. logits: float32 (n);
    boxes: float32 (n, 3).
    """
    faces = windows.is_face > 0
    overlaps = overlap(boxes[faces], windows.boxes[faces])
    return {
        "kept": round(float(np.mean(logits[faces] >= 0)), 4),
        "noticed": round(float(np.mean(logits[~faces] < 0)), 4),
        "overlap": round(float(np.median(overlaps)), 4),
        "overlap_0_6": round(float(np.mean(overlaps >= 0.6)), 4),
    }


def overlap(some: Numbers, others: Numbers) -> Numbers:
    """Intersection over union of squares, float32 (n), 0…1.

    some, others: float32 (n, 3): right, down and the logarithm of the side.
    """
    sides = np.exp(some[:, 2:]), np.exp(others[:, 2:])
    reach = (sides[0] + sides[1]) / 2 - np.abs(some[:, :2] - others[:, :2])
    shared = np.clip(np.minimum(reach, np.minimum(*sides)), 0, None).prod(axis=1)
    union = (sides[0] ** 2 + sides[1] ** 2)[:, 0] - shared
    return np.asarray(shared / union, np.float32)
