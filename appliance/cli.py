"""The command line: verbs for people. Results go to stdout, messages to stderr."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.commands import bench as bench_command
from appliance.commands import rehearse as rehearse_command
from appliance.commands import resolve as resolve_command
from appliance.commands import sort as sort_command
from appliance.commands import why as why_command
from appliance.config import boot_partition as boot_config
from appliance.config import loading as config
from appliance.errors import JukeboxError
from appliance.settings import Settings

if TYPE_CHECKING:
    from appliance.history.queries import Entry

log = logging.getLogger("jukebox")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb. Returns 0 good, 1 failed, 78 configuration; misuse exits with 2."""
    chosen = _parser().parse_args(arguments)
    # What happens is told while the jukebox runs; the other verbs have their results.
    lasting = chosen.verb in (_run, _demo, resolve_command.run)
    _log_to_stderr(logging.INFO if lasting else logging.WARNING)
    try:
        verb: Callable[[argparse.Namespace], int] = chosen.verb
        return verb(chosen)
    except JukeboxError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # `jukebox history | head`: nobody reads on, and Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        # What goes on until it is ended may be ended at any moment, also while it still begins.
        return 0 if chosen.verb is _demo or vars(chosen).get("live") else 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jukebox", description="Looks at the room, reads the mood, plays music that fits."
    )
    parser.add_argument("--version", action="version", version=version("emotional-jukebox"))
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(
        name: str, run: Callable[[argparse.Namespace], int], text: str, *, as_json: bool = False
    ) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=text, description=text)
        added.set_defaults(verb=run)
        added.add_argument("--config", type=Path, metavar="FILE", help="this jukebox.toml")
        if as_json:
            added.add_argument("--json", action="store_true", help="for programs")
        return added

    verb("run", _run, "play, until stopped")
    demo = verb("demo", _demo, "play now, with a private MPD and the starter music")
    demo.add_argument("--for", dest="for_s", type=float, metavar="SECONDS", help="end after this")
    demo.add_argument("--camera", metavar="SOURCE", help="instead of the best one there is")
    demo.add_argument(
        "--output", default="auto", help="auto, null, alsa, pulse, pipewire or record:FILE"
    )
    demo.add_argument("--folder", type=Path, default=Path("run/demo"), help="for its state")
    verb("check", _check, "look at everything once: camera, models, MPD, …", as_json=True)
    classify = verb("classify", _classify, "read the faces in pictures", as_json=True)
    classify.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE")
    why = verb("why", _why, "show which pixels of a face speak for its look", as_json=True)
    why_command.add_options(why)
    rehearse = verb("rehearse", _rehearse, "live through a made-up day, fast", as_json=True)
    rehearse_command.add_options(rehearse)
    bench = verb("bench", _bench, "how fast it is here, against the published one", as_json=True)
    bench_command.add_options(bench)
    verb("status", _status, "what the jukebox sees and plays now", as_json=True)
    history = verb("history", _history, "moods and songs of the past", as_json=True)
    history.add_argument("--days", type=float, default=1.0, help="how far back (default: 1)")
    history.add_argument("--limit", type=int, default=1000, help="at most so many, the newest")
    tell = verb("tell", _tell, "tell the running jukebox: mood happy, auto, hold 30, why, …")
    tell.add_argument("words", nargs="+", metavar="WORD", help="as docs/mpd.md lists them")
    calibrate = verb("calibrate", _calibrate, "watch your face at rest for a minute, as neutral")
    calibrate.add_argument("--forget", action="store_true", help="undo it")
    resolve = verb("resolve", resolve_command.run, "tell the jukebox what links play", as_json=True)
    resolve_command.add_options(resolve)
    sort = verb("sort", sort_command.run, "make playlists of your music by mood", as_json=True)
    sort_command.add_options(sort)
    backup = verb("backup", _backup, "copy the history, also while it runs", as_json=True)
    backup.add_argument(
        "--put-back", type=Path, metavar="COPY", help="if a newer jukebox changed the history"
    )
    verb("config", _config, "the settings in force, passwords masked", as_json=True)
    return parser


def _settings(chosen: argparse.Namespace) -> Settings:
    return boot_config.load(chosen.config, os.environ)


def _run(chosen: argparse.Namespace) -> int:
    from appliance.service import Service

    load = partial(_settings, chosen)
    Service(load(), load).run()
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    from appliance.commands.demo import play

    play(
        _settings(chosen),
        folder=chosen.folder,
        output=chosen.output,
        camera=chosen.camera,
        for_s=chosen.for_s,
    )
    return 0


def _check(chosen: argparse.Namespace) -> int:
    from appliance.commands.check import checks

    results = []
    for result in checks(partial(_settings, chosen)):
        results.append(result)
        if not chosen.json:
            print(f"{'ok  ' if result.good else 'FAIL'} {result.what}: {result.text}", flush=True)
    if chosen.json:
        _print_json([{"what": r.what, "good": r.good, "text": r.text} for r in results])
    return 0 if all(result.good for result in results) else 1


def _classify(chosen: argparse.Namespace) -> int:
    from appliance.commands.classify import classify, describe

    readings = []
    for reading in classify(_settings(chosen), chosen.pictures):
        readings.append(reading)
        if not chosen.json:
            print(describe(reading), flush=True)
    if chosen.json:
        _print_json(readings)
    return 1 if any("error" in reading for reading in readings) else 0


def _bench(chosen: argparse.Namespace) -> int:
    return bench_command.run(chosen, partial(_settings, chosen))


def _rehearse(chosen: argparse.Namespace) -> int:
    return rehearse_command.run(chosen, partial(_settings, chosen))


def _why(chosen: argparse.Namespace) -> int:
    return why_command.run(chosen, partial(_settings, chosen))


def _status(chosen: argparse.Namespace) -> int:
    from appliance.history.database import database_file, is_in_use
    from appliance.remote import status

    database = database_file(_settings(chosen).store, os.environ)
    last = status.read(database)
    running = is_in_use(database)
    if chosen.json:
        _print_json({"running": running, **asdict(last)})
    else:
        print(last.sentence() if running else f"not running; at the end: {last.sentence()}")
        if running:
            print(last.looks())
    return 0 if running else 1


def _tell(chosen: argparse.Namespace) -> int:
    from appliance.remote.tell import tell

    for answer in tell(_settings(chosen).mpd, " ".join(chosen.words)):
        print(answer)
    return 0


def _calibrate(chosen: argparse.Namespace) -> int:
    from appliance.commands.calibrate import calibrate

    return 0 if calibrate(_settings(chosen), forget=chosen.forget) else 1


def _history(chosen: argparse.Namespace) -> int:
    from appliance.history.database import database_file
    from appliance.history.queries import read_history

    database = database_file(_settings(chosen).store, os.environ)
    entries = read_history(database, max(0.0, time.time() - chosen.days * 86_400), chosen.limit)
    if chosen.json:
        _print_json([asdict(entry) for entry in entries])
    else:
        for entry in entries:
            print(_line(entry))
    return 0


def _line(entry: Entry) -> str:
    at = datetime.fromisoformat(entry.at).astimezone()
    if entry.what == "play":
        return f"{at:%a %d %b %H:%M:%S}  {entry.title} ({entry.emotion}): {entry.reason}"
    if entry.what == "touch":
        return f"{at:%a %d %b %H:%M:%S}  somebody used the player: {entry.reason}"
    return f"{at:%a %d %b %H:%M:%S}  {entry.emotion or entry.state}"


def _backup(chosen: argparse.Namespace) -> int:
    from appliance.history.backup import back_up, put_back

    if chosen.put_back:
        if put_back(_settings(chosen).store, chosen.put_back):
            print(f"{chosen.put_back}: put back")
        return 0
    made = back_up(_settings(chosen).store, time.time())
    if chosen.json:
        _print_json({"path": str(made.path), "size_bytes": made.size_bytes})
    else:
        print(f"{made.path}: {made.size_bytes / 1000:.0f} kB")
    return 0


def _config(chosen: argparse.Namespace) -> int:
    settings = _settings(chosen)
    if chosen.json:
        _print_json(config.as_dict(settings))
    else:
        print(config.as_toml(settings), end="")
    return 0


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _log_to_stderr(level: int) -> None:
    """The journal dates its lines itself, and takes their weight from a number before them."""
    in_journal = False
    with suppress(OSError):  # closed
        stderr = os.fstat(2)  # a shell of a service inherits the variable, but not what it names
        in_journal = os.environ.get("JOURNAL_STREAM") == f"{stderr.st_dev}:{stderr.st_ino}"
    form = "%(levelname)s%(message)s" if in_journal else "%(asctime)s  %(message)s"
    if in_journal:
        from appliance.remote.notify import JOURNAL_WEIGHTS

        for weight, number in JOURNAL_WEIGHTS.items():
            logging.addLevelName(weight, f"<{number}>")
    logging.basicConfig(level=logging.WARNING, format=form, datefmt="%H:%M:%S")
    log.setLevel(level)  # libraries speak only of trouble
