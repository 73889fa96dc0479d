"""A session as it was written down."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from dataclasses import asdict
from pathlib import Path

from mpd import MPDClient

from three_apps.records import Command, Sight


class Session:
    """All that is written down. Times count from the start, in seconds."""

    def __init__(self) -> None:
        self._start_s = time.monotonic()
        self.commands: list[Command] = []
        self.sights: list[Sight] = []
        self.log: list[tuple[float, str]] = []
        self.over = threading.Event()

    def clock(self) -> float:
        return time.monotonic() - self._start_s

    def read_log(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr
        for line in process.stderr:
            self.log.append((self.clock(), line.rstrip()))

    def watch(self, socket: Path) -> None:
        client = MPDClient()
        client.connect(str(socket))
        while not self.over.wait(0.2):
            status = client.status()
            self.sights.append(Sight.of(self.clock(), status))

    def save(self, file: Path) -> None:
        """Write it down, so that it can be compared again."""
        events = {
            "commands": [asdict(command) for command in self.commands],
            "sights": [asdict(sight) for sight in self.sights],
            "log": self.log,
        }
        file.write_text(json.dumps(events))

    @classmethod
    def load(cls, file: Path) -> Session:
        session, events = cls(), json.loads(file.read_text())
        session.log = [tuple(line) for line in events["log"]]
        session.commands = [
            Command(**command | {"words": tuple(command["words"])})
            for command in events["commands"]
        ]
        session.sights = [
            Sight(**each | {"modes": tuple(each["modes"])}) for each in events["sights"]
        ]
        return session

    def lines(self, from_s: float, to_s: float) -> list[str]:
        """The log, the commands, and every change of MPD's state or song, in their order."""
        lines = [(time_s, f"{time_s:8.2f}  log: {line}") for time_s, line in self.log]
        lines += [(command.done_s, str(command)) for command in self.commands]
        shown = None
        for sight in self.sights:
            if (key := (sight.state, sight.song_id, sight.volume)) != shown:
                lines.append((sight.time_s, str(sight)))
                shown = key
        return [line for time_s, line in sorted(lines) if from_s <= time_s <= to_s]
