"""All that browsers may ask for, by path."""

from __future__ import annotations

from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from appliance.settings import WebSettings
from appliance.web import (
    diary,
    embed,
    machine,
    now,
    offline,
    pair,
    player,
    rooms,
    settings,
    sign,
    teach,
    upload,
)
from appliance.web.guard import Guard
from appliance.web.page import LANGUAGE, Page, form_of, page_of
from appliance.web.places import own_names

FOR_EVER = "public, max-age=31536000, immutable"
YEAR_S = 365 * 86_400


def make_app(page: Page, web: WebSettings) -> ASGIApp:
    """The page as an ASGI application."""
    app = Starlette(
        routes=[
            *now.ROUTES,
            *pair.ROUTES,
            *player.ROUTES,
            *rooms.ROUTES,
            *upload.ROUTES,
            *diary.ROUTES,
            *embed.ROUTES,
            *sign.ROUTES,
            *offline.ROUTES,
            *settings.ROUTES,
            *machine.ROUTES,
            *teach.ROUTES,
            Route("/static/{name}", static),
            Route("/language", choose_language, methods=["POST"]),
        ],
        exception_handlers={HTTPException: not_found},
    )
    app.state.page = page
    return Guard(
        app,
        names=own_names(web),
        openness=web.open,
        devices=page.devices,
        unpaired=partial(pair.ask_for_code, page),
    )


async def static(request: Request) -> Response:
    """Style, script and pictures."""
    found = page_of(request).static.get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    return Response(found.content, media_type=found.kind, headers={"cache-control": FOR_EVER})


async def choose_language(request: Request) -> Response:
    """Keeps the language that a browser's owner chose."""
    page, form = page_of(request), await form_of(request)
    back = form.get("back", "/")
    safe = back.startswith("/") and not back.startswith(("//", "/\\"))
    response = RedirectResponse(back if safe else "/", 303)
    if form.get("language") in page.languages:
        response.set_cookie(LANGUAGE, form["language"], max_age=YEAR_S, samesite="lax")
    return response


async def not_found(request: Request, error: Exception) -> Response:
    """A page for what is not there."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    return page_of(request).html(request, "missing.html", status)
