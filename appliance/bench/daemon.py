"""The whole daemon for some seconds, looking at a face: its start, its memory, its share of a core.

A process of its own, as `jukebox run` starts it, with a composite face of the demo reel for a
camera and, where MPD is installed, an MPD of its own without any music.
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

SEEN_AT_S = 75.0  # of the reel: one person, at rest
START_S = 20.0  # patience until the first mood
PROGRAM = "from appliance.cli import main; raise SystemExit(main())"


@dataclass(frozen=True, slots=True)
class Daemon:
    """What the daemon took.

    first_look_s: from its start until a face was found and read; first_mood_s: until it told a
    mood, for which [mood] wants several looks. memory_mb: resident. core_percent: of one core;
    beyond_capture_percent: the same without the camera's and other threads. looks_per_second: in
    the end; fewer than frames_per_second where the machine is busy (appliance/pace.py).
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
    """Starts it with these settings, waits for its first mood, and watches it for some seconds.

    Raises JukeboxError if it tells no mood.
    """
    with ExitStack() as at_end:
        folder = Path(at_end.enter_context(tempfile.TemporaryDirectory(prefix="jukebox-bench-")))
        at_end.enter_context(_mpd(folder))
        file = _written(settings, folder)
        begun_s = time.monotonic()
        process = at_end.enter_context(_started(file))
        look_s = _first_look_s(folder / "jukebox.db", process) - begun_s
        mood_s = _first_mood_s(process) - begun_s
        before, watched_s = _cpu_s(process.pid), time.monotonic()
        time.sleep(seconds)
        lasted_s = time.monotonic() - watched_s
        whole, main = (
            round(100 * (now - then) / lasted_s, 2)
            for now, then in zip(_cpu_s(process.pid), before, strict=True)
        )
        memory_mb = _resident_mb(process.pid)
        looks = status.read(folder / "jukebox.db").looks_per_second
    rate = settings.camera.frames_per_second
    look_s, mood_s, lasted_s = (round(each, 2) for each in (look_s, mood_s, lasted_s))
    return Daemon(rate, looks, look_s, mood_s, memory_mb, whole, main, lasted_s)


def _written(settings: Settings, folder: Path) -> Path:
    """Its configuration file: these settings, but a picture for a camera and a state of its own."""
    picture = folder / "camera.png"
    cv2.imwrite(str(picture), reel.frame_at(SEEN_AT_S))
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
    (music := folder / "music").mkdir()
    try:
        mpd = PrivateMpd(folder / "mpd", music, "null").__enter__()
    except PlayerError:
        yield  # not installed: the daemon waits for it, as it would for any MPD
        return
    try:
        yield
    finally:
        mpd.__exit__(None, None, None)


@contextmanager
def _started(file: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PROGRAM, "run", "--config", str(file)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        if process.stderr is not None:
            process.stderr.close()


def _first_look_s(database: Path, process: subprocess.Popen[str]) -> float:
    """When its status told of a face. Raises JukeboxError if it does not in time."""
    ends_s = time.monotonic() + START_S
    while time.monotonic() < ends_s and process.poll() is None:
        with suppress(StoreError):
            if status.read(database).faces:
                return time.monotonic()
        time.sleep(0.005)
    raise JukeboxError(f"the daemon saw no face within {START_S:.0f} s")


def _first_mood_s(process: subprocess.Popen[str]) -> float:
    """When it told its first mood. Raises JukeboxError if it does not in time."""
    told, lines = Event(), list[str]()
    at_s = [0.0]

    def listen() -> None:
        for line in process.stderr or ():
            lines.append(line)
            if "the room looks" in line and not told.is_set():
                at_s[0] = time.monotonic()
                told.set()

    # On to the end, or the pipe would fill up and the daemon stand still.
    Thread(target=listen, daemon=True).start()
    if not told.wait(START_S):
        raise JukeboxError(
            f"the daemon told no mood within {START_S:.0f} s; it said: {''.join(lines)}"
        )
    return at_s[0]


def _cpu_s(pid: int) -> tuple[float, float]:
    """Seconds of processor time of the whole process, and of its main thread, where the loop is."""
    whole, main = (Path(f"/proc/{pid}/{part}stat") for part in ("", f"task/{pid}/"))
    ticks = os.sysconf("SC_CLK_TCK")
    times = []
    for file in (whole, main):
        # After the name in brackets, which may hold spaces: user and system time are 14 and 15.
        user, system = file.read_text().rpartition(")")[2].split()[11:13]
        times.append((int(user) + int(system)) / ticks)
    return times[0], times[1]


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return round(kilobytes / 1024, 1)
