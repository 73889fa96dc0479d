"""What the music page asks of MPD: the queue, its music, and the moods' stored playlists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mpd import CommandError

from appliance.errors import UsageError
from appliance.player.client import Client
from appliance.player.sources import songs_in_folder
from appliance.player.watched_mpd import Song, song_of
from appliance.records import EMOTIONS
from appliance.resolver.protocol import is_link

MOST_SHOWN = 200
LIKE = "like"  # the sticker of myMPD, Cantata and the jukebox: 0 dislike, 1 neither, 2 like
LIKES = {"like": "2", "neither": "1", "dislike": "0"}


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of MPD's music: the folders and songs in it."""

    path: str
    folders: tuple[str, ...]
    songs: tuple[Song, ...]


def mood_lists(settings: Mapping[str, Any]) -> dict[str, str]:
    """The stored playlist of each mood that has one: the first of its sources that is a name."""
    found = {}
    for mood in EMOTIONS:
        sources = settings.get("playlists", {}).get(mood, ())
        names = [sources] if isinstance(sources, str) else list(sources)
        name = next((name for name in names if _is_name(name)), None)
        if name is not None:
            found[str(mood)] = name
    return found


def queue(client: Client) -> list[Song]:
    """The songs of the queue, as many as a page shows."""
    return [song_of(entry) for entry in client.playlistinfo(f"0:{MOST_SHOWN}")]


def search(client: Client, words: str) -> list[Song]:
    """Songs with these words in any tag or in their name."""
    found = client.search("any", words) if words else []
    if not found and words:
        found = client.search("file", words)
    return [song_of(entry) for entry in found[:MOST_SHOWN]]


def folder(client: Client, path: str) -> Folder:
    """A folder of MPD's music; "": the topmost."""
    entries = client.lsinfo(checked(path) if path else "/")
    folders = tuple(entry["directory"] for entry in entries if "directory" in entry)
    songs = tuple(song_of(entry) for entry in entries if "file" in entry)
    return Folder(path, folders[:MOST_SHOWN], songs[:MOST_SHOWN])


def stored(client: Client, name: str) -> list[Song]:
    """The songs of a stored playlist. Raises CommandError if there is none."""
    return [song_of(entry) for entry in client.listplaylistinfo(name)[:MOST_SHOWN]]


def like(client: Client, uri: str) -> str:
    """What people think of a song: "0", "1" or "2"."""
    with suppress(CommandError):  # no sticker, or no stickers at all
        return str(client.sticker_get("song", uri, LIKE))
    return "1"


# --- actions -------------------------------------------------------------------------------------


def add(client: Client, uri: str, *, following: bool) -> None:
    """Puts a song of MPD's music, or the songs of a folder, into the queue."""
    position = client.state().get("song")
    uris = [song.uri for song in songs_in_folder(client, checked(uri))][:MOST_SHOWN] or [uri]
    for number, found in enumerate(uris):
        place = (int(position) + 1 + number,) if following and position is not None else ()
        client.addid(found, *place)


def move(client: Client, number: str, by: int) -> None:
    """Moves a song of the queue up (-1) or down (1)."""
    entry = _in_queue(client, number)
    place = int(entry["pos"]) + by
    if 0 <= place < int(client.state()["playlistlength"]):
        client.moveid(int(number), place)


def remove(client: Client, number: str) -> None:
    """Removes a song from the queue."""
    _in_queue(client, number)
    client.deleteid(int(number))


def play_now(client: Client, number: str) -> None:
    """Plays a song of the queue."""
    _in_queue(client, number)
    client.playid(int(number))


def set_like(client: Client, uri: str, how: str) -> None:
    """Keeps what people think of a song. Raises UsageError."""
    if how not in LIKES:
        raise UsageError("it must be like, neither or dislike")
    client.sticker_set("song", checked(uri), LIKE, LIKES[how])


def put_into(client: Client, name: str, uri: str, *, link: bool = False) -> None:
    """Adds a song or a link at the end of a stored playlist. Raises UsageError if it has it."""
    _must_be_there(client, name)
    if uri in client.listplaylist(name):
        raise UsageError("it is in this playlist already")
    client.playlistadd(name, uri if link else checked(uri))


def take_out(client: Client, name: str, place: str, uri: str) -> None:
    """Removes a song from a stored playlist, if it is still at this place."""
    client.playlistdelete(name, _place(client, name, place, uri))


def move_in(client: Client, name: str, place: str, uri: str, by: int) -> None:
    """Moves a song of a stored playlist up (-1) or down (1)."""
    before = _place(client, name, place, uri)
    if 0 <= before + by < len(client.listplaylist(name)):
        client.playlistmove(name, before, before + by)


def checked(uri: str) -> str:
    """A song or folder of MPD's own music. Raises UsageError for links and files elsewhere.

    Over a Unix socket, MPD would also open any file that this user may read.
    """
    parts = uri.split("/")
    if uri.startswith("/") or "://" in uri or ".." in parts or not uri:
        raise UsageError("this is no song of this music")
    return uri


def _is_name(source: object) -> bool:
    text = str(source)
    return "/" not in text and not is_link(text)


def _must_be_there(client: Client, name: str) -> None:
    if name not in {entry["playlist"] for entry in client.listplaylists()}:
        raise UsageError("this mood has no playlist that can be changed")


def _in_queue(client: Client, number: str) -> Mapping[str, Any]:
    try:
        entry: Mapping[str, Any] = client.playlistid(int(number))[0]
    except (ValueError, IndexError, CommandError) as error:
        raise UsageError("this song is no longer in the queue") from error
    return entry


def _place(client: Client, name: str, place: str, uri: str) -> int:
    """The place in a stored playlist. Raises UsageError if another song is there by now."""
    songs: Sequence[str] = client.listplaylist(name)
    if not place.isdecimal() or int(place) >= len(songs) or songs[int(place)] != uri:
        raise UsageError("somebody has changed this playlist meanwhile")
    return int(place)
