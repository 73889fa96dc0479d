"""`jukebox rehearse`: lives through a simulated day and compares it with its true moods."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appliance.commands.shared import add_json, file_ending, print_json, settings_of
from appliance.records import Emotion
from appliance.rehearsal.day import Diary
from appliance.rehearsal.drawing import draw
from appliance.rehearsal.rehearsal import Plan, Rehearsal
from appliance.rehearsal.summary import summed_up, value_of

DAYS = 5  # how many days of a file are lived through

LONGEST_HOURS = 168  # a week, which takes a quarter of an hour


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds the day, what to compare, and --json."""
    verb.add_argument(
        "--faces", type=Path, metavar="ZIP", help="FER-2013 as SPLIT/CLASS/ROW.png, zip or folder"
    )
    verb.add_argument("--split", default="PublicTest", help="of --faces (default: PublicTest)")
    verb.add_argument(
        "--votes", type=Path, metavar="CSV", help="of FER+: only faces that the crowd sees as FER"
    )
    verb.add_argument(
        "--day", metavar="NAME|FILE.toml", help='another kind of day: "honest", or a file like it'
    )
    verb.add_argument("--hours", type=float, help="length of the day (default: 8)")
    verb.add_argument("--seed", type=int, default=1, help="which day, or the first (default: 1)")
    verb.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help="so many days: their median and worst, with the simpler filters (with --day: 5)",
    )
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
    verb.add_argument(
        "--taught",
        action="store_true",
        help="with --day: teach the owner's face first, two examples of each, as `jukebox teach`",
    )
    verb.add_argument("--plot", type=file_ending(".png"), metavar="FILE.png", help="draw the day")
    add_json(verb)
    verb.set_defaults(misuse=verb.error)


def run(chosen: argparse.Namespace) -> int:
    """Lives through the day and prints the figures. Raises JukeboxError; misuse exits with 2."""
    _check(chosen)
    seeds = chosen.seeds or (DAYS if chosen.day else 1)
    if seeds > 1:
        return _several(chosen, range(chosen.seed, chosen.seed + seeds))
    results, diary = _lived(chosen, chosen.seed, compare=chosen.compare)
    if chosen.plot:
        draw(diary, chosen.plot)
    if chosen.json:
        print_json(results if chosen.compare else results["ours"])
    else:
        print(_table({name: {"": result} for name, result in results.items()}, chosen.day))
    return 0


def _several(chosen: argparse.Namespace, seeds: Sequence[int]) -> int:
    """The median and the worst of several days, for each filter."""
    days: dict[str, list[dict[str, Any]]] = {}
    for seed in seeds:
        results, diary = _lived(chosen, seed, compare=True)
        for name, result in results.items():
            days.setdefault(name, []).append(result)
        if chosen.plot and seed == seeds[0]:
            draw(diary, chosen.plot)
    summaries = {name: summed_up(of_filter) for name, of_filter in days.items()}
    if chosen.json:
        print_json({"seeds": list(seeds), "day": chosen.day, **summaries})
    else:
        told = {
            name: {kind: summary[kind] for kind in ("median", "worst")}
            for name, summary in summaries.items()
        }
        print(_table(told, chosen.day))
    return 0


def _lived(
    chosen: argparse.Namespace, seed: int, *, compare: bool
) -> tuple[dict[str, dict[str, Any]], Diary]:
    """The figures by the filter's name, and the diary of the jukebox's own."""
    plan = Plan(
        faces=chosen.faces,
        split=chosen.split,
        votes=chosen.votes,
        hours=chosen.hours,
        seed=seed,
        day=chosen.day,
        resting=Emotion(chosen.resting) if chosen.resting else None,
        calibrated=chosen.calibrated,
        taught=chosen.taught,
    )
    rehearsal = Rehearsal(plan, settings_of(chosen))
    result = rehearsal.live(_progress if sys.stderr.isatty() else None)
    results = {"ours": result.as_dict()}
    if compare:
        results |= {name: rehearsal.relive(name).as_dict() for name in ("average", "vote")}
    return results, result.diary


def _check(chosen: argparse.Namespace) -> None:
    if chosen.hours is not None and not 0.1 <= chosen.hours <= LONGEST_HOURS:
        chosen.misuse(f"--hours must be from 0.1 to {LONGEST_HOURS}")
    if chosen.seeds is not None and chosen.seeds < 1:
        chosen.misuse("--seeds must be 1 or more")
    if chosen.day and (chosen.resting or chosen.calibrated):
        chosen.misuse("--day has its own people: --resting and --calibrated do not go with it")
    if chosen.taught and not chosen.day:
        chosen.misuse("--taught goes only with --day, whose owner is one person all day")
    if chosen.votes and not chosen.faces:
        chosen.misuse("--votes goes only with --faces")


def _progress(share: float) -> None:
    print(f"\rrehearsing {share:4.0%}", end="", file=sys.stderr, flush=True)


# Title, figure, and the goals on the day without a file and on the honest one.
ROWS = (
    ("mood right", "right_share", "0.85 or more", "0.85 or more"),
    ("music right", "music_right_share", "0.80 or more", "-"),
    ("wrong changes of music an hour", "wrong_changes_per_hour", "1 at most", "1 at most"),
    ("seconds to settle, median", "settle_s.median", "15 at most", "20 at most"),
    ("seconds to settle, nine of ten", "settle_s.p90", "40 at most", "-"),
    ("uncertain before a clear face", "uncertain_when_clear_share", "-", "0.10 at most"),
    ("seconds until somebody is here", "presence_s", "-", "1 at most"),
    ("acts against the listener", "against_listener", "0", "0"),
    ("changes while uncertain or away", "changes_while_uncertain_or_away", "0", "0"),
    ("seconds that it took", "replay_s", "120 at most for 8 hours", "-"),
)


def _table(results: dict[str, dict[str, dict[str, Any]]], day: str | None) -> str:
    """A row for each figure, and for each filter a column for each kind of result."""
    columns = [
        (f"{name} {kind}".strip(), values)
        for name, kinds in results.items()
        for kind, values in kinds.items()
    ]
    width = max(9, *(len(name) + 2 for name, _ in columns))
    lines = [f"{'':32}" + "".join(f"{name:>{width}}" for name, _ in columns) + "   goal"]
    for title, key, plain, honest in ROWS:
        cells = [
            _cell(values[key] if key in values else value_of(values, key)) for _, values in columns
        ]
        lines.append(
            f"{title:32}"
            + "".join(f"{cell:>{width}}" for cell in cells)
            + f"   {honest if day else plain}"
        )
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
