"""The folder of a mood in MPD's music, if this process may put files there."""

from __future__ import annotations

import os
from pathlib import Path

from appliance.errors import UsageError

NOT_OURS = "I may not put music into {folder}: it belongs to somebody else"
NOT_HERE = "music can only be put in where the music player runs, and this one runs elsewhere"
OUTSIDE = "the folder {folder} is not inside the player's music"
NOT_MADE = "the folder {folder} cannot be made: {why}"


def music_folder(root: str, name: str) -> Path:
    """The folder of this name, made if need be. Raises UsageError.

    root: MPD's music directory, as MPD calls it. name: without a slash.
    """
    top = Path(root)
    if not root.startswith("/") or not top.is_dir():
        raise UsageError(NOT_HERE)
    folder = top / name
    if folder.resolve().parent != top.resolve():  # "..", or a link that leads elsewhere
        raise UsageError(OUTSIDE.format(folder=name))
    if not may_write(folder if folder.is_dir() else top):
        raise UsageError(NOT_OURS.format(folder=folder))
    if not folder.is_dir():
        _make(folder)
    return folder


def may_write(folder: Path) -> bool:
    """Whether this user may add files there: root only to what is root's, not to a user's own."""
    if os.geteuid() == 0:
        return folder.stat().st_uid == 0
    return os.access(folder, os.W_OK | os.X_OK)


def _make(folder: Path) -> None:
    try:
        folder.mkdir()
        folder.chmod(folder.stat().st_mode | 0o055)  # MPD, another user, must look into it
    except OSError as error:
        raise UsageError(NOT_MADE.format(folder=folder, why=error.strerror)) from error
