"""An installed jukebox on a disk image of its own, and what happens to it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from installed import CONFIG, HURRY, PAGE, SETTINGS, SILENCE
from machine import Machine

SIZE = "4G"
ROOM = "/srv/room"  # in memory; the disk must not have the picture because its camera has
CAMERA = f'[camera]\nsource = "{ROOM}/on"\n[mood]\ndwell_s = 3\n'
SERVICES = ("jukebox", "jukebox-web", "jukebox-resolver", "mpd")


class Box(Machine):
    """A machine whose disk is the file folder/disk. password: what MPD asks phones for, or ""."""

    def __init__(self, release, folder: Path, password: str = ""):
        self.disk, root = folder / "disk", folder / "root"
        root.mkdir()
        subprocess.run(["truncate", "-s", SIZE, self.disk], check=True)
        subprocess.run(["mkfs.ext4", "-q", self.disk], check=True)
        subprocess.run(["mount", "-o", "loop", self.disk, root], check=True)
        try:
            super().__init__(release, root)
        except BaseException:
            subprocess.run(["umount", root], check=True)
            raise
        access = ""
        if password:
            access = f'password "{password}@read,add,player,control,admin"\n'
            access += 'default_permissions "read"\n'
        self.write("/etc/jukebox/mpd-own.conf", SILENCE + access)

    def __enter__(self):
        self.boot()
        self.run(f"mkdir {ROOM}; mount -t tmpfs tmpfs {ROOM}")
        return self

    def __exit__(self, *_):
        self.off()
        subprocess.run(["umount", self.root], check=True)

    @property
    def first_process(self) -> int:
        """The machine's systemd, as this machine numbers it."""
        return self._first_process()

    def processes(self) -> list[int]:
        """All of the machine's processes, as this machine numbers them."""
        own = os.stat(f"/proc/{self.first_process}/ns/pid").st_ino
        there = map(int, filter(str.isdecimal, os.listdir("/proc")))
        return [pid for pid in there if _in(pid, own)]

    def see(self, pictures: Iterable[bytes]) -> None:
        """Lets the camera see these pictures (PGM), one after the other."""
        folder = Path(f"/proc/{self.first_process}/root{ROOM}/on")
        folder.mkdir()
        for number, picture in enumerate(pictures):
            (folder / f"{number:02}.pgm").write_bytes(picture)

    def install(self) -> None:
        """Installs the jukebox, which then sees the pictures."""
        self.run("./setup.sh install", **HURRY)
        self.run(f"echo '{CAMERA}' >{CONFIG}; systemctl reload jukebox")

    def until_it_plays(self) -> None:
        """Waits for the music."""
        self.until(self._plays, 120.0)

    def pair(self) -> str:
        """The cookie of a browser that was just paired."""
        return self._page_says(f"import json, subprocess\n{SETTINGS}\nprint(cookie)")

    def pair_and_set_password(self, password: str) -> str:
        """Lets a phone pair, and write the password into the settings. Returns its token."""
        program = (
            f"import json, subprocess\n{SETTINGS}\n"
            f"print(save(**{{'mpd.password': '{password}'}})[0], cookie)"
        )
        status, cookie = self._page_says(program).split()
        assert status == "303"
        assert password in self.says(f"cat {CONFIG}")
        return cookie.partition("=")[2]

    def use(self, seconds: float) -> None:
        """Asks for whatever may be asked, for so long."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            for asks in ("status --json", "tell why", "check --json", "history", "config", "diary"):
                self.run(f"jukebox {asks}", check=False)
            self.run("systemctl start jukebox-backup jukebox-mpd-health; systemctl reload jukebox")

    def crash_each(self) -> None:
        """Ends each process as a failed assertion would, and waits until it is back."""
        for service in SERVICES:
            self.run(f"systemctl kill --signal=ABRT {service}", check=False)
        for service in ("jukebox", "jukebox-web", "mpd"):
            self.until(lambda service=service: self.show("ActiveState", service) == "active")
        self.until_it_plays()

    def plant(self, markers) -> set[tuple[str, str]]:
        """Puts what is looked for into a file and into the journal: (marker, place) of each."""
        planted = set()
        for marker in markers:
            self.write(f"/var/lib/planted-{marker.name}", marker.raw.hex())
            self.run(f"echo {marker.raw.hex()} | systemd-cat")
            planted |= {(marker.name, f"/var/lib/planted-{marker.name}")}
            planted |= {(marker.name, "the journal")}
        self.run("journalctl --sync")
        return planted

    def _plays(self) -> bool:
        return '"player": "play"' in self.run("jukebox status --json", check=False).stdout

    def _page_says(self, program: str) -> str:
        return self.says(f"python3 - <<'PYTHON'\n{PAGE}\n{program}\nPYTHON")


def _in(pid: int, namespace: int) -> bool:
    try:
        return os.stat(f"/proc/{pid}/ns/pid").st_ino == namespace
    except OSError:
        return False
