"""Rooms in network namespaces, clicks for music, and how far two rooms are apart.

A room's snapclient writes each 50 ms of sound into a pipe when it would hand it to a sound card; a
reader notes when it came. So this shows Snapcast's schedule, with real processes and connections,
and not the clock of a loudspeaker, its buffer or the air. A sound card's buffer bridges some 80 ms
in which the processor is busy elsewhere, a pipe does not: so both ends of it go first here.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import wave
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
from conftest import wait_for

RATE = 48000
FRAME_BYTES = 4
LOUD = 8000
CHUNK_BYTES = RATE // 20 * FRAME_BYTES  # snapclient writes 50 ms at once, 0.26 and 0.31
NEW_PLAYER_S = 0.3
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
PROJECT = Path(__file__).resolve().parents[1]


def why_not():
    """Why this machine cannot do it; "" if it can."""
    programs = ("snapserver", "snapclient", "mpd", "ip", "unshare", "chrt")
    gone = [
        name for name in programs if shutil.which(name, path=f"{os.environ['PATH']}:{PATH}") is None
    ]
    if gone:
        return f"needs {', '.join(gone)}"
    tried = os.geteuid() == 0 and subprocess.run(["unshare", "-n", "true"], check=False)
    return "" if tried and tried.returncode == 0 else "needs root, for network namespaces"


def write_clicks(path, seconds, seed=1):
    """Clicks at uneven times, so that no shift but the right one fits. Returns when they are."""
    chance, times, at = random.Random(seed), [], 0.3
    sound = np.zeros(int(RATE * seconds), "<i2")
    while at < seconds - 0.1:
        sound[int(at * RATE) : int(at * RATE) + 96] = 24000
        times.append(at)
        at += chance.uniform(0.15, 0.35)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(np.repeat(sound, 2).tobytes())
    return times


class Recorder:
    """Hears a room. clicks: when each was to sound, in seconds of this machine's clock."""

    def __init__(self, folder, name):
        self.pipe = folder / f"{name}.pcm"
        os.mkfifo(self.pipe)
        self.clicks = []
        # Held open for writing, too: a snapclient that ends is not the end.
        self._reader = os.open(self.pipe, os.O_RDWR)
        self._player = ("--player", f"file:filename={self.pipe}")
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def player(self):
        """What makes a snapclient play here."""
        return self._player

    def between(self, begin_s, end_s):
        return [at for at in list(self.clicks) if begin_s <= at < end_s]

    def heard(self, since_s):
        """Whether a click came since then."""
        return bool(self.clicks) and self.clicks[-1] > since_s

    def _listen(self):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))  # of this thread
        part, began_s, last_s = b"", 0.0, 0.0
        while True:
            got = os.read(self._reader, CHUNK_BYTES - len(part))
            now_s = time.monotonic()
            if now_s - last_s > NEW_PLAYER_S:
                part = b""
            if not part:
                began_s = now_s  # the rest comes in parts of 4 KiB
            part, last_s = part + got, now_s
            if len(part) >= CHUNK_BYTES:
                self._note(np.frombuffer(part, "<i2")[::2] > LOUD, began_s)
                part = b""

    def _note(self, loud, began_s):
        begins = np.flatnonzero(loud[1:] & ~loud[:-1]) + 1
        for frame in [0, *begins] if loud[0] else begins:
            at = began_s + frame / RATE
            if not self.clicks or at - self.clicks[-1] > 0.05:
                self.clicks.append(at)


def apart_ms(here, there):
    """How far each click of one room is from the nearest one of the other, in ms."""
    if not here or not there:
        return np.array([np.inf])
    others = np.array(there)
    return np.array([1000 * np.min(np.abs(others - at)) for at in here])


def in_step_after_s(here, there, since_s, within_ms=20.0):
    """How long after that moment a room is in step for good; inf if it never is."""
    # Of the other room's last 50 ms nothing is known yet.
    known = [at for at in here if since_s <= at and there and at <= there[-1]]
    late = [at for at in known if apart_ms([at], there)[0] > within_ms]
    first = [at for at in known if not late or at > late[-1]]
    return first[0] - since_s if first else float("inf")


class Net:
    """Network namespaces at one bridge, 10.77.0.1 and up. inside: the words before a command."""

    def __init__(self, names):
        self._prefix = f"jb{os.getpid()}"
        self.address = {name: f"10.77.0.{number}" for number, name in enumerate(names, 1)}

    def __enter__(self):
        self._ip("netns add", self._of("hub"))
        self._in("hub", "ip link add bridge type bridge")
        self._in("hub", "ip link set bridge up")
        for name, address in self.address.items():
            self._ip("netns add", self._of(name))
            self._in(name, "ip link set lo up")
            self._in(
                "hub",
                f"ip link add name room{name} type veth peer name eth0 netns {self._of(name)}",
            )
            self._in("hub", f"ip link set room{name} master bridge up")
            self._in(name, f"ip addr add {address}/24 dev eth0")
            self._in(name, "ip link set eth0 up")
        return self

    def __exit__(self, *_):
        for name in ("hub", *self.address):
            subprocess.run(["ip", "netns", "del", self._of(name)], check=False)

    def inside(self, name):
        return ["ip", "netns", "exec", self._of(name)]

    def lose(self, name, percent):
        """Drops so many of the packets that come to a room, at random."""
        self._in(name, "nft add table inet loss")
        chain = "{ type filter hook input priority 0; }"
        subprocess.run([*self.inside(name), "nft", f"add chain inet loss in {chain}"], check=True)
        self._in(name, f"nft add rule inet loss in iif eth0 numgen random mod 100 < {percent} drop")

    def cut(self, name):
        """Pulls a room's cable."""
        self._in("hub", f"ip link set room{name} down")

    def mend(self, name):
        self._in("hub", f"ip link set room{name} up")

    def _of(self, name):
        return f"{self._prefix}{name}"

    def _in(self, name, command):
        subprocess.run([*self.inside(name), *command.split()], check=True)

    def _ip(self, command, *more):
        subprocess.run(["ip", *command.split(), *more], check=True)


def end(process):
    """As when the plug is pulled."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def processes():
    """Starts commands, and ends them all afterwards."""
    with ExitStack() as stack:

        def start(command, **options):
            # A group of its own: what it has started ends with it.
            process = subprocess.Popen(command, process_group=0, **options)
            stack.callback(process.wait)
            stack.callback(end, process)
            return process

        yield start


# The process with the sound card, with a pipe for one (appliance/home/speaker.py).
SPEAKER = """
import socket, sys
from pathlib import Path
from appliance.admin.server import serve
from appliance.home.speaker import Programs, Speaker
folder, *player = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX)
listener.bind(f"{folder}/sound.sock")
listener.listen()
speaker = Speaker(Programs(Path(folder), pipe=Path(folder, "fifo"), player=player))
try:
    serve(listener, speaker, (), idle_s=20.0)
finally:
    speaker.stop()
"""
PYTHON = {"PYTHONPATH": f"{PROJECT}:{PROJECT / 'tests'}", "PATH": f"{os.environ['PATH']}:{PATH}"}


def speaker(folder, recorder):
    """The command that plays in a room."""
    first = ["chrt", "--fifo", "10"]
    return [*first, sys.executable, "-c", SPEAKER, str(folder), *recorder.player]


MPD_CONF = """
music_directory "{music}"
playlist_directory "{folder}"
db_file "{folder}/mpd.db"
state_file "{folder}/mpd.state"
sticker_file "{folder}/mpd.sticker"
log_file "{folder}/mpd.log"
bind_to_address "{folder}/mpd.sock"
zeroconf_enabled "no"
audio_output {{
    type "null"
    name "loudspeaker"
    mixer_type "software"
}}
include "{folder}/rooms.conf"
"""


def write_mpd_conf(folder, music):
    """MPD's settings, with the output of install/mpd-rooms.conf."""
    rooms = (PROJECT / "install" / "mpd-rooms.conf").read_text()
    (folder / "rooms.conf").write_text(rooms.replace("/run/jukebox-rooms/fifo", f"{folder}/fifo"))
    file = folder / "mpd.conf"
    file.write_text(MPD_CONF.format(folder=folder, music=music))
    os.mkfifo(folder / "fifo")
    return file


def wait_for_socket(path):
    wait_for(path.exists)
