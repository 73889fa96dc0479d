"""`jukebox link-sources`, for the resolver's unit: where the owner keeps links.

systemd runs it as a user who may read the settings. The resolver may not: it speaks with the
network, and the settings hold passwords.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from appliance.commands.shared import settings_of
from appliance.player.names import plain_name
from appliance.player.sources import PLAYLIST_FILES
from appliance.records import EMOTIONS
from appliance.resolver.protocol import is_link
from appliance.settings import PlaylistSettings

# Of the jukebox's own MPD (install/mpd.conf).
MUSIC = Path("/var/lib/jukebox/music")
STORED_PLAYLISTS = Path("/var/lib/mpd/playlists")


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds MPD's folders."""
    verb.add_argument("--music", type=Path, default=MUSIC, help="MPD's music_directory")
    verb.add_argument(
        "--stored", type=Path, default=STORED_PLAYLISTS, help="MPD's playlist_directory"
    )


def run(chosen: argparse.Namespace) -> int:
    """Prints links, playlist files and the folder of stored playlists, one a line."""
    for source in link_sources(settings_of(chosen).playlists, chosen.music):
        print(source)
    print(chosen.stored)
    return 0


def link_sources(playlists: PlaylistSettings, music: Path) -> Iterator[str]:
    """The links and the playlist files that the settings name; music: MPD's folder."""
    for emotion in EMOTIONS:
        for source in map(plain_name, playlists.of(emotion)):
            if "\n" in source:
                continue
            if is_link(source):
                yield source
            elif source.lower().endswith(PLAYLIST_FILES):
                yield source if source.startswith("/") else str(music / source)
