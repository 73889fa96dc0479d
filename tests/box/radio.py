"""Wi-Fi without a keyboard: two emulated radios, one the jukebox's (tests/card/guest/radio.sh)."""

from __future__ import annotations

from box.hear import recorded
from box.jukebox import READY
from box.machine import Machine
from box.report import Report
from box.signals import heard_signals

SCRIPT = "bash /usr/local/lib/box/radio.sh"
TRUE = {
    "WPA2 by file": "connected",
    "wrong password, WPA2": "wrong password",
    "WPA3 by file": "connected",
    "wrong password, WPA3": "wrong password",
    "WPA3 by code": "connected",
}


def join_networks(machine: Machine, report: Report) -> None:
    """Joins by wifi.txt and by a phone's code, with right and with wrong passwords."""
    settings = f"{machine.board.boot}/jukebox.toml"
    try:
        machine.power_on()
        machine.wait_for(READY, 400)
        machine.run(f"cp {settings} /run/rig.toml; modprobe mac80211_hwsim", 300)
        said = machine.run(SCRIPT, 1800)
        signals = heard_signals(recorded(machine.sound))
        machine.run(f"cp /run/rig.toml {settings}; rm -f /etc/jukebox/wifi.conf; sync")
    finally:
        machine.pull_the_plug()
    told = dict(
        line.removeprefix("RIG ").partition(": ")[::2]
        for line in said.splitlines()
        if line.startswith("RIG ")
    )
    for case, outcome in TRUE.items():
        found = told.get(case, "nothing")
        report.claim(f"Wi-Fi, {case}: {outcome}", found.startswith(outcome), found)
    wanted = ["connected" if outcome == "connected" else "refused" for outcome in TRUE.values()]
    report.claim(
        "Wi-Fi: each is told by its two notes, also while music plays",
        [name for _, name, _ in signals] == wanted,
        ", ".join(f"{name} ({likeness:.2f})" for _, name, likeness in signals),
    )
    report.claim("Wi-Fi: every wifi.txt is deleted", "is still there" not in said)
    address = told.get("address", "")
    report.claim("Wi-Fi: it has an address from there", address.startswith("10.98.76."), address)
    logged, seen = told.get("in the log", ""), told.get("world-readable", "").strip()
    report.claim("Wi-Fi: no log has a password", logged.startswith("0 lines"), logged)
    report.claim("Wi-Fi: no file that others may read has a password", seen == "end", seen)
    report.claim("Wi-Fi: its settings are root's alone", told.get("mode") == "600:root")
