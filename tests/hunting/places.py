"""Where to look: each gives (marker, place) of its finds."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CHUNK = 16 * 2**20
OVERLAP = 4096  # more than the longest form of a marker
Find = tuple[str, str]
NO_MEMORY = ("[vvar]", "[vsyscall]", "[vvar_vclock]")


def memory(box, markers) -> Iterator[Find]:
    """The memory of every process of the machine."""
    for pid in box.processes():
        # A process may end meanwhile.
        with suppress(OSError), open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
            place = f"memory of {_unit(pid)}"
            for begin, end in _readable(pid):
                yield from _within(_read(mem, begin, end), markers, place)


def files(box, markers) -> Iterator[Find]:
    """The files of the machine, those in memory (/run, /tmp, /dev/shm), too."""
    root = Path(f"/proc/{box.first_process}/root")
    for folder, below, names in os.walk(root):
        at = Path(folder)
        below[:] = [name for name in below if at / name not in (root / "proc", root / "sys")]
        for name in names:
            file, place = at / name, "/" + str((at / name).relative_to(root))
            with suppress(OSError):
                if stat.S_ISREG(file.lstat().st_mode):
                    with file.open("rb", buffering=0) as content:
                        yield from _within(_read(content, 0, 2**62), markers, place)


def journal(box, markers) -> Iterator[Find]:
    """The journal, whose files are compressed."""
    text = box.run("journalctl --all --output=export --no-pager").stdout.encode(errors="replace")
    yield from _within([text], markers, "the journal")


def blocks(image: Path, markers) -> Iterator[Find]:
    """All blocks of a disk image. Passwords are in those of the settings, and of earlier ones."""
    with image.open("rb", buffering=0) as disk:
        for name, place in _within(_allocated(disk), markers, "blocks of the disk"):
            if name != "password":
                yield name, place


def _within(chunks, markers, place) -> Iterator[Find]:
    before = b""
    for chunk in chunks:
        content = before + chunk
        for marker in markers:
            if any(form in content for form in marker.forms()):
                yield marker.name, place
        before = content[-OVERLAP:]


def _read(file, begin: int, end: int) -> Iterator[bytes]:
    while begin < end:
        try:
            chunk = os.pread(file.fileno(), min(CHUNK, end - begin), begin)
        except (OSError, OverflowError):
            return
        if not chunk:
            return
        yield chunk
        begin += len(chunk)


def _allocated(disk) -> Iterator[bytes]:
    """The parts of a sparse file that were ever written."""
    end, at = os.fstat(disk.fileno()).st_size, 0
    while at < end:
        try:
            begin = os.lseek(disk.fileno(), at, os.SEEK_DATA)
        except OSError:  # nothing follows
            return
        at = os.lseek(disk.fileno(), begin, os.SEEK_HOLE)
        yield from _read(disk, begin, at)


def _readable(pid: int) -> Iterator[tuple[int, int]]:
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
        if found and not line.endswith(NO_MEMORY):
            yield int(found[1], 16), int(found[2], 16)


def _unit(pid: int) -> str:
    group = Path(f"/proc/{pid}/cgroup").read_text().strip()
    found = re.findall(r"([\w@.-]+\.(?:service|scope|slice))", group)
    return found[-1] if found else Path(f"/proc/{pid}/comm").read_text().strip()
