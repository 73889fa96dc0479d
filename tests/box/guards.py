"""What the kernel keeps from the processes of jukebox.service; a sound card that comes muted."""

from __future__ import annotations

from box.hear import is_silent
from box.jukebox import PLAYS, Jukebox
from box.report import Report

GROUP = "/sys/fs/cgroup/system.slice/jukebox.service/cgroup.procs"
CONNECT = "exec 3<>/dev/tcp/127.0.0.1/6600"
HDA = "/sys/bus/pci/drivers/snd_hda_intel"
MIXER = "amixer sget Master | grep -m1 '%'"


def kernel_holds(jukebox: Jukebox, report: Report) -> None:
    """Packets and devices are refused to the unit's group of processes, and to no others.

    The process that tries is root's and in the machine's own network; of the unit's restrictions,
    only those of the group apply to it.
    """

    def attempt(command: str, where: str = "/dev/null") -> tuple[int, str]:
        return jukebox.machine.attempt(f"timeout 20 bash -c 'echo $$ >{where}; {command}' 2>&1")

    free, held = attempt(CONNECT), attempt(CONNECT, GROUP)
    report.claim("elsewhere a process connects to MPD's port", free[0] == 0, free)
    report.claim(
        "IPAddressDeny=: in the unit's group its packets are dropped", held[0] == 124, held
    )
    sound_card = ": </dev/snd/controlC0"
    free, held = attempt(sound_card), attempt(sound_card, GROUP)
    report.claim("elsewhere a process opens the sound card", free[0] == 0, free)
    report.claim(
        "DeviceAllow=: in the unit's group the sound card stays closed",
        held[0] != 0 and "not permitted" in held[1],
        held,
    )
    held = attempt(": </dev/video0", GROUP)
    report.claim("DeviceAllow=: in the unit's group the camera opens", held[0] == 0, held)


def muted_sound_card(jukebox: Jukebox, report: Report) -> None:
    """Takes the sound card out and puts it in again, as one that nobody has set yet."""
    machine = jukebox.machine
    machine.run("systemctl stop mpd; rm -f /var/lib/alsa/asound.state")
    machine.run("udevadm control --stop-exec-queue")
    machine.run(
        f"cd {HDA}; card=$(echo 0*); echo $card >unbind; sleep 1; echo $card >bind; sleep 3"
    )
    found = machine.run(MIXER)
    report.claim("the kernel leaves the sound card muted", "[off]" in found, found)
    machine.run("udevadm control --start-exec-queue; udevadm settle --timeout=60")
    machine.run("systemctl start mpd")
    found = machine.run(MIXER)
    report.claim("the jukebox's machine opens it", "[on]" in found and "[0%]" not in found, found)
    machine.wait_for(PLAYS, 120)
    report.claim("and music is heard from it", not is_silent(jukebox.listen(6)))
