"""Pairing: a one-time code makes a browser one of the house's devices."""

from __future__ import annotations

import asyncio
import time
from datetime import date

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from appliance.web.guard import COOKIE
from appliance.web.language import Language
from appliance.web.page import Page, form_of, page_of
from appliance.web.qr import svg
from appliance.web.showing import SHOWN_S

SHOWING = "showing"  # the cookie of a browser that shows a code to the camera
COOKIE_DAYS = 400  # browsers keep none for longer
PROBLEMS = {
    "wrong": "This code is not right. Please look at it again.",
    "locked": "There were five wrong codes, so no code is valid any more. Please make a new one.",
    "closed": "No code is open, or it was older than ten minutes. Please make a new one.",
}
# What a browser says of itself, from the most particular on.
KINDS = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "CrOS", "Linux")


async def ask_for_code(page: Page, request: Request) -> Response:
    """The pairing page, in place of what only paired devices see."""
    if request.method not in ("GET", "HEAD") or not _wants_html(request):
        return Response("a paired device is needed\n", 401, media_type="text/plain")
    return _form(page, request, 401)


async def show(request: Request) -> Response:
    """The pairing page. A link or QR code brings the code along; a person still says yes."""
    return _form(page_of(request), request, 200, code=request.query_params.get("code", ""))


async def pair(request: Request) -> Response:
    """Pairs the browser, if the code is right."""
    page, form = page_of(request), await form_of(request)
    async with page.one_guess:  # many at once must not be faster than one
        if page.pairing.is_open(time.monotonic()):  # else there is nothing to guess
            await asyncio.sleep(page.pairing.delay_s)
        result = page.pairing.take(form.get("code", ""), time.monotonic())
    if result != "good":
        problem = page.language(request)(PROBLEMS[result])
        return _form(page, request, 403, problem=problem, **_typed(form))
    return _paired(page, request, form.get("name", ""))


def _paired(page: Page, request: Request, name: str) -> Response:
    """Lets the browser in, from now on."""
    _device, token = page.devices.pair(name, f"{date.today()}")  # noqa: DTZ011
    response = RedirectResponse("/", 303)
    _set_cookie(response, request, COOKIE, token, COOKIE_DAYS * 86_400)
    return response


def _set_cookie(response: Response, request: Request, name: str, value: str, age_s: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=age_s,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


async def begin_showing(request: Request) -> Response:
    """Gives the browser a QR code to hold before the camera."""
    page = page_of(request)
    shown = page.showing.begin(page.jukebox)
    if shown is None:
        problem = page.language(request)("Others show a code just now. Please wait two minutes.")
        return _form(page, request, 403, problem=problem)
    response = RedirectResponse("/pair/camera", 303)
    _set_cookie(response, request, SHOWING, shown.key, round(SHOWN_S))
    return response


async def show_code(request: Request) -> Response:
    """The QR code; once the camera has seen it, the browser is paired."""
    page = page_of(request)
    _ = page.language(request)
    shown = page.showing.find(request.cookies.get(SHOWING, ""))
    if shown is None:
        return RedirectResponse("/pair", 303)
    if shown.seen:
        page.showing.end(shown)
        return _paired(page, request, _kind(request, _))
    problem = _.of_jukebox(page.showing.problem)
    return page.html(request, "showing.html", code=svg(shown.text, ""), problem=problem)


async def devices(request: Request) -> Response:
    """The paired devices."""
    page = page_of(request)
    return page.html(request, "devices.html", devices=page.devices.all)


async def revoke(request: Request) -> Response:
    """Lets a device pair no more, or makes a code for another one."""
    page, form = page_of(request), await form_of(request)
    _ = page.language(request)
    if form.get("do") == "code":
        code = page.pairing.open(time.monotonic())
        return page.html(request, "devices.html", devices=page.devices.all, code=code)
    gone = page.devices.revoke(form.get("device", ""))
    text = _("{name} is no longer paired.", name=gone.name) if gone else _("It was not paired.")
    return page.done(request, text, "/devices", good=gone is not None)


def _typed(form: dict[str, str]) -> dict[str, str]:
    """What a person typed, which a mistake must not lose."""
    return {key: form.get(key, "") for key in ("code", "name")}


def _form(
    page: Page, request: Request, status: int, *, code: str = "", name: str = "", problem: str = ""
) -> Response:
    name = name or _kind(request, page.language(request))
    shown = {"code": code[:20], "name": name, "problem": problem}
    needs_code = page.pairing.needs_code(time.monotonic())
    return page.html(request, "pair.html", status, needs_code=needs_code, **shown)


def _wants_html(request: Request) -> bool:
    accepted = request.headers.get("accept", "*/*")
    return "text/html" in accepted or accepted == "*/*"


def _kind(request: Request, _: Language) -> str:
    """What to call this device, unless its owner has a better name."""
    agent = request.headers.get("user-agent", "")
    found = next((kind for kind in KINDS if kind in agent), "")
    better = {"Android": _("Android phone"), "Macintosh": "Mac", "CrOS": "Chromebook"}
    return better.get(found, found)


ROUTES = [
    Route("/pair", show),
    Route("/pair", pair, methods=["POST"]),
    Route("/pair/camera", show_code),
    Route("/pair/camera", begin_showing, methods=["POST"]),
    Route("/devices", devices),
    Route("/devices", revoke, methods=["POST"]),
]
