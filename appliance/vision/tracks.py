"""What is known of the faces that are followed, and which of those found are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.vision.geometry import Detection


@dataclass(slots=True)
class Track:
    """One face. seen_s: when it was last seen at all; confirmed_s: by the detector.

    asked_s: when the detector was last asked for it.
    """

    face: Detection
    seen_s: float
    confirmed_s: float
    asked_s: float


def matched(found: list[Detection], places: Mapping[int, Detection]) -> dict[int, int]:
    """Index in found → track number, nearest pairs first."""
    pairs = sorted(
        (face.distance(place), number, index)
        for index, face in enumerate(found)
        for number, place in places.items()
    )
    numbers: dict[int, int] = {}
    for distance, number, index in pairs:
        # A whole face: about as far as a person walks between two of five frames a second.
        if distance < 1.0 and index not in numbers and number not in numbers.values():
            numbers[index] = number
    return numbers


def is_known(face: Detection, known: Mapping[int, Detection]) -> bool:
    """Whether a face is one of these."""
    return any(face.is_same(other) for other in known.values())


def agrees(followed: Detection | None, found: Detection) -> bool:
    """Whether two squares are nearly the same."""
    if followed is None:
        return False
    return followed.distance(found) < 0.2 and 0.75 < followed.side / found.side < 1.33
