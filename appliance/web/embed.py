"""A stored link of a video or music site in that site's own player, once somebody says so.

It is the only page with a frame, and only of the site in question; nothing is loaded before a
person has read that the site will see them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from mpd import CommandError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from appliance.errors import PlayerError
from appliance.player.client import Client
from appliance.web import library
from appliance.web.guard import POLICY
from appliance.web.page import page_of


@dataclass(frozen=True, slots=True)
class Site:
    """A site with a player for frames. pattern: of its links, with the parts of player in {}."""

    name: str
    pattern: re.Pattern[str]
    player: str

    @property
    def origin(self) -> str:
        """Scheme and host of the player."""
        return "/".join(self.player.split("/")[:3])


SITES = (
    Site(
        "YouTube",
        re.compile(
            r"https?://(?:(?:www\.|m\.)?youtube\.com/watch\?(?:\S*&)?v=|youtu\.be/)"
            r"(?P<id>[\w-]{11})(?:[&?]\S*)?"
        ),
        "https://www.youtube-nocookie.com/embed/{id}",
    ),
    Site(
        "Spotify",
        re.compile(
            r"https://open\.spotify\.com/(?P<kind>track|album|playlist|episode)/(?P<id>\w{22})"
            r"(?:\?\S*)?"
        ),
        "https://open.spotify.com/embed/{kind}/{id}",
    ),
)


def frame_of(link: str) -> tuple[Site, str] | None:
    """The site of a link and its player there; None if no site here has one."""
    for site in SITES:
        if (found := site.pattern.fullmatch(link)) is not None:
            return site, site.player.format(**found.groupdict())
    return None


async def show(request: Request) -> Response:
    """Says what will happen, or shows the player after that."""
    page, link = page_of(request), request.query_params.get("link", "")
    frame = frame_of(link)
    if frame is None:
        raise HTTPException(404)
    names = library.mood_lists(page.house.settings).values()
    try:
        is_stored = await page.mpd.ask(partial(_is_stored, names=list(names), link=link))
    except PlayerError as error:
        raise HTTPException(503) from error
    if not is_stored:
        raise HTTPException(404)
    site, player = frame
    loaded = request.query_params.get("load") == "yes"
    answer = page.html(
        request, "embed.html", site=site.name, player=player, link=link, loaded=loaded
    )
    if loaded:
        answer.headers["content-security-policy"] = POLICY.replace(
            "frame-src 'none'", f"frame-src {site.origin}"
        )
        # The site's player wants to know which site it is shown on, and gets no more than that.
        answer.headers["referrer-policy"] = "strict-origin"
    return answer


def _is_stored(client: Client, names: list[str], link: str) -> bool:
    """Whether a mood's playlist has this link."""
    for name in names:
        try:
            if link in client.listplaylist(name):
                return True
        except CommandError:
            continue
    return False


ROUTES = [Route("/embed", show)]
