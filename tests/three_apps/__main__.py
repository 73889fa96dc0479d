"""Drives three MPD apps at once beside the real jukebox, and compares all that happened.

PYTHONPATH=tests run/test/bin/python -m three_apps [--minutes 30] [--seed 1] [--noise 2]

A private MPD, the real service with the demo reel for a camera, and three people whose deeds depend
only on the seed. Every command of theirs and of the jukebox passes a proxy, and MPD is asked for
its status five times a second. Two things must not happen: that the jukebox undoes a deed, and that
it is silent for more than 10 s unasked. Exit 1 if one did; the lines around it are printed, and all
of them are in FOLDER/session.log. Another MPD: PATH="$(tests/servers.sh):$PATH" in front.
"""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import wave
from contextlib import ExitStack
from pathlib import Path

from appliance.private_mpd.process import PrivateMpd
from appliance.records import EMOTIONS
from three_apps.apps import APPS
from three_apps.compare import Report, Rules, compare
from three_apps.proxy import Proxy
from three_apps.records import JUKEBOX
from three_apps.session import Session

RULES = Rules(override_s=30.0, crossfade_s=4.0)
CONFIG = """
[camera]
source = "reel"
[mood]
dwell_s = 4
[music]
change = "crossfade"
crossfade_s = {crossfade_s}
chime = ""
[listener]
override_minutes = {override_minutes}
[mpd]
address = "{socket}"
[store]
path = "{folder}/jukebox.db"
"""
SONGS, LONG_S = 5, 50.0  # of each mood; the shortest song, and each next is 7 s longer
AROUND_S = 6.0
# Half a second of work, half a second of rest.
BURNER = (
    "import os, time\nos.nice(5)\nwhile True:\n"
    "    end = time.monotonic() + 0.5\n    while time.monotonic() < end: pass\n    time.sleep(0.5)"
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="three_apps", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=30.0, help="how long it plays")
    parser.add_argument("--seed", type=int, default=1, help="of what people do")
    parser.add_argument("--noise", type=int, default=2, help="processes that keep the machine busy")
    parser.add_argument("--folder", type=Path, help="for what it writes")
    parser.add_argument("--again", type=Path, metavar="FOLDER", help="compare that session again")
    chosen = parser.parse_args()
    folder = chosen.again or chosen.folder or Path(tempfile.mkdtemp(prefix="three-apps-"))
    if chosen.again:
        session = Session.load(folder / "session.json")
    else:
        session = play(folder, chosen.minutes * 60, chosen.seed, chosen.noise)
        session.save(folder / "session.json")
    (folder / "session.log").write_text("\n".join(session.lines(0, float("inf"))) + "\n")
    report = compare(session.commands, session.sights, RULES)
    show(report, session, folder)
    return 1 if report.findings else 0


def play(folder: Path, seconds: float, seed: int, noise: int) -> Session:
    """A session of so many seconds. Raises RuntimeError if the jukebox or an app has ended."""
    own = write_music(folder / "music")
    with ExitStack() as stack:
        mpd = stack.enter_context(PrivateMpd(folder / "mpd", folder / "music", "null"))
        session = Session()
        for who in (JUKEBOX, *(app.__name__.lower() for app in APPS)):
            Proxy(who, folder / who, mpd.socket, session.commands.append, session.clock)
        jukebox = stack.enter_context(started(folder))
        reader = threading.Thread(target=session.read_log, args=(jukebox,), daemon=True)
        reader.start()
        threading.Thread(target=session.watch, args=(mpd.socket,), daemon=True).start()
        for _ in range(noise):
            stack.callback(subprocess.Popen([sys.executable, "-c", BURNER]).kill)
        time.sleep(10)
        apps = [app(folder / app.__name__.lower(), own, seed, time.monotonic()) for app in APPS]
        for app in apps:
            app.start()
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s and jukebox.poll() is None:
            time.sleep(0.5)
        for app in apps:
            app.over.set()
            app.join(25)
        session.over.set()
        ended = [error for app in apps for error in app.errors]
        if jukebox.poll() is not None:
            ended.append(f"the jukebox: {[line for _, line in session.log[-9:]]}")
        jukebox.terminate()
        reader.join(10)
        if ended:
            raise RuntimeError(f"ended too early: {ended}")
    return session


def started(folder: Path) -> subprocess.Popen[str]:
    """The real jukebox, a process of its own."""
    config = folder / "jukebox.toml"
    config.write_text(
        CONFIG.format(
            folder=folder,
            socket=folder / JUKEBOX,
            crossfade_s=RULES.crossfade_s,
            override_minutes=RULES.override_s / 60,
        )
    )
    program = "import sys; from appliance.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "run", "--config", str(config)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def write_music(folder: Path) -> list[str]:
    """Silence for each mood, and for the three people. Returns the songs of these."""
    for name in (*EMOTIONS, "own"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(SONGS):
            with wave.open(str(folder / name / f"{name}-{number}.wav"), "wb") as wav:
                wav.setnchannels(1)
                wav.setsampwidth(2)
                wav.setframerate(8000)
                wav.writeframes(bytes(int(16000 * (LONG_S + 7 * number))))
    return [f"own/own-{number}.wav" for number in range(SONGS)]


def show(report: Report, session: Session, folder: Path) -> None:
    history = sqlite3.connect(folder / "jukebox.db")
    noticed = dict(history.execute("select touch, count(*) from touches group by touch"))
    for finding in report.findings:
        print(f"\n{finding.kind.upper()}: {finding.what}")
        print("\n".join(session.lines(finding.from_s - AROUND_S, finding.to_s + AROUND_S)))
    print(f"\n{'deeds of people':24}{sum(report.deeds.values()):6}  {told(report.deeds)}")
    print(f"{'orders of the jukebox':24}{sum(report.orders.values()):6}  {told(report.orders)}")
    print(f"{'noticed by the jukebox':24}{sum(noticed.values()):6}  {told(noticed)}")
    for what in ("played_s", "asked_silence_s", "unasked_silence_s"):
        print(f"{what.removesuffix('_s').replace('_', ' ') + ', s':24}{getattr(report, what):6.0f}")
    for kind in ("deed undone", "unasked silence"):
        count = sum(finding.kind == kind for finding in report.findings)
        print(f"{kind:24}{count:6}")
    print(f"\nEverything: {folder / 'session.log'}")


def told(counts: dict[str, int]) -> str:
    return ", ".join(f"{what} {count}" for what, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
