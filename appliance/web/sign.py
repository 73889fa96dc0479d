"""The sign for the room: people are told that a camera reads faces here, before it does."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from appliance.settings import HomeSettings
from appliance.web.language import Language, languages
from appliance.web.page import environment, page_of, read_static
from appliance.web.qr import svg

STATIC = Path(__file__).with_name("static")


# What the sign says of what the house's broker is told (docs/home.md).
NOTHING = (
    "The jukebox reads from faces how the room looks, and plays music that fits. It keeps no"
    " picture, knows only those who have taught it their face, and sends nothing anywhere."
)
PRESENCE = (
    "The jukebox reads from faces how the room looks, and plays music that fits. It keeps no"
    " picture, knows only those who have taught it their face, and tells the computers of this"
    " house whether somebody is here."
)
MOOD = (
    "The jukebox reads from faces how the room looks, and plays music that fits. It keeps no"
    " picture, knows only those who have taught it their face, and tells the computers of this"
    " house how the room looks."
)
SAYS = {"off": NOTHING, "presence": PRESENCE, "mood": MOOD, "all": MOOD}


async def show(request: Request) -> Response:
    """A notice in A6, to be printed."""
    page, link = page_of(request), str(request.base_url)
    home = page.house.settings.get("home", {})
    says = SAYS[home["share"] if home.get("address") else "off"]
    return page.html(request, "sign.html", link=link, code=_code(link), says=says, alone={})


def notice(link: str, home: HomeSettings | None = None) -> str:
    """The same as one file that needs no other. home: what the house is told; None: nothing."""
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
        says=SAYS[home.share if home is not None and home.is_on else "off"],
        alone=alone,
    )


def _code(link: str) -> str:
    return svg(link, link)


ROUTES = [Route("/sign", show)]
