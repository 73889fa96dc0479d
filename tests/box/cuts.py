"""Power cuts: the plug is pulled at random moments while moods and plays are being written.

After each cut the jukebox boots. Then the database must be sound and hold every row that was
acknowledged before, and music must play again without anybody's help.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from box.jukebox import PLAYS, READY, SOUND, Jukebox
from box.machine import PATIENCE, ClaimError, Machine, Maker, Row
from box.report import Report

WRITING_S = (1.0, 20.0)  # the cut comes so long after the first new row
BOOT_CUT_S = (5.0, 75.0)  # and, every fifth time, so long after power-on


@dataclass(slots=True)
class Cut:
    """What one boot found after the plug had been pulled. lost: acknowledged, but not there."""

    number: int
    acknowledged: int
    lost: int
    sound_s: float
    new_rows: int


def cut_again_and_again(make: Maker, cuts: int, seed: int, report: Report) -> None:
    """Boots and cuts the power so many times, and boots once more; the disk stays the same."""
    random, acknowledged = Random(seed), list[Row]()
    found: list[Cut] = []
    for number in range(cuts + 1):  # the first boot sees no cut before it
        machine = make("cut")
        shutil.rmtree(machine.folder, ignore_errors=True)
        try:
            machine.power_on()
            cut = _boot_and_compare(number, Jukebox(machine), acknowledged, report)
            if number > 0:
                found.append(cut)
            if number < cuts:
                _write_for_a_while(Jukebox(machine), random)
            acknowledged = machine.pull_the_plug()
        except ClaimError as error:
            report.claim(f"cut {number}: music is back without a hand", False, error)
            _keep(machine.folder, number)
        finally:
            machine.pull_the_plug()
        if number % 5 == 4:
            _cut_while_booting(make, random)
    _sum_up(found, cuts, report)


def _boot_and_compare(
    number: int, jukebox: Jukebox, acknowledged: list[Row], report: Report
) -> Cut:
    """Waits for the music, and compares the rows with those that were acknowledged."""
    machine = jukebox.machine
    machine.wait_for(READY, 400)
    jukebox.make_restless()
    machine.wait_for(PLAYS, 300)
    sound_s = jukebox.wait_for_sound()
    state, counted = jukebox.check()
    if state != SOUND:
        report.claim(f"cut {number}: the database is sound", False, state)
    rows = {(table, row["id"]): row for table, row in _settled_rows(machine, counted)}
    lost = [row for row in acknowledged if rows.get((row[0], row[1]["id"])) != row[1]]
    if lost:
        report.claim(f"cut {number}: nothing acknowledged is lost", False, lost[:3])
        _keep(machine.folder, number)
    restarts = machine.run("systemctl show -P NRestarts jukebox")
    failed = machine.run("systemctl --failed --no-legend --plain")
    if restarts != "0" or failed:
        report.claim(f"cut {number}: all units are well", False, f"{restarts} restarts, {failed}")
    cut = Cut(number, len(acknowledged), len(lost), sound_s, len(rows) - len(acknowledged))
    report.figure(
        f"cut {number}",
        f"{cut.acknowledged} rows acknowledged, {cut.lost} lost, sound after {sound_s:.0f} s",
    )
    return cut


def _settled_rows(machine: Machine, counted: int) -> list[Row]:
    """All rows of the history, once the guest has sent them all."""
    until_s = time.monotonic() + 60 * PATIENCE
    while len(machine.rows) < counted and time.monotonic() < until_s:
        time.sleep(0.2)
    return list(machine.rows)


def _write_for_a_while(jukebox: Jukebox, random: Random) -> None:
    """Waits until some time after a new mood or play was written."""
    machine = jukebox.machine
    before, until_s = len(machine.rows), time.monotonic() + 120 * PATIENCE
    while len(machine.rows) == before:
        if time.monotonic() > until_s:
            raise ClaimError(f"nothing is written any more; the log ends: {jukebox.log()[-6:]}")
        time.sleep(0.05)
    time.sleep(random.uniform(*WRITING_S))


def _cut_while_booting(make: Maker, random: Random) -> None:
    """One more cut, at any moment between power-on and the first music."""
    machine = make("boot-cut")
    machine.power_on()
    time.sleep(random.uniform(*BOOT_CUT_S))
    machine.pull_the_plug()


def _keep(folder: Path, number: int) -> None:
    shutil.copytree(
        folder,
        folder.with_name(f"failed-{number}"),
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("*.socket", "*.wav"),
    )


def _sum_up(found: list[Cut], cuts: int, report: Report) -> None:
    acknowledged = [cut.acknowledged for cut in found]
    lost = sum(cut.lost for cut in found)
    report.claim(
        f"{cuts} power cuts: {cuts} boots with music, without a hand",
        len(found) == cuts,
        f"{len(found)} boots",
    )
    report.claim(
        "power cuts: nothing acknowledged is lost",
        lost == 0,
        f"{lost} of {max(acknowledged, default=0)} rows",
    )
    report.claim(
        "power cuts: rows were being written",
        acknowledged == sorted(acknowledged) and acknowledged[-1] > 2 * cuts
        if acknowledged
        else False,
    )
    seconds = sorted(cut.sound_s for cut in found)
    if seconds:
        report.figure(
            "power-on to sound after a cut, s: median, longest",
            [round(seconds[len(seconds) // 2]), round(seconds[-1])],
        )
