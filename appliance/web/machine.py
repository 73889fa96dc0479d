"""The machine itself: its name, where its sound goes, its camera in words, the moods' music.

A first visit walks through these screens, one after the other: `?walk=yes` leads to the next.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from appliance.errors import ControlError, JukeboxError, PlayerError
from appliance.records import EMOTIONS
from appliance.remote.ask_status import VIEW_WAIT_S
from appliance.web import library
from appliance.web.language import Language
from appliance.web.page import Page, form_of, page_of
from appliance.web.view import Values

WALKED = "walked"  # the cookie of a browser that has seen the first steps, or does not want to
WALKED_S = 400 * 86_400  # browsers keep none for longer
TURN = "camera.rotate_degrees"  # the setting that an advice may name
WALK = ("name", "sound", "camera", "music")
# What people call the kinds of outputs; languages/*.po translates it.
KINDS = {
    "hdmi": "HDMI: a television or monitor",
    "jack": "the headphone jack",
    "digital": "a digital output (S/PDIF)",
    "hat": "a sound card on the pins (HAT)",
    "usb": "USB",
    "pipewire": "PipeWire",
    "default": "what the system takes by itself",
    "other": "a sound card",
}


async def show_name(request: Request) -> Response:
    """How the machine is called."""
    page = page_of(request)
    name = problem = ""
    try:
        name = (await page.administer("name", {})).data["name"]
    except JukeboxError as error:
        problem = page.language(request).of_jukebox(str(error))
    return _shown(request, "name", name=name, problem=problem)


async def rename(request: Request) -> Response:
    """Gives it another name. What was typed stays if it cannot have that one."""
    page, form = page_of(request), await form_of(request)
    typed = form.get("name", "")
    try:
        answer = await page.administer("rename", {"name": typed})
    except JukeboxError as error:
        problem = page.language(request).of_jukebox(str(error))
        return _shown(request, "name", 422, form=form, name=typed, problem=problem)
    name = answer.data["name"]
    return _shown(request, "name", form=form, name=name, link=_link(request, name))


async def show_sound(request: Request) -> Response:
    """Where the sound can go."""
    return await _sound(request)


async def choose_sound(request: Request) -> Response:
    """Plays a tone somewhere, or lets the music play there from now on."""
    page, form = page_of(request), await form_of(request)
    _ = page.language(request)
    word = "choose" if form.get("do") == "choose" else "tone"
    try:
        answer = await page.administer(word, {"output": form.get("output", "")})
    except JukeboxError as error:
        return await _sound(request, form, _.of_jukebox(str(error)))
    back = f"/settings/sound{_query(form)}"
    return page.done(request, _.of_jukebox(answer.text), back)


async def _sound(
    request: Request, form: dict[str, str] | None = None, problem: str = ""
) -> Response:
    page = page_of(request)
    found: Values = {"outputs": [], "chosen": None}
    try:
        found = (await page.administer("outputs", {})).data
    except JukeboxError as error:
        problem = problem or page.language(request).of_jukebox(str(error))
    status = 422 if form else 200
    return _shown(request, "sound", status, form=form, problem=problem, kinds=KINDS, **found)


async def show_camera(request: Request) -> Response:
    """What the camera sees, in words, and what to do about it, as `jukebox check` says it."""
    page = page_of(request)
    view: Values | None = None
    if (page.house.status or {}).get("camera") not in (None, "lost", "off"):
        view = await _view(page)
    said, is_good = camera_words(page.house.status, view, page.language(request))
    turn = view is not None and TURN in str(view["text"])
    return _shown(request, "camera", words=said, is_good=is_good, turn=TURN if turn else "")


async def _view(page: Page) -> Values:
    """What the jukebox makes of its picture: text, and whether it is fit."""
    try:
        answer = await page.jukebox.ask("view", wait_s=VIEW_WAIT_S)
    except ControlError as error:
        return {"text": str(error), "fit": False}
    return {"text": str(answer["text"]), "fit": bool(answer["data"].get("fit"))}


def camera_words(status: Values | None, view: Values | None, _: Language) -> tuple[list[str], bool]:
    """How the camera is, in sentences, and whether all is well. view: of its picture."""
    if not status:
        return [_("The jukebox is not running, or I cannot reach it.")], False
    match status.get("camera"):
        case "lost":
            return [_("I see no camera. Is it plugged in? I look for one all the time.")], False
        case "off":
            return [_("The camera is off, by a button, by a message or by its hours.")], False
    works = _("The camera works: {camera}.", camera=_.of_jukebox(str(status.get("camera"))))
    if view is None:
        return [works], True
    return [works, f"{_sentence(_.of_jukebox(str(view['text'])))}."], bool(view["fit"])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


async def show_music(request: Request) -> Response:
    """How many songs each mood has."""
    page = page_of(request)
    lists = library.mood_lists(page.house.settings)
    songs: dict[str, int | None] = {}
    problem = ""
    for mood in EMOTIONS:
        try:
            name = lists.get(str(mood))
            found = await page.mpd.ask(partial(library.stored, name=name)) if name else None
            songs[str(mood)] = None if found is None else len(found)
        except PlayerError:
            songs[str(mood)] = None
    if page.mpd.playing is None:
        problem = page.language(request)("The music player cannot be reached. I keep trying.")
    return _shown(request, "music", songs=songs, problem=problem)


async def end_walk(_request: Request) -> Response:
    """Remembers on this browser that nobody needs to be led through the first steps."""
    response = RedirectResponse("/", 303)
    response.set_cookie(WALKED, "yes", max_age=WALKED_S, httponly=True, samesite="strict")
    return response


def wants_walk(request: Request) -> bool:
    """Whether to offer the first steps: to a paired browser that has not seen them."""
    return request.scope.get("device") is not None and WALKED not in request.cookies


def _shown(
    request: Request,
    step: str,
    status: int = 200,
    form: dict[str, str] | None = None,
    **values: Any,
) -> Response:
    """One of these screens; on a walk, with the way to the next one."""
    page = page_of(request)
    walks = (form or request.query_params).get("walk") == "yes"
    number = WALK.index(step)
    following = WALK[number + 1] if number + 1 < len(WALK) else ""
    values = {"problem": "", "link": "", **values}
    return page.html(
        request,
        f"machine_{step}.html",
        status,
        walks=walks,
        number=number + 1,
        steps=len(WALK),
        following=following,
        **values,
    )


def _query(form: dict[str, str]) -> str:
    return "?walk=yes" if form.get("walk") == "yes" else ""


def _link(request: Request, name: str) -> str:
    """Where the page is found by this name."""
    port = request.url.port
    where = f":{port}" if port else ""
    return f"{request.url.scheme}://{quote(name)}.local{where}/"


ROUTES = [
    Route("/settings/name", show_name),
    Route("/settings/name", rename, methods=["POST"]),
    Route("/settings/sound", show_sound),
    Route("/settings/sound", choose_sound, methods=["POST"]),
    Route("/settings/camera", show_camera),
    Route("/settings/music", show_music),
    Route("/settings/walked", end_walk, methods=["POST"]),
]
