"""An installed jukebox, as root changes it: by systemd, and by MPD's settings in /etc/jukebox."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence, Set
from pathlib import Path

from appliance.admin import files
from appliance.admin.machine import outputs_here
from appliance.admin.mpd_conf import chosen_output, with_output
from appliance.admin.outputs import Output
from appliance.admin.wifi import WifiNetwork, supplicant_conf
from appliance.config.loading import SYSTEM_FILE
from appliance.errors import JukeboxError

MPD_FILE = Path("/etc/jukebox/mpd-own.conf")
MPD_DROP_IN = Path("/etc/systemd/system/mpd.service.d/jukebox.conf")
HOSTS = Path("/etc/hosts")
WIFI_FILE = Path("/etc/jukebox/wifi.conf")
# Only on a card or disk that ./setup.sh image made, where nothing else cares for the Wi-Fi.
WIFI_DROP_IN = Path("/etc/systemd/system/wpa_supplicant@.service.d/card.conf")
WIFI_UNIT = "wpa_supplicant@wlan0.service"
MPD_FILE_BYTES = 64 * 1024
PROGRAM_S = 60.0  # MPD may write its state to a slow SD card before it ends
# What the jukebox takes over only at its start, and the page at its own.
AT_ITS_START = frozenset({"store", "control"})
OF_THE_PAGE = frozenset({"web", "mpd", "control"})
OF_THE_HOME = frozenset({"mpd", "control"})

Run = Callable[[Sequence[str]], str]


def run_program(command: Sequence[str]) -> str:
    """What a program of the system prints. Raises JukeboxError with its last line if it fails."""
    try:
        done = subprocess.run(  # noqa: S603  programs of the system; each word is checked before
            command, capture_output=True, text=True, timeout=PROGRAM_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise JukeboxError(f"{' '.join(command)}: {error}") from error
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2] or f"it ended with {done.returncode}"
        raise JukeboxError(f"{' '.join(command)}: {last[:300]}")
    return done.stdout


class InstalledJukebox:
    """The machine that ./setup.sh install made. run: for programs of the system."""

    def __init__(
        self,
        run: Run = run_program,
        *,
        settings_file: Path = SYSTEM_FILE,
        mpd_file: Path = MPD_FILE,
        mpd_drop_in: Path = MPD_DROP_IN,
        hosts: Path = HOSTS,
        wifi_file: Path = WIFI_FILE,
        wifi_drop_in: Path = WIFI_DROP_IN,
    ) -> None:
        self.settings_file = settings_file
        self._run = run
        self._mpd_file = mpd_file
        self._mpd_drop_in = mpd_drop_in
        self._hosts = hosts
        self._wifi_file = wifi_file
        self._wifi_drop_in = wifi_drop_in

    def reload(self, sections: Set[str]) -> str:
        """Puts them in force; a jukebox that somebody stopped stays so."""
        if sections & OF_THE_PAGE:  # it goes on after its answer
            self._systemctl("try-restart", "--no-block", "jukebox-web.service")
        if sections & {"home", "rooms"}:  # it starts, and ends at once where it is to tell nothing
            self._systemctl("restart", "--no-block", "jukebox-home.service")
        elif sections & OF_THE_HOME:
            self._systemctl("try-restart", "--no-block", "jukebox-home.service")
        state = self._systemctl("show", "--property=ActiveState", "--value", "jukebox.service")
        match state.strip():
            case "active" if sections & AT_ITS_START:
                self._systemctl("restart", "--no-block", "jukebox.service")
            case "active":
                self._systemctl("reload", "jukebox.service")
            case "failed" | "activating":  # perhaps because of its settings
                self._systemctl("reset-failed", "jukebox.service")
                self._systemctl("restart", "--no-block", "jukebox.service")
            case _:
                return "saved; the jukebox reads it when it starts"
        return "saved, and in force"

    def outputs(self) -> list[Output]:
        """Where sound can go."""
        return outputs_here()

    def chosen(self) -> Output | None:
        """Where it goes by mpd-own.conf."""
        return chosen_output(files.read(self._mpd_file, MPD_FILE_BYTES), self.outputs())

    def choose(self, output: Output) -> None:
        """Writes mpd-own.conf, and goes back to the former one if MPD does not start with it."""
        if not self._mpd_drop_in.exists():
            raise JukeboxError(
                "MPD's settings are its owner's here, not the jukebox's; the output stands in"
                " /etc/mpd.conf"
            )
        before = files.read(self._mpd_file, MPD_FILE_BYTES)
        files.replace(self._mpd_file, with_output(before, output))
        try:
            self._systemctl("restart", "mpd.service")
        except JukeboxError as error:
            files.replace(self._mpd_file, before)
            self._systemctl("reset-failed", "mpd.service")
            self._systemctl("restart", "mpd.service")
            raise JukeboxError(
                "MPD does not start with this output, so it keeps the former one;"
                " journalctl -u mpd says why"
            ) from error

    def name(self) -> str:
        """As systemd has it: this process and the page see the name of the time when they began."""
        return self._run(["hostnamectl", "hostname"]).strip().partition(".")[0].lower()

    def rename(self, name: str) -> None:
        """Changes the host's name, also where it is looked up, and tells the network.

        Avahi, MPD (whose name in the network has it, too) and the page know it after a restart.
        """
        before = self.name()
        self._run(["hostnamectl", "set-hostname", name])
        self._rename_in_hosts(before, name)
        for unit in ("avahi-daemon.service", "mpd.service", "jukebox-web.service"):
            self._systemctl("try-restart", "--no-block", unit)

    def join(self, network: WifiNetwork) -> None:
        """Writes wpa_supplicant's settings, for root alone, and starts it anew."""
        if not self._wifi_drop_in.exists():
            raise JukeboxError(
                "this machine's Wi-Fi is its owner's, not the jukebox's; set it with the system's"
                " own tools, such as nmtui"
            )
        files.replace(self._wifi_file, supplicant_conf(network))
        self._systemctl("restart", "--no-block", WIFI_UNIT)

    def _rename_in_hosts(self, before: str, name: str) -> None:
        """Debian writes the name there, and sudo complains about one that leads nowhere.

        In place, because this process may write this file of /etc, and not its folder.
        """
        text = files.read(self._hosts, MPD_FILE_BYTES)
        lines = [_renamed(line, before, name) for line in text.split("\n")]
        if lines != text.split("\n"):
            try:
                self._hosts.write_text("\n".join(lines), encoding="utf-8")
            except OSError as error:
                raise JukeboxError(f"{self._hosts}: cannot be written: {error.strerror}") from error

    def _systemctl(self, *words: str) -> str:
        return self._run(["systemctl", *words])


def _renamed(line: str, before: str, name: str) -> str:
    """A line of /etc/hosts; only those of this machine itself get the new name."""
    if not re.match(r"127\.0\.1\.1\s", line):
        return line
    return re.sub(rf"(?<=\s){re.escape(before)}(?=[\s.]|$)", name, line)
