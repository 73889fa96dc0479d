"""What is looked for, in the forms in which a program would hold or write it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from appliance.camera.reel import frame_at

VALUES, WIDE_PX, HIGH_PX = 48, 8, 64  # a band at the upper edge, beside the face
SHRUNK = (1, 2, 4, 8)  # halves and quarters of the picture keep their values
PASSWORD_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Marker:
    """name: of what is looked for. raw: its bytes, of which other forms are made."""

    name: str
    raw: bytes
    more: tuple[bytes, ...] = ()

    @classmethod
    def of_picture(cls, pixels: np.ndarray) -> Marker:
        """The pixels, also in smaller copies of the picture."""
        wide = [np.repeat(pixels, WIDE_PX // factor).tobytes()[:64] for factor in SHRUNK]
        return cls("picture", wide[-1], tuple(wide[:-1]))

    def forms(self) -> tuple[bytes, ...]:
        """As it is, as hexadecimal digits, and as base64 wherever it begins."""
        middles = [base64.b64encode(bytes(before) + self.raw)[4:-4] for before in range(3)]
        return (self.raw, *self.more, self.raw.hex().encode(), *middles)


def random_pixels() -> np.ndarray:
    """uint8 (VALUES,)"""
    return np.frombuffer(secrets.token_bytes(VALUES), np.uint8)


def random_password() -> str:
    """A password that settings hold as it is."""
    return "".join(secrets.choice(PASSWORD_LETTERS) for _ in range(24))


def people(pixels: np.ndarray | None = None) -> Iterator[bytes]:
    """Files with faces of the reel (PGM). pixels: drawn into a band above each face."""
    for number in range(12):
        picture = frame_at(3.0 + 5.0 * number).copy()
        if pixels is not None:
            picture[:HIGH_PX, : VALUES * WIDE_PX] = np.repeat(pixels, WIDE_PX)
        height, width = picture.shape
        yield b"P5 %d %d 255\n" % (width, height) + picture.tobytes()
