import socket
import subprocess
import sys

import pytest

from appliance.process.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def systemd(request, tmp_path):
    """A socket like that of systemd, and its name in $NOTIFY_SOCKET."""
    name = str(tmp_path / "notify")
    if request.param == "abstract":
        name = "@" + name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0" + name[1:] if name.startswith("@") else name)
        receiver.settimeout(1.0)
        yield receiver, name


@pytest.mark.parametrize(
    ("send", "received"),
    [
        (Notifier.ready, "READY=1"),
        (Notifier.alive, "WATCHDOG=1"),
        (Notifier.stopping, "STOPPING=1"),
        (lambda notifier: notifier.status("looks happy\nplaying"), "STATUS=looks happy playing"),
    ],
)
def test_systemd_receives_what_is_sent(systemd, send, received):
    receiver, name = systemd
    send(Notifier({"NOTIFY_SOCKET": name}))
    assert receiver.recv(1024).decode() == received


def test_a_reload_is_dated_for_systemd(systemd):
    receiver, name = systemd
    Notifier({"NOTIFY_SOCKET": name}).reloading()
    first, second = receiver.recv(1024).decode().split("\n")
    assert first == "RELOADING=1"
    assert int(second.removeprefix("MONOTONIC_USEC=")) > 0


def test_a_systemd_that_does_not_read_stops_nothing(systemd):
    _, name = systemd
    notifier = Notifier({"NOTIFY_SOCKET": name})
    for _ in range(5000):
        notifier.alive()


def test_without_systemd_nothing_happens(tmp_path):
    Notifier({}).ready()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()


def test_the_journal_gets_the_level_of_each_line():
    program = (
        "import logging, os; from appliance.process.log import log_to_stderr; err = os.fstat(2);"
        "os.environ['JOURNAL_STREAM'] = f'{err.st_dev}:{err.st_ino}'; log_to_stderr(logging.INFO);"
        "from appliance.process.log import NOTICE; log = logging.getLogger('jukebox');"
        "log.info('a song'); log.log(NOTICE, 'a day'); log.warning('trouble')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr.split("\n") == ["<6>a song", "<5>a day", "<4>trouble", ""]
