"""`jukebox teach NAME`: a guided lesson, with or without a running jukebox; who is known."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from appliance.build import kept_people
from appliance.commands.shared import add_json, print_json, settings_of
from appliance.errors import UsageError
from appliance.history.files import Lock, database_file, is_in_use
from appliance.history.forgetting import forget_person
from appliance.remote.control_client import ControlClient, RefusedError, connect
from appliance.remote.control_socket import socket_files
from appliance.remote.control_teaching import known, person_forgotten
from appliance.settings import Settings

PATIENCE_S = 30.0  # until the next word of a lesson
FORGETTING_S = 600.0  # a slow SD card rewrites a large file

Event = dict[str, Any]


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds the name, or what else to do, and --json."""
    verb.add_argument("name", nargs="?", metavar="NAME", help="whose faces; any name")
    verb.add_argument("--rest", metavar="NAME", help="only the face at rest, for a minute")
    verb.add_argument("--list", action="store_true", help="who is known, by how many examples")
    verb.add_argument("--forget", metavar="NAME", help="forget a person for good")
    add_json(verb)
    verb.set_defaults(misuse=verb.error)


def run(chosen: argparse.Namespace) -> int:
    """Teaches, lists or forgets. Returns 1 if nothing was learned. Raises JukeboxError."""
    asked = [option for option in (chosen.name, chosen.rest, chosen.forget) if option is not None]
    if len(asked) + chosen.list != 1:
        chosen.misuse("one of NAME, --rest NAME, --list and --forget NAME is needed")
    settings = settings_of(chosen)
    database = database_file(settings.store, os.environ)
    jukebox = connect(socket_files(settings.control, database, os.environ))
    if chosen.list or chosen.forget is not None:
        answer = _answer(jukebox, database, chosen.forget)
        if chosen.json:
            print_json(answer["data"])
        else:
            print(answer["text"])
        return 0
    return _teach(settings, jukebox, asked[0], rest=chosen.rest is not None, as_json=chosen.json)


def _answer(jukebox: ControlClient | None, database: Path, forget: str | None) -> Event:
    """Who is known, or that somebody is forgotten. Raises JukeboxError."""
    if jukebox is not None:
        with closing(jukebox):
            if forget is None:
                return jukebox.ask("teach", {"what": "list"})
            return jukebox.ask("teach", {"what": "forget", "name": forget}, FORGETTING_S)
    if forget is None:
        people: dict[str, dict[str, float]] = {}
        for face in kept_people(database):
            people.setdefault(face.name, {})[str(face.emotion)] = face.examples
        answer = known(people)
    else:
        lock = Lock(database)
        lock.take()
        try:
            rows = forget_person(database, forget)
        finally:
            lock.release()
        if not rows:
            raise UsageError(f"nobody is known as {forget[:40]!r}; jukebox teach --list")
        answer = person_forgotten(rows)
    return {"text": answer.text, "data": answer.data}


def _teach(
    settings: Settings, jukebox: ControlClient | None, name: str, *, rest: bool, as_json: bool
) -> int:
    """Prints what the lesson says. Returns 1 if nothing was learned."""
    good = False
    for event in _lesson(settings, jukebox, name, rest=rest):
        if as_json:
            print_json(event)
        else:
            _say(event)
        good = event["stage"] == "over" and bool(event["good"])
    return 0 if good else 1


def _lesson(
    settings: Settings, jukebox: ControlClient | None, name: str, *, rest: bool
) -> Iterator[Event]:
    """What is said, by the running jukebox or by this process. Raises JukeboxError."""
    if jukebox is None:
        if is_in_use(database_file(settings.store, os.environ)):
            raise RefusedError("unavailable", "the running jukebox has no control socket to ask at")
        from appliance.running.teaching_alone import teach_alone

        yield from teach_alone(settings, name, rest=rest)
        return
    with closing(jukebox):
        jukebox.ask("subscribe")
        asked = {"name": name, "what": "rest" if rest else "faces"}
        yield {"text": jukebox.ask("teach", asked)["text"], "stage": "begin"}
        while True:
            event = jukebox.event("teach", PATIENCE_S)
            yield event
            if event["stage"] == "over":
                return


def _say(event: Event) -> None:
    """One line a face; in a terminal it changes while the face is held."""
    passing = event["stage"] in ("ready", "hold")
    place = f"{event['face']:2}/{event['faces']}  " if "face" in event else ""
    if sys.stdout.isatty():
        print(f"\r\033[K{place}{event['text']}", end="" if passing else "\n", flush=True)
    elif event["stage"] != "hold" or event["sees"]:
        print(f"{place}{event['text']}", flush=True)
