"""The installed box as the rig sees it: its webcam, its sound, its log, its history."""

from __future__ import annotations

import time

import numpy as np
from box.hear import SILENT, Samples, is_silent, recorded
from box.machine import PATIENCE, RATE, BoxError, Machine

SOUND_TIMEOUT_S = 400.0
READY = 'test "$(systemctl show -P ActiveState jukebox)" = active'
PLAYS = "bash /usr/local/lib/box/mpd-says.sh status | grep -qx 'state: play'"
LOG = "journalctl -b -u jukebox -o cat --no-pager"
SOUND = "integrity ok, orphans [], set aside []"


class Box:
    """One machine and what is asked of it again and again."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def show(self, scene: str) -> None:
        """What the webcam sees from now on."""
        self.machine.run(f"mkdir -p /run/box && echo '{scene}' > /run/box/scene")

    def make_restless(self) -> None:
        """Settings with which mood and music change every few seconds, and faces that do."""
        self.machine.run("cp /usr/local/lib/box/jukebox-restless.toml /boot/efi/jukebox.toml; sync")
        self.machine.run("systemctl reload jukebox")
        self.show("cycle 3")

    def log(self) -> list[str]:
        """The jukebox's lines since this boot."""
        return self.machine.run(LOG).splitlines()

    def wait_for_log(self, text: str, timeout_s: float, since: int = 0) -> float:
        """Until a line after the first `since` ones has this text; seconds that it took."""
        begun_s = time.monotonic()
        while time.monotonic() - begun_s < timeout_s * PATIENCE:
            if any(text in line for line in self.log()[since:]):
                return time.monotonic() - begun_s
            time.sleep(0.5)
        raise BoxError(
            f"not within {timeout_s:.0f} s in the log: {text}; it ends: {self.log()[-6:]}"
        )

    def wait_for_play(self, emotion: str, timeout_s: float, after: int) -> float:
        """Until a play of this emotion is in the history, past the first `after` rows."""
        begun_s = time.monotonic()
        while time.monotonic() - begun_s < timeout_s * PATIENCE:
            rows = self.machine.rows[after:]
            if any(t == "plays" and row["emotion"] == emotion for t, row in rows):
                return time.monotonic() - begun_s
            time.sleep(0.2)
        raise BoxError(
            f"no {emotion} music within {timeout_s:.0f} s; the log ends: {self.log()[-6:]}"
        )

    def wait_for_sound(self) -> float:
        """Until the first sample that can be heard; seconds since power-on."""
        looked_at = 0
        while self.machine.up_s < SOUND_TIMEOUT_S * PATIENCE:
            samples = recorded(self.machine.sound)
            if not is_silent(samples[looked_at:]):
                return self.machine.up_s
            looked_at = len(samples)
            time.sleep(0.2)
        raise BoxError(f"no sound within {SOUND_TIMEOUT_S:.0f} s of power-on")

    def listen(self, seconds: float) -> Samples:
        """What comes out of the loudspeaker for so long, by the sound card's own clock."""
        begin = len(recorded(self.machine.sound))
        until_s = time.monotonic() + (4 * seconds + 20) * PATIENCE
        while len(samples := recorded(self.machine.sound)[begin:]) < seconds * RATE:
            if time.monotonic() > until_s:
                break
            time.sleep(0.5)
        return samples

    def gaps(self, samples: Samples) -> float:
        """Share of tenths of a second in which nothing can be heard."""
        tenths = samples[: len(samples) // (RATE // 10) * (RATE // 10)].reshape(-1, RATE // 10)
        loudest = np.abs(tenths.astype(np.int32)).max(axis=1, initial=0)
        return float((loudest < SILENT).mean()) if len(tenths) else 1.0

    def check(self) -> tuple[str, int]:
        """What SQLite says of the history, SOUND if all is well, and its number of rows."""
        state, rows = self.machine.run("python3 /usr/local/lib/box/check.py", 300).splitlines()
        return state, int(rows)

    def plug_in(self) -> None:
        """The webcam comes."""
        self.machine.run("systemctl start box-camera")

    def unplug(self) -> float:
        """The webcam goes: first no pictures, then no device; seconds until the device is gone."""
        begun_s = time.monotonic()
        self.machine.run("systemctl stop box-camera")
        self.machine.wait_for("rmmod v4l2loopback", 120)
        return time.monotonic() - begun_s
