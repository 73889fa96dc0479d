"""This working tree against an earlier revision: both run in turns, on one core, before one film.

python tests/bench/against.py REV [--turns 5] [--seconds 30] [--core 1]

Each build gets its own environment, made by its own setup.sh (REV in run/against/REV). In each
turn both daemons run at ten frames a second before the same recorded camera (one face, which
moves) with an MPD that plays, and both time a frame with `jukebox bench`. The table has the medians
of both, and of the ratios of the turns with the least and the largest. Exit 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import cv2
import numpy as np

from appliance.camera import reel
from appliance.private_mpd.process import PrivateMpd

PROJECT = Path(__file__).resolve().parents[2]
KEPT = PROJECT / "run" / "against"
FRAMES_PER_SECOND = 10
# Parts of the demo reel with one person, seconds: a clear expression first, then doubtful ones.
FILM_S = (67.0, 84.0), (48.0, 67.0)
NOISE = 2.0  # a webcam's, in gray levels; without it the film would be an easier camera
START_S = 30.0
BENCH_FRAMES = 600
MB = 2**20

# An installed jukebox has its Python compiled; here a first turn that is not counted does that.
UNWANTED = "PYTHONDONTWRITEBYTECODE"
ENVIRONMENT = {name: text for name, text in os.environ.items() if name != UNWANTED}

# What is measured, with its goal as a ratio to the earlier revision.
GOALS = {
    "loop, % of a core": 0.5,
    "resident, MB": 0.85,
    "anonymous, MB": 0.7,
    "start to first mood, s": 0.6,
    "written to disk, MB a day": 0.5,
    "mean frame, ms": 0.6,
    "99th percentile, ms": 0.5,
}


@dataclass(frozen=True, slots=True)
class Build:
    """A checkout with its own environment."""

    name: str
    folder: Path

    @property
    def jukebox(self) -> Path:
        return self.folder / "run" / "box" / "bin" / "jukebox"


def main() -> int:
    """Prints the table. 1 if a goal is missed."""
    asked = _asked()
    builds = _earlier(asked.revision), Build("this tree", PROJECT)
    for build in builds:
        _make_environment(build)
    film = _film()
    for build in builds:
        _measured(build, film, 1.0, asked.core)
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in GOALS}
    for turn in range(asked.turns):
        print(f"turn {turn + 1} of {asked.turns} ...", file=sys.stderr)
        # The order changes from turn to turn, so that what slows down in time meets both alike.
        order = builds if turn % 2 == 0 else builds[::-1]
        measured = {build: _measured(build, film, asked.seconds, asked.core) for build in order}
        for name, values in rows.items():
            values.append((measured[builds[0]][name], measured[builds[1]][name]))
    missed = [name for name, values in rows.items() if _ratio(values) > GOALS[name]]
    print("\n".join(_table(asked.revision, rows, missed)))
    return 1 if missed else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each daemon runs")
    parser.add_argument("--core", type=int, default=1)
    return parser.parse_args()


def _earlier(revision: str) -> Build:
    """The earlier revision's files; unpacked if missing."""
    command = ["git", "rev-parse", "--short=12", f"{revision}^{{commit}}"]
    name = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    folder = KEPT / name.stdout.strip()
    if not folder.exists():
        folder.mkdir(parents=True)
        archive = subprocess.Popen(
            ["git", "archive", revision], cwd=PROJECT, stdout=subprocess.PIPE
        )
        subprocess.run(["tar", "x", "-C", str(folder)], stdin=archive.stdout, check=True)
    return Build(revision, folder)


def _make_environment(build: Build) -> None:
    """As its owner would: the first `./setup.sh demo` makes it."""
    subprocess.run(
        ["./setup.sh", "demo", "--help"], cwd=build.folder, check=True, stdout=subprocess.DEVNULL
    )


def _film() -> Path:
    """A film of one person before a noisy camera, the same for all turns."""
    random = np.random.default_rng(0)
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / "camera.avi"
    codec = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), codec, FRAMES_PER_SECOND, (640, 480))
    for time_s in np.concatenate([np.arange(*part, 1 / FRAMES_PER_SECOND) for part in FILM_S]):
        picture = cv2.resize(reel.frame_at(time_s), (640, 480))
        noisy = picture + random.normal(0.0, NOISE, picture.shape)
        gray = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
        writer.write(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one moment. main_thread_s: processor time, to the nanosecond; written_mb: to a disk."""

    time_s: float
    main_thread_s: float
    resident_mb: float
    anonymous_mb: float
    written_mb: float

    @classmethod
    def of(cls, pid: int) -> Figures:
        """Reads them from /proc. Raises OSError if the process has ended."""
        process = Path(f"/proc/{pid}")
        ran_ns = int((process / "task" / str(pid) / "schedstat").read_text().split()[0])
        memory, disk = _fields(process / "status"), _fields(process / "io")
        return cls(
            time.monotonic(),
            ran_ns / 1e9,
            memory["VmRSS"] / 1024,
            memory["RssAnon"] / 1024,
            disk["write_bytes"] / MB,
        )


def _fields(file: Path) -> dict[str, int]:
    """The numbers of a file of lines like "VmRSS: 1234 kB"."""
    fields = [line.partition(":")[::2] for line in file.read_text().splitlines()]
    numbers = [(name, text.split()[:1]) for name, text in fields]
    return {name: int(number[0]) for name, number in numbers if number and number[0].isdigit()}


def _measured(build: Build, film: Path, seconds: float, core: int) -> dict[str, float]:
    return _of_the_daemon(build, film, seconds, core) | _of_a_frame(build, core)


def _of_the_daemon(build: Build, film: Path, seconds: float, core: int) -> dict[str, float]:
    """What the whole daemon takes, for so many seconds after its first mood."""
    # Not in memory: what is written there reaches no disk, and the kernel counts nothing.
    with tempfile.TemporaryDirectory(dir=KEPT) as name, ExitStack() as at_end:
        folder = Path(name)
        mpd = at_end.enter_context(PrivateMpd(folder / "mpd", PROJECT / "music", "null"))
        (config := folder / "jukebox.toml").write_text(
            f'[camera]\nsource = "{film}"\nframes_per_second = {FRAMES_PER_SECOND}\n'
            f'[mpd]\naddress = "{mpd.socket}"\n[store]\npath = "{folder / "jukebox.db"}"\n'
        )
        command = [build.jukebox, "run", "--config", config]
        began_s = time.monotonic()
        process = at_end.enter_context(_started(build, command, core))
        mood_s = _first_mood_s(process) - began_s
        before = Figures.of(process.pid)
        time.sleep(seconds)
        after = Figures.of(process.pid)
    passed_s = after.time_s - before.time_s
    return {
        "loop, % of a core": 100 * (after.main_thread_s - before.main_thread_s) / passed_s,
        "resident, MB": after.resident_mb,
        "anonymous, MB": after.anonymous_mb,
        "start to first mood, s": mood_s,
        "written to disk, MB a day": (after.written_mb - before.written_mb) / passed_s * 86400,
    }


@contextmanager
def _started(build: Build, command: list[Path | str], core: int) -> Iterator[subprocess.Popen[str]]:
    pinned = ["taskset", "--cpu-list", str(core), *map(str, command)]
    process = subprocess.Popen(
        pinned, cwd=build.folder, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(START_S)


def _first_mood_s(process: subprocess.Popen[str]) -> float:
    """When it logged its first mood, by the monotonic clock."""
    logged, at_s = Event(), [0.0]

    def listen() -> None:
        for line in process.stderr or ():  # to the end: a full pipe would stop it
            if "the room looks" in line and not logged.is_set():
                at_s[0] = time.monotonic()
                logged.set()

    Thread(target=listen, daemon=True).start()
    if not logged.wait(START_S):
        raise SystemExit(f"the daemon of {process.args} found no mood within {START_S:.0f} s")
    return at_s[0]


def _of_a_frame(build: Build, core: int) -> dict[str, float]:
    """Milliseconds of a followed face with its searches, and its emotion, by `jukebox bench`."""
    command = ["taskset", "--cpu-list", str(core), str(build.jukebox), "bench", "--json"]
    command += ["--profile", "i5", "--frames", str(BENCH_FRAMES), "--daemon", "0.1"]
    told = subprocess.run(
        command, cwd=build.folder, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE
    )
    stages = json.loads(told.stdout)["stages"]
    return {
        "mean frame, ms": stages["find"]["mean_ms"] + stages["emotion"]["mean_ms"],
        "99th percentile, ms": stages["find"]["p99_ms"] + stages["emotion"]["p50_ms"],
    }


def _ratio(values: list[tuple[float, float]]) -> float:
    return statistics.median(_ratios(values))


def _ratios(values: list[tuple[float, float]]) -> list[float]:
    return [now / before for before, now in values]


def _table(
    revision: str, rows: dict[str, list[tuple[float, float]]], missed: list[str]
) -> Iterator[str]:
    yield f"| {len(next(iter(rows.values())))} turns | {revision} | this tree | ratio | goal |"
    yield "|---|---|---|---|---|"
    for name, values in rows.items():
        before, now = (statistics.median(column) for column in zip(*values, strict=True))
        ratios = _ratios(values)
        spread = f"{_ratio(values):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        goal = f"≤ {GOALS[name]:g}{', missed' if name in missed else ''}"
        yield f"| {name} | {before:.3g} | {now:.3g} | {spread} | {goal} |"


if __name__ == "__main__":
    sys.exit(main())
