"""The first start of the image on a PC: its own boot loader, name, screen and page, and no SSH."""

from __future__ import annotations

import re
import subprocess
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import cv2
from box.jukebox import READY, Jukebox
from box.machine import PATIENCE, Machine
from box.report import Report

NAME = re.compile(r"jukebox-[0-9a-f]{4}")
SSH = "ss -Hltn sport = :22"


def from_the_firmware_on(machine: Machine, report: Report) -> None:
    """From power-on to the page on a phone, with a cable and a screen. machine: has both."""
    jukebox = Jukebox(machine)
    try:
        machine.power_on()
        machine.run("true", 900)
        report.figure("firmware to userspace (shell), s", round(machine.up_s))
        report.figure("firmware to the first sound, s", round(jukebox.wait_for_sound()))
        loaded = machine.attempt("test -d /sys/firmware/efi && cat /proc/cmdline")
        report.claim("its own boot loader starts it", loaded[0] == 0, loaded[1].strip())
        report.figure("firmware to READY, s", round(machine.wait_for(READY, 400)))
        name = own_name(machine, report)
        the_page_answers(machine, report)
        the_screen_shows_where(machine, name, report)
        ssh_when_wanted(machine, report)
        failed = machine.run("systemctl --failed --no-legend --plain")
        report.claim("no unit failed at the first start", failed == "", failed)
    finally:
        machine.pull_the_plug()


def own_name(machine: Machine, report: Report) -> str:
    """The name that the machine gave itself."""
    name, number = machine.run("hostname"), machine.run("cat /etc/machine-id")
    where = machine.run("cat /etc/hostname /etc/hosts")
    report.claim("it has a name of its own", bool(NAME.fullmatch(name)), name)
    report.claim("the name is kept, and known to itself", where.count(name) == 2, where)
    report.claim("it has a number of its own, on its disk", len(number) == 32)
    return name


def the_page_answers(machine: Machine, report: Report) -> None:
    """Asked over the network, as by a phone that nobody has paired yet."""
    until_s = time.monotonic() + 300 * PATIENCE
    status, text = 0, ""
    while status == 0 and time.monotonic() < until_s:
        asking = HTTPConnection("127.0.0.1", machine.ports[80], timeout=60)
        try:
            asking.request("GET", "/")
            answer = asking.getresponse()
            status, text = answer.status, answer.read().decode()
        except (OSError, HTTPException):
            time.sleep(1)
        finally:
            asking.close()
    (title,) = re.findall(r"<title>(.*?)</title>", text) or [text[:80]]
    report.claim("the page answers on port 80", (status, "Pair" in title) == (401, True), title)
    report.figure("firmware to the page's answer, s", round(machine.up_s))


def the_screen_shows_where(machine: Machine, name: str, report: Report) -> None:
    """A picture of the screen is read as a phone reads it."""
    file = machine.folder / "screen.png"
    until_s = time.monotonic() + 120 * PATIENCE
    found = ""
    while name not in found and time.monotonic() < until_s:
        machine.draw_screen(file)
        found = read_code(file)
        time.sleep(2)
    wanted = f"http://{name}.local/"
    report.claim("the screen shows the page's address as a QR code", found == wanted, found)


def read_code(file: Path) -> str:
    """The text of the QR code in a picture; "" if there is none."""
    picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        return ""
    for reader in (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector()):
        text, _, _ = reader.detectAndDecode(picture)
        if text:
            return str(text)
    return ""


def ssh_when_wanted(machine: Machine, report: Report) -> None:
    """None; and with a key on the boot partition for this key alone."""
    keys = machine.run("ls /etc/ssh | grep -c ssh_host || true")
    report.claim("no SSH, and no keys of it", machine.run(SSH) == "" and keys == "0", keys)
    key = machine.folder / "key"
    key.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    public = key.with_suffix(".pub").read_text().strip()
    machine.run(f"echo '{public}' >/boot/efi/ssh.txt; systemctl restart card-ssh", 300)
    machine.wait_for(f'test -n "$({SSH})"', 120)
    report.claim("with ssh.txt its key logs in", log_in(machine, "-i", str(key)) == "root")
    other = log_in(machine, "-o", "PubkeyAuthentication=no")
    report.claim("nobody else, though root has no password", other == "", other)


def log_in(machine: Machine, *options: str) -> str:
    """Who one is there; "" if one is not let in."""
    command = ["ssh", "-F", "none", "-p", str(machine.ports[22]), "-o", "BatchMode=yes"]
    for option in (
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "IdentityAgent=none",
    ):
        command += ["-o", option]
    command += [*options, "root@127.0.0.1", "id -un"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300 * PATIENCE, check=False
    )
    return done.stdout.strip()
