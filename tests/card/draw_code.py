"""The code that a phone would show: python tests/card/draw_code.py FILE.png NAME PASSWORD."""

import io
import sys
from pathlib import Path

import cv2
import numpy as np
import segno


def escaped(text: str) -> str:
    """With a backslash before what has a meaning in such a code."""
    return "".join(f"\\{sign}" if sign in '\\;,:"' else sign for sign in text)


def room_with(text: str) -> np.ndarray:
    """A gray room of 640×480 pixels with the code in it."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="png", scale=5, border=4)
    code = cv2.imdecode(np.frombuffer(out.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)
    room = np.full((480, 640), 110, np.uint8)
    room[100 : 100 + code.shape[0], 200 : 200 + code.shape[1]] = code
    return room


if __name__ == "__main__":
    place, name, password = sys.argv[1:]
    shown = f"WIFI:T:WPA;S:{escaped(name)};P:{escaped(password)};;"
    Path(place).write_bytes(cv2.imencode(".png", room_with(shown))[1].tobytes())
