"""Whether this user may read a file or folder, and what stands in the way.

On an installed jukebox the service sees no home directories (systemd/jukebox.service).
"""

from __future__ import annotations

import os
from pathlib import Path


def closed_folder(path: Path) -> Path | None:
    """The first folder on the way to path, or path itself, that this user may not read.

    None if nothing keeps this user from path, whether it exists or not. It never raises: on
    Python 3.11 Path.exists() and its like raise PermissionError below such a folder.
    """
    absolute = path.absolute()
    for folder in reversed(absolute.parents):
        if os.path.isdir(folder) and not _may(folder, os.X_OK):
            return folder
    needed = os.R_OK | os.X_OK if os.path.isdir(absolute) else os.R_OK
    return absolute if os.path.lexists(absolute) and not _may(absolute, needed) else None


def why_closed(folder: Path) -> str:
    """Why a path below a closed folder cannot be used, for the middle of a sentence."""
    homes = Path("/home"), Path("/root")
    home = any(folder == place or place in folder.parents for place in homes)
    reason = "; an installed jukebox sees no home directories" if home else ""
    return f"this user may not read {folder}{reason}"


def is_socket(path: Path) -> bool:
    """Whether path is a Unix socket; False also where this user may not look for it."""
    try:
        return path.is_socket()
    except PermissionError:
        return False


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=True)
