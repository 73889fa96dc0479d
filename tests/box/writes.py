"""What the running jukebox writes to its card or disk: at the block layer, and by which process."""

from __future__ import annotations

import time

from box.jukebox import PLAYS, READY, Jukebox
from box.machine import PATIENCE, Machine
from box.report import Report

SETTLE_S, SPAN_S = 180.0, 900.0  # what a start writes is over after some minutes
DAY_S = 24 * 60 * 60
# Of the disk, then of each process that wrote anything.
COUNT = "cut -d' ' -f1 /proc/uptime; awk '{ print \"the disk\", $7 * 512 }' /sys/block/vda/stat; "
COUNT += 'for p in /proc/[0-9]*; do awk -v name="$(cat $p/comm 2>/dev/null)" '
COUNT += "'/^write_bytes/ && $2 { print name, $2 }' $p/io 2>/dev/null; done; true"


def count_writes(machine: Machine, report: Report) -> None:
    """While music plays and the mood changes every two minutes."""
    try:
        machine.power_on()
        machine.wait_for(READY, 400)
        machine.wait_for(PLAYS, 300)
        Jukebox(machine).show("cycle 120")
        time.sleep(SETTLE_S * PATIENCE)
        before_s, before = _written(machine)
        time.sleep(SPAN_S)
        after_s, after = _written(machine)
        rows = len(machine.rows)
    finally:
        machine.pull_the_plug()
    span_s = after_s - before_s
    for name in sorted(after, key=lambda name: before.get(name, 0) - after[name]):
        if grown := after[name] - before.get(name, 0):
            a_day = grown / span_s * DAY_S / 1e6
            report.figure(f"written in {span_s:.0f} s by {name}, KB", round(grown / 1000))
            report.figure(f"that is in a day of music by {name}, MB", round(a_day, 1))
    report.claim("rows were being written", rows > 0, f"{rows} rows")


def _written(machine: Machine) -> tuple[float, dict[str, int]]:
    """The guest's seconds since its start, and bytes written by the disk's and processes' names."""
    machine.run("sync")
    uptime, *lines = machine.run(COUNT).splitlines()
    found: dict[str, int] = {}
    for line in lines:
        name, _, written = line.rpartition(" ")
        found[name] = found.get(name, 0) + int(written)
    return float(uptime), found
