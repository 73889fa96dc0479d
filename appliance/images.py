"""Picture files → gray pixels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from appliance.errors import CameraError
from appliance.records import GrayImage

# No camera writes a larger file, and one file must not fill the jukebox's memory.
LARGEST_BYTES = 64 * 1024 * 1024


def read_gray(path: Path) -> GrayImage:
    """The picture in a file, uint8 (height, width).

    Raises CameraError if the file cannot be read, is larger than 64 MB or is not a picture.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise CameraError(f"{path}: is larger than {LARGEST_BYTES >> 20} MB, so it is not read")
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise CameraError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error
    luma = decoded(content)
    if luma is None:
        raise CameraError(f"{path}: is not a picture that OpenCV can read (JPEG, PNG, WebP, …)")
    return luma


def decoded(content: npt.NDArray[np.uint8]) -> GrayImage | None:
    """The picture in a file's bytes, uint8 (height, width); None if OpenCV cannot read it.

    content: uint8 (bytes,).
    """
    if not content.size:
        return None
    try:
        return cast("GrayImage | None", cv2.imdecode(content, cv2.IMREAD_GRAYSCALE))
    except cv2.error:  # such as a header that promises a picture of 10^10 pixels
        return None
