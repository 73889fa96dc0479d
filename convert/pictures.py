"""Pictures and other files from a zip or a folder, read alike."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import numpy.typing as npt

PICTURES = (".png", ".jpg", ".jpeg", ".bmp")


class DataError(Exception):
    """The data cannot be read or are not the ones asked for; the message says what and where."""


def pictures(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, content) of every picture in a zip or a folder, in sorted order.

    Raises DataError if one cannot be read.
    """
    return files(path, PICTURES)


def files(path: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """(name, content) of every file in a zip or a folder that has one of these endings.

    The names in a folder begin with its own, so that DATA/train may be given as well as DATA.
    Raises DataError if a file cannot be read.
    """
    if path.is_dir():
        folder = Path(os.path.abspath(path))  # a link keeps its own name
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder.parent).as_posix()
            if _is_wanted(name, endings) and file.is_file():
                yield name, file.read_bytes()
        return
    with _opened(path) as archive:
        for name in sorted(archive.namelist()):
            if _is_wanted(name, endings):
                yield name, _content(archive, name, path)


def decode(content: bytes, name: str, side_px: int | None = None) -> npt.NDArray[np.uint8]:
    """Gray pixels, uint8 (height, width), resized to a square of side_px if that is given.

    name: for the error. Raises DataError if the content is not a picture.
    """
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:  # no bytes at all, or a header that promises 10^10 pixels
        image = None
    if image is None:
        raise DataError(f"{name}: not a picture that can be read")
    if side_px and image.shape != (side_px, side_px):
        image = cv2.resize(image, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8)


def _is_wanted(name: str, endings: tuple[str, ...]) -> bool:
    # macOS adds files named ._picture.jpg to the zips that it makes.
    return name.lower().endswith(endings) and not PurePosixPath(name).name.startswith("._")


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a folder or a zip that can be read ({error})") from error


def _content(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError) as error:
        raise DataError(f"{path}: {name} cannot be read ({error})") from error
