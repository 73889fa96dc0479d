"""The sign for the room: people are told that a camera reads faces here, before it does."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from appliance.web.page import page_of
from appliance.web.qr import svg


async def show(request: Request) -> Response:
    """A notice in A6, to be printed."""
    link = str(request.base_url)
    return page_of(request).html(request, "sign.html", link=link, code=svg(link, link))


ROUTES = [Route("/sign", show)]
