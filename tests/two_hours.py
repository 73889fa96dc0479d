"""Two hours of an installed jukebox in real time, with a fault every five minutes.

    sudo env PYTHONPATH=tests run/test/bin/python tests/two_hours.py [MINUTES] [PICTURE]

A booted Debian 12 on a disk image (systemd-nspawn), with a real MPD and a page that a browser keeps
open; the camera sees faces of the reel. Each second it is noted whether music plays (MPD's time
goes on) and whether the page is there. Ends with 1 if music plays for less than 99 % of the time
outside of the faults, or if a fault leaves silence behind. PICTURE: where to draw them (.png).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hunting.box import ROOM, Box
from hunting.markers import people
from hunting.sampler import SAMPLER

EVERY_S, FIRST_S = 300.0, 120.0
DATABASE = "/var/lib/jukebox/jukebox.db"
LOCK = f"import sqlite3, time; db = sqlite3.connect('{DATABASE}'); db.execute('begin exclusive')"
FLOOD = (
    "import socket, time; all = [];\nfor n in range(1500):\n  try: all.append("
    "socket.create_connection(('127.0.0.1', 8080 if n % 2 else 6600), 2))\n  except OSError: pass\n"
)
# What is done, what ends it, and for how many seconds it may have an effect on the music: until MPD
# is back, for the others none.
FAULTS = {
    "MPD killed": ("systemctl kill --signal=KILL mpd", "", 30),
    "jukebox killed": ("systemctl kill --signal=KILL jukebox", "", 0),
    "camera lost": (f"mv {ROOM}/on {ROOM}/off", f"mv {ROOM}/off {ROOM}/on", 0),
    "disk full": ("dd if=/dev/zero of=/full bs=1M || true", "rm /full", 0),
    "page killed": ("systemctl kill --signal=KILL jukebox-web", "", 0),
    "MPD hangs": ("systemctl kill --signal=STOP mpd", "", 240),
    "database locked": (f'timeout 60 python3 -c "{LOCK}; time.sleep(60)" &', "", 0),
    "jukebox hangs": ("systemctl kill --signal=STOP jukebox", "", 0),
    "playlists deleted": ("rm /var/lib/mpd/playlists/*.m3u", "", 0),
    "clients by the thousand": (f'timeout 60 python3 -c "{FLOOD}time.sleep(55)" &', "", 0),
    "MPD switched off": ("systemctl stop mpd", "systemctl start mpd", 90),
    "resolver killed": ("systemctl kill --signal=KILL jukebox-resolver || true", "", 0),
}
LASTS_S = 60.0
UNITS = ("jukebox", "jukebox-web", "mpd")


def main() -> int:
    """Lives, tells and judges."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 120.0
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm") as folder,
        Box("bookworm", Path(folder)) as box,
    ):
        box.see(people())
        box.install()
        box.until_it_plays()
        samples, log = Path(folder) / "samples", []
        with sampling(box, samples):
            memory = live(box, minutes * 60, log)
        rows = [json.loads(line) for line in samples.read_text().splitlines()]
        warnings = box.says("journalctl -u 'jukebox*' -p warning -o cat | sort | uniq -c")
    tell(warnings)
    if len(sys.argv) > 2:
        draw(rows, memory, log, Path(sys.argv[2]))
    return judge(rows, memory, log)


@contextmanager
def sampling(box: Box, samples: Path):
    """A browser and a listener in the machine, who note each second what they have."""
    box.write("/usr/local/lib/sampler.py", SAMPLER)
    cookie = box.pair()
    inside = ["nsenter", "--target", str(box.first_process), "--all", "python3"]
    with samples.open("w") as out:
        command = [*inside, "-u", "/usr/local/lib/sampler.py", cookie]
        process = subprocess.Popen(command, stdout=out)
        try:
            yield
        finally:
            process.kill()
            process.wait()


def live(box: Box, seconds: float, log: list) -> dict[str, list[float]]:
    """Faults, one after the other. Returns the memory of the processes in MB, each half minute."""
    memory: dict[str, list[float]] = {unit: [] for unit in UNITS}
    begun, due, names = time.monotonic(), FIRST_S, iter(list(FAULTS) * 100)
    ends: tuple[float, str] | None = None
    while (now := time.monotonic() - begun) < seconds:
        if ends and now >= ends[0]:
            box.run(ends[1], check=False)
            ends = None
        if now >= due:
            name = next(names)
            due += EVERY_S
            log.append((time.time(), name))
            tell(f"{now / 60:6.1f} min: {name}")
            box.run(FAULTS[name][0], check=False)
            ends = (now + LASTS_S, FAULTS[name][1]) if FAULTS[name][1] else None
        if now >= len(memory["mpd"]) * 30:
            for unit in UNITS:
                memory[unit].append(resident_mb(box, unit))
        time.sleep(1)
    return memory


def resident_mb(box: Box, unit: str) -> float:
    """The memory of a unit's process; not a number while there is none."""
    status = f"/proc/{box.show('MainPID', unit)}/status"
    words = box.run(f"grep VmRSS {status}", check=False).stdout.split()
    return int(words[1]) / 1024 if words else float("nan")


def judge(rows: list, memory: dict, log: list) -> int:
    """Prints the figures; 0 if they are good."""
    bad, outside = 0, []
    for row in rows:
        faults = [FAULTS[name][2] for at, name in log if 0 <= row["at"] - at <= FAULTS[name][2]]
        if not faults:
            outside.append(row)
    music = sum(row["plays"] for row in outside) / len(outside)
    tell(f"{len(rows)} s; music outside of the faults {music:.2%}, in all"
         f" {sum(row['plays'] for row in rows) / len(rows):.2%}; page"
         f" {sum(row['page'] for row in rows) / len(rows):.2%}")  # fmt: skip
    for at, name in log:
        after = [row["plays"] for row in rows if 0 <= row["at"] - at < EVERY_S]
        silent = after.count(False)
        tell(f"{name}: {silent} s without music")
        bad += not any(after[-30:])
    for unit, each in memory.items():
        known = np.array(each[10:])
        known = known[~np.isnan(known)]
        tell(f"{unit}: {np.nanmin(each):.1f} to {np.nanmax(each):.1f} MB, last {known[-1]:.1f}")
    return int(bad > 0 or music < 0.99)


def draw(rows: list, memory: dict, log: list, file: Path) -> None:
    """The curves as a picture."""
    import matplotlib.figure  # noqa: PLC0415 - only where a picture is asked for

    figure = matplotlib.figure.Figure(figsize=(8, 5))
    above, below = figure.subplots(2, 1, sharex=True)
    begin = rows[0]["at"]
    minutes = [(row["at"] - begin) / 60 for row in rows]
    above.fill_between(minutes, [row["plays"] for row in rows], step="post", label="music")
    above.plot(minutes, [1.1 + 0.2 * row["page"] for row in rows], "C1", label="page")
    for at, name in log:
        above.text((at - begin) / 60, 1.4, name, rotation=90, fontsize=7)
    above.set_yticks([])
    above.set_ylim(0, 2.8)
    above.legend(loc="lower right")
    for unit, each in memory.items():
        below.plot(np.arange(len(each)) / 2, each, label=unit)
    below.set_ylabel("memory, MB")
    below.set_xlabel("minutes, a fault every five")
    below.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=100)


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
