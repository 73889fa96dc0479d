"""The installed jukebox as the rig sees it: its webcam, its sound, its log, its history."""

from __future__ import annotations

import time

import numpy as np
from box.hear import SILENT, Samples, is_silent, recorded
from box.machine import PATIENCE, RATE, ClaimError, Machine

SOUND_TIMEOUT_S = 400.0
READY = 'test "$(systemctl show -P ActiveState jukebox)" = active'
PLAYS = "bash /usr/local/lib/box/mpd-says.sh status | grep -qx 'state: play'"
LOG = "journalctl -b -u jukebox -o cat --no-pager"
# The page's answer to a phone that nobody has paired.
PAGE = "exec 3<>/dev/tcp/127.0.0.1/80 && "
PAGE += "printf 'GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3"
PAGE += " && head -1 <&3 | grep '^HTTP/1.1 401'"
SOUND = "integrity ok, orphans [], set aside []"


class Jukebox:
    """One machine, with the requests that several tests make."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def show(self, scene: str) -> None:
        """Sets what the webcam sees from now on."""
        self.machine.run(f"mkdir -p /run/box && echo '{scene}' > /run/box/scene")

    def make_restless(self) -> None:
        """Makes mood and music change every few seconds, by settings and by faces."""
        boot = self.machine.board.boot
        self.machine.run(f"cp /usr/local/lib/box/jukebox-restless.toml {boot}/jukebox.toml; sync")
        self.machine.run("systemctl reload jukebox")
        self.show("cycle 3")

    def log(self) -> list[str]:
        """The jukebox's lines since this boot."""
        return self.machine.run(LOG).splitlines()

    def wait_for_log(self, text: str, timeout_s: float, since: int = 0) -> float:
        """Waits for a line with this text after the first `since` lines. Returns the seconds.

        Raises ClaimError if it does not come in time.
        """
        begun_s = time.monotonic()
        while time.monotonic() - begun_s < timeout_s * PATIENCE:
            if any(text in line for line in self.log()[since:]):
                return time.monotonic() - begun_s
            time.sleep(0.5)
        raise ClaimError(
            f"not within {timeout_s:.0f} s in the log: {text}; it ends: {self.log()[-6:]}"
        )

    def wait_for_play(self, emotion: str, timeout_s: float, after: int) -> float:
        """Waits for a play of this emotion, or "" for any, past the first `after` rows.

        Returns the seconds.
        Raises ClaimError if it does not come in time.
        """
        begun_s = time.monotonic()
        while time.monotonic() - begun_s < timeout_s * PATIENCE:
            rows = self.machine.rows[after:]
            if any(table == "plays" and emotion in ("", row["emotion"]) for table, row in rows):
                return time.monotonic() - begun_s
            time.sleep(0.2)
        raise ClaimError(
            f"no {emotion} music within {timeout_s:.0f} s; the log ends: {self.log()[-6:]}"
        )

    def plays(self) -> list[str]:
        """The emotions of what was played so far."""
        return [row["emotion"] for table, row in self.machine.rows if table == "plays"]

    def wait_for_sound(self) -> float:
        """Waits for the first sample that can be heard. Returns the seconds since power-on.

        Raises ClaimError if there is none in time.
        """
        examined = 0
        while self.machine.up_s < SOUND_TIMEOUT_S * PATIENCE:
            samples = recorded(self.machine.sound)
            if not is_silent(samples[examined:]):
                return self.machine.up_s
            examined = len(samples)
            time.sleep(0.2)
        raise ClaimError(f"no sound within {SOUND_TIMEOUT_S:.0f} s of power-on")

    def listen(self, seconds: float) -> Samples:
        """What comes out of the loudspeaker for so many seconds of the sound card's own clock."""
        begin = len(recorded(self.machine.sound))
        until_s = time.monotonic() + (4 * seconds + 20) * PATIENCE
        while len(samples := recorded(self.machine.sound)[begin:]) < seconds * RATE:
            if time.monotonic() > until_s:
                break
            time.sleep(0.5)
        return samples

    def gaps(self, samples: Samples) -> float:
        """The share of tenths of a second in which nothing can be heard."""
        tenths = samples[: len(samples) // (RATE // 10) * (RATE // 10)].reshape(-1, RATE // 10)
        loudest = np.abs(tenths.astype(np.int32)).max(axis=1, initial=0)
        return float((loudest < SILENT).mean()) if len(tenths) else 1.0

    def check(self) -> tuple[str, int]:
        """What SQLite says about the history (SOUND if all is well), and its number of rows."""
        state, rows = self.machine.run("python3 /usr/local/lib/box/check.py", 300).splitlines()
        return state, int(rows)

    def plug_in(self) -> None:
        """Plugs the webcam in."""
        self.machine.run("systemctl start box-camera")

    def unplug(self) -> float:
        """Takes the webcam away: first its pictures, then the device. Returns the seconds."""
        begun_s = time.monotonic()
        self.machine.run("systemctl stop box-camera")
        self.machine.wait_for("rmmod v4l2loopback", 120)
        return time.monotonic() - begun_s
