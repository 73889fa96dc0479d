"""Histories that are damaged, or another program's: read or refused, never with a traceback."""

import logging
import random
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import pytest
from machine import MEMORY
from nonsense import FEW, bounded, nonsense
from test_store import NOON, happy, song

from appliance.build import kept_calibration, kept_people, last_plays
from appliance.commands.history import _line
from appliance.errors import StoreError
from appliance.history.backup import back_up
from appliance.history.diary import read_yesterday
from appliance.history.queries import read_history, read_minutes, read_page
from appliance.history.store import SqliteStore
from appliance.records import Emotion, SkipCount, TaughtFace
from appliance.remote.control_line import encode
from appliance.settings import Settings, StoreSettings


@pytest.fixture(autouse=True)
def without_a_log(monkeypatch):
    """pytest keeps each line, which would look like growth."""
    monkeypatch.setattr(logging.getLogger("jukebox"), "disabled", True)


@pytest.fixture
def folder(tmp_path):
    """A folder in memory: what is written is to reach the disk at once, which takes long."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if MEMORY.is_dir() else tmp_path) as name:
        yield Path(name)


def a_history(path):
    """A history with a row in each of its tables."""
    with closing(SqliteStore(StoreSettings(str(path)))) as store:
        store.record_mood(NOON, happy())
        store.record_play(NOON, song(), happy())
        store.record_listener_action(NOON, "pause")
        store.record_seconds(NOON, happy(), 30.0)
        store.record_seconds(NOON + 60, happy(), 30.0)
        store.record_calibration(NOON, (1.0,) * 7)
        store.record_skips(SkipCount("happy/a.opus", Emotion.HAPPY, 2, "2026-11-27", False))
        store.record_taught(NOON, [TaughtFace("Ann", Emotion.SAD, 2.0, "own", (0.5, -1.0))])
        store.record_correction(NOON, Emotion.SAD, happy())
        store.write(NOON)
    return path


def is_survived(path):
    """All that reads a history, and then what writes it, meet this one."""
    settings = StoreSettings(str(path))
    times = {"from_unix_s": 0.0, "to_unix_s": NOON * 2, "limit": 100}
    last_plays(Settings(store=settings))
    kept_calibration(path)
    kept_people(path)
    with suppress(StoreError):
        for entry in read_history(path, 0.0, 100):
            assert encode({"entry": _line(entry)})
    with suppress(StoreError):
        assert encode({"page": str(read_page(path, what=None, after=None, **times))})
    for step in ("minutes", "days"):
        with suppress(StoreError):
            assert encode({"page": read_minutes(path, step, after="", **times)})
    with suppress(StoreError):
        read_yesterday(path, NOON + 86_400)
    with closing(SqliteStore(settings)) as store:
        with suppress(StoreError):
            store.read_skips()
        store.record_mood(NOON, happy())
        with suppress(StoreError):
            store.write(NOON)
        with suppress(StoreError):
            store.prune(NOON)
    with suppress(StoreError):
        back_up(settings, NOON)


def test_a_damaged_history(folder):
    good = a_history(folder / "good.db").read_bytes()
    own = folder / "own"
    for bad in nonsense(good, number=FEW):
        own.mkdir()
        (own / "jukebox.db").write_bytes(bad)
        is_survived(own / "jukebox.db")
        shutil.rmtree(own)


def test_a_history_whose_names_are_damaged_is_set_aside(folder):
    path = a_history(folder / "jukebox.db")
    path.write_bytes(path.read_bytes().replace(b'"applied_at"', b'"applied\x87at"'))
    is_survived(path)
    assert len(list(folder.glob("jukebox.db.corrupt-*"))) == 1
    assert [entry.what for entry in read_history(path, 0.0, 9)] == ["mood"]


VALUES = (
    None, 0, -1, 2**62, 1e308, float("inf"), "", "2026-11-27T12:00:00Z", "happy", "settled", "x\0y",
    "[[1]]", "[" * 5000, b"", b"\xff\xfe", "9" * 400, "2026-99-99T12:00:00Z", "1", "play",
)  # fmt: skip


def somebody_elses(chance, path):
    """Some of the tables are of the same names, but with other rows, columns and types."""
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in chance.sample(found, chance.randint(1, 4)):
            columns = [row[1] for row in db.execute(f"pragma table_info([{table}])")]
            if chance.random() < 0.2:
                del columns[chance.randrange(len(columns))]
            with suppress(sqlite3.DatabaseError):  # sqlite_sequence
                db.execute(f"drop table [{table}]")
                db.execute(f"create table [{table}] ({', '.join(columns) or 'x'})")
                for _ in range(3):
                    row = [chance.choice(VALUES) for _ in columns]
                    db.execute(f"insert into [{table}] values ({', '.join('?' * len(row))})", row)
        db.commit()


def test_somebody_elses_database(folder):
    good, own = a_history(folder / "good.db"), folder / "own"
    chance = random.Random(2)
    for _ in bounded(range(FEW), number=FEW):
        own.mkdir()
        shutil.copy(good, own / "jukebox.db")
        somebody_elses(chance, own / "jukebox.db")
        is_survived(own / "jukebox.db")
        shutil.rmtree(own)
