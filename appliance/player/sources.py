"""The songs of a source in jukebox.toml, which is a name, a folder, a file or a link.

MPD itself reads stored playlists, playlist files and links; this process opens no connection.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mpd import CommandError, FailureResponseCode, MPDClient

from appliance.errors import JukeboxError

# A link to .m3u8 is not a playlist but one HLS stream in pieces, which MPD plays as it is.
LINKED_PLAYLISTS = (".m3u", ".pls", ".xspf", ".asx")
PLAYLIST_FILES = (*LINKED_PLAYLISTS, ".m3u8")

# SYSTEM: no such file, or one that MPD may not read; ARG: a name that no playlist can have
# ("music/happy").
NOTHING_THERE = (
    FailureResponseCode.NO_EXIST,
    FailureResponseCode.SYSTEM,
    FailureResponseCode.ARG,
)

Entry = Mapping[str, Any]  # a song or folder as MPD describes it


class PlaylistError(JukeboxError):
    """A source of songs cannot be used. The music goes on without it."""


@dataclass(frozen=True, slots=True)
class Song:
    """Something that MPD can play. title: "" if MPD tells it only once it is in the queue."""

    uri: str
    title: str
    source: str


def read_songs(client: MPDClient, wanted_for: str, source: str, *, local: bool) -> list[Song]:
    """The songs of one source, in its order; at least one.

    wanted_for: a name for error messages. source: a stored playlist, else a folder or playlist file
    of MPD's music directory; the absolute path of a folder or a playlist file on this machine; a
    link to a stream or to a playlist. local: MPD is reached over a Unix socket; otherwise it opens
    no files outside its own music. Raises PlaylistError if there is nothing to play.
    """
    if source.startswith("/") and not local:
        raise PlaylistError(
            f"{wanted_for}: MPD refuses {source}, because over the network it opens no local "
            "files; set the player's address to MPD's Unix socket, or name a folder inside MPD's "
            "own music"
        )
    if Path(source).is_absolute() and Path(source).is_dir():
        songs = _files_in(client, source)
    elif _is_stream(source):
        songs = [Song(source, "", source)]
    elif _is_playlist(client, source):
        songs = _songs_listed(client.listplaylistinfo, source)
    else:
        songs = songs_in_folder(client, source)
    if not songs:
        stored = source in stored_playlists(client)
        reason = f"the stored playlist {source!r} is empty" if stored else _nothing_found(source)
        raise PlaylistError(f"{wanted_for}: {reason}")
    return songs


def songs_in_folder(client: MPDClient, folder: str) -> list[Song]:
    """The songs in a folder of MPD's own music and in the folders below; [] if there is none."""
    try:
        return _songs_listed(client.listallinfo, folder)
    except CommandError as error:
        if error.errno != FailureResponseCode.UNKNOWN:
            raise
    # Mopidy, unless it is configured otherwise, has no listallinfo.
    return _songs_listed(partial(_walk, client), folder)


def stored_playlists(client: MPDClient) -> frozenset[str]:
    """The names of the stored playlists.

    Ask this first: MPD logs each attempt to read a playlist that it does not have.
    """
    try:
        return frozenset(stored["playlist"] for stored in client.listplaylists())
    except CommandError as error:
        if error.errno not in (FailureResponseCode.UNKNOWN, FailureResponseCode.SYSTEM):
            raise
        return frozenset()  # "Stored playlists are disabled", or their folder is missing


def given_title(entry: Entry) -> str:
    """A song's title: "artist – title", else a radio's name; "" if MPD knows neither."""
    title = _text(entry, "title") or _text(entry, "name")
    artist = _text(entry, "artist")
    return f"{artist} – {title}" if artist and title else title


def name_of(uri: str) -> str:
    """A name for a song without a title: a file's name without its suffix, or the whole link."""
    return uri if "://" in uri else Path(uri).stem


def can_be_said(path: str) -> bool:
    """Whether MPD's protocol and playlists, lines of UTF-8, can carry this path."""
    try:
        return "\n" not in path and bool(path.encode())
    except UnicodeEncodeError:
        return False


def _files_in(client: MPDClient, folder: str) -> list[Song]:
    """The files that MPD can decode in a folder of this machine and in the folders below."""
    suffixes = _decodable_suffixes(client)
    paths = sorted(
        os.path.join(below, name)
        for below, _, names in os.walk(folder)
        for name in names
        if name.rpartition(".")[2].lower() in suffixes
    )
    return [Song(path, "", folder) for path in paths if can_be_said(path)]


def _is_stream(source: str) -> bool:
    return "://" in source and not urlsplit(source).path.lower().endswith(LINKED_PLAYLISTS)


def _is_playlist(client: MPDClient, source: str) -> bool:
    return (
        "://" in source
        or source.lower().endswith(PLAYLIST_FILES)
        or source in stored_playlists(client)
    )


def _songs_listed(command: Callable[[str], Iterable[Entry]], source: str) -> list[Song]:
    """The songs that an MPD command lists; [] if MPD does not know the source."""
    try:
        entries = list(command(source))
    except CommandError as error:
        if error.errno in NOTHING_THERE:
            return []
        raise
    # Entries without a file are folders.
    return [Song(entry["file"], given_title(entry), source) for entry in entries if "file" in entry]


def _walk(client: MPDClient, folder: str) -> Iterator[Entry]:
    """The entries of a folder and of those below, one folder after the other."""
    for entry in client.lsinfo(folder):
        yield entry
        if "directory" in entry:
            yield from _walk(client, entry["directory"])


def _decodable_suffixes(client: MPDClient) -> frozenset[str]:
    """The suffixes of the files that this MPD can decode, without the dot."""
    suffixes: set[str] = set()
    for decoder in client.decoders():
        names = decoder.get("suffix", [])  # python-mpd2 gives a single one as a string
        suffixes.update([names] if isinstance(names, str) else names)
    return frozenset(suffixes)


def _nothing_found(source: str) -> str:
    if source.startswith("/"):
        return (
            f"there is nothing to play in {source}; put songs into that folder or playlist file, "
            "let the user that MPD runs as read it, or name another in jukebox.toml"
        )
    if "://" in source:
        return f"MPD got no playlist from {source}; check the link and the network"
    return (
        f"MPD has no stored playlist and no folder with songs called {source!r}; "
        "save one with any MPD app, or name another in jukebox.toml"
    )


def _text(entry: Entry, tag: str) -> str:
    value = entry.get(tag, "")  # python-mpd2 gives a repeated tag as a list
    return value if isinstance(value, str) else ", ".join(value)
