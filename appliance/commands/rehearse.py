"""`jukebox rehearse`: lives through a simulated day and compares it with its true moods."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.records import Emotion
from appliance.rehearsal.drawing import draw
from appliance.rehearsal.rehearsal import Plan, Rehearsal


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds the day, what to compare, and --json."""
    verb.add_argument(
        "--faces", type=Path, metavar="ZIP", help="FER-2013 as SPLIT/CLASS/ROW.png, zip or folder"
    )
    verb.add_argument("--split", default="PublicTest", help="of --faces (default: PublicTest)")
    verb.add_argument(
        "--votes", type=Path, metavar="CSV", help="of FER+: only faces that the crowd sees as FER"
    )
    verb.add_argument("--hours", type=float, default=8.0, help="length of the day (default: 8)")
    verb.add_argument("--seed", type=int, default=1, help="which day (default: 1)")
    verb.add_argument(
        "--compare",
        action="store_true",
        help="compare with two simpler filters that see the same faces",
    )
    verb.add_argument(
        "--resting", choices=("angry", "sad"), help="what the owner's neutral face is taken for"
    )
    verb.add_argument(
        "--calibrated",
        action="store_true",
        help="let the jukebox watch that face for a minute first",
    )
    verb.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the day")
    add_json(verb)
    verb.set_defaults(misuse=verb.error)


def run(chosen: argparse.Namespace) -> int:
    """Lives through the day and prints the figures. Raises JukeboxError; misuse exits with 2."""
    _check(chosen)
    plan = Plan(
        faces=chosen.faces,
        split=chosen.split,
        votes=chosen.votes,
        hours=chosen.hours,
        seed=chosen.seed,
        resting=Emotion(chosen.resting) if chosen.resting else None,
        calibrated=chosen.calibrated,
    )
    rehearsal = Rehearsal(plan, settings_of(chosen))
    result = rehearsal.live(_progress if sys.stderr.isatty() else None)
    results = {"ours": result.as_dict()}
    if chosen.compare:
        results |= {name: rehearsal.relive(name).as_dict() for name in ("average", "vote")}
    if chosen.plot:
        draw(result.diary, chosen.plot)
    if chosen.json:
        print_json(results if chosen.compare else results["ours"])
    else:
        print(_table(results))
    return 0


def _check(chosen: argparse.Namespace) -> None:
    if not chosen.hours >= 0.1:
        chosen.misuse("--hours must be 0.1 or more")
    if chosen.votes and not chosen.faces:
        chosen.misuse("--votes goes only with --faces")
    if chosen.plot and chosen.plot.suffix.lower() != ".png":
        chosen.misuse(f"--plot: {chosen.plot} is not the name of a .png file")


def _progress(share: float) -> None:
    print(f"\rrehearsing {share:4.0%}", end="", file=sys.stderr, flush=True)


ROWS = (
    ("mood right", "right_share", "0.85 or more"),
    ("music right", "music_right_share", "0.80 or more"),
    ("wrong changes of music an hour", "wrong_changes_per_hour", "1 at most"),
    ("seconds to settle, median", "median", "15 at most"),
    ("seconds to settle, nine of ten", "p90", "40 at most"),
    ("acts against the listener", "against_listener", "0"),
    ("changes while uncertain or away", "changes_while_uncertain_or_away", "0"),
    ("seconds that it took", "replay_s", "120 at most for 8 hours"),
)


def _table(results: dict[str, dict[str, Any]]) -> str:
    """A row for each figure, a column for each filter."""
    columns = [result | (result["settle_s"] or {}) for result in results.values()]
    head = f"{'':32}" + "".join(f"{name:>9}" for name in results) + "   goal"
    lines = [
        f"{title:32}" + "".join(f"{_cell(column.get(key)):>9}" for column in columns) + f"   {goal}"
        for title, key, goal in ROWS
    ]
    return "\n".join([head, *lines])


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
