"""MPD as other processes than the jukebox see it: one connection, in a thread, without polling."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from mpd import MPDError

from appliance.errors import PlayerError, why_failed
from appliance.player.client import Client
from appliance.player.connection import Address, Connection
from appliance.player.curve import volume_of
from appliance.settings import MpdSettings

JUMP_S = 1.5  # what a place in a song may differ from what time explains
TRY_AGAIN_S = (0.5, 1.0, 2.0, 5.0)  # the last one for ever
Result = TypeVar("Result")
Action = Callable[[Client], Result]
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Song:
    """A song in the queue or in MPD's music. id: of its place in the queue, else "".

    title: at least its file's name. artist: "" if not known. seconds: None for a stream.
    """

    id: str
    uri: str
    title: str
    artist: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Playing:
    """What MPD does. volume_percent: None where MPD does not control it.

    following: the song that comes next, if one waits. elapsed_s: at the Unix time unix_s.
    """

    state: Literal["play", "pause", "stop"]
    song: Song | None
    following: Song | None
    volume_percent: int | None
    elapsed_s: float
    unix_s: float
    error: str = ""

    def tells_more_than(self, other: Playing | None) -> bool:
        """Whether more has changed than time explains, and the volume, which fades move."""
        if other is None or abs(self.began_s - other.began_s) > JUMP_S:
            return True
        known = ("state", "song", "following", "error")
        return any(getattr(self, name) != getattr(other, name) for name in known)

    @property
    def began_s(self) -> float:
        """When the song began, if it plays; else where it stands."""
        return self.unix_s - self.elapsed_s if self.state == "play" else self.elapsed_s


class Mpd:
    """Keeps what plays now, and does what the page asks for.

    playing: None while MPD cannot be reached. changed: called after each change.
    """

    def __init__(self, settings: MpdSettings, changed: Callable[[], None]) -> None:
        address = Address(settings.address, settings.port, settings.password)
        self.playing: Playing | None = None
        self._changed = changed
        self._connection = Connection(address, greet=lambda _client: None)
        self._thread = ThreadPoolExecutor(1, "mpd")
        self._news = asyncio.Event()
        self._at_work = 0  # what the thread still has to do
        self._watched: int | None = None  # the file descriptor at which news is awaited

    async def run(self) -> None:
        """Watches MPD until it is cancelled."""
        failures = 0
        try:
            while True:
                try:
                    await self._in_thread(self._look)
                except PlayerError:
                    self._take(None)
                    await asyncio.sleep(TRY_AGAIN_S[min(failures, len(TRY_AGAIN_S) - 1)])
                    failures += 1
                else:
                    failures = 0
                    await self._wait_for_news()
        finally:
            self._thread.submit(self._connection.close)
            self._thread.shutdown(wait=False)

    async def do(self, action: Action[Result]) -> Result:
        """The action's result; what it changed is taken in before. Raises PlayerError."""
        result = await self._in_thread(lambda: self._act(action))
        await self._in_thread(self._look)
        return result

    async def ask(self, question: Action[Result]) -> Result:
        """The answer to a question that changes nothing. Raises PlayerError."""
        return await self._in_thread(lambda: self._act(question))

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        """Works in MPD's thread, and takes in what it has seen. Raises PlayerError."""
        loop = asyncio.get_running_loop()
        self._stop_listening(loop)
        self._at_work += 1
        working = loop.run_in_executor(self._thread, work)
        working.add_done_callback(self._worked)
        result = await asyncio.shield(working)  # the thread works on, though nobody waits any more
        if isinstance(result, Playing):
            self._take(result)
        return result

    def _worked(self, working: asyncio.Future[Any]) -> None:
        """Only the thread touches the connection until all that was asked of it is done."""
        self._at_work -= 1
        if not working.cancelled():
            working.exception()  # whoever asked may be gone
        if not self._at_work:
            self._listen(working.get_loop())

    def _look(self) -> Playing:
        return self._act(look)

    def _act(self, action: Action[Result]) -> Result:
        with self._connection.client() as client:
            result = action(client)
        try:
            self._connection.listen()
        except (MPDError, OSError) as error:
            self._connection.close()
            raise PlayerError(f"MPD at {self._connection.address}: {why_failed(error)}") from error
        return result

    def _take(self, playing: Playing | None) -> None:
        if playing != self.playing:
            self.playing = playing
            self._changed()

    async def _wait_for_news(self) -> None:
        self._news.clear()
        self._listen(asyncio.get_running_loop())
        await self._news.wait()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        descriptor = self._connection.descriptor
        if descriptor is None:
            self._news.set()
            return
        self._watched = descriptor
        loop.add_reader(descriptor, self._on_news)

    def _stop_listening(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._watched is not None:
            loop.remove_reader(self._watched)
            self._watched = None

    def _on_news(self) -> None:
        self._stop_listening(asyncio.get_running_loop())
        self._news.set()


def look(client: Client) -> Playing:
    """What MPD does now."""
    status = client.state()
    entry = client.currentsong()
    following = client.playlistid(status["nextsongid"]) if "nextsongid" in status else []
    return Playing(
        state=cast(Literal["play", "pause", "stop"], status["state"]),
        song=song_of(entry) if entry and status["state"] != "stop" else None,
        following=song_of(following[0]) if following else None,
        volume_percent=volume_of(status),
        elapsed_s=float(status.get("elapsed", 0)),
        unix_s=time.time(),
        error=status.get("error", ""),
    )


def skip(client: Client) -> None:
    """The next song. At the queue's end the jukebox puts one on (docs/behaviour.md)."""
    if client.state()["state"] == "stop":
        client.play()
    else:
        client.next()


def song_of(entry: Entry) -> Song:
    """A song as MPD describes it."""
    uri = _text(entry, "file")
    title = _text(entry, "title") or _text(entry, "name") or _name_of(uri)
    seconds = float(entry["duration"]) if "duration" in entry else None
    return Song(_text(entry, "id"), uri, title, _text(entry, "artist"), seconds)


def _text(entry: Entry, key: str) -> str:
    """A tag; the first of several; bytes that are no UTF-8 become question marks."""
    value = entry.get(key, "")
    text = str(value[0] if isinstance(value, list) else value)
    return text.encode(errors="replace").decode()


def _name_of(uri: str) -> str:
    """The last part of a path or link, without its ending."""
    name = uri.rstrip("/").rpartition("/")[2]
    return name.rpartition(".")[0] or name
