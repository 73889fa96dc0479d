"""Who may ask the page for what. Every request passes here first.

A browser in this house also shows pages of strangers, and those can make it send requests here:
with a name of theirs that leads to this machine (DNS rebinding), or with a form of theirs. So a
request must call this machine by a name of its own, and one that changes something must come from a
page of its own.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance.web.devices import Devices
from appliance.web.places import is_own

COOKIE = "jukebox"
LONGEST_FORM = 64 * 1024
LONGEST_UPLOAD = 2_000_000_000
UPLOADS = re.compile(r"/player/list/[a-z]+/music")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# What everybody may see: the pairing page and the sign, and what they consist of.
FOR_ALL = (
    "/pair", "/pair/camera", "/paired", "/sign", "/static/", "/language", "/icon.svg",
    "/manifest.webmanifest", "/offline", "/worker.js",
)  # fmt: skip
# What `open = "read"` shows to everybody. The diary needs a paired device.
TO_READ = ("/events", "/player", "/cover/", "/why")

Open = Literal["none", "read", "all"]
Unpaired = Callable[[Request], Awaitable[Response]]

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
    " frame-src 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # Not "no-referrer": browsers then send "Origin: null" with the page's own forms.
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}


class Guard:
    """Lets requests through that may pass, with scope["device"]: the paired device, or None.

    unpaired: answers where a paired device is needed, with 401.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        names: frozenset[str],
        openness: Open,
        devices: Devices,
        unpaired: Unpaired,
    ) -> None:
        self._app = app
        self._names = names
        self._open = openness
        self._devices = devices
        self._unpaired = unpaired

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers the request, or hands it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        device = self._devices.find(request.cookies.get(COOKIE, ""), f"{date.today()}")  # noqa: DTZ011
        scope["device"] = device
        safe = scope["method"] in ("GET", "HEAD")
        scope["may_act"] = device is not None or self._open == "all"
        longest = LONGEST_UPLOAD if UPLOADS.fullmatch(scope["path"]) else LONGEST_FORM
        if why := refusal(request.headers, self._names, safe=safe, longest=longest):
            await PlainTextResponse(f"{why}\n", HTTPStatus.FORBIDDEN)(
                scope, receive, _guarded(send)
            )
        elif scope["may_act"] or may_pass(scope["path"], self._open, safe=safe):
            await self._app(scope, receive, _guarded(send))
        else:
            await (await self._unpaired(request))(scope, receive, _guarded(send))


def may_pass(path: str, openness: Open, *, safe: bool) -> bool:
    """Whether a request may pass that comes from no paired device."""
    if any(path == known or (known[-1] == "/" and path.startswith(known)) for known in FOR_ALL):
        return True
    readable = path == "/" or path.startswith(TO_READ)
    return openness == "all" or (openness == "read" and safe and readable)


def refusal(
    headers: Headers, names: frozenset[str], *, safe: bool, longest: int = LONGEST_FORM
) -> str:
    """Why a request is not even looked at; "" if it is.

    safe: whether its method changes nothing. longest: how many bytes its form may have.
    """
    host = headers.get("host", "")
    if not is_own(host, names):
        return "this machine does not go by that name; [web] name in jukebox.toml adds one"
    if safe:
        return ""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in FORMS:
        return "this is no form"
    if not headers.get("content-length", "").isdecimal():
        return "the form does not say how long it is"
    if int(headers["content-length"]) > longest:
        return "the form is too long"
    return "" if _is_from_here(headers, host) else "this comes from another site"


def _is_from_here(headers: Headers, host: str) -> bool:
    """Whether a page of this machine sent the form. Every browser says so in one header or two."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if site not in (None, "same-origin", "none"):
        return False
    if origin is None:
        return site == "same-origin"
    # Not the scheme: behind an owner's proxy with a certificate, it is another one here.
    return _place(origin) == _place(f"//{host}") is not None


def _place(link: str) -> tuple[str, int | None] | None:
    """Host and port of a link; None if it has none."""
    parts = urlsplit(link.lower())
    try:
        return (parts.hostname, parts.port) if parts.hostname else None
    except ValueError:
        return None


def _guarded(send: Send) -> Send:
    """Adds the headers that every answer has."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return send_with_headers
