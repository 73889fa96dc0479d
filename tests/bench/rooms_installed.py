"""An installed leader of several rooms on a booted Debian, with a broker whose name ends in .local.

    sudo run/test/bin/python tests/bench/rooms_installed.py [bookworm|trixie]

./setup.sh install with `sound = true` in a fresh root, and the network; then the machine boots
without one. Prints what runs there, whether the broker was found from within the home's sandbox,
and whether MPD's music goes through snapserver to snapclient. There is no sound card: ALSA's null
device takes the music. Needs root, mmdebstrap and systemd-nspawn.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import Machine, place_for

PROJECT = Path(__file__).resolve().parents[2]
ROOTS = PROJECT / "tests" / "roots.sh"
BROKER = "192.168.77.1"
CONFIG = """
[camera]
source = "reel"
[home]
address = "homeassistant.local"
share = "all"
name = "Kitchen"
[rooms]
join = true
sound = true
leader = true
device = "null"
"""
SILENCE = 'audio_output {\n    type "null"\n    name "silence"\n    sync "yes"\n}\n'
MAKE = """
source "$1"
ready_root "$2" "$3"
set -- "$1" "$3"
mkdir -p "$2/etc/jukebox"
echo "$CONFIG" >"$2/etc/jukebox/jukebox.toml"
echo "$SILENCE" >"$2/etc/jukebox/mpd-own.conf"
inside "$2" apt-get update -q
inside "$2" env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends \
    mosquitto avahi-utils iproute2
inside "$2" ./setup.sh install
echo "allow_anonymous true
listener 1883 0.0.0.0" >"$2/etc/mosquitto/conf.d/house.conf"
"""
STREAM = """
import json, socket
asked = socket.create_connection(("127.0.0.1", 1705), 5)
asked.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "Server.GetStatus"}).encode() + b"\\r\\n")
told = json.loads(asked.makefile().readline())["result"]["server"]
clients = [client for group in told["groups"] for client in group["clients"]]
print(told["streams"][0]["status"], [client["connected"] for client in clients])
"""  # noqa: E501


class InstalledLeader(Machine):
    """Made with the network, as an owner does it."""

    def __init__(self, release, folder):
        self.release, self.root, self.figures, self._container = release, folder, {}, None
        subprocess.run(
            ["bash", "-euc", MAKE, "bash", str(ROOTS), release, str(folder)],
            check=True, cwd=PROJECT, env=os.environ | {"CONFIG": CONFIG, "SILENCE": SILENCE},
        )  # fmt: skip

    def find_names(self):
        """A network of its own, in which avahi tells where the broker is."""
        self.run("ip link add here type veth peer name there")
        self.run(f"ip addr add {BROKER}/24 dev here; ip link set here up; ip link set there up")
        self.run("systemd-run --quiet avahi-publish -a -R homeassistant.local " + BROKER)

    def status(self):
        return json.loads(self.run("jukebox status --json", check=False).stdout or "{}")


def told(what, value):
    print(f"{what}: {value}", flush=True)


def main():
    release = (sys.argv[1:] or ["trixie"])[0]
    with tempfile.TemporaryDirectory() as on_disk:
        machine = InstalledLeader(release, place_for(release, Path(on_disk)))
        try:
            machine.boot()
            look_at(machine)
        finally:
            machine.throw_away()


def look_at(machine):
    for program in ("mpd", "snapserver", "snapclient"):
        told(program, machine.says(f"{program} --version").split("\n")[0])
    machine.find_names()
    told("broker by its name", machine.says("getent hosts homeassistant.local"))
    begun_s = time.monotonic()
    broker = machine.until(lambda: machine.status().get("broker"), 120)
    told(f"how it stands with the broker, after {time.monotonic() - begun_s:.0f} s", broker)
    machine.until(lambda: (machine.status().get("broker") or {}).get("good"), 120)
    told("good, after [s]", f"{time.monotonic() - begun_s:.0f}")
    running = "systemctl is-active jukebox jukebox-home jukebox-sound mpd"
    machine.until(lambda: machine.says(f"{running} || true").split() == ["active"] * 4, 120)
    told("active", "jukebox, jukebox-home, jukebox-sound, mpd")
    stream = f"python3 -c '{STREAM}'"
    told("stream, rooms connected", machine.until(
        lambda: (found := machine.run(stream, check=False).stdout.strip()).startswith("playing")
        and found, 180))  # fmt: skip
    told("rooms", machine.status()["rooms"])
    told("ports", machine.says("ss -ltnH | awk '{print $4}' | sort").split())
    wrong = machine.says("systemctl --failed --plain --no-legend || true")
    told("failed units", wrong or "none")
    told("the home", machine.journal("jukebox-home.service").split("\n")[-6:])
    told("the sound", machine.journal("jukebox-sound.service").split("\n")[-6:])


if __name__ == "__main__":
    main()
