"""The jukebox in QEMU: python -m box.run --disk DISK --folder FOLDER (see tests/boot_box.sh)."""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

from box.boards import BOARDS
from box.cuts import cut_again_and_again
from box.first import from_the_firmware_on
from box.life import live, start
from box.machine import ClaimError, Machine
from box.moments import examine_moments
from box.radio import join_networks
from box.report import Report
from box.writes import count_writes

MUSIC = Path(__file__).resolve().parent.parent.parent / "music"


def main() -> int:
    """Runs what is asked for. Returns 0 if every claim is true, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disk", type=Path, required=True, help="made by tests/box/disk.sh")
    parser.add_argument("--folder", type=Path, required=True, help="sounds, logs and report.json")
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--moments", type=int, default=50)
    parts = ("firmware", "start", "life", "radio", "writes", "moments", "cuts")
    parser.add_argument("--only", choices=parts)
    parser.add_argument("--board", choices=BOARDS, default="pc")
    parser.add_argument("--kernel", type=Path, help="a folder: see Machine")
    asked = parser.parse_args()
    report = Report(asked.folder / "report.json")

    def make(name: str) -> Machine:
        board = BOARDS[asked.board]
        return Machine(asked.folder / name, asked.disk, asked.kernel, board=board)

    try:
        if asked.only in (None, "firmware"):
            ports = {port: free_port() for port in (22, 80)}
            machine = Machine(asked.folder / "firmware", asked.disk, ports=ports)
            from_the_firmware_on(machine, report)
        if asked.only == "start":  # a part of life, for the reel as camera
            start(make, MUSIC, report)
        if asked.only in (None, "life"):
            live(make, MUSIC, report)
        if asked.only in (None, "radio"):
            join_networks(make("radio"), report)
        if asked.only in (None, "writes"):
            count_writes(make("writes"), report)
        if asked.only in (None, "moments"):
            examine_moments(make, asked.moments, asked.seed, report)
        if asked.only in (None, "cuts"):
            cut_again_and_again(make, asked.cuts, asked.seed, report)
    except ClaimError as error:
        report.claim("the jukebox does what it is asked to", False, error)
    return 0 if report.all_hold else 1


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
