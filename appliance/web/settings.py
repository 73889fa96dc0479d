"""The settings page: jukebox.toml as a form, written by the administration."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from appliance.admin.answers import EditedError
from appliance.config.editing import edited
from appliance.config.loading import parse
from appliance.errors import ConfigError, JukeboxError
from appliance.settings import Key, Settings, keys
from appliance.web.home import broker_words
from appliance.web.page import Page, form_of, page_of
from appliance.web.settings_form import Form, changes, form_sections, normalised, typed_of

MOST_FIELDS = 200
NAME = "jukebox.toml"

RELOAD_S = 3.0  # a Raspberry Pi may load another network first
REFUSED = "nothing is saved, because the jukebox cannot run with this"

Problems = Mapping[tuple[str, ...], str]


async def show(request: Request) -> Response:
    """The settings as they stand in the file."""
    page = page_of(request)
    try:
        text, known_hash = await _file(page)
        settings = parse(text.encode(), NAME)
    except JukeboxError as error:
        return _unusable(page, request, error)
    return _form(page, request, typed_of(settings), known_hash, said=page.jukebox.settings_refused)


async def save(request: Request) -> Response:
    """Writes what was typed, or says beside each field what is wrong with it."""
    page, form = page_of(request), await form_of(request, MOST_FIELDS)
    try:
        text, known_hash = await _file(page)
        settings = parse(text.encode(), NAME)
    except JukeboxError as error:
        return _unusable(page, request, error)
    if form.get("hash") != known_hash:
        return _conflict(page, request, form, settings, known_hash)
    try:
        wanted = edited(text, changes(form, settings))
        _check(wanted)
        said = await _write(page, {"text": wanted, "hash": known_hash}, text)
    except ConfigError as error:
        said = "" if error.mistakes else page.language(request).of_jukebox(str(error))
        return _form(page, request, form, known_hash, 422, problems=error.mistakes, said=said)
    except EditedError:  # within this very moment
        return await save(request)
    except JukeboxError as error:
        return _form(page, request, form, known_hash, 503, said=str(error))
    return page.done(request, page.language(request).of_jukebox(said), "/settings")


async def _write(page: Page, sent: dict[str, str], before: str) -> str:
    """Writes the file, and waits until the jukebox has read it. Returns what came of it.

    before: the text of the file so far. It comes back, and ConfigError is raised, if the jukebox
    refuses the new one: at its next start it would play nothing.
    """
    said, is_read = await _written(page, sent)
    if is_read and (why := page.jukebox.settings_refused):
        _, known_hash = await _file(page)
        await _written(page, {"text": before, "hash": known_hash})
        raise ConfigError(f"{REFUSED}: {why}")
    return said


async def _written(page: Page, sent: dict[str, str]) -> tuple[str, bool]:
    """What came of writing the file, and whether the jukebox has read it."""
    reload = page.jukebox.next_reload()
    answer = await page.administer("write", sent)
    if answer.data:  # something has changed
        with suppress(TimeoutError):  # no jukebox runs, or it starts anew
            await asyncio.wait_for(reload, RELOAD_S)
            return answer.text, True
    return answer.text, False


def _check(text: str) -> None:
    """Raises ConfigError for settings with which jukebox or page could not start again."""
    file = parse(text.encode(), NAME).web.certificate
    if not file:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, password="")
    except OSError as error:  # an SSLError is one, too
        why = f"web.certificate is {file}, which cannot be used: {error.strerror or error}"
        raise ConfigError(why, {("web", "certificate"): why}) from error


async def _file(page: Page) -> tuple[str, str]:
    """The text of the file and its hash. Raises JukeboxError."""
    found = (await page.administer("settings", {})).data
    return str(found["text"]), str(found["hash"])


def _conflict(
    page: Page, request: Request, form: Form, settings: Settings, known_hash: str
) -> Response:
    """What was typed beside what stands in the file now. Saving once more decides."""
    now = typed_of(settings)
    differences = [
        (key, now[str(key)], typed)
        for table in keys().values()
        for key in table.values()
        if not key.secret and (typed := normalised(form.get(str(key), ""))) != now[str(key)]
    ]
    return _form(page, request, form, known_hash, 409, differences=differences)


def _form(
    page: Page,
    request: Request,
    typed: Form,
    known_hash: str,
    status: int = 200,
    *,
    problems: Problems | None = None,
    said: str = "",
    differences: Sequence[tuple[Key, str, str]] | None = None,
) -> Response:
    in_force = page.house.settings if page.house.status is not None and status == 200 else {}
    return page.html(
        request,
        "settings.html",
        status,
        sections=form_sections(typed, in_force, problems or {}),
        hash=known_hash,
        wrong=len(problems or {}),
        trouble=said,
        differences=differences,
        broker=broker_words(page.house, page.language(request)),
    )


def _unusable(page: Page, request: Request, error: JukeboxError) -> Response:
    """The file cannot be shown as a form: why, in its own words."""
    status = 422 if isinstance(error, ConfigError) else 503
    return page.html(request, "settings.html", status, sections=[], trouble=str(error))


ROUTES = [
    Route("/settings", show),
    Route("/settings", save, methods=["POST"]),
]
