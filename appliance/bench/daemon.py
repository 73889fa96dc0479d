"""Measures the whole daemon for some seconds: its start, its memory and its share of a core.

The daemon is a process of its own, as `jukebox run` starts it. Its camera shows a composite face of
the demo reel. Where MPD is installed, it has an MPD of its own without any music.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

import cv2

from appliance.camera import reel
from appliance.config.writing import as_toml
from appliance.errors import JukeboxError, PlayerError, StoreError
from appliance.private_mpd.process import PrivateMpd
from appliance.remote import status
from appliance.settings import MpdSettings, Settings, StoreSettings

SHOWN_AT_S = 75.0  # in the demo reel: one person who looks surprised
START_S = 20.0  # the longest wait for the first face, and for the first mood
STOP_S = 10.0  # the longest wait for the end
PROGRAM = "from appliance.cli import main; raise SystemExit(main())"


@dataclass(frozen=True, slots=True)
class Daemon:
    """What the daemon took.

    first_look_s: seconds from its start until a face was found and read. first_mood_s: seconds
    until it logged a mood, which takes several observations. memory_mb: resident. core_percent: of
    one core. beyond_capture_percent: the same for the main thread alone, without the camera's.
    looks_per_second: frames per second in the end; fewer than frames_per_second where the machine
    is busy (camera/pacing.py). seconds: how long it was watched.
    """

    frames_per_second: float
    looks_per_second: float
    first_look_s: float
    first_mood_s: float
    memory_mb: float
    core_percent: float
    beyond_capture_percent: float
    seconds: float


def watch(settings: Settings, seconds: float = 10.0) -> Daemon:
    """Starts a daemon with these settings, waits for its first mood, and watches it for a while.

    Raises JukeboxError if it finds no face or no mood within 20 seconds.
    """
    with ExitStack() as at_end:
        folder = Path(at_end.enter_context(tempfile.TemporaryDirectory(prefix="jukebox-bench-")))
        at_end.enter_context(_mpd(folder))
        file = _written(settings, folder)
        began_s = time.monotonic()
        process = at_end.enter_context(_started(file))
        face_s = _first_face_s(folder / "jukebox.db", process) - began_s
        mood_s = _first_mood_s(process) - began_s
        before, watched_s = _cpu_s(process.pid), time.monotonic()
        time.sleep(seconds)
        lasted_s = time.monotonic() - watched_s
        whole, main = (
            round(100 * (now - then) / lasted_s, 2)
            for now, then in zip(_cpu_s(process.pid), before, strict=True)
        )
        memory_mb = _resident_mb(process.pid)
        looks_per_second = status.read(folder / "jukebox.db").looks_per_second
    return Daemon(
        frames_per_second=settings.camera.frames_per_second,
        looks_per_second=looks_per_second,
        first_look_s=round(face_s, 2),
        first_mood_s=round(mood_s, 2),
        memory_mb=memory_mb,
        core_percent=whole,
        beyond_capture_percent=main,
        seconds=round(lasted_s, 2),
    )


def _written(settings: Settings, folder: Path) -> Path:
    """The daemon's jukebox.toml: these settings, but with its own camera, MPD and database."""
    picture = folder / "camera.png"
    cv2.imwrite(str(picture), reel.frame_at(SHOWN_AT_S))
    socket = folder / "mpd" / "socket"
    own = replace(
        settings,
        camera=replace(settings.camera, source=str(picture), off_hours=""),
        mpd=MpdSettings(address=str(socket)),
        store=StoreSettings(path=str(folder / "jukebox.db")),
    )
    (file := folder / "jukebox.toml").write_text(as_toml(own, show_secrets=True))
    return file


@contextmanager
def _mpd(folder: Path) -> Iterator[None]:
    """An MPD without music, if MPD is installed. If not, the daemon waits for one in vain."""
    (music := folder / "music").mkdir()
    with ExitStack() as at_end:
        with suppress(PlayerError):
            at_end.enter_context(PrivateMpd(folder / "mpd", music, "null"))
        yield


@contextmanager
def _started(file: Path) -> Iterator[subprocess.Popen[str]]:
    """The running daemon, with its log on stderr; it has ended when the block is left."""
    command = [sys.executable, "-c", PROGRAM, "run", "--config", str(file)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _first_face_s(database: Path, process: subprocess.Popen[str]) -> float:
    """When its status first told of a face. Raises JukeboxError if it does not in time."""
    ends_s = time.monotonic() + START_S
    while time.monotonic() < ends_s and process.poll() is None:
        with suppress(StoreError):
            if status.read(database).faces:
                return time.monotonic()
        time.sleep(0.005)
    raise JukeboxError(f"the daemon found no face within {START_S:.0f} s")


def _first_mood_s(process: subprocess.Popen[str]) -> float:
    """When it logged its first mood. Raises JukeboxError if it does not in time."""
    logged, lines = Event(), list[str]()
    at_s = [0.0]

    def listen() -> None:
        for line in process.stderr or ():
            lines.append(line)
            if "the room looks" in line and not logged.is_set():
                at_s[0] = time.monotonic()
                logged.set()

    # It reads on to the end: a full pipe would stop the daemon.
    Thread(target=listen, daemon=True).start()
    if not logged.wait(START_S):
        raise JukeboxError(
            f"the daemon found no mood within {START_S:.0f} s; its log: {''.join(lines)}"
        )
    return at_s[0]


def _cpu_s(pid: int) -> tuple[float, float]:
    """Processor time of the whole process and of its main thread, which runs the loop."""
    process = Path(f"/proc/{pid}")
    return _ticks_s(process / "stat"), _ticks_s(process / "task" / str(pid) / "stat")


def _ticks_s(stat: Path) -> float:
    """User and system time in a file that proc(5) describes: its fields 14 and 15."""
    # Field 2 is the program's name in brackets, which may hold spaces.
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return round(kilobytes / 1024, 1)
