"""Thirty simulated days in one go, with a fault in every hour.

    run/test/bin/python tests/soak.py [DAYS] [PICTURE]

The real loop, mood filter, policy and history live through them at two frames a second, with the
rehearsal's player. Faces come as scores, without pictures and networks: what would grow over weeks
is what keeps something, and they keep nothing. Prints a line a day; ends with 1 if memory grows by
more than 1 MB a week, if files or threads leak, if the history takes more than 8 MB, or if a fault
has more than one warning. PICTURE: where to draw the curves (.png).
"""

from __future__ import annotations

import gc
import logging
import os
import resource
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from appliance.decide.mood import HmmMoodFilter
from appliance.decide.policy import MusicPolicy
from appliance.errors import PlayerError
from appliance.history.store import SqliteStore
from appliance.loop import Loop
from appliance.protocols import Devices
from appliance.records import EMOTIONS, Box, EmotionScores, Face, Frame
from appliance.rehearsal.player import StandIn
from appliance.rehearsal.script import ScriptedAction
from appliance.settings import Settings, StoreSettings
from appliance.vision.cards import MODELS, read_card

FRAMES_PER_SECOND = 2
HOUR_S, DAY_S = 3600, 86_400
BEGAN_UNIX_S = 1_790_800_000.0  # 30 September 2026: summer time ends within the month
PICTURE = np.zeros((1, 1), np.uint8)  # that there is one
FAULTS = (
    "camera lost", "player away", "disk full", "clock forth", "clock back", "clock of 1970",
    "another time zone", "database locked", "playlist deleted", "nothing",
)  # fmt: skip
FAULT_S = (600.0, 1500.0)  # from when to when of each hour
MEGABYTE = 2**20
MOST_DATABASE_MB = 8.0  # of thirty days (docs/database.md)


class Player(StandIn):
    """The rehearsal's player, which can be away or without a playlist. fault: the present one."""

    fault = ""

    def playback(self, time_s):
        if self.fault == "player away":
            raise PlayerError("MPD is away")
        return super().playback(time_s)

    def carry_out(self, decision, time_s):
        return None if self.fault == "playlist deleted" else super().carry_out(decision, time_s)


class People:
    """Who is there and how they look, by hours: two of the loop's devices."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._until_s = 0.0
        self._emotion = None
        self.there = False

    def find(self, frame):
        if frame.luma is None or not self.there:
            return ()
        return (Face(Box(200, 120, 160, 160), 0.9, 1),)

    def classify(self, frame, faces):
        if frame.time_s >= self._until_s:
            self._until_s = frame.time_s + self._random.uniform(60, 1800)
            self._emotion = self._random.randrange(len(EMOTIONS))
        looks = np.array([self._random.gammavariate(0.3, 1) for _ in EMOTIONS])
        looks[self._emotion] += 2.0
        looks /= looks.sum()
        scores = tuple(float(share) for share in looks)
        return tuple(EmotionScores(face, scores, scores, 1.0) for face in faces)


class Counting(logging.Handler):
    """Counts the warnings of each hour."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@dataclass(slots=True)
class Curves:
    """One point an hour. warnings: of each fault that had more than one line, which."""

    memory_mb: list[float] = field(default_factory=list)
    database_mb: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    warnings: dict[str, list[str]] = field(default_factory=dict)

    def slope_mb_a_week(self) -> float:
        """Memory's growth after the first day, in which caches fill."""
        later = self.memory_mb[24:] or self.memory_mb
        return float(np.polyfit(np.arange(len(later)), later, 1)[0] * 24 * 7)


class Faults:
    """Brings about a fault and ends it. unix_s: what the clock shows then."""

    def __init__(self, database: Path, player: Player) -> None:
        self._database, self._player = database, player
        self._lock: sqlite3.Connection | None = None

    def begin(self, fault: str) -> None:
        self._player.fault = fault
        if fault == "disk full":  # files cannot grow; SQLite sees an error of the disk
            size = max(file.stat().st_size for file in self._database.parent.iterdir())
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        elif fault == "database locked":
            self._lock = sqlite3.connect(self._database, timeout=0)
            with suppress(sqlite3.OperationalError):
                self._lock.execute("begin exclusive")
        elif fault == "another time zone":
            os.environ["TZ"] = "Pacific/Chatham"
            time.tzset()

    def end(self) -> None:
        self._player.fault = ""
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        os.environ["TZ"] = "Europe/Berlin"
        time.tzset()

    def unix_s(self, fault: str, time_s: float) -> float:
        match fault:
            case "clock forth":
                return BEGAN_UNIX_S + time_s + DAY_S
            case "clock back":
                return BEGAN_UNIX_S + time_s - DAY_S
            case "clock of 1970":
                return time_s
        return BEGAN_UNIX_S + time_s


def live(folder: Path, days: float, seed: int = 1) -> Curves:
    """The curves of so many days. folder: for the history."""
    counting, curves = Counting(), Curves()
    logging.getLogger("jukebox").addHandler(counting)
    logging.getLogger("jukebox").propagate = False
    settings = Settings(store=StoreSettings(path=str(folder / "jukebox.db"), retention_days=30))
    priors = read_card(MODELS / "emotion_int8_single.tflite", "emotion", EMOTIONS).priors
    with closing(SqliteStore(settings.store)) as store:
        player, people = Player(Random(seed)), People(seed)
        faults, chance = Faults(store.path, player), Random(seed)
        mood = HmmMoodFilter(settings.mood, priors)
        step = Loop(Devices(None, people, people, mood, MusicPolicy(settings), player, store)).step
        for hour in range(int(days * 24)):
            fault = chance.choice(FAULTS)
            before = len(counting.lines)
            people.there = 8 <= hour % 24 < 23 and chance.random() < 0.7
            _live_an_hour(hour, fault, faults, step, player, chance)
            if hour % 24 == 4:
                store.prune(BEGAN_UNIX_S + hour * HOUR_S)
            if len(said := counting.lines[before:]) > 1:
                curves.warnings[f"hour {hour}, {fault}"] = said
            _measure(curves, store.path)
            if hour % 24 == 23:
                _tell(hour // 24 + 1, curves)
    return curves


def _live_an_hour(hour, fault, faults, step, player, chance):
    now, begun = "nothing", False
    for number in range(HOUR_S * FRAMES_PER_SECOND):
        within_s = number / FRAMES_PER_SECOND
        time_s = hour * HOUR_S + within_s
        if not begun and within_s >= FAULT_S[0]:
            begun, now = True, fault
            faults.begin(fault)
        elif now != "nothing" and within_s >= FAULT_S[1]:
            now = "nothing"
            faults.end()
        if chance.random() < 1 / 7200:
            what = chance.choice(("pause", "play", "skip", "queue"))
            player.do(ScriptedAction(time_s, what), time_s)
        luma = None if now == "camera lost" else PICTURE
        step(Frame(time_s, faults.unix_s(now, time_s), luma))
    faults.end()


def _measure(curves: Curves, database: Path) -> None:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    curves.memory_mb.append(pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE)
    curves.database_mb.append(
        sum(file.stat().st_size for file in database.parent.glob(f"{database.name}*")) / MEGABYTE
    )
    curves.files.append(len(os.listdir("/proc/self/fd")))
    curves.threads.append(threading.active_count())


def _tell(day: int, curves: Curves) -> None:
    sys.stdout.write(
        f"day {day:2}: {curves.memory_mb[-1]:.1f} MB, history {curves.database_mb[-1]:.2f} MB,"
        f" {curves.files[-1]} files, {curves.threads[-1]} threads\n"
    )
    sys.stdout.flush()


def draw(curves: Curves, file: Path) -> None:
    """The curves as a picture."""
    import matplotlib.figure  # noqa: PLC0415 - only where a picture is asked for

    figure = matplotlib.figure.Figure(figsize=(8, 5))
    above, below = figure.subplots(2, 1, sharex=True)
    days = np.arange(len(curves.memory_mb)) / 24
    above.plot(days, curves.memory_mb)
    above.set_ylabel("memory, MB")
    below.plot(days, curves.database_mb, label="history, MB")
    below.plot(days, curves.files, label="open files")
    below.set_xlabel("simulated days, a fault in each hour")
    below.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=100)


def main() -> int:
    """Lives, tells and judges."""
    days = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    with tempfile.TemporaryDirectory() as folder:
        curves = live(Path(folder), days)
    if len(sys.argv) > 2:
        draw(curves, Path(sys.argv[2]))
    slope = curves.slope_mb_a_week()
    sys.stdout.write(f"memory: {slope:+.2f} MB a week\n")
    for fault, lines in curves.warnings.items():
        sys.stdout.write(f"{fault}: {len(lines)} warnings: {lines}\n")
    steady = max(curves.files) - min(curves.files) <= 6 and max(curves.threads) <= 2
    small = max(curves.database_mb) <= MOST_DATABASE_MB
    return 0 if slope <= 1.0 and steady and small and not curves.warnings else 1


if __name__ == "__main__":
    sys.exit(main())
