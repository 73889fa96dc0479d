"""QR codes in the camera's pictures: how a phone shows that it is in the room."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import cv2

from appliance.records import GrayImage

# What the page shows to the camera. All of it fits into the smallest code, whose squares are then
# the largest. A text is believed only with its end: half of a code can be read as if it were whole.
SHOWN = re.compile(r"JUKEBOX:([A-Z0-9]{10})::")

Reader = Callable[[GrayImage], tuple[bool, Sequence[str], object, object]]


def shown_word(picture: GrayImage) -> str | None:
    """The word in a code of the page; None if there is no such code in the picture.

    picture: uint8 (height, width). It may take half a second, such as for a cloth of small checks.
    """
    for text in _texts(picture):
        if (found := SHOWN.fullmatch(text)) is not None:
            return found[1]
    return None


def _texts(picture: GrayImage) -> Iterator[str]:
    """Whatever the readers take for a text; each finds codes that the other misses."""
    for reader in (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector()):
        try:
            _found, texts, _corners, _codes = reader.detectAndDecodeMulti(picture)
        except cv2.error:  # some pictures that are no code end so
            continue
        yield from texts
