"""Picture files → pixels: gray, and their colour."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np
import numpy.typing as npt

from appliance.errors import CameraError
from appliance.records import ChromaImage, GrayImage, Picture

# No camera writes a larger file, and one file must not fill the jukebox's memory.
LARGEST_BYTES = 64 * 1024 * 1024
PNG_BEGINS = b"\x89PNG\r\n\x1a\n"
JPEG_BEGINS, JPEG_ENDS = b"\xff\xd8", b"\xff\xd9"
# By how many degrees, clockwise.
ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def read_picture(path: Path) -> Picture:
    """The picture in a file, whose content is kept as long as it is, for its colour.

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
    return Picture(luma, partial(colour_decoded, content))


def turned(picture: Picture, degrees: int) -> Picture:
    """The same picture turned clockwise. degrees: 0, 90, 180 or 270."""
    if degrees not in ROTATIONS:
        return picture
    rotation, colour = ROTATIONS[degrees], picture.chroma
    luma = np.asarray(cv2.rotate(picture.luma, rotation), np.uint8)
    if colour is None:
        return Picture(luma)
    return Picture(luma, lambda: np.asarray(cv2.rotate(colour(), rotation), np.uint8))


def decoded(content: npt.NDArray[np.uint8]) -> GrayImage | None:
    """The picture in a file's bytes, upright, uint8 (height, width); None if OpenCV cannot read it.

    Of a JPEG that ends early, what there is. content: uint8 (bytes,).
    """
    return _decoded(content, cv2.IMREAD_GRAYSCALE)


def colour_decoded(content: npt.NDArray[np.uint8]) -> ChromaImage:
    """The colour of the same, as upright, uint8 (height / 2, width / 2, 2).

    Of a JPEG no more is decoded than that. Gray, of 1×1 pixel, if OpenCV cannot read it.
    """
    picture = _decoded(content, cv2.IMREAD_REDUCED_COLOR_2)
    return np.full((1, 1, 2), 128, np.uint8) if picture is None else _chroma(picture)


def chroma_of_bgr(picture: npt.NDArray[np.uint8]) -> ChromaImage:
    """The colour of a picture, uint8 (height / 2, width / 2, 2). picture: (height, width, 3)."""
    size = max(1, picture.shape[1] // 2), max(1, picture.shape[0] // 2)
    return _chroma(np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST), np.uint8))


def kept(picture: Picture) -> Picture:
    """The same picture in memory of its own, for whoever keeps it while the camera goes on."""
    luma = picture.luma.copy()
    if picture.chroma is None:
        return Picture(luma)
    chroma = picture.chroma().copy()
    return Picture(luma, lambda: chroma)


def pair(pixels: npt.NDArray[np.uint8], places: tuple[int, int]) -> ChromaImage:
    """Two of a picture's channels, uint8 (height, width, 2). pixels: (height, width, channels).

    OpenCV takes a fifth of NumPy's time.
    """
    return np.asarray(cv2.merge([cv2.extractChannel(pixels, place) for place in places]), np.uint8)


def _chroma(picture: npt.NDArray[np.uint8]) -> ChromaImage:
    return pair(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb), np.uint8), (1, 2))


def _decoded(content: npt.NDArray[np.uint8], flags: int) -> npt.NDArray[np.uint8] | None:
    """The picture in a file's bytes, upright. flags: how OpenCV is to decode it."""
    if not content.size:
        return None
    data = content.tobytes()
    if data.startswith(PNG_BEGINS) and not _is_whole_png(data):
        return None
    if data.startswith(JPEG_BEGINS) and not data.endswith(JPEG_ENDS):
        # Many webcams leave the end marker out, and imdecode() then gives nothing.
        content = np.frombuffer(data + JPEG_ENDS, np.uint8)
    # OpenCV turns other formats as their EXIF says, but WebP only from 4.13 on.
    is_webp = data.startswith(b"RIFF") and data[8:12] == b"WEBP"
    flags |= cv2.IMREAD_IGNORE_ORIENTATION if is_webp else 0
    try:
        pixels = cv2.imdecode(content, flags)
    except cv2.error:  # such as a header that promises a picture of 10^10 pixels
        return None
    if pixels is None or not is_webp:
        return cast("GrayImage | None", pixels)
    return _upright(cast("GrayImage", pixels), _orientation_of_webp(data))


def _is_whole_png(data: bytes) -> bool:
    """Whether no part of a PNG file says that it is longer than what is left of the file.

    OpenCV 4.11 takes the memory that the part asks for, up to 2 GB, and seconds to fill it.
    """
    at = len(PNG_BEGINS)
    while at + 4 <= len(data) and data[at + 4 : at + 8] != b"IEND":
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return at <= len(data)


def _orientation_of_webp(data: bytes) -> int:
    """The orientation in a WebP file's EXIF, 1…8; 1, upright, if it does not tell.

    Chunks: https://developers.google.com/speed/webp/docs/riff_container
    """
    start = 12
    while start + 8 <= len(data):
        size = int.from_bytes(data[start + 4 : start + 8], "little")
        if data[start : start + 4] == b"EXIF":
            return _orientation(data[start + 8 : start + 8 + size].removeprefix(b"Exif\0\0"))
        start += 8 + size + size % 2
    return 1


def _orientation(exif: bytes) -> int:
    """Tag 0x0112 of the first directory of EXIF, which is a TIFF file."""
    order: Literal["little", "big"] = "little" if exif.startswith(b"II") else "big"

    def number(start: int, length: int) -> int:
        return int.from_bytes(exif[start : start + length], order)

    directory = number(4, 4)
    for entry in range(min(number(directory, 2), 512)):
        place = directory + 2 + 12 * entry
        if number(place, 2) == 0x0112:
            return number(place + 8, 2)
    return 1


def _upright(pixels: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """A picture turned as EXIF's orientation says. Unknown numbers turn nothing."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
