"""One playlist file for each mood; files that a person has edited are not overwritten."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from appliance.errors import JukeboxError
from appliance.records import EMOTIONS, Emotion

# A digest of the rest follows. It shows whether the list is still as it was written.
HEADER = "# Written by jukebox sort. Once edited, it is left alone. "


def path_of(folder: Path, emotion: Emotion) -> Path:
    """The file of a mood's playlist in this folder."""
    return folder / f"{emotion}.m3u"


def check_unedited(folder: Path) -> None:
    """Raises JukeboxError if a playlist in this folder is not as this program wrote it."""
    paths = (path_of(folder, emotion) for emotion in EMOTIONS)
    edited = [
        str(path) for path in paths if os.path.exists(path) and not _is_ours(path.read_bytes())
    ]
    if edited:
        raise JukeboxError(
            f"somebody wrote or edited {', '.join(edited)}; choose another folder with --out, "
            "or overwrite them with --force"
        )


def in_music(path: Path, music: Path | None) -> Path | None:
    """The path of a file or folder from MPD's music folder; None if it does not lie there.

    music: that folder, which may be a symbolic link; None if MPD does not tell which it is.
    """
    if music is None:
        return None
    for place, root in ((path.absolute(), music), (path.resolve(), music.resolve())):
        if place.is_relative_to(root):
            return place.relative_to(root)
    return None


def entry(track: Path, folder: Path, music: Path | None) -> str:
    """How a playlist in this folder names a track.

    MPD reads a relative path from the playlist's own folder, and over the network it opens only its
    own music. So the path is relative if both lie in MPD's music, and else whole.
    """
    below, here = in_music(track, music), in_music(folder, music)
    if below is None or here is None:
        return str(track)
    relative = os.path.relpath(below, here)
    return f"./{relative}" if relative.startswith("#") else relative  # else it is a comment


def write(folder: Path, emotion: Emotion, entries: Iterable[str]) -> Path:
    """The path of a mood's playlist, which is written whole or not at all.

    entries: see entry(). Raises OSError if it cannot be written.
    """
    body = "".join(f"{name}\n" for name in entries).encode()
    path = path_of(folder, emotion)
    part = path.with_name(path.name + ".part")
    part.write_bytes(_header(body) + body)
    os.replace(part, path)
    return path


def _header(body: bytes) -> bytes:
    return f"{HEADER}{hashlib.sha256(body).hexdigest()}\n".encode()


def _is_ours(content: bytes) -> bool:
    first, _, body = content.partition(b"\n")
    return first + b"\n" == _header(body)
