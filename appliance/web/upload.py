"""Music from phones and computers, into the folder of a mood: read `receive`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mpd import CommandError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from appliance.errors import JukeboxError, UsageError
from appliance.player.client import Client
from appliance.web import disk_space, incoming, library, multipart, music_folder, new_songs
from appliance.web.incoming import IncomingFile
from appliance.web.language import Language
from appliance.web.multipart import Part
from appliance.web.page import Page, page_of

PIECE_BYTES = 256 * 1024  # what goes to the disk at once
SILENCE_S = 30.0  # a phone that sends nothing for so long has gone
# Browsers read an answer only after they have sent everything; more is not worth the wait.
MOST_DRAINED_BYTES = 200 * disk_space.MB

NOTHING = "No file was chosen."
UPLOAD = "The upload"
NOT_PLAYED = "the music player cannot play it"
GONE = "nothing came any more"
TEXTS = (
    NOTHING, UPLOAD, NOT_PLAYED, GONE, multipart.CUT_SHORT, multipart.NO_FORM, multipart.TOO_MANY,
    incoming.NO_MUSIC, incoming.TOO_LARGE, incoming.NOT_WRITTEN, disk_space.FULL, disk_space.BUSY,
    music_folder.NOT_OURS, music_folder.NOT_HERE, music_folder.OUTSIDE, music_folder.NOT_MADE,
)  # fmt: skip


@dataclass(slots=True)
class Received:
    """What became of the files of a form. kept: names of those that are there now.

    already: of those that were there before. refused: name and reason of each of the others.
    """

    kept: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def in_words(self, _: Language) -> str:
        """All of it, for people."""
        said = []
        if self.kept:
            number = len(self.kept)
            said.append(
                _.count("1 song is in the folder now.", "{n} songs are in the folder now.", number)
            )
        said += [_("{name} was there already.", name=name) for name in self.already]
        said += [f"{_(name)}: {_.of_jukebox(why)}." for name, why in self.refused]
        return " ".join(said) or _(NOTHING)


async def room(page: Page, name: str) -> dict[str, Any]:
    """What the form says before anybody chooses a file. problem: why there is no form, or ""."""
    shown = {"largest_mb": incoming.LARGEST_MB, "free": "", "problem": ""}
    try:
        folder = await _folder(page, name)
        mb = await asyncio.to_thread(disk_space.free_mb, folder)
        shown["free"] = f"{mb} MB" if mb < 10_000 else f"{mb // 1000} GB"
    except JukeboxError as error:
        shown["problem"] = str(error)
    return shown


async def receive(request: Request) -> Response:
    """Takes the files of a form into the folder of a mood."""
    page, mood = page_of(request), request.path_params["mood"]
    _ = page.language(request)
    name = library.mood_lists(page.house.settings).get(mood)
    if name is None:
        raise HTTPException(404)
    body, received = _in_time(request.stream()), Received()
    try:
        folder = await _folder(page, name)
        with page.promised_space.place(folder, int(request.headers["content-length"])):
            await _take_files(body, request.headers["content-type"], folder, received)
        await _keep_what_plays(page, name, folder, received)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it
    except JukeboxError as error:
        received.refused.append((UPLOAD, str(error)))
    await _drain(body)
    return page.done(
        request, received.in_words(_), f"/player/list/{mood}", good=not received.refused
    )


async def _keep_what_plays(page: Page, name: str, folder: Path, received: Received) -> None:
    """Lets MPD read the new files; what it cannot play does not stay. Raises PlayerError."""
    for file in await new_songs.let_mpd_read(page, name, received.kept):
        await asyncio.to_thread((folder / file).unlink, missing_ok=True)
        received.kept.remove(file)
        received.refused.append((file, NOT_PLAYED))


async def _folder(page: Page, name: str) -> Path:
    """Where the music of a mood lies. Raises UsageError, PlayerError."""
    root = await page.mpd.ask(_music_directory)
    return await asyncio.to_thread(music_folder.music_folder, root, name)


def _music_directory(client: Client) -> str:
    try:
        return client.music_directory()
    except CommandError as error:  # over the network MPD tells it to nobody
        raise UsageError(music_folder.NOT_HERE) from error


# --- the files -----------------------------------------------------------------------------------


async def _take_files(
    body: AsyncIterator[bytes], content_type: str, folder: Path, received: Received
) -> None:
    """Takes one file after the other. Raises UsageError where the form itself is wrong."""
    await asyncio.to_thread(incoming.remove_old_parts, folder)
    async for part in multipart.read_form(body, content_type):
        if part.filename:
            try:
                await _take_file(part, part.filename, folder, received)
            except UsageError as error:
                received.refused.append((part.filename, str(error)))


async def _take_file(part: Part, name: str, folder: Path, received: Received) -> None:
    """Takes a file, completely or not at all. Raises UsageError."""
    with await asyncio.to_thread(IncomingFile, folder, name) as coming:
        async for piece in _in_larger_pieces(part.content):
            await asyncio.to_thread(coming.write, piece)
        kept, was_there = await asyncio.to_thread(coming.keep)
    (received.already if was_there else received.kept).append(kept)


async def _in_larger_pieces(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    gathered = bytearray()
    async for piece in pieces:
        gathered += piece
        if len(gathered) >= PIECE_BYTES:
            yield bytes(gathered)
            gathered.clear()
    yield bytes(gathered)


async def _in_time(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces of a request. Raises UsageError after a long silence."""
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise UsageError(GONE) from error
        yield piece


async def _drain(body: AsyncIterator[bytes]) -> None:
    """Takes what else comes, so that the browser gets to the answer."""
    left = MOST_DRAINED_BYTES
    with suppress(UsageError, ClientDisconnect):
        async for piece in body:
            left -= len(piece)
            if left < 0:
                return


ROUTES = [Route("/player/list/{mood}/music", receive, methods=["POST"])]
