"""Looks for a picture of the camera, a password and a phone's token wherever they must not be.

    sudo env PYTHONPATH=tests run/test/bin/python tests/hunt.py [RELEASE]

Boots an installed jukebox from a disk image (systemd-nspawn; bookworm or trixie). Its camera sees a
picture with random pixels in it, which lies in a file system in memory; the page writes a random
password into the settings, and MPD asks for it; a phone is paired. After a minute of use, with each
process ended once as a crash ends it (SIGABRT, which would write a core), it looks into all blocks
of the image, all files, the journal and the memory of every process. Ends with 1 if something is
where it must not be, or if the hunt does not find what it must: then it could not find anything.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hunting.box import Box
from hunting.markers import Marker, people, random_password, random_pixels
from hunting.places import blocks, files, journal, memory

# Where each of them is in use, and must be found. Names of processes are those of their units.
SETTINGS = ("/etc/jukebox/jukebox.toml", "/etc/jukebox/mpd-own.conf")
ALLOWED = {
    "picture": ("memory of jukebox.service",),
    "password": (
        *SETTINGS, "/run/credentials/jukebox-web.service/jukebox.toml", "memory of mpd.service",
        "memory of jukebox.service", "memory of jukebox-web.service",
    ),
    "token": ("memory of jukebox-web.service",),
}  # fmt: skip
MUST = {
    "picture": ("memory of jukebox.service",),
    "password": (*SETTINGS, "memory of mpd.service"),
    "token": (),
}
USE_S = 60.0


def main() -> int:
    """Lives, hunts and judges."""
    release = sys.argv[1] if len(sys.argv) > 1 else "bookworm"
    pixels, password = random_pixels(), random_password()
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm") as folder,
        Box(release, Path(folder), password) as box,
    ):
        box.see(people(pixels))
        box.install()
        token = box.pair_and_set_password(password)
        box.until_it_plays()
        markers = [
            Marker.of_picture(pixels),
            Marker("password", password.encode()),
            Marker("token", token.encode()),
        ]
        box.use(USE_S)
        box.crash_each()
        box.use(USE_S / 3)
        found = hunt(box, markers)
        planted = box.plant(markers)
        return judge(found, planted <= hunt(box, markers))


def hunt(box, markers):
    """(marker, place) of all finds; blocks of the disk are those of files that are gone, too."""
    found = {*memory(box, markers), *files(box, markers), *journal(box, markers)}
    os.sync()
    found |= set(blocks(box.disk, markers))
    return {(name, place) for name, place in found if not place.startswith("/srv/room/")}


def judge(found, finds_what_was_planted) -> int:
    """Prints what was found; 0 if it is what must be, and nothing else."""
    bad = not finds_what_was_planted
    for name, allowed in ALLOWED.items():
        places = {place for marker, place in found if marker == name}
        wrong, missing = places - set(allowed), set(MUST[name]) - places
        sys.stdout.write(f"{name}: {', '.join(sorted(places)) or 'nowhere'}\n")
        for place in sorted(wrong):
            sys.stdout.write(f"  MUST NOT BE THERE: {place}\n")
        for place in sorted(missing):
            sys.stdout.write(f"  NOT FOUND WHERE IT IS: {place}\n")
        bad = bad or bool(wrong or missing)
    sys.stdout.write(f"finds what was planted: {finds_what_was_planted}\n")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
