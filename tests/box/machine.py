"""The jukebox in QEMU: a machine whose parts are all emulated, and whose plug can be pulled.

The disk is served by nbdkit with a write cache that only a flush empties, as the cache of a real
disk: pulling the plug kills both, and whatever the guest had not flushed is gone. (Killing QEMU
alone would lose nothing that the guest has handed over, flushed or not.)
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from box.boards import PC, Board

FIRMWARE = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
VARIABLES = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
RATE, CHANNELS = 48000, 2
# On a machine that has other things to do, every patience is longer by this factor.
PATIENCE = float(os.environ.get("BOX_PATIENCE", "1"))

Row = tuple[str, dict[str, Any]]


Maker = Callable[[str], "Machine"]  # a machine with the jukebox's disk, by the name of its folder


class ClaimError(AssertionError):
    """The jukebox does not do what it claims to do."""


@dataclass(slots=True)
class Machine:
    """One power-on. folder: of this machine's sockets, sound and console; disk: its raw disk.

    kernel: a folder with vmlinuz and initrd.img to begin with, in place of firmware, boot loader
    and the initrd for all PCs, which take an emulated processor a minute. ports: which of its ports
    are which of this machine's; without any it has neither network nor screen.
    """

    folder: Path
    disk: Path
    kernel: Path | None = None
    memory_mb: int = 1500
    ports: dict[int, int] = field(default_factory=dict)
    board: Board = PC
    rows: list[Row] = field(default_factory=list)  # as the guest sent them, in this order
    _began_s: float = 0.0
    _number: int = 0
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _shell: socket.socket | None = None

    def power_on(self) -> None:
        """Begins to boot. Raises ClaimError if the machine cannot be made."""
        self.folder.mkdir(parents=True, exist_ok=True)
        nbd = self.folder / "disk.socket"
        nbd.unlink(missing_ok=True)
        disk = ["nbdkit", "--foreground", f"--unix={nbd}", "--filter=cache", "file", str(self.disk)]
        self._start([*disk, "cache=writeback"])
        _wait_until(nbd.exists, 10, "nbdkit makes no socket")
        self._began_s = time.monotonic()
        self._start(self._qemu(nbd))
        self._shell = self._connect("shell")
        threading.Thread(
            target=self._receive_rows, args=[self._connect("rows")], daemon=True
        ).start()

    def pull_the_plug(self) -> list[Row]:
        """Kills the machine and its disk's cache. Returns the rows acknowledged before."""
        acknowledged = list(self.rows)
        for process in reversed(self._processes):  # the machine, then its disk
            process.kill()
        for process in self._processes:
            process.wait()
        self._processes.clear()
        return acknowledged

    def switch_off(self, timeout_s: float = 120.0) -> float:
        """Shuts down. Returns the seconds until the machine is off."""
        begun_s = time.monotonic()
        self.run("systemctl --no-block poweroff")
        self._processes[1].wait(timeout_s * PATIENCE)
        self.pull_the_plug()
        return time.monotonic() - begun_s

    @contextmanager
    def disk_stopped(self) -> Iterator[None]:
        """Stops the disk's server for a while; the guest waits."""
        self._processes[0].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._processes[0].send_signal(signal.SIGCONT)

    def draw_screen(self, file: Path) -> None:
        """What is on the screen now, as a PNG."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(self.folder / "monitor.socket"))
            monitor.sendall(f"screendump {file} -f png\n".encode())
            time.sleep(2)  # it answers before the file is whole

    @property
    def up_s(self) -> float:
        """Seconds since power-on."""
        return time.monotonic() - self._began_s

    @property
    def sound(self) -> Path:
        """What came out of the sound card: a WAV whose header is written at the end."""
        return self.folder / "sound.wav"

    def run(self, command: str, timeout_s: float = 120.0) -> str:
        """Runs a command as root. Returns its output. Raises ClaimError if it fails."""
        status, output = self.attempt(command, timeout_s)
        if status != 0:
            raise ClaimError(f"in the guest, `{command}` ended with {status}: {output.strip()}")
        return output.strip()

    def attempt(self, command: str, timeout_s: float = 120.0) -> tuple[int, str]:
        """Runs a command as root. Returns status and output. Raises ClaimError if none comes."""
        assert self._shell is not None
        self._number += 1
        request = json.dumps({"id": self._number, "command": command}).encode()
        try:
            self._shell.settimeout(timeout_s * PATIENCE)
            self._shell.sendall(request + b"\n")
            while (reply := json.loads(self._line()))["id"] != self._number:
                pass
        except (OSError, ValueError) as error:
            raise ClaimError(f"in the guest, nobody answers `{command}`: {error}") from error
        return reply["status"], reply["output"]

    def wait_for(self, command: str, timeout_s: float) -> float:
        """Repeats a command until it succeeds. Returns the seconds since power-on.

        Raises ClaimError if it does not succeed in time.
        """
        until_s = time.monotonic() + timeout_s * PATIENCE
        while self.attempt(command, timeout_s)[0] != 0:
            if time.monotonic() > until_s:
                raise ClaimError(f"in the guest, not within {timeout_s:.0f} s: {command}")
            time.sleep(0.5)
        return self.up_s

    def _line(self) -> bytes:
        assert self._shell is not None
        line = b""
        while not line.endswith(b"\n"):
            if not (piece := self._shell.recv(65536)):
                raise ClaimError("the machine is off")
            line += piece
        return line

    def _receive_rows(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    table, row = json.loads(line)
                    self.rows.append((table, row))

    def _start(self, command: list[str]) -> None:
        with (self.folder / "said.txt").open("ab") as said:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        self._processes.append(process)

    def _connect(self, name: str) -> socket.socket:
        path = self.folder / f"{name}.socket"
        connection = socket.socket(socket.AF_UNIX)

        def is_open() -> bool:
            return connection.connect_ex(str(path)) == 0

        _wait_until(is_open, 20, f"QEMU does not open {path}: {self.folder / 'said.txt'}")
        return connection

    def _qemu(self, nbd: Path) -> list[str]:
        """A sound card plays into a file."""
        return [
            *(*self.board.command, "-accel", "tcg,thread=multi", "-smp", "2"),
            *("-m", str(self.memory_mb), "-nodefaults", "-no-reboot"),
            *("-display", "none", "-serial", f"file:{self.folder / 'console.txt'}"),
            *self._outside(),
            *self._begin(),
            *("-drive", f"if=virtio,format=raw,file=nbd+unix:///?socket={nbd}"),
            *("-audiodev", f"wav,id=sound,path={self.sound},out.frequency={RATE}"),
            *("-device", "intel-hda", "-device", "hda-output,audiodev=sound"),
            *("-device", "virtio-serial", "-device", "virtio-rng-pci"),
            *self._port("shell"),
            *self._port("rows"),
        ]

    def _outside(self) -> list[str]:
        if not self.ports:
            return ["-nic", "none"]
        ways = [f"hostfwd=tcp:127.0.0.1:{here}-:{there}" for there, here in self.ports.items()]
        return [
            *("-nic", ",".join(["user", "model=virtio-net-pci", *ways])),
            *("-device", "VGA"),
            *("-monitor", f"unix:{self.folder / 'monitor.socket'},server=on,wait=off"),
        ]

    def _begin(self) -> list[str]:
        if self.kernel is not None:
            return [
                *("-kernel", str(self.kernel / "vmlinuz")),
                *("-initrd", str(self.kernel / "initrd.img")),
                *("-append", self.board.line),
            ]
        shutil.copy(VARIABLES, self.folder / "variables.fd")
        return [
            *("-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE}"),
            *("-drive", f"if=pflash,format=raw,file={self.folder / 'variables.fd'}"),
        ]

    def _port(self, name: str) -> list[str]:
        path = self.folder / f"{name}.socket"
        path.unlink(missing_ok=True)
        return [
            *("-chardev", f"socket,id={name},path={path},server=on,wait=off"),
            *("-device", f"virtserialport,chardev={name},name=box.{name}"),
        ]


def _wait_until(is_so: Any, timeout_s: float, complaint: str) -> None:
    until_s = time.monotonic() + timeout_s * PATIENCE
    while not is_so():
        if time.monotonic() > until_s:
            raise ClaimError(complaint)
        time.sleep(0.05)
