"""`jukebox own-playlists`, for the installer: the stored playlists that nobody has edited.

It needs nothing but Python: when a jukebox is uninstalled, its environment is gone before.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from appliance.history.state import StateFile
from appliance.player.state import PlayerState, list_hash


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds the player's state and the folder in which MPD keeps its playlists."""
    verb.add_argument("state", type=Path, metavar="FILE", help="jukebox.player.json")
    verb.add_argument("folder", type=Path, metavar="FOLDER", help="MPD's playlist_directory")


def run(chosen: argparse.Namespace) -> int:
    """Prints their files, one a line. Returns 0 also if there are none."""
    for file in own_playlists(chosen.state, chosen.folder):
        print(file)
    return 0


def own_playlists(state: Path, folder: Path) -> Iterator[Path]:
    """The files of stored playlists that the jukebox made and that nobody has edited since.

    state: the player's state file. Nothing if it does not exist or cannot be understood.
    """
    for name, made in StateFile(state, PlayerState()).kept.lists.items():
        file = folder / f"{name}.m3u"
        if file.is_file() and made == list_hash(_lines(file)):
            yield file


def _lines(file: Path) -> list[str]:
    # A person may have saved the list in another encoding. Then it differs, and that is enough.
    return file.read_text(encoding="utf-8", errors="replace").removesuffix("\n").split("\n")
