"""The command line: verbs for people. Results go to stdout, messages to stderr.

Each verb is a file of commands/, which is imported when it is asked for: `jukebox status` does not
wait for OpenCV.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from appliance.errors import JukeboxError

log = logging.getLogger("jukebox")

VERBS = {
    "run": "play, until stopped",
    "demo": "play now, with a private MPD and the starter music",
    "check": "test everything once: camera, models, MPD, …",
    "classify": "read the faces in pictures",
    "why": "show which pixels of a face speak for how it looks",
    "rehearse": "live through a simulated day, fast",
    "bench": "how fast it is here, compared with the published pipeline",
    "status": "what the jukebox sees and plays now",
    "history": "moods and songs of the past",
    "tell": "tell the running jukebox: mood happy, auto, hold 30, why, …",
    "calibrate": "watch your face at rest for a minute, as neutral",
    "resolve": "tell the jukebox what links play",
    "sort": "make playlists of your music by mood",
    "backup": "copy the history, also while it runs",
    "config": "the settings in force, passwords masked",
}
# For the installer: `jukebox --help` does not name them.
HIDDEN_VERBS = {"own-playlists": "the stored playlists that nobody has edited"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb. Returns 0 good, 1 failed, 78 configuration; misuse exits with 2."""
    words = sys.argv[1:] if arguments is None else arguments
    asked = words[0] if words else ""
    try:
        chosen = parser(asked).parse_args(words)
        _log_to_stderr(chosen.log_level)
        code: int = chosen.run(chosen)
    except JukeboxError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # `jukebox history | head`: nobody reads on, and Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        # What goes on until Ctrl-C may be ended at any moment, also while it still begins.
        return 0 if asked == "demo" or (asked == "why" and "--live" in words) else 130
    return code


def parser(asked: str = "") -> argparse.ArgumentParser:
    """The parser of the verb that is asked for, with its options; of all without options else."""
    whole = argparse.ArgumentParser(
        prog="jukebox", description="Looks at the room, reads the mood, plays music that fits."
    )
    whole.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    verbs = whole.add_subparsers(required=True, metavar="VERB")
    known = VERBS | HIDDEN_VERBS
    for name, text in {asked: known[asked]}.items() if asked in known else VERBS.items():
        verb = verbs.add_parser(name, help=text, description=text)
        verb.set_defaults(log_level=logging.WARNING)
        verb.add_argument("--config", type=Path, metavar="FILE", help="this jukebox.toml")
        if name == asked:
            command = import_module(f"appliance.commands.{name.replace('-', '_')}")
            command.add_options(verb)
            verb.set_defaults(run=command.run)
    return whole


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: that takes longer than a light verb."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(version("emotional-jukebox"))
        parser.exit()


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


if __name__ == "__main__":
    sys.exit(main())
