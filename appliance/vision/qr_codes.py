"""QR codes in the camera's pictures: how a phone shows that it is in the room."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import cv2

from appliance.records import GrayImage

# What the page shows to the camera. All of it fits into the smallest code, whose squares are then
# the largest. A text is believed only with its end: half of a code can be read as if it were whole.
SHOWN = re.compile(r"JUKEBOX:([A-Z0-9]{10})::")
# What a phone shows that shares its network; admin/wifi.py takes it apart.
WIFI = re.compile(r"(WIFI:(?:[A-Z0-9]+:(?:[^\\;]|\\.)*;)+;)", re.DOTALL | re.IGNORECASE)

Reader = Callable[[GrayImage], tuple[bool, Sequence[str], object, object]]


def shown_word(picture: GrayImage) -> str | None:
    """The word in a code of the page; None if there is no such code in the picture.

    picture: uint8 (height, width). It may take half a second, such as for a cloth of small checks.
    """
    return _believed(SHOWN, picture)


def shared_network(picture: GrayImage) -> str | None:
    """The whole text of a Wi-Fi code in the picture; None if there is none."""
    return _believed(WIFI, picture)


def _believed(form: re.Pattern[str], picture: GrayImage) -> str | None:
    for text in _texts(picture):
        if (found := form.fullmatch(text)) is not None:
            return found[1]
    return None


def _texts(picture: GrayImage) -> Iterator[str]:
    """Whatever the readers take for a text; each finds codes that the other misses."""
    for reader in (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector()):
        try:
            _found, texts, _corners, _codes = reader.detectAndDecodeMulti(picture)
        except (cv2.error, UnicodeDecodeError):  # some that are no code, and codes without UTF-8
            continue
        yield from texts
