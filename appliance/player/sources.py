"""The songs of a source in jukebox.toml, which is a name, a folder, a file or a link.

MPD itself reads stored playlists, playlist files and links; this process opens no connection.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from mpd import CommandError, FailureResponseCode
from mpd import ConnectionError as MpdConnectionError

from appliance.access import closed_folder, why_closed
from appliance.errors import JukeboxError
from appliance.player.client import Client
from appliance.player.names import nearest, other_spelling, plain_name, stored_playlists
from appliance.player.parts import Entry, in_parts

# A link to .m3u8 is not a playlist but one HLS stream in pieces, which MPD plays as it is.
LINKED_PLAYLISTS = (".m3u", ".pls", ".xspf", ".asx")
PLAYLIST_FILES = (*LINKED_PLAYLISTS, ".m3u8")

# SYSTEM: no such file, or one that MPD may not read; ARG: a name that no playlist can have
# ("music/happy"). Everything else is a refusal, and said as one.
NOTHING_THERE = (
    FailureResponseCode.NO_EXIST,
    FailureResponseCode.SYSTEM,
    FailureResponseCode.ARG,
)

# What Windows writes before UTF-8, and the first of the surrogates for bytes (PEP 383).
BYTE_ORDER_MARK = "\ufeff"
SURROGATE = 0xDC00
UTF_16_MARKS = ("\udcff\udcfe", "\udcfe\udcff")  # MPD reads no more of such a playlist

UNTOLD = "untold"  # marks an entry of which MPD was asked for nothing but the name


class PlaylistError(JukeboxError):
    """A source of songs cannot be used. The music goes on without it."""


@dataclass(frozen=True, slots=True)
class Song:
    """Something that MPD can play.

    title: "" if MPD tells it only once it is in the queue. there: whether MPD has it; None if
    nobody knows, because its name had to be corrected.
    """

    uri: str
    title: str
    source: str
    there: bool | None = True


def read_songs(client: Client, wanted_for: str, source: str, *, local: bool) -> list[Song]:
    """The songs of one source, in its order; at least one, of which not all are missing.

    wanted_for: a name for error messages. source: a stored playlist, else a folder or playlist file
    of MPD's music directory; the absolute path of a folder or a playlist file on this machine; a
    link to a stream or to a playlist; written as MPD does, or in other case, with slashes around it
    or as file:///. local: MPD is reached over a Unix socket; otherwise it opens
    no files outside its own music. Raises PlaylistError if there is nothing to play.
    """
    source = plain_name(source)
    if source.startswith("/") and not local:
        raise PlaylistError(
            f"{wanted_for}: MPD refuses {source}, because over the network it opens no local "
            "files; set the player's address to MPD's Unix socket, or name a folder inside MPD's "
            "own music"
        )
    try:
        songs = _songs_of(client, source)
        if not songs and (spelled := other_spelling(client, source)) not in ("", source):
            source, songs = spelled, _songs_of(client, spelled)
    except CommandError as error:
        raise PlaylistError(f"{wanted_for}: {_refused(source, error)}") from error
    if not songs:
        is_stored = source in stored_playlists(client)
        empty = f"the stored playlist {source!r} is empty"
        reason = empty if is_stored else _nothing_found(client, source)
        raise PlaylistError(f"{wanted_for}: {reason}")
    if all(song.there is False for song in songs):
        raise PlaylistError(f"{wanted_for}: {_none_there(source, songs, local=local)}")
    return songs


def is_there(client: Client, song: Song) -> bool:
    """Whether MPD has this song; it is asked if read_songs() could not tell."""
    if song.there is None:
        return bool(_songs_listed(client.lsinfo, song.uri))
    return song.there


def songs_in_folder(client: Client, folder: str) -> list[Song]:
    """The songs in a folder of MPD's own music and in the folders below; [] if there is none."""
    if client.is_mopidy:  # it has no filters, and, unless configured otherwise, no listallinfo
        return _songs_listed(partial(_walk, client), folder)
    quoted = folder.replace("\\", "\\\\").replace('"', '\\"')
    below = f'(base "{quoted}")'
    return _songs_listed(lambda _: in_parts(client, partial(client.find, below, "window")), folder)


def is_linked_playlist(uri: str) -> bool:
    """Whether this is a link to a playlist, as its name tells."""
    return "://" in uri and not _is_stream(uri)


def given_title(entry: Entry) -> str:
    """A song's title: "artist – title", else a radio's name; "" if MPD knows neither."""
    title = _text(entry, "title") or _text(entry, "name")
    artist = _text(entry, "artist")
    return f"{artist} – {title}" if artist and title else title


def name_of(uri: str) -> str:
    """A name for a song without a title: a file's name without its suffix, or the whole link."""
    return uri if "://" in uri else readable(Path(uri).stem)


def readable(name: str) -> str:
    """A name whose bytes are not all UTF-8, read as Windows writes them (its code page 1252)."""
    return "".join(
        _as_windows(ord(character) - SURROGATE) if "\udc80" <= character <= "\udcff" else character
        for character in name
    )


def can_be_said(path: str) -> bool:
    """Whether MPD's protocol and playlists, lines of UTF-8, can carry this path."""
    try:
        return "\n" not in path and bool(path.encode())
    except UnicodeEncodeError:
        return False


def _files_in(client: Client, folder: str) -> list[Song]:
    """The files that MPD can decode in a folder of this machine and in the folders below."""
    suffixes = _decodable_suffixes(client)
    paths = sorted(
        os.path.join(below, name)
        for below, _, names in os.walk(folder)
        for name in names
        if name.rpartition(".")[2].lower() in suffixes
    )
    return [
        Song(path, "", folder) if can_be_said(path) else _unsayable(path, folder) for path in paths
    ]


def _unsayable(path: str, folder: str) -> Song:
    """A file that MPD cannot be asked for. uri: how its path looks, and what to do about it."""
    shown = readable(path).replace("\n", "\\n")
    return Song(f"{shown} (its name is not UTF-8, or has two lines: rename it)", "", folder, False)


def _songs_of(client: Client, source: str) -> list[Song]:
    """The songs of a source, [] if there is none. Raises CommandError if MPD refuses it."""
    # Not Path.is_dir(), which on Python 3.11 raises PermissionError below a closed folder.
    if source.startswith("/") and os.path.isdir(source):
        return _files_in(client, source)
    if _is_stream(source):
        return [Song(source, "", source)]
    if _is_playlist(client, source):
        return _songs_listed(partial(_list, client), source, listed=True)
    return songs_in_folder(client, source)


def _is_stream(source: str) -> bool:
    return "://" in source and not urlsplit(source).path.lower().endswith(LINKED_PLAYLISTS)


def _is_playlist(client: Client, source: str) -> bool:
    return (
        "://" in source
        or source.lower().endswith(PLAYLIST_FILES)
        or source in stored_playlists(client)
    )


def _list(client: Client, name: str) -> list[Entry]:
    """What a playlist names. MPD 0.23 tells that as a whole, or hangs up if it is too long."""
    if client.tells_parts_of_playlists and "://" not in name:
        return in_parts(client, partial(client.listplaylistinfo, name))
    try:
        return list(client.listplaylistinfo(name))
    except MpdConnectionError:
        if "://" in name:
            raise
    client.reconnect()
    return [{"file": uri, UNTOLD: ""} for uri in client.listplaylist(name)]


def _songs_listed(
    command: Callable[[str], Iterable[Entry]], source: str, *, listed: bool = False
) -> list[Song]:
    """The songs that an MPD command lists; [] if MPD does not know the source.

    listed: a playlist names them, which may be missing or misspelt.
    """
    try:
        entries = list(command(source))
    except CommandError as error:
        if error.errno in NOTHING_THERE:
            return []
        raise
    # Entries without a file are folders.
    entries = [entry for entry in entries if "file" in entry]
    if listed:
        songs = (_named(entry, source) for entry in entries)
        return [song for song in songs if song is not None]
    return [Song(entry["file"], given_title(entry), source) for entry in entries]


def _named(entry: Entry, source: str) -> Song | None:
    """The song that a line of a playlist names; None for a comment.

    MPD passes on the bytes of the line. It tells more than the name only of a file that it can
    open. Windows writes playlists in its own code page, or in UTF-8 after a byte order mark.
    """
    uri: str = entry["file"]
    title = given_title(entry)
    if UNTOLD in entry and uri.isprintable():
        return Song(uri, "", source, there=None)
    if len(entry) > 1 and "://" not in uri:
        return Song(uri, title, source)
    folder, mark, name = uri.partition(BYTE_ORDER_MARK)
    if mark and name.startswith("#"):
        return None
    # MPD takes a whole path behind the mark for one in the playlist's folder.
    is_whole = name.startswith("/") or "://" in name
    corrected = readable(name if is_whole else folder + name)
    is_lost = corrected == uri or any(mark in uri for mark in UTF_16_MARKS)
    there = "://" in corrected or (False if is_lost else None)
    return Song(corrected, title, source, there)


def _as_windows(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:  # five bytes mean nothing there
        return chr(byte)


def _walk(client: Client, folder: str) -> Iterator[Entry]:
    """The entries of a folder and of those below, one folder after the other."""
    for entry in client.lsinfo(folder):
        yield entry
        if "directory" in entry:
            yield from _walk(client, entry["directory"])


def _decodable_suffixes(client: Client) -> frozenset[str]:
    """The suffixes of the files that this MPD can decode, without the dot."""
    suffixes: set[str] = set()
    for decoder in client.decoders():
        names = decoder.get("suffix", [])  # python-mpd2 gives a single one as a string
        suffixes.update([names] if isinstance(names, str) else names)
    return frozenset(suffixes)


def _refused(source: str, error: CommandError) -> str:
    refused = f"MPD refuses {source}: {error}"
    if source.startswith("/") and error.errno == FailureResponseCode.PERMISSION:
        return f"{refused}; let everybody read it (chmod a+r), or put it into MPD's music folder"
    return refused


def _none_there(source: str, songs: list[Song], *, local: bool) -> str:
    first = songs[0].uri
    missing = f"MPD finds none of the {len(songs)} songs in {source}, of which the first is {first}"
    if first.startswith("/") and not local:
        return (
            f"{missing}: over the network it opens only its own music; put the songs there and "
            "name them as MPD does, or set the player's address to MPD's Unix socket"
        )
    return f"{missing}; correct the paths in it, one a line, in UTF-8"


def _nothing_found(client: Client, source: str) -> str:
    if source.startswith("/") and (closed := closed_folder(Path(source))):
        return (
            f"{source} cannot be read, because {why_closed(closed)}; move the music to /srv or "
            "into MPD's music folder"
        )
    if source.startswith("/"):
        return (
            f"there is nothing to play in {source}; put songs into that folder or playlist file, "
            "let the user that MPD runs as read it, or name another in jukebox.toml"
        )
    if "://" in source:
        return f"MPD got no playlist from {source}; check the link and the network"
    near = nearest(client, source)
    hint = f"did you mean {near!r}? Else " if near not in ("", source) else ""
    return (
        f"MPD has no stored playlist and no folder with songs called {source!r}; "
        f"{hint}save one with any MPD app, or name another in jukebox.toml"
    )


def _text(entry: Entry, tag: str) -> str:
    value = entry.get(tag, "")  # python-mpd2 gives a repeated tag as a list
    return value if isinstance(value, str) else ", ".join(value)
