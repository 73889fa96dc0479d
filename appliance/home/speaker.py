"""Runs snapclient, and on the leader snapserver, as long as the home asks for it.

A process of its own (systemd/jukebox-sound.service): it has the sound card and the network, and
knows neither settings nor moods. Its socket starts it, and it ends when nobody asks any more.
Whoever asks, asks every few seconds; a program that has died meanwhile is started again then.
"""

from __future__ import annotations

import logging
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from appliance.admin.answers import Answer, Fields
from appliance.errors import JukeboxError, UsageError

log = logging.getLogger("jukebox")

PIPE = Path("/run/jukebox-rooms/fifo")  # install/mpd-rooms.conf
# Of MPD's output. snapserver would play a pipe of another one too fast or too slow, without a word.
SAMPLE_FORMAT = "48000:16:2"
END_S = 2.0
# One that ran so long is started again at once; else after so long, the last one for ever.
STEADY_S = 30.0
AGAIN_S = (0.0, 1.0, 5.0, 15.0, 60.0)
NODE = re.compile(r"[a-z0-9_]{1,40}")
# A sound card as `aplay -L` has it; never an option.
DEVICE = re.compile(r"[A-Za-z0-9][\w:=,.+-]{0,99}")
LOG = "*:warning,Avahi:fatal"  # Avahi is not asked: the leader's address is known


@dataclass(frozen=True, slots=True)
class Programs:
    """How the programs are called. data: a folder of snapserver's. player: more for snapclient."""

    data: Path
    pipe: Path = PIPE
    server: str = "snapserver"
    client: str = "snapclient"
    player: Sequence[str] = ()

    def serve(self) -> list[str]:
        """snapserver: streams to the house, and takes orders from this machine alone."""
        return [
            self.server,
            "--config=/dev/null",
            f"--server.datadir={self.data}",
            "--http.enabled=false",
            "--tcp.bind_to_address=127.0.0.1",
            "--stream.bind_to_address=0.0.0.0",
            f"--stream.source=pipe://{self.pipe}?name=house&mode=read&sampleformat={SAMPLE_FORMAT}",
            f"--logging.filter={LOG}",
        ]

    def play(self, leader: str, node: str, device: str) -> list[str]:
        """snapclient, which connects again for ever by itself."""
        sound = self.player or ("--soundcard", device)
        return [self.client, "--host", leader, "--hostID", node, "--logfilter", LOG, *sound]


@dataclass(slots=True)
class _Program:
    """One that runs, or waits to be started again. failures: in a row, each soon after a start."""

    command: list[str]
    process: subprocess.Popen[bytes]
    since_s: float
    failures: int = 0
    again_s: float = 0.0


class Speaker:
    """Starts and stops the programs, in this process. An Administration."""

    def __init__(self, programs: Programs, now: Callable[[], float] = time.monotonic) -> None:
        self._programs = programs
        self._now = now
        self._running: dict[str, _Program] = {}

    def do(self, word: str, arguments: Fields) -> Answer:
        """Runs from now on what "play" names. Raises UsageError.

        data: whether each of the two runs, and in "trouble" why one cannot.
        """
        if word != "play":
            raise UsageError(f"unknown word {word[:40]!r}; the word is play")
        leader, serves = _address(arguments.get("leader", "")), arguments.get("serve") is True
        node = _matching(NODE, "node", arguments.get("node"))
        device = _matching(DEVICE, "device", arguments.get("device"))
        wanted = {
            "serves": self._programs.serve() if serves else None,
            "plays": self._programs.play(leader, node, device) if leader else None,
        }
        data: Fields = {"trouble": ""}
        for what, command in wanted.items():
            try:
                data[what] = self._keep(what, command)
            except JukeboxError as error:
                data |= {what: False, "trouble": str(error)}
        return Answer("done", data)

    def stop(self) -> None:
        """Ends both programs."""
        for what in list(self._running):
            self._end(what)

    def _keep(self, what: str, wanted: list[str] | None) -> bool:
        """Lets this run, or nothing. Returns whether it does."""
        known = self._running.get(what)
        if known is not None and known.command != wanted:
            self._end(what)
            known = None
        if wanted is None:
            return False
        if known is None:
            self._running[what] = _Program(wanted, _started(wanted), self._now())
        elif known.process.poll() is not None:
            return self._again(known)
        return True

    def _again(self, program: _Program) -> bool:
        """Starts one that has ended: at once, or later and later if it ends again and again."""
        now_s = self._now()
        if not program.again_s:
            program.failures = 0 if now_s - program.since_s > STEADY_S else program.failures + 1
            wait_s = AGAIN_S[min(program.failures, len(AGAIN_S) - 1)]
            program.again_s = now_s + wait_s
            code = program.process.returncode
            log.warning("%s ended with %d; again in %g s", program.command[0], code, wait_s)
        if now_s < program.again_s:
            return False
        program.process, program.since_s = _started(program.command), now_s
        program.again_s = 0.0
        return True

    def _end(self, what: str) -> None:
        process = self._running.pop(what).process
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_S)
        process.kill()
        process.wait()


def _started(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command)  # noqa: S603 - each word is checked
    except OSError as error:
        raise JukeboxError(
            f"{command[0]} cannot be started ({error.strerror}); ./setup.sh install installs it"
        ) from error


def _address(found: Any) -> str:
    try:
        return str(ip_address(str(found))) if found else ""
    except ValueError as error:
        raise UsageError("leader must be an IP address") from error


def _matching(pattern: re.Pattern[str], name: str, found: Any) -> str:
    if not isinstance(found, str) or not pattern.fullmatch(found):
        raise UsageError(f"{name} is nothing that can be used")
    return found
