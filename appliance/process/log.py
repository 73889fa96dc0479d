"""The log on stderr, for the terminal and for the journal."""

from __future__ import annotations

import logging
import os
from contextlib import suppress

# Between INFO and WARNING: the day in a line, for `journalctl -u jukebox -p notice`.
NOTICE = 25
# What the journal calls each level, by the number in <> before a line (sd-daemon(3)).
JOURNAL_LEVELS = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    NOTICE: 5,
    logging.WARNING: 4,
    logging.ERROR: 3,
}


def log_to_stderr(level: int) -> None:
    """Sets up the log. The journal adds the time itself, and takes the level as a number in <>."""
    in_journal = False
    with suppress(OSError):  # stderr may be closed
        stderr = os.fstat(2)  # a shell of a service inherits the variable, but another stderr
        in_journal = os.environ.get("JOURNAL_STREAM") == f"{stderr.st_dev}:{stderr.st_ino}"
    form = "%(levelname)s%(message)s" if in_journal else "%(asctime)s  %(message)s"
    if in_journal:
        for log_level, number in JOURNAL_LEVELS.items():
            logging.addLevelName(log_level, f"<{number}>")
    logging.basicConfig(level=logging.WARNING, format=form, datefmt="%H:%M:%S")
    # Of libraries, only warnings are shown.
    logging.getLogger("jukebox").setLevel(level)
