"""The first screen: how the room looks, what plays and why, and the buttons."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from mpd import CommandError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from appliance.errors import ControlError, PlayerError
from appliance.player.client import Client
from appliance.web import face
from appliance.web.actions import FAILURES, play, tell
from appliance.web.machine import wants_walk
from appliance.web.page import Page, form_of, page_of
from appliance.web.rooms import rooms_of
from appliance.web.view import now_view

LARGEST_COVER = 4 * 1024 * 1024
EXPLAIN_S = 10.0  # a Raspberry Pi loads the network for it first
PICTURES = {
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


async def show(request: Request) -> Response:
    """The page."""
    page = page_of(request)
    view = now_view(page.house, page.language(request))
    is_new = wants_walk(request)
    return page.html(request, "now.html", now=view, is_new=is_new, rooms=rooms_of(page))


async def events(request: Request) -> Response:
    """The stream of states for one browser."""
    page, device = page_of(request), request.scope["device"]
    client = request.client.host if request.client else ""
    stream = page.streams.of(device.id if device else client, page.language(request))
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def act(request: Request) -> Response:
    """Does what a button says: to the jukebox ("tell") or to MPD ("player")."""
    page, form = page_of(request), await form_of(request)
    _ = page.language(request)
    try:
        if words := form.get("tell"):
            minutes = form.get("minutes", "")
            text = await tell(page, f"{words} {minutes}".strip(), _)
        else:
            text = await play(page, form.get("player", ""), form.get("value", ""), _)
    except FAILURES as error:
        return page.done(request, _.of_jukebox(str(error)), good=False)
    return page.done(request, text)


async def cover(request: Request) -> Response:
    """The picture of a song in the queue, from its file or its folder."""
    page, number = page_of(request), request.path_params["id"]
    try:
        picture = await page.mpd.ask(lambda client: _picture(client, number))
    except PlayerError:
        picture = b""
    kind = next((kind for mark, kind in PICTURES.items() if picture.startswith(mark)), None)
    if kind is None or len(picture) > LARGEST_COVER:
        raise HTTPException(404)
    headers = {"cache-control": "private, max-age=86400"}
    return Response(picture, media_type=kind, headers=headers)


async def why(request: Request) -> Response:
    """Why this song plays, and how each face looks, in words and numbers."""
    page = page_of(request)
    _ = page.language(request)
    faces: list[Mapping[str, Any]] = []
    problem, spoke = "", {}
    try:
        faces = (await page.jukebox.ask("why"))["data"]["faces"]
        spoke = await _what_spoke(page) if faces else {}
    except (ControlError, KeyError) as error:
        problem = _.of_jukebox(str(error))
    view = now_view(page.house, _)
    return page.html(
        request, "why.html",
        now=view, faces=faces, problem=problem,
        spoke=spoke, picture=face.picture, strongest=face.strongest,
    )  # fmt: skip


async def _what_spoke(page: Page) -> dict[int, Mapping[str, Any]]:
    """What spoke for the look of each face, by its track; {} if the jukebox cannot tell."""
    try:
        answer = await page.jukebox.ask("explain", wait_s=EXPLAIN_S)
    except ControlError:  # no picture just now, an earlier jukebox, a model without an explanation
        return {}
    return {found["track"]: found for found in answer["data"]["faces"]}


async def paired(request: Request) -> Response:
    """Whether this browser may use the page, or needs no code to pair, for a script that waits."""
    page = page_of(request)
    may = request.scope["device"] is not None or page.is_open
    return JSONResponse({"may": may, "button": not page.pairing.needs_code(time.monotonic())})


def _picture(client: Client, number: int) -> bytes:
    songs = client.playlistid(number)
    for ask in (client.readpicture, client.albumart):
        try:
            found = ask(songs[0]["file"]) if songs else {}
        except CommandError:  # there is none, or the server lacks the command
            continue
        if found.get("binary"):
            return bytes(found["binary"])
    return b""


ROUTES = [
    Route("/", show),
    Route("/", act, methods=["POST"]),
    Route("/events", events),
    Route("/cover/{id:int}", cover),
    Route("/why", why),
    Route("/paired", paired),
]
