"""The rooms in which the leader's music plays: how loud each is, and how early it plays."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from appliance.errors import UsageError
from appliance.web.actions import FAILURES
from appliance.web.language import Language
from appliance.web.page import Page, form_of, page_of

# What may be set, and the most of it.
MOST = {"volume_percent": 100, "volume_max": 100, "trim_ms": 1000}


def rooms_of(page: Page) -> list[dict[str, Any]]:
    """All of them, as the jukebox has heard of them; none where no leader's music goes anywhere."""
    return list((page.house.status or {}).get("rooms", []))


async def change(request: Request) -> Response:
    """Lets the leader set what was typed."""
    page, form = page_of(request), await form_of(request)
    _ = page.language(request)
    try:
        wanted = {key: _number(form.get(key, ""), most, _) for key, most in MOST.items()}
        await page.jukebox.ask("rooms", {"room": form.get("room", ""), **wanted})
    except FAILURES as error:
        return page.done(request, _.of_jukebox(str(error)), good=False)
    return page.done(request, _("The leader of the rooms sets it now."))


def _number(typed: str, most: int, _: Language) -> int:
    if not typed.isdecimal() or len(typed) > len(str(most)) or int(typed) > most:
        raise UsageError(_("Each must be a whole number: up to 100 %, and up to 1000 ms."))
    return int(typed)


ROUTES = [Route("/rooms", change, methods=["POST"])]
