"""`jukebox forget`: deletes an hour, a day or everything from the history, for good."""

from __future__ import annotations

import argparse
import os
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.errors import UsageError
from appliance.history.files import END_OF_TIME_S, Lock, database_file
from appliance.history.forgetting import forget
from appliance.hours import YEARS
from appliance.remote.control_client import ControlClient, NobodyListensError
from appliance.remote.control_socket import socket_files
from appliance.settings import Settings

PATIENCE_S = 600.0  # a slow SD card rewrites a large file


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds what to forget, and --json."""
    verb.add_argument("what", choices=["hour", "day", "everything"])
    verb.add_argument(
        "--from", dest="begin", metavar="TIME",
        help="its begin, such as 2026-11-30T18:00 (default: the last hour, or today)",
    )  # fmt: skip
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Prints how many entries are gone. Raises JukeboxError."""
    begin, end = _span(chosen.what, chosen.begin, datetime.now().astimezone())
    rows = _forget(settings_of(chosen), begin, end)
    if chosen.json:
        print_json({"rows": rows})
    else:
        print(f"forgotten: {rows} entries, also in the copies")
    return 0


def _forget(settings: Settings, begin: datetime | None, end: datetime | None) -> int:
    """Lets the running jukebox forget; where none runs, does it in its place."""
    database = database_file(settings.store, os.environ)
    named = (("from", begin), ("to", end))
    arguments = {name: at.isoformat() for name, at in named if at is not None}
    for path in socket_files(settings.control, database, os.environ):
        try:
            jukebox = ControlClient(path, PATIENCE_S)
        except NobodyListensError:
            continue
        with closing(jukebox):
            return int(jukebox.ask("forget", arguments)["data"]["rows"])
    lock = Lock(database)
    lock.take()
    try:
        return forget(
            database,
            begin.timestamp() if begin else 0.0,
            end.timestamp() if end else END_OF_TIME_S,
            everything=begin is None,
        )
    finally:
        lock.release()


def _time_named(text: str) -> datetime:
    with suppress(ValueError):
        named = datetime.fromisoformat(text)
        if YEARS[0] <= named.year <= YEARS[1]:
            return named.astimezone()
    raise UsageError(
        f"--from {text}: it must be a time from 2000 to 2200, such as 2026-11-30T18:00"
    )


def _span(what: str, text: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """From when to when; None and None for everything. Raises UsageError."""
    if what == "everything":
        if text:
            raise UsageError("forget everything: --from belongs to an hour or a day")
        return None, None
    if text is not None:
        begin = _time_named(text)
    elif what == "hour":
        begin = now - timedelta(hours=1) + timedelta(seconds=1)  # a row's second is that of now
    else:
        begin = now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = begin + (timedelta(hours=1) if what == "hour" else timedelta(days=1))
    return begin.astimezone(UTC), end.astimezone(UTC)
