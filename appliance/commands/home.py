"""`jukebox home`: tells the house's MQTT broker how things are, or tests the way to it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from dataclasses import asdict
from pathlib import Path

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.errors import JukeboxError, UsageError
from appliance.settings import Settings

# The music goes on while a home restarts.
SOUND_GOES_ON_S = 20.0


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds what to do, and --json."""
    verb.add_argument(
        "what",
        nargs="?",
        choices=("run", "test", "forget", "sound"),
        default="run",
        help="run: tell, until stopped; test: the way to the broker, step by step; forget: remove"
        " what brokers keep of this jukebox; sound: play what the home asks for, in step with other"
        " rooms, as systemd starts it",
    )
    add_json(verb)
    verb.set_defaults(log_level=logging.INFO)


def run(chosen: argparse.Namespace) -> int:
    """Returns 1 if a step failed. Raises JukeboxError."""
    if chosen.what == "sound":
        return _sound()
    settings = settings_of(chosen)
    try:
        import paho.mqtt  # noqa: F401
    except ImportError as error:
        raise JukeboxError(
            "paho-mqtt is not installed: pip install 'emotional-jukebox[home]'"
        ) from error
    if chosen.what == "test":
        return _test(settings, as_json=chosen.json)
    if chosen.what == "forget":
        return _forget(settings)
    from appliance.home.process import serve

    serve(settings, os.environ)
    return 0


def _sound() -> int:
    """Knows no settings: the home tells what it needs."""
    from appliance.admin.server import group_ids, serve
    from appliance.home.speaker import Programs, Speaker
    from appliance.process.listen import take_passed_sockets

    passed, folder = take_passed_sockets(os.environ), os.environ.get("STATE_DIRECTORY")
    if not passed or not folder:
        raise UsageError("systemd starts this by jukebox-sound.socket")
    logging.getLogger("jukebox").setLevel(logging.WARNING)  # it is asked every three seconds
    speaker = Speaker(Programs(Path(folder)))
    try:
        serve(passed[0], speaker, group_ids("jukebox-control"), idle_s=SOUND_GOES_ON_S)
    finally:
        speaker.stop()
    return 0


def _test(settings: Settings, *, as_json: bool) -> int:
    from appliance.home.probe import probe

    steps = []
    for step in probe(settings, os.environ):
        steps.append(step)
        if not as_json:
            print(f"{'good' if step.good else 'BAD '}  {step.what}: {step.text}", flush=True)
    if as_json:
        print_json([asdict(step) for step in steps])
    return 0 if steps[-1].good else 1


def _forget(settings: Settings) -> int:
    from appliance.home.places import Published, access_of, locked, topics_of
    from appliance.home.withdrawal import withdraw_all

    lock = locked(settings, os.environ)  # of one that runs, what is removed would come back
    access, published = access_of(settings.home, os.environ), Published.of(settings, os.environ)
    here = [(access, topics_of(settings, os.environ))] if access.address else []
    places = [*(published.others(*here[0]) if here else published.places()), *here]
    left = asyncio.run(withdraw_all(places, published, access))
    lock.release()
    if not left:
        print("no broker keeps anything of this jukebox")
    return int(left)
