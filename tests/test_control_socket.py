"""Where the control socket lies, who may connect, and the client that asks there."""

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from contextlib import closing, contextmanager, suppress

import pytest
from controls import serving

from appliance.errors import ControlError
from appliance.process.listen import take_passed_sockets
from appliance.remote.control import ControlServer
from appliance.remote.control_client import (
    ControlClient,
    NobodyListensError,
    RefusedError,
    connect,
)
from appliance.remote.control_socket import FROM_SYSTEMD, Listener, listen, socket_files
from appliance.settings import ControlSettings

NOTHING = ControlSettings()


@pytest.fixture
def database(tmp_path):
    return tmp_path / "jukebox.db"


@contextmanager
def listening(*arguments):
    listeners = listen(*arguments)
    try:
        yield listeners
    finally:
        for listener in listeners:
            listener.close()


# --- places --------------------------------------------------------------------------------------


def test_without_systemd_the_socket_lies_beside_the_database_for_its_user_alone(database):
    with listening(NOTHING, database, {}) as (listener,):
        assert listener.path == database.with_name("control.sock")
        assert stat.S_IMODE(listener.path.stat().st_mode) == 0o600
        assert listener.path.is_socket()
    assert not listener.path.exists()


def test_a_path_in_the_settings_counts(tmp_path, database):
    path = tmp_path / "elsewhere" / "socket"
    with listening(ControlSettings(str(path)), database, {}) as (listener,):
        assert listener.path == path
    assert not database.with_name("control.sock").exists()


def test_a_path_may_be_longer_than_a_sockets_address(tmp_path, database):
    path = tmp_path / ("long" * 30) / "control.sock"
    with listening(ControlSettings(str(path)), database, {}) as listeners:
        assert path.is_socket()
        with serving(listeners), ControlClient(path) as client:
            assert client.ask("status")["ok"]


def test_the_socket_of_a_jukebox_that_was_killed_is_replaced(database):
    left_over = socket.socket(socket.AF_UNIX)
    left_over.bind(str(database.with_name("control.sock")))
    left_over.close()
    with listening(NOTHING, database, {}) as (listener,):
        assert listener.path.is_socket()


@pytest.mark.parametrize("other", ["program", "file", "folder"])
def test_what_belongs_to_others_is_left_alone(tmp_path, database, other):
    path = tmp_path / "taken"
    with socket.socket(socket.AF_UNIX) as taken:
        if other == "program":
            taken.bind(str(path))
            taken.listen()
        elif other == "file":
            path.write_text("diary")
        else:
            path.mkdir()
        before = path.stat()
        with pytest.raises(ControlError, match=r"taken: programs cannot ask.*control\.path"):
            listen(ControlSettings(str(path)), database, {})
        assert path.stat() == before


@pytest.mark.parametrize(
    ("settings", "environment", "places"),
    [
        (NOTHING, {}, ["{}/control.sock"]),
        (ControlSettings("/a/socket"), {}, ["/a/socket"]),
        (NOTHING, {"STATE_DIRECTORY": "{}"}, ["{}/control.sock"]),
        (
            NOTHING,
            {"STATE_DIRECTORY": "{}", "RUNTIME_DIRECTORY": "/run/jukebox"},
            [str(FROM_SYSTEMD), "{}/control.sock"],
        ),
        (  # a demo on a machine that is a jukebox
            NOTHING,
            {"STATE_DIRECTORY": "/var/lib/jukebox", "RUNTIME_DIRECTORY": "/run/jukebox"},
            ["{}/control.sock"],
        ),
    ],
)
def test_a_client_looks_where_the_jukebox_of_this_database_listens(
    database, settings, environment, places
):
    environment = {name: value.format(database.parent) for name, value in environment.items()}
    found = [str(path) for path in socket_files(settings, database, environment)]
    assert found == [place.format(database.parent) for place in places]


# --- what systemd hands over ---------------------------------------------------------------------

# What systemd does: the socket is number 3, and the variables name the process itself.
HANDED_OVER = """
import json, os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "x"}
from pathlib import Path
from appliance.remote.control_socket import listen
from appliance.settings import ControlSettings
listeners = listen(ControlSettings(sys.argv[2]), Path(sys.argv[3]), os.environ)
print(json.dumps({
    "names": [listener.socket.getsockname() for listener in listeners],
    "inherited": os.get_inheritable(3),
    "left": [name for name in os.environ if name.startswith("LISTEN_")],
}))
for listener in listeners:
    listener.close()
"""


@pytest.fixture
def systemd(tmp_path):
    """A socket that listens, and its path."""
    path = tmp_path / "handed-over"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
        made.listen()
        yield made, path


def hand_over(made, path, database):
    done = subprocess.run(
        [sys.executable, "-c", HANDED_OVER, str(made.fileno()), path, str(database)],
        pass_fds=[made.fileno()], capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_a_socket_from_systemd_is_used_and_not_removed(systemd, database):
    made, path = systemd
    told = hand_over(made, "", database)
    assert told == {"names": [str(path)], "inherited": False, "left": []}
    assert path.is_socket()


def test_beside_it_the_path_in_the_settings_counts(systemd, tmp_path, database):
    made, path = systemd
    own = tmp_path / "own"
    assert hand_over(made, str(own), database)["names"] == [str(path), str(own)]
    assert not own.exists()


def test_what_was_handed_to_another_process_is_left_alone():
    environment = {"LISTEN_PID": str(os.getpid() + 1), "LISTEN_FDS": "1"}
    assert take_passed_sockets(environment) == []
    assert environment == {}
    assert take_passed_sockets({}) == []
    assert take_passed_sockets({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "x"}) == []


def test_only_unix_sockets_that_listen_are_taken():
    """Whatever else comes with them is closed."""
    passed = [socket.socket(socket.AF_INET), socket.socket(socket.AF_UNIX)]
    read, write = os.pipe()
    os.close(write)
    for number in (*(made.detach() for made in passed), read):
        environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
        assert take_passed_sockets(environment, first_fd=number) == []
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(number)


# --- the client ----------------------------------------------------------------------------------


@pytest.fixture
def path(database):
    return database.with_name("control.sock")


def test_the_client_asks_and_hears_events(database, path):
    with serving(listen(NOTHING, database, {})) as (tell, controls), ControlClient(path) as asks:
        assert asks.greeting["protocol"] == 1
        assert asks.ask("mood", {"emotion": "sad"})["text"] == "music for sad, until you say auto"
        assert controls.policy.asked == "sad"
        asks.ask("subscribe")
        tell("touch", action="pause")
        tell("calibration", good=True, text="done")
        assert asks.ask("status")["data"]["title"] == "Sunny"
        assert asks.event("calibration", 2.0)["text"] == "done"  # the event before it is past
        with pytest.raises(ControlError, match="gave no answer"):
            asks.event(wait_s=0.05)


def test_events_that_come_before_an_answer_are_kept_in_order(database, path):
    with serving(listen(NOTHING, database, {})) as (tell, _), ControlClient(path) as asks:
        asks.ask("subscribe")
        for action in ("pause", "play"):
            tell("touch", action=action)
        asks.ask("status")
        assert [asks.event(wait_s=2.0)["action"] for _ in range(2)] == ["pause", "play"]


@pytest.mark.parametrize(
    ("word", "arguments", "code", "exit_code"),
    [("dance", {}, "usage", 2), ("mood", {"emotion": "merry"}, "usage", 2),
     ("history", {}, "unavailable", 1)],
)  # fmt: skip
def test_what_is_refused_says_how_a_command_ends(database, path, word, arguments, code, exit_code):
    with serving(listen(NOTHING, database, {})), ControlClient(path) as client:
        with pytest.raises(RefusedError) as refused:
            client.ask(word, arguments)
        assert (refused.value.code, refused.value.exit_code) == (code, exit_code)
        assert client.ask("status")["ok"]


def test_where_nobody_listens_there_is_nobody(tmp_path, database):
    with pytest.raises(NobodyListensError, match="no jukebox can be asked here"):
        ControlClient(tmp_path / "nowhere")
    assert connect([tmp_path / "nowhere", tmp_path / "no" / "folder" / ("x" * 200)]) is None
    with serving(listen(NOTHING, database, {})):
        found = connect([tmp_path / "nowhere", database.with_name("control.sock")])
        assert found is not None
        found.close()


@pytest.mark.parametrize(
    ("says", "complaint"),
    [
        (None, "gave no answer"),
        (b"", "hung up"),
        (b"OK MPD 0.23.5\n", "not a jukebox"),
        (b"[1]\n", "not a jukebox"),
        (b"x" * 200_000, "not a jukebox"),
    ],
)
def test_somebody_else_at_the_socket_is_not_waited_for(tmp_path, says, complaint):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
        made.listen()

        def serve():
            other, _ = made.accept()
            with closing(other), suppress(OSError):
                if says is not None:
                    other.sendall(says)
                    other.shutdown(socket.SHUT_WR)
                other.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(ControlError, match=complaint):
            ControlClient(path, wait_s=0.3)
        thread.join()


def test_a_jukebox_that_ends_is_said_to_have_hung_up(database, path):
    with serving(listen(NOTHING, database, {})):
        client = ControlClient(path)
    with closing(client), pytest.raises(ControlError, match="hung up"):
        client.ask("status")


def test_a_listener_of_systemd_is_closed_and_stays(systemd):
    made, path = systemd
    ControlServer([Listener(made)]).close()
    assert path.is_socket()
