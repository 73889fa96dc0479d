"""What a power cut would leave at many more moments than one could boot after.

The disk's file holds exactly what the guest has flushed. With its server stopped for a moment, a
copy of it is, bit by bit, the disk after a power cut just then. Its journal is replayed by e2fsck,
as at the next boot, and SQLite opens the history in it, as the jukebox would.
"""

from __future__ import annotations

import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from random import Random

from box.jukebox import READY, Jukebox
from box.machine import Machine, Maker, Row
from box.report import Report

TABLES = ("moods", "plays", "minutes", "touches")
DATABASE = "/var/lib/jukebox/jukebox.db"
BETWEEN_S = (0.2, 12.0)


def examine_moments(make: Maker, moments: int, seed: int, report: Report) -> None:
    """Boots once, and examines so many copies of the disk while moods and plays are written."""
    machine, random = make("moments"), Random(seed)
    try:
        machine.power_on()
        machine.wait_for(READY, 400)
        Jukebox(machine).make_restless()
        begun, bad = len(machine.rows), []
        for number in range(moments):
            time.sleep(random.uniform(*BETWEEN_S))
            bad += _examine_moment(machine, number)
        written = len(machine.rows) - begun
    finally:
        machine.pull_the_plug()
    report.claim(f"a cut at any of {moments} moments would lose nothing", not bad, bad[:3])
    report.claim(
        "rows were being written at these moments", written > moments // 2, f"{written} rows"
    )


def _examine_moment(machine: Machine, number: int) -> list[str]:
    """What is wrong with the disk as it would be after a cut now."""
    copy = machine.folder / "moment.img"
    acknowledged = take(machine, copy)
    state, found = examine(copy, machine.folder)
    copy.unlink()
    lost = [row for row in acknowledged if row not in found]
    return [f"moment {number}: {state}, lost: {lost}"] if lost or state != "ok" else []


def take(machine: Machine, copy: Path) -> list[Row]:
    """Copies the root as a cut just now would leave it. Returns the rows acknowledged before."""
    acknowledged = list(machine.rows)
    dd = ["dd", "bs=4M", "iflag=skip_bytes", f"skip={_root_start(machine.disk)}", "conv=sparse"]
    with machine.disk_stopped():
        subprocess.run([*dd, f"if={machine.disk}", f"of={copy}", "status=none"], check=True)
    return acknowledged


def examine(image: Path, folder: Path) -> tuple[str, list[Row]]:
    """What SQLite says about the history in a file system ("ok" if all is well), and its rows."""
    checked = subprocess.run(["e2fsck", "-p", image], capture_output=True, text=True, check=False)
    if checked.returncode > 1:  # 0: sound, 1: repaired without asking
        return f"e2fsck -p: {checked.returncode} {checked.stdout}", []
    history = folder / "moment.db"
    for suffix in ("", "-wal"):
        part = Path(f"{history}{suffix}")
        part.unlink(missing_ok=True)
        subprocess.run(
            ["debugfs", "-R", f"dump {DATABASE}{suffix} {part}", str(image)],
            capture_output=True,
            check=True,
        )
    with closing(sqlite3.connect(history)) as db:
        (state,) = db.execute("PRAGMA integrity_check(1)").fetchone()
        db.row_factory = sqlite3.Row
        rows = [
            (table, dict(row)) for table in TABLES for row in db.execute(f"select * from {table}")
        ]
    return state, rows


def _root_start(image: Path) -> int:
    """Where the second partition begins, in bytes."""
    listed = subprocess.run(["sfdisk", "--dump", image], capture_output=True, text=True, check=True)
    partitions = [line for line in listed.stdout.splitlines() if "start=" in line]
    return 512 * int(partitions[1].split("start=")[1].split(",")[0])
