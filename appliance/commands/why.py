"""`jukebox why`: shows which pixels of a face speak for how it looks."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from appliance.commands.shared import add_json, file_ending, print_json, seconds, settings_of
from appliance.records import EMOTIONS, Emotion
from appliance.settings import Settings
from appliance.why import photo, terminal
from appliance.why.live import watch


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds what to explain and where to draw it, and --json."""
    seen = verb.add_mutually_exclusive_group(required=True)
    seen.add_argument("picture", nargs="?", type=Path, metavar="PICTURE")
    seen.add_argument(
        "--live", action="store_true", help="explain what the camera sees, in this terminal"
    )
    names = ", ".join(EMOTIONS)
    verb.add_argument(
        "--emotion", choices=[*map(str, EMOTIONS)], metavar="NAME", help=f"one of {names}"
    )
    verb.add_argument(
        "--out",
        type=file_ending(".png"),
        metavar="FILE.png",
        help="PICTURE: draw it into this file",
    )
    verb.add_argument(
        "--whole", action="store_true", help="PICTURE is a single face, already cut out"
    )
    verb.add_argument("--camera", metavar="SOURCE", help="live: instead of the configured one")
    verb.add_argument(
        "--for", dest="for_s", type=seconds, metavar="SECONDS", help="live: stop after this time"
    )
    add_json(verb)
    verb.set_defaults(misuse=verb.error)


def run(chosen: argparse.Namespace) -> int:
    """Explains a picture, or what the camera sees. Raises JukeboxError; misuse exits with 2."""
    _check(chosen)
    emotion = Emotion(chosen.emotion) if chosen.emotion else None
    if chosen.live:
        _watch(chosen, settings_of(chosen), emotion)
    else:
        _explain(chosen, settings_of(chosen), emotion)
    return 0


def _check(chosen: argparse.Namespace) -> None:
    not_allowed = ("out", "whole") if chosen.live else ("camera", "for_s")
    for name in not_allowed:
        if getattr(chosen, name):
            option = "--" + name.removesuffix("_s")
            chosen.misuse(f"{option} goes only with {'PICTURE' if chosen.live else '--live'}")
    if chosen.out and chosen.picture and _is_same_file(chosen.out, chosen.picture):
        chosen.misuse(f"--out: {chosen.out} is the picture itself, which stays as it is")
    if chosen.live and not (chosen.json or sys.stdout.isatty()):
        chosen.misuse("--live draws in a terminal; give --json for programs")


def _is_same_file(one: Path, other: Path) -> bool:
    """Whether two names, also by links, are of one file that exists."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _watch(chosen: argparse.Namespace, settings: Settings, emotion: Emotion | None) -> None:
    if chosen.camera:
        settings = replace(settings, camera=replace(settings.camera, source=chosen.camera))
    watch(settings, sys.stdout, emotion=emotion, for_s=chosen.for_s, for_programs=chosen.json)


def _explain(chosen: argparse.Namespace, settings: Settings, emotion: Emotion | None) -> None:
    faces = photo.explain(settings, chosen.picture, emotion=emotion, whole=chosen.whole)
    if chosen.out:
        photo.write(chosen.out, faces)
    if chosen.json:
        answer = {"picture": str(chosen.picture), "faces": [photo.as_json(face) for face in faces]}
        print_json(answer)
        return
    for face in faces:
        print(photo.describe(chosen.picture, face))
        if sys.stdout.isatty() and not chosen.out:
            print(*terminal.lines(face), sep="\n")
