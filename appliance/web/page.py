"""What all routes share: the house as it is now, and how a page is written."""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, quote, unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from appliance.admin.answers import Administration, Answer, Fields
from appliance.player.steady_volume import SteadyVolume
from appliance.player.watched_mpd import Mpd, Playing
from appliance.remote.jukebox import Jukebox
from appliance.web.devices import Devices
from appliance.web.disk_space import PromisedSpace
from appliance.web.language import Language, languages, preferred
from appliance.web.pairing import Pairing
from appliance.web.showing import Showing
from appliance.web.song import SteadySong
from appliance.web.streams import Streams
from appliance.web.view import MOODS, NAMES, House, duration_words, full_title, now_view

HERE = Path(__file__).parent
SAID = "said"  # the cookie with what an action led to, shown once
LANGUAGE = "language"
LONGEST_SAID = 300
FORM_S = 10.0  # a form is small; who sends it by drops keeps others out


@dataclass(slots=True)
class Static:
    """A file that browsers may keep for ever, because its link names its content."""

    content: bytes
    kind: str
    link: str


class Page:
    """Everything that an answer is made of. mpd, jukebox: watched by tasks of the server.

    administration: changes this machine.

    is_open: whether devices that nobody has paired may see the first screen.
    """

    def __init__(
        self, house: House, devices: Devices, pairing: Pairing, *, is_open: bool = False
    ) -> None:
        self.is_open = is_open
        self.house = house
        self.devices = devices
        self.pairing = pairing
        self.showing = Showing()
        self.promised_space = PromisedSpace()
        self.one_guess = asyncio.Lock()
        self.languages = languages()
        self.streams = Streams(lambda language: now_view(house, language))
        self.volume = SteadyVolume(self._show_volume)
        self.song = SteadySong(self._show_song)
        self.static = read_static()
        self.jukebox: Jukebox
        self.mpd: Mpd
        self.administration: Administration
        self._templates = environment(self.static)

    def take_in_jukebox(self) -> None:
        """Shows what has changed at the jukebox."""
        self.house.status, self.house.settings = self.jukebox.status, self.jukebox.settings
        self.streams.change()

    def take_in_event(self, name: str) -> None:
        """Lets one device pair, if somebody has pressed the jukebox's button for long."""
        if name == "pairing":
            self.pairing.open_by_button(time.monotonic())

    def take_in_mpd(self) -> None:
        """Shows what has changed at MPD."""
        now = self.mpd.playing
        self.volume.see(now.volume_percent if now else None)
        self.song.see(now)

    def _show_song(self, before: Playing | None) -> None:
        now = self.house.playing = self.song.shown
        if now is None or now.tells_more_than(before):
            self.streams.change()

    def _show_volume(self) -> None:
        self.house.volume_percent = self.volume.shown
        self.streams.change()

    async def administer(self, word: str, arguments: Fields) -> Answer:
        """Lets the administration do it, which may take seconds. Raises as it does."""
        return await asyncio.to_thread(self.administration.do, word, arguments)

    def language(self, request: Request) -> Language:
        """The one that the browser's owner chose here, else the first that the browser wants."""
        chosen = self.languages.get(request.cookies.get(LANGUAGE, ""))
        return chosen or preferred(request.headers.get("accept-language", ""), self.languages)

    def html(
        self, request: Request, template: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page in the browser's language, with what the last action led to."""
        said = unquote(request.cookies.get(SAID, ""))[:LONGEST_SAID]
        text = self.text(request, template, said=said, **values)
        response = HTMLResponse(text.encode(errors="replace"), status)
        if said:
            response.delete_cookie(SAID)
        return response

    def text(self, request: Request, template: str, *, said: str = "", **values: Any) -> str:
        """The HTML of a page in the browser's language."""
        _ = self.language(request)
        return self._templates.get_template(template).render(
            _=_,
            count=_.count,
            language=_,
            languages=self.languages.values(),
            path=request.url.path,
            device=request.scope.get("device"),
            may_act=request.scope.get("may_act", False),
            said=said,
            **values,
        )

    def script(self, template: str, **values: Any) -> Response:
        """A script that is made of a template; browsers ask each time whether it has changed."""
        text = self._templates.get_template(template).render(**values)
        headers = {"cache-control": "no-cache"}
        return Response(text, media_type="text/javascript", headers=headers)

    def done(self, request: Request, text: str, back: str = "/", *, good: bool = True) -> Response:
        """The answer to an action: for our script as JSON, else the page where it came from."""
        if "application/json" in request.headers.get("accept", ""):
            view = now_view(self.house, self.language(request))
            return JSONResponse({"ok": good, "text": text, "state": view}, 200 if good else 409)
        response = RedirectResponse(back, 303)
        response.set_cookie(
            SAID, quote(text[:LONGEST_SAID]), max_age=60, httponly=True, samesite="strict"
        )
        return response


async def form_of(request: Request, most_fields: int = 50) -> dict[str, str]:
    """The fields of a form; of two with one name the last. The guard has bounded its length.

    Raises HTTPException if it has more fields, or does not come in time.
    """
    try:
        async with asyncio.timeout(FORM_S):
            body = await request.body()
        text = body.decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=most_fields))
    except (ClientDisconnect, TimeoutError, ValueError) as error:
        raise HTTPException(400) from error


def page_of(request: Request) -> Page:
    """The page that answers this request."""
    return cast(Page, request.app.state.page)


def environment(static: Mapping[str, Static]) -> Environment:
    """The templates, with what all of them use."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.globals.update(static=lambda name: static[name].link, moods=MOODS, names=NAMES)
    found.filters.update(duration=duration_words, full_title=full_title)
    return found


def read_static() -> dict[str, Static]:
    """The files of static/ by name."""
    found = {}
    for file in sorted((HERE / "static").iterdir()):
        content = file.read_bytes()
        version = hashlib.sha256(content).hexdigest()[:10]
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        found[file.name] = Static(content, kind, f"/static/{file.name}?v={version}")
    return found
