"""The command line. Results go to stdout, messages to stderr.

Each verb is a file of commands/ that is imported only when the verb is used: `jukebox status` does
not wait for OpenCV.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from appliance.errors import JukeboxError
from appliance.process.log import log_to_stderr

VERBS = {
    "run": "play, until stopped",
    "demo": "play now, with a private MPD and the starter music",
    "check": "test everything once: camera, models, MPD, …",
    "classify": "read the faces in pictures",
    "why": "show which pixels of a face speak for how it looks",
    "rehearse": "live through a simulated day, fast",
    "bench": "measure how fast it is here, compared with the published pipeline",
    "status": "show what the jukebox sees and plays now",
    "history": "list moods, songs and what people did",
    "web": "serve the page for the phones and computers of this house",
    "pair": "let a phone or computer use the page: print a one-time code",
    "home": "tell the house's MQTT broker how things are; test, forget",
    "rooms": "show the rooms of the house, who leads them, and how they look",
    "tell": "tell the running jukebox: mood happy, auto, hold 30, why, …",
    "diary": "draw a day, a week or a year of the history",
    "forget": "delete an hour, a day or everything from the history, for good",
    "sign": "write a notice for the room, to be printed",
    "teach": "show the jukebox your faces, so that it reads you by them",
    "calibrate": "watch your face at rest for a minute and read it as neutral",
    "resolve": "find out what links play, for the jukebox or for you",
    "sort": "make playlists of your music by mood",
    "backup": "copy the history, also while the jukebox runs",
    "config": "print the settings in force, passwords masked",
}
# For the installer and for systemd; `jukebox --help` does not name them.
HIDDEN_VERBS = {
    "own-playlists": "list the jukebox's own stored playlists that nobody has edited",
    "link-sources": "list where the owner keeps links",
    "admin": "change this machine for the page, as systemd starts it",
    "wifi": "join the network of wifi.txt or of a phone's code, as systemd starts it",
    "screen": "print the page's address for the jukebox's own screen",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb and returns the exit code: 0 good, 1 failed, 78 configuration.

    arguments: the words after the program's name; None takes those of this process. Misuse exits
    with 2.
    """
    words = sys.argv[1:] if arguments is None else arguments
    asked = words[0] if words else ""
    # NumPy's library shares even a system of 16 equations among all cores, and then waits for the
    # busiest of them: on a loaded machine a frame came 0.2 s late.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        chosen, unknown = parser(asked).parse_known_args(words)
        if unknown:
            # Its own parser, because the usage of all verbs tells nothing about its options.
            chosen.verb.error(f"unrecognized arguments: {' '.join(unknown)}")
        log_to_stderr(chosen.log_level)
        code: int = chosen.run(chosen)
    except JukeboxError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # After `jukebox history | head` nobody reads on; Python would complain again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        # Verbs that run until Ctrl-C may be ended at any moment, also while they still start.
        return 0 if asked == "demo" or (asked == "why" and "--live" in words) else 130
    return code


def parser(asked: str = "") -> argparse.ArgumentParser:
    """The parser of the verb asked for, with its options; else of all verbs, without theirs."""
    whole = argparse.ArgumentParser(
        prog="jukebox", description="Looks at the room, reads the mood, plays music that fits."
    )
    whole.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    verbs = whole.add_subparsers(required=True, metavar="VERB")
    known = VERBS | HIDDEN_VERBS
    for name, text in {asked: known[asked]}.items() if asked in known else VERBS.items():
        verb = verbs.add_parser(name, help=text, description=text)
        verb.set_defaults(log_level=logging.WARNING, verb=verb)
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


if __name__ == "__main__":
    sys.exit(main())
