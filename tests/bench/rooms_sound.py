"""Three whole jukeboxes as three rooms with one music: how far apart, and what faults do.

    sudo run/test/bin/python tests/bench/rooms_sound.py [--seconds 60] [--programs FOLDER]

In network namespaces: a kitchen that leads, a hall and a study, each with the real jukebox, home,
MPD and snapclient; mosquitto in a fourth one; and in a fifth a relay, by which hall and study hear
the leader, for delay and jitter (this needs no netem in the kernel). --programs: a folder with the
snapserver and snapclient of another release. What is measured is when snapclient hands its sound to
the sound card, see tests/in_step.py. Needs root, snapserver, snapclient, mosquitto and nftables.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from in_step import (
    PYTHON,
    Net,
    Recorder,
    apart_ms,
    end,
    in_step_after_s,
    processes,
    speaker,
    wait_for_socket,
    write_clicks,
    write_mpd_conf,
)
from running import JUKEBOX

from appliance.records import EMOTIONS

ROOMS = ("kitchen", "hall", "study")
OWN_S = 20.0  # a song of a room's own
CONFIG = """
[camera]
source = "{source}"
frames_per_second = 1
[mood]
away_s = 10
[home]
address = "{broker}"
share = "all"
name = "{name}"
[store]
path = "{folder}/jukebox.db"
[mpd]
address = "{folder}/mpd.sock"
[listener]
away_minutes = {away_minutes}
[volume]
start = 100
[music]
crossfade_s = 2
chime = ""
[playlists]
{playlists}
[rooms]
join = true
sound = {sound}
leader = {leads}
{more}
"""
# Passes bytes on in their order, each part of them up to so many milliseconds late as a file says.
RELAY = """
import asyncio, random, sys
target, file = sys.argv[1:]
def late_s():
    return random.uniform(0, float(open(file).read() or 0)) / 1000
async def pass_on(reader, writer):
    due, parts = 0.0, asyncio.Queue()
    loop = asyncio.get_running_loop()
    async def deliver():
        while part := await parts.get():
            await asyncio.sleep(max(0.0, part[0] - loop.time()))
            writer.write(part[1])
    asyncio.create_task(deliver())
    while got := await reader.read(65536):
        due = max(due, loop.time() + late_s())
        parts.put_nowait((due, got))
    writer.close()
async def serve(reader, writer):
    try:
        there = await asyncio.open_connection(target, 1704)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pass_on(reader, there[1]), pass_on(there[0], writer))
async def main():
    async with await asyncio.start_server(serve, "0.0.0.0", 1704) as server:
        await server.serve_forever()
asyncio.run(main())
"""


def settings_of(name, folder, address, *, source="reel", away_minutes=0, sound=True):
    """The jukebox.toml of a room."""
    leads = name == ROOMS[0]
    return CONFIG.format(
        broker=address["broker"],
        name=name,
        folder=folder,
        playlists="\n".join(f'{emotion} = "songs"' for emotion in EMOTIONS),
        leads=str(leads).lower(),
        source=source,
        away_minutes=away_minutes,
        sound=str(sound).lower(),
        more="" if leads else f'leader_address = "{address.get("relay") or address[ROOMS[0]]}"',
    )


class Box:
    """A jukebox in its room. processes: by what they do. more: for settings_of."""

    def __init__(self, name, folder, net, start, music, **more):
        self.name, self.folder = name, folder / name
        self.folder.mkdir(exist_ok=True)
        self.recorder = Recorder(self.folder, name)
        config = self.folder / "jukebox.toml"
        config.write_text(settings_of(name, self.folder, net.address, **more))
        inside = net.inside(name)
        mpd = ["mpd", "--no-daemon", str(write_mpd_conf(self.folder, music))]
        self.processes = {
            "mpd": start([*inside, *mpd], env=PYTHON, stderr=subprocess.DEVNULL),
            "sound": start([*inside, *speaker(self.folder, self.recorder)], env=PYTHON),
        }
        wait_for_socket(self.folder / "mpd.sock")
        for verb in ("run", "home"):
            log = (self.folder / f"{verb}.log").open("w")
            command = [*inside, *JUKEBOX, verb, "--config", str(config)]
            place = {"HOME": str(self.folder), "NOTIFY_SOCKET": str(self.folder / "notify")}
            self.processes[verb] = start(command, env=PYTHON | place, stderr=log, stdout=log)

    def status(self):
        with suppress(OSError, ValueError):
            return json.loads((self.folder / "jukebox.status.json").read_text())
        return {}

    @property
    def joined(self):
        return self.status().get("joined") is True

    @property
    def plays_its_own(self):
        return self.status().get("player") == "play" and not self.joined


def until(condition, seconds, what):
    """How long it took; inf after so many seconds."""
    begun_s = time.monotonic()
    while not condition():
        if time.monotonic() - begun_s > seconds:
            print(f"  not within {seconds:g} s: {what}", flush=True)
            return float("inf")
        time.sleep(0.1)
    return time.monotonic() - begun_s


def told(what, value):
    print(f"{what}: {value}", flush=True)


def compare(boxes, seconds, what):
    """Prints how far the rooms are apart while so many seconds pass."""
    begun_s = time.monotonic()
    time.sleep(seconds)
    end_s = time.monotonic() - 1
    for name in ROOMS[1:]:
        here = boxes[name].recorder.between(begun_s, end_s)
        far = apart_ms(here, boxes[ROOMS[0]].recorder.clicks)
        spread = [f"{np.percentile(far, part):.1f}" for part in (50, 99, 100)]
        told(f"{what}, {name} and kitchen, {len(here)} clicks: median, 99 %, most [ms]", spread)


def measure(boxes, net, broker, late, seconds):
    followers = [boxes[name] for name in ROOMS[1:]]

    def all_joined():
        return all(box.joined for box in followers)

    took = until(all_joined, 120, "the rooms join")
    told("all rooms joined after [s]", f"{took:.1f}")
    until(
        lambda: all(box.recorder.heard(time.monotonic() - 1) for box in boxes.values()), 30, "heard"
    )
    time.sleep(5)
    compare(boxes, seconds, "a good network")
    for name in ROOMS[1:]:
        net.lose(name, 2)
    late.write_text("50")
    time.sleep(5)
    compare(boxes, seconds, "2 % lost, up to 50 ms late")
    late.write_text("0")

    net.cut(ROOMS[0])
    took = until(lambda: all(box.plays_its_own for box in followers), 60, "each its own")
    told("the leader is cut: every room plays its own music after [s]", f"{took:.1f}")
    time.sleep(5)
    net.mend(ROOMS[0])
    mended_s = time.monotonic()
    took = until(all_joined, 90, "back")
    told(f"the leader is back: all rooms joined after [s], songs have {OWN_S:g}", f"{took:.1f}")
    time.sleep(8)
    clicks = boxes[ROOMS[0]].recorder.clicks
    for box in followers:
        first = next((at for at in box.recorder.clicks if at > mended_s), float("inf"))
        after = in_step_after_s(box.recorder.clicks, clicks, first)
        told(f"{box.name} is in step after its first sound for good after [s]", f"{after:.1f}")

    broker.restart()
    time.sleep(25)
    told("broker restarted, 25 s later: still joined", all_joined())
    net.cut("broker")
    time.sleep(60)
    told("broker cut for a minute: each plays its own", all(box.plays_its_own for box in followers))
    net.mend("broker")
    took = until(all_joined, 90, "the broker is back")
    told("broker back: all rooms joined after [s]", f"{took:.1f}")


class Broker:
    """mosquitto, which remembers nothing over a restart."""

    def __init__(self, folder, net, start, more=""):
        conf = folder / "mosquitto.conf"
        conf.write_text(f"user root\nlistener 1883\nallow_anonymous true\n{more}\n")
        self._start = lambda: start(
            [*net.inside("broker"), "mosquitto", "-c", str(conf)], env=PYTHON
        )
        self.process = self._start()

    def restart(self):
        end(self.process)
        self.process.wait()
        self.process = self._start()


def main():
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=60.0, help="of each comparison")
    options.add_argument("--programs", help="a folder with another snapserver and snapclient")
    chosen = options.parse_args()
    if chosen.programs:
        PYTHON["PATH"] = f"{chosen.programs}:{PYTHON['PATH']}"
    version = subprocess.run(
        ["snapserver", "--version"], check=True, capture_output=True, env=PYTHON
    )
    told("snapserver", version.stdout.decode().split("\n")[0])
    told("load of this machine at the start", os.getloadavg()[0])
    with tempfile.TemporaryDirectory() as made:
        folder, late = Path(made), Path(made, "late")
        late.write_text("0")
        for name, seconds in (("led", 1200.0), ("own", OWN_S)):
            write_clicks(folder / name / "songs" / "a.wav", seconds, random.randrange(99))
        with Net([*ROOMS, "broker", "relay"]) as net, processes() as start:
            broker = Broker(folder, net, start)
            relay = [sys.executable, "-c", RELAY, net.address[ROOMS[0]], str(late)]
            start([*net.inside("relay"), *relay])
            boxes = {
                name: Box(name, folder, net, start, folder / ("own" if number else "led"))
                for number, name in enumerate(ROOMS)
            }
            try:
                measure(boxes, net, broker, late, chosen.seconds)
            finally:
                for box in boxes.values():
                    for log in ("run.log", "home.log"):
                        lines = (box.folder / log).read_text().splitlines()
                        told(f"{box.name}, {log}", "\n    ".join(["", *lines[-12:]]))


if __name__ == "__main__":
    main()
