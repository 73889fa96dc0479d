"""Files that are replaced in one step, with the owner and the mode that they had."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from appliance.errors import JukeboxError


def read(file: Path, most_bytes: int) -> str:
    """The text of a file, as it is; "" if there is no such file. Raises JukeboxError."""
    try:
        with file.open("rb") as stream:
            content = stream.read(most_bytes + 1)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise JukeboxError(f"{file}: cannot be read: {error.strerror}") from error
    if len(content) > most_bytes:
        raise JukeboxError(f"{file}: is larger than {most_bytes} bytes; it is left as it is")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise JukeboxError(f"{file}: is not UTF-8; save the file in that encoding") from error


def hash_of(text: str) -> str:
    """By which a form says of which text it was made."""
    return hashlib.sha256(text.encode()).hexdigest()


def replace(file: Path, text: str) -> None:
    """Puts the text into the file: completely or not at all, even if the plug is pulled.

    A new file is for its owner alone. Raises JukeboxError.
    """
    file = file.resolve()  # a link stays one
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)  # left by a pulled plug
        _write(part, text.encode(), file)
        part.replace(file)
        _sync(file.parent)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise JukeboxError(f"{file}: cannot be written: {error.strerror}") from error


def _write(part: Path, content: bytes, like: Path) -> None:
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as stream:
        with suppress(FileNotFoundError):
            known = like.stat()
            if (known.st_uid, known.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(fd, known.st_uid, known.st_gid)
            os.fchmod(fd, known.st_mode & 0o7777)
        stream.write(content)
        stream.flush()
        os.fsync(fd)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
