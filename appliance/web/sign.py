"""The sign for the room: people are told that a camera reads faces here, before it does."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from appliance.web.language import Language, languages
from appliance.web.page import environment, page_of, read_static
from appliance.web.qr import svg

STATIC = Path(__file__).with_name("static")


async def show(request: Request) -> Response:
    """A notice in A6, to be printed."""
    link = str(request.base_url)
    return page_of(request).html(request, "sign.html", link=link, code=_code(link), alone={})


def notice(link: str) -> str:
    """The same as one file that needs no other."""
    alone = {
        "style": (STATIC / "sign.css").read_text(encoding="utf-8"),
        "icon": (STATIC / "icon.svg").read_text(encoding="utf-8"),
    }
    known = languages()
    english: Language = known["en"]
    template = environment(read_static()).get_template("sign.html")
    return template.render(
        _=english,
        language=english,
        languages=known.values(),
        link=link,
        code=_code(link),
        alone=alone,
    )


def _code(link: str) -> str:
    return svg(link, link)


ROUTES = [Route("/sign", show)]
