"""Teaching: a person shows their faces, guided by words; who is known, and how to forget them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from appliance.decide import phrases
from appliance.errors import ControlError
from appliance.web.language import Language
from appliance.web.page import form_of, page_of
from appliance.web.view import LOOKS

FORGETTING_S = 600.0  # a slow SD card rewrites a large file
ASKED = {str(emotion): words.capitalize() for emotion, words in phrases.ASKED.items()}


async def show(request: Request) -> Response:
    """Who is known, a lesson under way, and the way to one."""
    return await _shown(request)


async def _shown(request: Request, *, name: str = "", wrong: str = "") -> Response:
    """The page. name: as it was typed; wrong: what is wrong with it."""
    page = page_of(request)
    _ = page.language(request)
    people: dict[str, dict[str, float]] = {}
    problem = ""
    try:
        people = (await page.jukebox.ask("teach", {"what": "list"}))["data"]["people"]
    except ControlError as error:
        problem = _.of_jukebox(str(error))
    known = {name: round(sum(examples.values())) for name, examples in people.items()}
    lesson = lesson_view(page.jukebox.lesson, _)
    if not lesson["on"]:
        page.jukebox.lesson = None  # its end is said once
    return page.html(
        request, "teach.html", 422 if wrong else 200,
        people=known, lesson=lesson, problem=problem, name=name, wrong=wrong,
    )  # fmt: skip


async def now(request: Request) -> Response:
    """What the lesson says now, for our script."""
    page = page_of(request)
    return JSONResponse(lesson_view(page.jukebox.lesson, page.language(request)))


async def act(request: Request) -> Response:
    """Begins or ends a lesson, or forgets somebody."""
    page, form = page_of(request), await form_of(request)
    _ = page.language(request)
    what, name = form.get("what", ""), form.get("name", "")
    try:
        answer = await page.jukebox.ask("teach", {"what": what, "name": name}, FORGETTING_S)
    except ControlError as error:
        wrong = _.of_jukebox(str(error))
        if what in ("faces", "rest"):
            return await _shown(request, name=name, wrong=wrong)
        return page.done(request, wrong, "/teach", good=False)
    if what in ("faces", "rest"):
        page.jukebox.lesson = {"name": name, "stage": "begin"}
    return page.done(request, _.of_jukebox(str(answer["text"])), "/teach")


def lesson_view(event: dict[str, Any] | None, _: Language) -> dict[str, Any]:
    """A lesson in words. event: the last that the jukebox told of it; None if there was none."""
    if event is None:
        return {"on": False, "asked": "", "sees": "", "place": "", "name": ""}
    stage, sees = event["stage"], event.get("sees")
    return {
        "on": stage != "over",
        "name": event["name"],
        "asked": _asked(event, _),
        "sees": _("I see: {look}", look=_(LOOKS[sees])) if sees else _unseen(stage, _),
        "place": _("{n} of {all}", n=event["face"], all=event["faces"]) if "face" in event else "",
    }


def _asked(event: dict[str, Any], _: Language) -> str:
    match event["stage"]:
        case "begin":
            return _("Sit down before the camera, in light.")
        case "next":
            return _("Thank you.") if event["good"] else _("I could not see that; let us go on.")
        case "over" if event["good"]:
            return _("Thank you. From now on I read {name} by these faces.", name=event["name"])
        case "over":
            return _("I have learned nothing: I could not see a face well.")
    return _(ASKED[event["emotion"]])


def _unseen(stage: str, _: Language) -> str:
    return _("I cannot see your face well.") if stage in ("ready", "hold") else ""


ROUTES = [
    Route("/teach", show),
    Route("/teach", act, methods=["POST"]),
    Route("/teach/now", now),
]
