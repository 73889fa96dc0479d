"""Copies of the history, on real databases."""

import errno
import json
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from appliance.errors import BusyError, StoreError
from appliance.history.backup import back_up, put_back
from appliance.history.queries import read_history
from appliance.history.store import SqliteStore
from appliance.records import Emotion, Mood
from appliance.settings import StoreSettings

DAY_S = 86_400.0
NOW_S = 1_790_000_000.0
HAPPY = Mood("settled", Emotion.HAPPY, 0.9, 1, 0.0)


@pytest.fixture
def settings(tmp_path):
    return StoreSettings(path=str(tmp_path / "jukebox.db"), retention_days=30)


@pytest.fixture
def history(settings):
    """A running jukebox's store with moods of 40 days, one a day."""
    with closing(SqliteStore(settings)) as store:
        for day in range(40):
            store.record_mood(NOW_S - day * DAY_S, HAPPY)
        store.write(NOW_S)
        yield store


def moods(path):
    return len(read_history(path, 0.0, limit=100))


def test_the_history_of_a_running_jukebox_is_copied_whole_and_it_goes_on_writing(settings, history):
    copy = back_up(settings, NOW_S)
    assert moods(copy.path) == 40
    assert copy.size_bytes == copy.path.stat().st_size
    history.record_mood(NOW_S, HAPPY)
    history.write(NOW_S)
    assert moods(history.path) == 41
    assert moods(copy.path) == 40


def test_what_is_too_old_is_deleted_first_when_no_jukebox_runs(settings, history):
    history.close()
    assert moods(back_up(settings, NOW_S).path) == 31
    assert moods(history.path) == 31


def test_a_copy_is_one_file_for_its_owner_alone(settings, history):
    copy = back_up(settings, NOW_S).path
    assert os.listdir(copy.parent) == [copy.name]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_the_newest_three_are_kept_one_a_day(settings, history):
    for hour in range(0, 24 * 6, 12):
        newest = back_up(settings, NOW_S + hour * 3600)
    kept = sorted(newest.path.parent.iterdir())
    assert [file.stem[-2:] for file in kept] == ["25", "26", "27"]
    assert kept[-1] == newest.path


IN_2099, IN_1970 = 4_070_908_800.0, 12.0


@pytest.mark.parametrize("wrong_s", [IN_2099, IN_1970])
def test_copies_that_a_wrong_clock_has_dated_evict_no_real_ones(settings, history, wrong_s):
    real = [back_up(settings, NOW_S + week * 7 * DAY_S).path for week in range(3)]
    for week in range(5):
        copy = back_up(settings, wrong_s + week * 7 * DAY_S).path
        assert moods(copy) == 40
    assert all(path.exists() for path in real)
    # The clock is right again: the copy just made stays, and the oldest real one goes.
    newest = back_up(settings, NOW_S + 21 * DAY_S).path
    assert moods(newest) == 40
    assert [path.exists() for path in real] == [False, True, True]
    assert len(list(newest.parent.iterdir())) == 6


def test_a_file_of_the_owners_among_the_copies_is_left_alone(settings, history):
    own = back_up(settings, NOW_S).path.with_name("jukebox-before-the-move.db")
    own.write_text("mine")
    for day in range(5):
        back_up(settings, NOW_S + day * DAY_S)
    assert own.read_text() == "mine"
    assert len(list(own.parent.iterdir())) == 4


def test_a_damaged_history_never_replaces_a_good_copy(settings, history):
    good = back_up(settings, NOW_S).path
    history.close()
    content = bytearray(history.path.read_bytes())
    content[4096:12288] = b"\xa5" * 8192
    history.path.write_bytes(content)
    open(f"{history.path}.lock", "w").close()
    holder = SqliteStore(settings)  # as a running one, which has not noticed yet
    with pytest.raises(StoreError):
        back_up(settings, NOW_S + DAY_S)
    holder.close()
    assert list(good.parent.iterdir()) == [good]
    assert moods(good) == 40


def change_schema(path):
    """As a newer jukebox does when it first writes."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("alter table moods rename column state to condition")
        columns = [row[1] for row in db.execute("pragma table_info(_sqlite_migrations)")]
        step = dict.fromkeys(columns, "2099-01-01") | {"name": "m999", "migration_set": "jukebox"}
        step.pop("id", None)
        names, places = ", ".join(step), ", ".join("?" * len(step))
        db.execute(
            f"insert into _sqlite_migrations ({names}) values ({places})", list(step.values())
        )


def test_on_the_way_back_the_history_has_its_old_schema_again(settings, history):
    copy = back_up(settings, NOW_S).path
    history.close()
    change_schema(history.path)
    with closing(SqliteStore(settings)) as store:
        store.record_mood(NOW_S, HAPPY)
        with pytest.raises(StoreError, match="newer jukebox"):
            store.write(NOW_S)
    assert put_back(settings, copy)
    with closing(SqliteStore(settings)) as store:
        store.record_mood(NOW_S, HAPPY)
        store.write(NOW_S)
    assert moods(history.path) == 41
    assert history.path.with_name("jukebox.db.newer").exists()


def test_a_copy_on_another_disk_is_put_back_without_a_loss(settings, history, monkeypatch):
    copy = back_up(settings, NOW_S).path
    history.close()
    change_schema(history.path)
    replace = os.replace

    def within_one_file_system(source, target):
        if "backups" in str(source) and "backups" not in str(target):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        replace(source, target)

    monkeypatch.setattr(os, "replace", within_one_file_system)
    monkeypatch.setattr(Path, "replace", within_one_file_system)
    assert put_back(settings, copy)
    assert moods(history.path) == 40


def test_a_history_in_the_old_schema_is_left_as_it_is(settings, history):
    copy = back_up(settings, NOW_S).path
    history.record_mood(NOW_S, HAPPY)
    history.write(NOW_S)
    with pytest.raises(BusyError):
        put_back(settings, copy)
    history.close()
    assert not put_back(settings, copy)
    assert moods(history.path) == 41


def test_without_a_history_there_is_nothing_to_copy(settings, tmp_path):
    with pytest.raises(StoreError, match="no jukebox has run"):
        back_up(settings, NOW_S)
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_where_the_copy_is(settings, history, tmp_path):
    (tmp_path / "jukebox.toml").write_text(f'[store]\npath = "{settings.path}"\n')
    command = "import sys; from appliance.cli import main; sys.exit(main())"
    said = subprocess.run(
        [sys.executable, "-c", command, "backup", "--json", "--config", tmp_path / "jukebox.toml"],
        capture_output=True,
        check=True,
    )
    assert moods(tmp_path / "backups" / os.path.basename(json.loads(said.stdout)["path"])) == 40
