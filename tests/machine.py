"""A Debian machine for the tests: a container with a real systemd as its first process."""

import os
import shutil
import subprocess
import time
from functools import cache
from pathlib import Path

ROOTS = Path(__file__).with_name("roots.sh")
# Without systemd on this machine, containers would share one tree of control groups, in which
# "systemctl kill" of one reaches the units of the other.
GROUP = f"/sys/fs/cgroup/unified/jukebox-test-{os.getpid()}"
IN_A_GROUP_OF_ITS_OWN = 'mkdir -p "$0" 2>/dev/null && echo $$ >"$0/cgroup.procs"; exec "$@"'
MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 2**30  # a machine takes up to 2 GB
NO_NETWORK = 75  # roots.sh: what must be downloaded cannot be


@cache
def why_not():
    """The reason why such a machine cannot run here, or ""."""
    if os.geteuid() != 0:
        return "needs root"
    for tool, package in (("systemd-nspawn", "systemd-container"), ("mmdebstrap", "mmdebstrap")):
        if shutil.which(tool) is None:
            return f"needs {tool}: apt-get install {package}"
    # Some places have the tool but not the rights: a container without privileges, for example.
    try_out = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--as-pid2",
               "--volatile=yes", "--directory=/", "/usr/bin/true"]  # fmt: skip
    tried = subprocess.run(try_out, check=False, capture_output=True, text=True)
    return f"systemd-nspawn cannot run here: {tried.stderr.strip()}" if tried.returncode else ""


def place_for(release, on_disk):
    """A new folder in memory if there is enough, which is faster; else on_disk.

    Folders left by runs that were killed are removed.
    """
    for folder in MEMORY.glob("jukebox-test-*"):
        if not Path(f"/proc/{folder.name.split('-')[2]}").exists():
            # Another lane may be removing the same one.
            shutil.rmtree(folder, ignore_errors=True)
    memory = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    available = 1024 * int(memory["MemAvailable"].split()[0])
    if min(available / 2, shutil.disk_usage(MEMORY).free if MEMORY.is_dir() else 0) < ROOM_BYTES:
        return on_disk
    folder = MEMORY / f"jukebox-test-{os.getpid()}-{release}"
    folder.mkdir()
    return folder


class NoNetworkError(Exception):
    """The first root of a release must be downloaded, and there is no network."""


class Machine:
    """A machine made by tests/roots.sh; from then on it has no network.

    figures: what a test measured. Raises NoNetworkError.
    """

    def __init__(self, release, folder):
        self.release = release
        self.root = folder
        self.figures = {}
        self._container = None
        made = subprocess.run(
            [ROOTS, release, folder], check=False, stderr=subprocess.PIPE, text=True
        )
        if made.returncode == NO_NETWORK:
            raise NoNetworkError(made.stderr)
        assert made.returncode == 0, made.stderr

    def boot(self):
        """Switches it on and waits until everything has started. Returns the seconds."""
        begun = time.monotonic()
        self._container = subprocess.Popen(
            ["sh", "-c", IN_A_GROUP_OF_ITS_OWN, GROUP,
             "setpriv", "--pdeathsig", "TERM", "systemd-nspawn", "--quiet", "--boot",
             "--register=no", *([] if Path("/run/systemd/system").exists() else ["--keep-unit"]),
             # With the system call bpf, IPAddressDeny= and DeviceAllow= work there, too.
             "--private-network", "--system-call-filter=bpf",
             "--resolv-conf=off", "--directory", self.root],
            env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.until(self._is_up)
        return time.monotonic() - begun

    def off(self):
        """Shuts it down."""
        if self._container is None:
            return
        self.run("systemctl poweroff", check=False)
        try:
            self._container.wait(30)
        except subprocess.TimeoutExpired:
            self._container.kill()
            self._container.wait()
        self._container = None

    def throw_away(self):
        """Shuts it down and removes it."""
        self.off()
        shutil.rmtree(self.root)

    def run(self, command, *, check=True, **environment):
        """The result of a shell command, run as root in the machine's copy of the repository."""
        done = subprocess.run(
            ["nsenter", "--target", str(self._first_process()), "--all", "--wd",
             "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
             "LANG=C.UTF-8", *(f"{name}={value}" for name, value in environment.items()),
             "sh", "-c", f"cd /root/jukebox; {command}"],
            check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        if check:
            assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def says(self, command):
        """What a command prints."""
        return self.run(command).stdout.strip()

    def show(self, name, unit="jukebox.service"):
        """A property of a unit."""
        return self.says(f"systemctl show --property={name} --value {unit}")

    def write(self, path, content):
        """Writes a file in the machine."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def journal(self, unit="jukebox.service"):
        """All lines of a unit."""
        return self.says(f"journalctl --unit={unit} --output=cat --no-pager")

    def until(self, condition, seconds=45.0):
        """Waits until the condition is true. Returns what it returned."""
        give_up = time.monotonic() + seconds
        while not (result := condition()):
            if time.monotonic() > give_up:
                raise AssertionError(f"not within {seconds:g} s\n{self._last_words()}")
            time.sleep(0.1)
        return result

    def _first_process(self):
        """The container's systemd, as this machine numbers it; 0 while there is none."""
        pid = self._container.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else 0

    def _is_up(self):
        state = self.run("systemctl is-system-running --wait", check=False).stdout.strip()
        return state in ("running", "degraded")

    def _last_words(self):
        return self.run("journalctl --no-pager -n 25 -o short-monotonic", check=False).stdout
