"""What the kernel knows of a running process: processor time, memory, bytes written."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

MB = 2**20


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
