"""Rooms that empty and fill, and a broker that is away for minutes: what is heard.

    sudo run/test/bin/python tests/bench/rooms_away.py [--away 600]

Four rooms in network namespaces, as in rooms_sound.py: a kitchen that leads; a hall whose camera
sees somebody for 40 s and then nobody for 150 s, again and again; a study that is only a
loudspeaker (its camera does not exist); an attic that is only a camera. With `follow` and
`away_minutes = 1`. Then the broker is cut off for --away seconds, restarted without memory
meanwhile, and found again.
"""

import argparse
import random
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
from bench.rooms_sound import OWN_S, Box, Broker, told, until
from in_step import Net, processes, write_clicks

from appliance.camera.reel import frame_at, truth_at
from appliance.player.client import Client

ROOMS = ("kitchen", "hall", "study", "attic")
HERE_S, AWAY_S = 40, 150
FILM_RATE = 2


def make_film(file):
    """Somebody is before the camera, and then nobody."""
    seen = [step / FILM_RATE for step in range(160 * FILM_RATE) if truth_at(step / FILM_RATE)]
    times = [*seen[: HERE_S * FILM_RATE], *[0.0] * AWAY_S * FILM_RATE]
    film = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), FILM_RATE, (640, 480), False)
    for at in times:
        film.write(frame_at(at))
    film.release()


def rooms(film):
    """What each room has of its own."""
    more = ({}, {"source": film}, {"source": "/dev/video99"}, {"sound": False})
    return dict(zip(ROOMS, more, strict=True))


class Watchdog:
    """Hears how often a jukebox says that it lives. longest_s: between two times, since cleared."""

    def __init__(self, box):
        self.longest_s, self._last_s = 0.0, 0.0
        self._heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._heard.bind(str(box / "notify"))
        threading.Thread(target=self._listen, daemon=True).start()

    def clear(self):
        """Begins anew. Returns the longest time so far, in s."""
        longest_s, self.longest_s = self.longest_s, 0.0
        return f"{longest_s:.1f}"

    def _listen(self):
        while message := self._heard.recv(4096):
            if b"WATCHDOG" in message:
                now_s = time.monotonic()
                self.longest_s = max(self.longest_s, now_s - self._last_s if self._last_s else 0.0)
                self._last_s = now_s


def memory_mb(process):
    text = Path(f"/proc/{process.pid}/status").read_text()
    return round(int(text.partition("VmRSS:")[2].split()[0]) / 1024, 1)


def song(box):
    """The number of the leader's song, and where it is, in s."""
    client = Client()
    client.connect(str(box.folder / "mpd.sock"))
    status = client.status()
    client.disconnect()
    return status["songid"], round(float(status["elapsed"]), 1)


def follow(boxes):
    """Waits until the hall is empty, and until somebody comes back."""
    hall, kitchen, study = boxes["hall"], boxes["kitchen"], boxes["study"]
    until(lambda: len(kitchen.status().get("rooms", [])) >= 3, 30, "the leader tells of three")
    told("rooms with the music", [room["name"] for room in kitchen.status()["rooms"]])
    emptied_s = until(lambda: hall.status().get("state") == "nobody", 300, "the hall is empty")
    told("the hall is empty after [s]", f"{emptied_s:.1f}")
    before = song(kitchen)
    silent = until(lambda: not hall.recorder.heard(time.monotonic() - 2), 150, "the hall is mute")
    told("the hall is mute after [s]", f"{silent:.1f}")
    now_s = time.monotonic()
    told("study and kitchen play on", [r.recorder.heard(now_s - 2) for r in (study, kitchen)])
    until(lambda: hall.status().get("state") != "nobody", 300, "somebody comes")
    came_s = time.monotonic()
    until(lambda: hall.recorder.heard(came_s), 60, "the hall sounds")
    told("somebody is there: the hall sounds after [s]", f"{hall.recorder.clicks[-1] - came_s:.1f}")
    told("the leader's song before and after", [before, song(kitchen), f"{now_s:.0f}"])


def cut(boxes, net, broker, dogs, seconds):
    """The broker answers nobody for so long, and has forgotten everything then."""
    heard = ("kitchen", "hall")

    def figures():
        memory = {name: memory_mb(boxes[name].processes["home"]) for name in heard}
        jukebox = {name: memory_mb(boxes[name].processes["run"]) for name in heard}
        return f"home {memory} MB, jukebox {jukebox} MB"

    def is_good(box):
        return (box.status().get("broker") or {}).get("good") is True

    for dog in dogs.values():
        dog.clear()
    time.sleep(min(seconds, 120))
    told("longest between two frames before [s]", {n: dogs[n].clear() for n in heard})
    told("memory before", figures())
    net.cut("broker")
    took = until(lambda: not any(map(is_good, boxes.values())), 60, "it is told")
    told("the broker is cut: every jukebox says so after [s]", f"{took:.1f}")
    told("what it says", boxes["hall"].status()["broker"]["text"])
    own = until(lambda: boxes["study"].plays_its_own, 60, "its own music")
    told("the study plays its own music after [s] more", f"{own:.1f}")
    time.sleep(max(0.0, seconds - took - own))
    told(f"longest between two frames in {seconds:g} s [s]", {n: dogs[n].clear() for n in heard})
    told("memory at its end", figures())
    broker.restart()
    net.mend("broker")
    begun_s = time.monotonic()
    took = until(lambda: all(map(is_good, boxes.values())), 90, "the broker is there")
    told("the broker is back, without memory: all are connected after [s]", f"{took:.1f}")
    until(lambda: boxes["study"].joined, 90, "joined")
    told(
        f"the study has joined after [s], songs have {OWN_S:g}", f"{time.monotonic() - begun_s:.1f}"
    )
    time.sleep(30)
    told("longest between two frames since [s]", {n: dogs[n].clear() for n in heard})
    told("memory 30 s later", figures())


def main():
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--away", type=float, default=600.0, help="seconds without the broker")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        make_film(folder / "hall.avi")
        for name, seconds in (("led", 3000.0), ("own", OWN_S)):
            write_clicks(folder / name / "songs" / "a.wav", seconds, random.randrange(99))
        with Net([*ROOMS, "broker"]) as net, processes() as start:
            broker = Broker(folder, net, start)
            boxes, dogs = {}, {}
            for name, more in rooms(folder / "hall.avi").items():
                (folder / name).mkdir()
                dogs[name] = Watchdog(folder / name)
                music = folder / ("led" if name == "kitchen" else "own")
                boxes[name] = Box(name, folder, net, start, music, away_minutes=1, **more)
            try:
                took = until(lambda: all(boxes[n].joined for n in ("hall", "study")), 180, "joined")
                told("hall and study have joined after [s]", f"{took:.1f}")
                follow(boxes)
                cut(boxes, net, broker, dogs, chosen.away)
            finally:
                for box in boxes.values():
                    with suppress(OSError):
                        lines = (box.folder / "home.log").read_text().splitlines()
                        told(f"{box.name}, home.log", "\n    ".join(["", *lines[-12:]]))


if __name__ == "__main__":
    main()
