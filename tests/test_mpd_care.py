"""What the installed jukebox does for its MPD: before it starts, and each minute after."""

import importlib.util
import os
import socket
import sqlite3
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


def script(name):
    """A file of install/, which the machine runs with Debian's Python."""
    found = importlib.util.spec_from_file_location(name, PROJECT / "install" / f"{name}.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


prepare, health = script("mpd_prepare"), script("mpd_health")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with MPD's folders."""
    monkeypatch.setattr(prepare, "STICKERS", tmp_path / "jukebox.sticker")
    monkeypatch.setattr(prepare, "SOCKETS", tmp_path / "sockets")
    monkeypatch.setattr(prepare.shutil, "chown", lambda *_: None)
    (tmp_path / "sockets").mkdir()
    return tmp_path


def stickers(machine):
    with closing(sqlite3.connect(machine / "jukebox.sticker")) as db:
        db.execute("create table sticker (uri)")
        db.executemany("insert into sticker values (?)", [(str(n) * 900,) for n in range(99)])
        db.commit()


def test_stickers_are_for_mpd_alone_and_the_socket_for_a_group(machine):
    stickers(machine)
    before = (machine / "jukebox.sticker").read_bytes()
    prepare.main()
    assert (machine / "jukebox.sticker").read_bytes() == before
    assert oct((machine / "jukebox.sticker").stat().st_mode)[-3:] == "600"
    assert oct((machine / "sockets").stat().st_mode)[-3:] == "750"
    assert len(os.listdir(machine)) == 2


def test_at_the_first_start_an_empty_file_stands_there_which_is_a_database(machine):
    prepare.main()
    assert (machine / "jukebox.sticker").stat().st_size == 0
    stickers(machine)


@pytest.mark.parametrize("fault", ["garbage", "cut", "page"])
def test_damaged_stickers_are_set_aside_and_said(machine, fault, capsys):
    file = machine / "jukebox.sticker"
    stickers(machine)
    whole = file.read_bytes()
    file.write_bytes({
        "garbage": os.urandom(9000),
        "cut": whole[: len(whole) // 2],
        "page": whole[:8192] + bytes(8192) + whole[16384:],
    }[fault])  # fmt: skip
    damaged = file.read_bytes()
    prepare.main()
    (kept,) = machine.glob("*.corrupt-*")
    assert kept.read_bytes() == damaged
    assert file.stat().st_size == 0
    assert f"kept as {kept}" in capsys.readouterr().err
    file.write_bytes(damaged)
    prepare.main()  # and again in the same second
    assert len(list(machine.glob("*.corrupt-*"))) == 2


def test_stickers_that_somebody_writes_just_now_are_not_damaged(machine):
    stickers(machine)
    with closing(sqlite3.connect(machine / "jukebox.sticker")) as db:
        db.execute("begin exclusive")
        prepare.main()
    assert not list(machine.glob("*.corrupt-*"))


@contextmanager
def mpd_that(path, says):
    """A server at this path that says these lines to each client, and then nothing more."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        server = threading.Thread(target=_greet, args=(listener, says))
        server.start()
        yield
        server.join()


def _greet(listener, says):
    client, _ = listener.accept()
    with client:
        if says is None:
            return
        client.sendall(says)
        while client.recv(100):  # until it has gone
            pass


@pytest.mark.parametrize(
    ("says", "answers"),
    [
        (b"OK MPD 0.23.5\nOK\n", True),
        (b"OK MPD 0.23.5\n", False),  # it hangs
        (b"", False),
        (None, False),  # it takes no more clients
        (b"ACK [4@0] {} you don't have permission\n", False),
    ],
)
def test_an_mpd_that_hangs_or_takes_no_clients_does_not_answer(tmp_path, says, answers):
    path = str(tmp_path / "socket")
    assert not health.answers(path, 0.2)
    with mpd_that(path, says):
        assert health.answers(path, 5 if answers else 0.2) == answers


def test_it_is_asked_three_times_before_it_is_restarted(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(health, "answers", lambda *_: asked.append(1) or len(asked) == 3)
    monkeypatch.setattr(health.time, "sleep", lambda _s: None)
    assert health.main() == 0
    monkeypatch.setattr(health, "answers", lambda *_: False)
    assert health.main() == 75
    assert "does not answer" in capsys.readouterr().err
