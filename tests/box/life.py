"""One life of the jukebox: first start, moods and music, camera, memory, disk, off and on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from box.guards import kernel_holds, muted_sound_card
from box.hear import identify, is_silent, load_songs
from box.jukebox import PAGE, PLAYS, READY, SOUND, Jukebox
from box.machine import ClaimError, Machine, Maker
from box.report import Report

SHOWN = ("happy", "sad", "angry", "surprise", "disgust", "neutral")
MOOD_TIMEOUT_S = 150.0  # half-life 4 s, dwell 8 s, and a slow processor
LIKE = 0.6  # other emotions' songs reach 0.63 in the starter music itself, at worst
GAPS = 0.2
CGROUP = "/sys/fs/cgroup/system.slice"


def live(make: Maker, music: Path, report: Report) -> None:
    """Everything in turn. Raises ClaimError where it cannot go on."""
    machine = make("life")
    jukebox = Jukebox(machine)
    try:
        first_start(jukebox, report)
        moods_and_music(jukebox, music, report)
        kernel_holds(jukebox, report)
        muted_sound_card(jukebox, report)
        camera_out_and_in(jukebox, report)
        too_little_memory(jukebox, report)
        full_disk(jukebox, report)
        machine.run("systemctl disable box-camera")
        took_s = machine.switch_off()
        report.figure("switched off within, s", round(took_s))
    finally:
        machine.pull_the_plug()
    camera_comes_late(make("late"), report)


def start(make: Maker, music: Path, report: Report) -> None:
    """The first start, and music that follows the demo reel, which is the camera."""
    machine = make("start")
    jukebox = Jukebox(machine)
    try:
        first_start(jukebox, report)
        music_of_the_reel(jukebox, music, report)
        report.figure("switched off within, s", round(machine.switch_off()))
    finally:
        machine.pull_the_plug()


def first_start(jukebox: Jukebox, report: Report) -> None:
    """From power-on to the first music, without a network and without anybody's help."""
    machine = jukebox.machine
    machine.power_on()
    machine.run("true", 400)
    report.figure("power-on to userspace (shell), s", round(machine.up_s))
    report.figure("power-on to READY of the jukebox, s", round(machine.wait_for(READY, 400)))
    report.figure("power-on to the first sound, s", round(jukebox.wait_for_sound()))
    jukebox.wait_for_play("neutral", 300, 0)
    report.figure("power-on to the first song, s", round(machine.up_s))
    sound = jukebox.listen(10)
    report.claim("music plays after power-on, without a hand", not is_silent(sound))
    machine.wait_for(PAGE, 300)
    report.claim("the page answers a phone that nobody has paired", True)
    links = machine.run("ls /sys/class/net")
    report.claim("there is no network at all", links == "lo", links)
    failed = machine.run("systemctl --failed --no-legend --plain")
    report.claim("no unit failed", failed == "", failed)
    cycles = machine.attempt("journalctl -b --no-pager | grep -i 'ordering cycle'")[1]
    report.claim("no ordering cycle", cycles == "", cycles)
    size = int(machine.run("df --output=size -BM / | tail -1 | tr -d ' M'"))
    # 1.8 GB in the image; three quarters of the disk that disk.sh makes.
    report.claim("the root partition has grown", size > 2300, f"{size} MB")
    report.claim(
        "settings on the boot partition count",
        any("/boot/jukebox.toml sets" in line for line in jukebox.log()),
    )
    report.figure("systemd-analyze", machine.run("systemd-analyze time | head -1"))
    report.figure("jukebox, memory.peak, MB", _peak_mb(machine, "jukebox"))
    report.figure("mpd, memory.peak, MB", _peak_mb(machine, "mpd"))


def moods_and_music(jukebox: Jukebox, music: Path, report: Report) -> None:
    """After each mood its music is heard, by its spectrum compared with that of all songs."""
    songs, heard = load_songs(music), {}
    for emotion in SHOWN:
        before = len(jukebox.machine.rows)
        jukebox.show(emotion)
        took_s = jukebox.wait_for_play(emotion, MOOD_TIMEOUT_S, before)
        jukebox.listen(2)  # what was still in the buffers
        sound = jukebox.listen(12)
        found = identify(sound, songs)
        heard[emotion] = asdict(found) | {"s": round(took_s, 1), "gaps": jukebox.gaps(sound)}
        report.claim(
            f"looks {emotion}: {emotion} music is heard",
            found.emotion == emotion and found.likeness > LIKE,
            f"{found.song}, likeness {found.likeness:.2f} (other moods' {found.others:.2f}),"
            f" centroid {found.centroid_hz:.0f} Hz, after {took_s:.0f} s",
        )
    report.figure("heard", heard)


def music_of_the_reel(jukebox: Jukebox, music: Path, report: Report) -> None:
    """The song that is heard is one of the mood that was read last, and not the first one."""
    songs = load_songs(music)
    for _ in range(8):
        jukebox.wait_for_play("", 4 * MOOD_TIMEOUT_S, 1)
        played = jukebox.plays()
        jukebox.listen(2)  # what was still in the buffers
        sound = jukebox.listen(12)
        if played == jukebox.plays() and played[-1] != "neutral":
            break
        jukebox.machine.run("sleep 5")
    found = identify(sound, songs)
    report.claim(
        f"the reel looks {played[-1]}: {played[-1]} music is heard",
        found.emotion == played[-1] != "neutral" and found.likeness > LIKE,
        f"{found.song}, likeness {found.likeness:.2f} (other moods' {found.others:.2f});"
        f" until then {', '.join(played)}",
    )


def camera_out_and_in(jukebox: Jukebox, report: Report) -> None:
    """Without a camera the music goes on; with one, moods are read again."""
    lines = len(jukebox.log())
    jukebox.show("happy")
    gone_s = jukebox.unplug()
    jukebox.wait_for_log("camera: lost", 60, lines)
    sound = jukebox.listen(12)
    gaps = jukebox.gaps(sound)
    report.claim("camera unplugged: the music goes on", gaps < GAPS, f"{gaps:.0%} silent")
    restarts = jukebox.machine.run("systemctl show -P NRestarts jukebox")
    report.claim(
        "camera unplugged: the jukebox stays up", restarts == "0", f"gone in {gone_s:.0f} s"
    )
    before = len(jukebox.machine.rows)
    jukebox.plug_in()
    back_s = jukebox.wait_for_log("camera: back", 120, lines)
    report.claim("camera plugged in: it is back by itself", True, f"after {back_s:.0f} s")
    jukebox.show("sad")
    jukebox.wait_for_play("sad", MOOD_TIMEOUT_S, before)
    report.claim("camera plugged in: the music follows the mood again", True)


def too_little_memory(jukebox: Jukebox, report: Report) -> None:
    """The jukebox reaches its limit, is killed and comes back, while MPD plays on."""
    machine = jukebox.machine
    machine.run("systemctl set-property --runtime jukebox MemoryHigh=infinity MemoryMax=40M")
    machine.wait_for('test "$(systemctl show -P NRestarts jukebox)" -ge 1', 180)
    machine.run("systemctl set-property --runtime jukebox MemoryHigh=256M MemoryMax=320M")
    sound = jukebox.listen(12)
    gaps = jukebox.gaps(sound)
    report.claim("memory limit hit: the music goes on", gaps < GAPS, f"{gaps:.0%} silent")
    killed = machine.run("journalctl -b -k --no-pager | grep -c 'Memory cgroup out of memory'")
    report.claim(
        "memory limit hit: the kernel killed only within the unit", int(killed) >= 1, killed
    )
    machine.wait_for(READY, 300)
    before = len(machine.rows)
    jukebox.show("happy")
    jukebox.wait_for_play("happy", 300, before)
    report.claim("memory limit hit: the jukebox is back by itself, and reads moods", True)


def full_disk(jukebox: Jukebox, report: Report) -> None:
    """On a full disk the music follows the mood; what happened is written afterwards."""
    machine, lines = jukebox.machine, len(jukebox.log())
    machine.attempt("fallocate -l $(df --output=avail -B1 / | tail -1) /filler")
    machine.attempt("dd if=/dev/zero of=/filler2 bs=64k; dd if=/dev/zero of=/filler3 bs=1k")
    report.figure("free after filling the disk, KB", machine.run("df --output=avail / | tail -1"))
    shown = ("sad", "happy", "sad", "surprise", "happy")
    for emotion in shown:
        at = len(jukebox.log())
        jukebox.show(emotion)
        jukebox.wait_for_log(f"({emotion})", MOOD_TIMEOUT_S, at)
    said = [line for line in jukebox.log()[lines:] if "the disk is full" in line]
    report.claim("disk full: the music follows the mood", True)
    report.claim("disk full: said once, if the history could not grow", len(said) <= 1, said[:1])
    before = len(machine.rows)
    machine.run("rm -f /filler /filler2 /filler3; sync")
    jukebox.show("neutral")
    jukebox.wait_for_play("neutral", MOOD_TIMEOUT_S, before)
    plays = [row["emotion"] for table, row in machine.rows if table == "plays"]
    kept = [emotion for emotion in plays if emotion in (*shown, "neutral")][-1 - len(shown) :]
    report.claim(
        "disk full: nothing that was played is missing afterwards",
        tuple(kept) == (*shown, "neutral"),
        f"{kept}; {'rows had to wait' if said else 'the write-ahead log had room'}",
    )
    report.claim("disk full: the database is sound", jukebox.check()[0] == SOUND)


def camera_comes_late(machine: Machine, report: Report) -> None:
    """A camera that is plugged in long after the start is used."""
    jukebox = Jukebox(machine)
    try:
        machine.power_on()
        machine.wait_for(READY, 400)
        driver = machine.run("grep -c video4linux /proc/devices || true")
        report.figure("boot without a camera: video4linux known to the kernel", driver)
        begun = machine.run("date --utc +%Y-%m-%dT%H:%M:%SZ")  # the guest also sends older rows
        machine.run("sleep 30")
        moods = [row for table, row in machine.rows if table == "moods"]
        invented = [row for row in moods if row["at"] >= begun]
        report.claim("without a camera no mood is written down", not invented, invented[:2])
        before = len(machine.rows)
        jukebox.plug_in()
        jukebox.show("happy")
        jukebox.wait_for_play("happy", 240, before)
        report.claim("a camera plugged in long after the start is used", True)
        report.claim("MPD plays", machine.attempt(PLAYS)[0] == 0)
    except ClaimError as error:
        report.claim("a camera plugged in long after the start is used", False, error)
    finally:
        machine.attempt("systemctl enable box-camera")
        machine.attempt("sync")
        machine.pull_the_plug()


def _peak_mb(machine: Machine, unit: str) -> int:
    return int(machine.run(f"cat {CGROUP}/{unit}.service/memory.peak")) // 2**20
