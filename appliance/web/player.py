"""The music page: the queue, MPD's music, and the moods' playlists."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from appliance.errors import PlayerError, UsageError
from appliance.player.client import Client
from appliance.resolver.protocol import (
    LONGEST_LINE,
    PAGE_SOCKET,
    Answer,
    answer_of,
    find_socket,
    is_link,
    is_short,
)
from appliance.web import library, upload
from appliance.web.actions import FAILURES
from appliance.web.embed import frame_of
from appliance.web.page import Page, form_of, page_of
from appliance.web.view import now_view

# What these pages say after an action.
DONE = "Done."
TEXTS = (
    DONE,
    CLEARED := "The queue is empty.",
    ADDED := "It plays after the others.",
    NEXT := "It plays next.",
    NOTED := "I remember that.",
    PUT := "It is in the playlist now.",
    TAKEN := "It is out of the playlist.",
    LINKED := "The link plays, and is in the playlist.",
)
LOOKUP_S = 35.0  # the resolver itself gives up after 30
Form = dict[str, str]
Action = Callable[[Client], None]


async def show(request: Request) -> Response:
    """The queue, and the way to everything else."""
    page = page_of(request)
    words = request.query_params.get("search", "").strip()[:100]
    values: dict[str, Any] = {"queue": [], "found": [], "like": "1", "words": words}
    with suppress(PlayerError):
        values["queue"] = await page.mpd.ask(library.queue)
        values["found"] = await page.mpd.ask(partial(library.search, words=words))
        if page.mpd.playing and page.mpd.playing.song:
            uri = page.mpd.playing.song.uri
            values["like"] = await page.mpd.ask(partial(library.like, uri=uri))
    return _shown(page, request, "player.html", **values)


async def browse(request: Request) -> Response:
    """A folder of MPD's music."""
    page, path = page_of(request), request.query_params.get("folder", "")
    try:
        found = await page.mpd.ask(partial(library.folder, path=path))
    except FAILURES as error:
        raise HTTPException(404) from error
    return _shown(page, request, "folder.html", folder=found)


async def show_list(request: Request) -> Response:
    """The playlist of a mood."""
    return await _list(page_of(request), request, request.path_params["mood"])


async def _list(
    page: Page, request: Request, mood: str, *, link: str = "", wrong: str = ""
) -> Response:
    """A mood's playlist. link: as it was typed; wrong: what is wrong with it."""
    name = library.mood_lists(page.house.settings).get(mood)
    if name is None:
        raise HTTPException(404)
    songs, problem = [], ""
    try:
        songs = await page.mpd.ask(partial(library.stored, name=name))
    except PlayerError:
        problem = page.language(request)("This mood has no playlist that can be changed here.")
    embeds = {song.uri for song in songs if frame_of(song.uri)}
    shown = {
        "embeds": embeds,
        "mood": mood,
        "songs": songs,
        "problem": problem,
        "link": link,
        "wrong": wrong,
    }
    shown["room"] = await upload.room(page, name) if request.scope["may_act"] else {}
    return _shown(page, request, "list.html", **shown)


def _shown(page: Page, request: Request, template: str, **values: Any) -> Response:
    playing = page.mpd.playing.song if page.mpd.playing else None
    now = now_view(page.house, page.language(request))
    lists = library.mood_lists(page.house.settings)
    return page.html(request, template, now=now, song=playing, lists=lists, **values)


async def act(request: Request) -> Response:
    """Does what a button of these pages says."""
    page, form = page_of(request), await form_of(request)
    _ = page.language(request)
    back = form.get("back", "")
    back = back if back.startswith("/player") else "/player"
    do = DO.get(form.get("do", ""))
    try:
        if do is None:
            raise UsageError("This button is not known here.")
        said = await do(page, form)
    except FAILURES as error:
        wrong = _.of_jukebox(str(error))
        if link := form.get("link"):
            return await _list(page, request, form.get("mood", ""), link=link, wrong=wrong)
        return page.done(request, wrong, back, good=False)
    return page.done(request, _(said), back)


def _in_mpd(action: Callable[[Client, Form], None], said: str = DONE) -> Do:
    async def do(page: Page, form: Form) -> str:
        await page.mpd.do(lambda client: action(client, form))
        return said

    return do


def _in_list(action: Callable[[Client, str, Form], None], said: str) -> Do:
    """For the playlist of the mood that the form names."""

    async def do(page: Page, form: Form) -> str:
        name = library.mood_lists(page.house.settings).get(form.get("mood", ""))
        if name is None:
            raise UsageError("this mood has no playlist that can be changed")
        await page.mpd.do(lambda client: action(client, name, form))
        return said

    return do


async def _put_link(page: Page, form: Form) -> str:
    """Puts a link into a mood's playlist, after the resolver has found what it plays."""
    link = form.get("link", "").strip()
    if not is_link(link) or not is_short(link) or any(ord(sign) < 33 for sign in link):
        raise UsageError("this is no link: it must begin with http:// or https://")
    answer = await look_up(link)
    if answer.error:
        raise UsageError(f"this link plays nothing: {answer.error}")
    put = _in_list(
        lambda client, name, _form: library.put_into(client, name, link, link=True),
        LINKED,
    )
    return await put(page, form)


async def look_up(link: str) -> Answer:
    """What the resolver says that a link plays. Raises UsageError if none can be asked."""
    try:
        async with asyncio.timeout(LOOKUP_S):
            reader, writer = await asyncio.open_unix_connection(
                str(find_socket(system=PAGE_SOCKET)), limit=LONGEST_LINE
            )
            try:
                writer.write(link.encode() + b"\n")
                return answer_of(await reader.readline())
            finally:
                writer.close()
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(
            "links cannot be tried now, because the program that looks them up does not run"
        ) from error


Do = Callable[[Page, Form], Awaitable[str]]
DO: dict[str, Do] = {
    "play": _in_mpd(lambda client, form: library.play_now(client, form.get("id", ""))),
    "up": _in_mpd(lambda client, form: library.move(client, form.get("id", ""), -1)),
    "down": _in_mpd(lambda client, form: library.move(client, form.get("id", ""), 1)),
    "remove": _in_mpd(lambda client, form: library.remove(client, form.get("id", ""))),
    "clear": _in_mpd(lambda client, _form: client.clear(), CLEARED),
    "add": _in_mpd(
        lambda client, form: library.add(client, form.get("uri", ""), following=False),
        ADDED,
    ),
    "next": _in_mpd(
        lambda client, form: library.add(client, form.get("uri", ""), following=True),
        NEXT,
    ),
    "like": _in_mpd(
        lambda client, form: library.set_like(client, form.get("uri", ""), form.get("how", "")),
        NOTED,
    ),
    "put": _in_list(
        lambda client, name, form: library.put_into(client, name, form.get("uri", "")),
        PUT,
    ),
    "take-out": _in_list(
        lambda client, name, form: library.take_out(
            client, name, form.get("place", ""), form.get("uri", "")
        ),
        TAKEN,
    ),
    "list-up": _in_list(
        lambda client, name, form: library.move_in(
            client, name, form.get("place", ""), form.get("uri", ""), -1
        ),
        DONE,
    ),
    "list-down": _in_list(
        lambda client, name, form: library.move_in(
            client, name, form.get("place", ""), form.get("uri", ""), 1
        ),
        DONE,
    ),
    "link": _put_link,
}

ROUTES = [
    Route("/player", show),
    Route("/player", act, methods=["POST"]),
    Route("/player/music", browse),
    Route("/player/list/{mood}", show_list),
]
