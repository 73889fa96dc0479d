"""What more rooms cost: messages, memory and processor time of the leader, a room and the broker.

    sudo run/test/bin/python tests/bench/rooms_grow.py [--rooms 8] [--seconds 60]

So many whole jukeboxes with one music, each in a network namespace as in rooms_sound.py, all on
this machine. Memory is each process's share of it (Pss). mosquitto counts the messages itself.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.rooms_sound import OWN_S, Box, Broker, told, until
from in_step import PYTHON, Net, processes, write_clicks

COUNT = """
import sys
from paho.mqtt import subscribe
names = ["messages/sent", "messages/received", "bytes/sent", "bytes/received"]
got = subscribe.simple([f"$SYS/broker/{n}" for n in names], hostname="127.0.0.1", msg_count=4)
print(*(int({m.topic: m.payload for m in got}[f"$SYS/broker/{n}"]) for n in names))
"""
TICKS = os.sysconf("SC_CLK_TCK")


def counted(net):
    """What the broker has sent and received so far: messages, then bytes."""
    command = [*net.inside("broker"), sys.executable, "-c", COUNT]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=PYTHON)
    return [int(word) for word in done.stdout.split()]


def tree(pid):
    """A process and all that it has started."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from tree(int(child))
    yield pid


def cpu_s(process):
    def of(pid):
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(words[11]) + int(words[12])) / TICKS

    return sum(of(pid) for pid in tree(process.pid))


def memory_mb(process):
    def of(pid):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return int(text.partition("\nPss:")[2].split()[0]) / 1024

    return sum(of(pid) for pid in tree(process.pid))


def measure(boxes, broker, net, seconds):
    leader, room = boxes[0], boxes[-1]
    watched = {f"leader: {what}": process for what, process in leader.processes.items()}
    watched |= {f"a room: {what}": process for what, process in room.processes.items()}
    watched["broker"] = broker.process
    used, before, begun_s = (
        {n: cpu_s(p) for n, p in watched.items()},
        counted(net),
        time.monotonic(),
    )
    time.sleep(seconds)
    after, passed_s = counted(net), time.monotonic() - begun_s
    for name, process in watched.items():
        share = 100 * (cpu_s(process) - used[name]) / passed_s
        told(name, f"{share:.2f} % of a core, {memory_mb(process):.1f} MB")
    rates = [f"{(now - then) / passed_s:.2f}" for then, now in zip(before, after, strict=True)]
    told("a second at the broker: messages out, in; bytes out, in", rates)


def main():
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rooms", type=int, default=8)
    options.add_argument("--seconds", type=float, default=60.0)
    chosen = options.parse_args()
    names = ["kitchen", *(f"room{number}" for number in range(2, chosen.rooms + 1))]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name, length_s in (("led", 1800.0), ("own", OWN_S)):
            write_clicks(folder / name / "songs" / "a.wav", length_s, random.randrange(99))
        with Net([*names, "broker"]) as net, processes() as start:
            broker = Broker(folder, net, start, "sys_interval 1")
            boxes = [
                Box(name, folder, net, start, folder / ("led" if name == "kitchen" else "own"))
                for name in names
            ]
            took = until(lambda: all(box.joined for box in boxes[1:]), 300, "all have joined")
            told("load, all joined after [s]", [os.getloadavg()[0], f"{took:.1f}"])
            time.sleep(10)
            measure(boxes, broker, net, chosen.seconds)


if __name__ == "__main__":
    main()
