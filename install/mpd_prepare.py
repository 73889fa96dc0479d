"""Before MPD starts (systemd/mpd.conf), as root: its stickers are whole, and nobody else's to read.

The leader of several rooms gets the pipe by which they hear MPD (install/mpd-rooms.conf).

MPD does not start with a damaged sticker file, so such a file is renamed. It holds which songs were
skipped in which mood, which other users of this machine need not know: nobody but MPD may open it,
and nobody but the jukebox and its page may use MPD's socket. This needs Debian's Python alone.
"""

import os
import shutil
import sqlite3
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

STICKERS = Path("/var/lib/mpd/jukebox.sticker")
SOCKETS = Path("/run/mpd")
MPD, GROUP = "mpd", "jukebox-control"
ROOMS = Path("/etc/jukebox/mpd-rooms.conf")
PIPE, LISTENERS = Path("/run/jukebox-rooms/fifo"), "audio"
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def damage(file: Path) -> str:
    """What is wrong with a database; "" if nothing is, or if it cannot be told now."""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as db:
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
            return "" if found == "ok" else str(found)
    except sqlite3.DatabaseError as error:
        return str(error) if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED else ""


def set_aside(file: Path) -> Path:
    """Renames a file and its journal. Returns the new name, which no other file has."""
    day = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    names = (file.with_name(f"{file.name}.corrupt-{day}-{number}") for number in range(1000))
    name = next(name for name in names if not name.exists())
    with suppress(FileNotFoundError):
        os.replace(f"{file}-journal", f"{name}-journal")
    file.replace(name)
    return name


def make_pipe(pipe: Path) -> None:
    """Makes it where MPD may not, so that it stays the same over MPD's restarts."""
    pipe.parent.mkdir(mode=0o755, exist_ok=True)
    with suppress(FileExistsError):
        os.mkfifo(pipe, 0o640)
    shutil.chown(pipe, MPD, LISTENERS)


def main() -> None:
    """Does what each of them needs; what fails does not keep MPD from starting."""
    if STICKERS.exists() and (wrong := damage(STICKERS)):
        kept = set_aside(STICKERS)
        sys.stderr.write(
            f"{STICKERS} is damaged ({wrong}): kept as {kept}; the jukebox puts its own skips back,"
            " likes are lost\n"
        )
    STICKERS.touch(mode=0o600)  # an empty file is a database without tables
    shutil.chown(STICKERS, MPD)
    STICKERS.chmod(0o600)
    if SOCKETS.is_dir():
        shutil.chown(SOCKETS, MPD, GROUP)
        SOCKETS.chmod(0o750)
    if ROOMS.exists():
        make_pipe(PIPE)


if __name__ == "__main__":
    main()
