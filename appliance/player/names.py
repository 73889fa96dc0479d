"""Names of music as owners write them → the names that MPD has for it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from urllib.parse import unquote

from mpd import CommandError, MPDClient


def plain_name(source: str) -> str:
    """A source without what changes nothing: "./Happy/" is "Happy", "file:///srv" is "/srv"."""
    if local := re.fullmatch(r"file://(?:localhost)?(/.*)", source, re.IGNORECASE):
        source = unquote(local[1])
    if "://" in source:
        return source
    source = re.sub(r"/(?:\.?/)+", "/", source)
    return re.sub(r"^(?:\./)+", "", source).rstrip("/") or source


def stored_playlists(client: MPDClient) -> frozenset[str]:
    """The names of the stored playlists.

    Ask this first: MPD logs each attempt to read a playlist that it does not have.
    """
    try:
        return frozenset(stored["playlist"] for stored in client.listplaylists())
    except CommandError:
        return frozenset()  # "Stored playlists are disabled", or their folder is missing


def other_spelling(client: MPDClient, name: str) -> str:
    """The only playlist or folder of MPD's music whose name differs in case or accents' coding.

    "" if there is none, or more than one. name: without a slash at its end.
    """
    if name.startswith("/") or "://" in name:
        return ""
    if listed := _alike(name, stored_playlists(client)):
        return listed
    found = ""
    for part in name.split("/"):
        below = _alike(part, _names_in(client, found))
        if not below:
            return ""
        found = f"{found}/{below}".lstrip("/")
    return found


def nearest(client: MPDClient, name: str) -> str:
    """The stored playlist or folder whose name is most like this one; "" if none is."""
    folder = name.rpartition("/")[0]
    known = {f"{folder}/{below}".lstrip("/") for below in _names_in(client, folder)}
    known |= stored_playlists(client)
    by_form = {_form(known_name): known_name for known_name in known}
    near = get_close_matches(_form(name), by_form, 1)
    return by_form[near[0]] if near else ""


def _names_in(client: MPDClient, folder: str) -> Iterator[str]:
    """The names of the folders and playlist files in a folder of MPD's music, "" for the first."""
    try:
        entries = client.lsinfo(folder)
    except CommandError:
        return
    for entry in entries:
        path = entry.get("directory") or entry.get("playlist") or ""
        yield path.rpartition("/")[2]


def _alike(name: str, known: Iterable[str]) -> str:
    known = set(known)
    if name in known:
        return name
    alike = [other for other in known if _form(other) == _form(name)]
    return alike[0] if len(alike) == 1 else ""


def _form(name: str) -> str:
    """What is the same in names that people take for one. macOS writes accents by themselves."""
    return unicodedata.normalize("NFC", name).casefold()
