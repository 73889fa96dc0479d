"""The sixteen regions of a face, in which the jukebox says what spoke for a look.

A face is a square that is cut as FER-2013's pictures are. Left and right are as one sees the face.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the square, from its left upper corner (0, 0) to its right lower one (1, 1)."""

    left: float
    top: float
    right: float
    bottom: float


# Together they are the whole square, and none lies over another. The lines between them were laid
# over the seven composite faces of the demo reel: brows at 0.28, eyes at 0.38, the mouth at 0.76 of
# the height, its corners at 0.29 and 0.72 of the width.
REGIONS = {
    "forehead": Region(0.0, 0.0, 1.0, 0.2),
    "left brow": Region(0.0, 0.2, 0.43, 0.33),
    "between the brows": Region(0.43, 0.2, 0.57, 0.33),
    "right brow": Region(0.57, 0.2, 1.0, 0.33),
    "left eye": Region(0.0, 0.33, 0.43, 0.47),
    "bridge of the nose": Region(0.43, 0.33, 0.57, 0.47),
    "right eye": Region(0.57, 0.33, 1.0, 0.47),
    "left cheek": Region(0.0, 0.47, 0.36, 0.66),
    "nose": Region(0.36, 0.47, 0.64, 0.66),
    "right cheek": Region(0.64, 0.47, 1.0, 0.66),
    "left corner of the mouth": Region(0.0, 0.66, 0.38, 0.86),
    "mouth": Region(0.38, 0.66, 0.62, 0.86),
    "right corner of the mouth": Region(0.62, 0.66, 1.0, 0.86),
    "left jaw": Region(0.0, 0.86, 0.32, 1.0),
    "chin": Region(0.32, 0.86, 0.68, 1.0),
    "right jaw": Region(0.68, 0.86, 1.0, 1.0),
}
