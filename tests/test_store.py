from __future__ import annotations

import os
import shlex
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from appliance.commands import history
from appliance.errors import BusyError, StoreError
from appliance.history.backup import back_up
from appliance.history.database import set_aside
from appliance.history.diary import read_yesterday
from appliance.history.files import database_file
from appliance.history.forgetting import forget
from appliance.history.migrations import STATES, steps
from appliance.history.queries import Entry, read_calibration, read_history, read_skips
from appliance.history.store import END_OF_TIME_S, SqliteStore
from appliance.records import Emotion, Mood, Play, SkipCount
from appliance.settings import StoreSettings

ROOT = Path(__file__).parent.parent
NOON = 1_795_780_800.0  # 2026-11-27T12:00:00Z
DAY_S = 86_400.0
NOBODY_UID = 65534


def happy(faces: int = 1) -> Mood:
    return Mood("settled", Emotion.HAPPY, 0.8126, faces, 0.0)


UNCERTAIN = Mood("uncertain", None, 0.3, 1, 0.0)
EMPTY_ROOM = Mood("nobody", None, 0.0, 0, 0.0)


def song(title: str = "Sun") -> Play:
    return Play(title, f"happy/{title}.opus", Emotion.HAPPY, "happy", "the room looks happy")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jukebox.db"


@contextmanager
def opened(path: Path, days: int = 365) -> Iterator[SqliteStore]:
    with closing(SqliteStore(StoreSettings(str(path), days))) as store:
        yield store


def add(path: Path, *titles: str) -> None:
    with opened(path) as store:
        store.record_mood(NOON, happy())
        for title in titles:
            store.record_play(NOON, song(title), happy())
        store.write(NOON)


def ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def titles(path: Path) -> list[str | None]:
    return [entry.title for entry in read_history(path, 0, 1000) if entry.what == "play"]


# --- what is kept -----------------------------------------------------------------------------


def skips(count: int, **more: Any) -> SkipCount:
    return SkipCount("happy/Sun.opus", Emotion.HAPPY, count, "2026-11-27", **more)


def test_the_last_copy_of_a_songs_skips_counts_also_before_it_is_written(path: Path) -> None:
    other = SkipCount("sad/Rain.opus", Emotion.SAD, 1, "")
    with opened(path) as store:
        assert store.read_skips() == []
        for copy in (skips(1), other, skips(2)):
            store.record_skips(copy)
        assert set(store.read_skips()) == {skips(2), other}
        store.write(NOON)
        store.record_skips(skips(2, lost=True))
        assert set(store.read_skips()) == {skips(2, lost=True), other}
    with opened(path) as store:
        assert set(store.read_skips()) == {skips(2, lost=True), other}
        store.record_skips(skips(0))
        assert store.read_skips() == [other]
        store.write(NOON)
        assert ask(path, "select uri, emotion, count, day, lost from skips") == [
            ("sad/Rain.opus", "sad", 1, "", 0)
        ]


def test_skips_are_no_entries_of_a_day_that_are_pruned(path: Path) -> None:
    with opened(path, days=1) as store:
        store.record_skips(skips(1))
        store.write(NOON)
        store.prune(NOON + 99 * DAY_S)
        assert store.read_skips() == [skips(1)]


def test_the_history_of_an_earlier_version_has_no_copies_of_skips(path: Path) -> None:
    with Database(path) as db:
        steps.apply(db.conn, stop_before="m004_skips")
    assert read_skips(path) == []


def test_what_was_written_is_read_back_oldest_first(path: Path) -> None:
    with opened(path) as store:
        store.record_mood(NOON, EMPTY_ROOM)
        store.record_mood(NOON + 5.9, happy(2))
        store.record_play(NOON + 5.9, song(), happy())
        store.write(NOON + 6)
        first, second, third = read_history(path, NOON, 10)
        assert read_history(path, NOON, 1) == [third]
        assert [entry.what for entry in read_history(path, 0, 10, what="play")] == ["play"]
        assert read_history(path, NOON + 6, 10) == []
    assert (first.at, first.what, first.state) == ("2026-11-27T12:00:00Z", "mood", "nobody")
    assert (second.at, second.emotion) == ("2026-11-27T12:00:05Z", "happy")
    assert (second.probability, second.faces, second.title) == (0.813, 2, None)
    assert (third.what, third.title, third.reason) == ("play", "Sun", "the room looks happy")


def test_a_play_points_to_its_mood(path: Path) -> None:
    with opened(path) as store:
        store.record_mood(NOON, UNCERTAIN)
        store.record_mood(NOON + 1, happy())
        store.record_play(NOON + 1, song(), happy())
        store.write(NOON + 1)
    assert ask(path, "select moods.emotion from plays join moods on moods.id = mood_id") == [
        ("happy",)
    ]


def test_a_minute_is_one_row_and_an_empty_minute_has_none(path: Path) -> None:
    with opened(path) as store:
        for second in range(180):
            mood = happy(2) if second < 20 else UNCERTAIN if second < 50 else EMPTY_ROOM
            store.record_seconds(NOON + second, mood, 1.0)
            store.write(NOON + second)
    columns = "at, happy_s, uncertain_s, nobody_s, sad_s, faces"
    assert ask(path, f"select {columns} from minutes") == [
        ("2026-11-27T12:00:00Z", 20.0, 30.0, 10.0, 0.0, 2)
    ]


def test_the_minute_under_way_is_kept_at_the_end(path: Path) -> None:
    with opened(path) as store:
        store.record_seconds(NOON, happy(), 7.0)
        store.write(NOON)
        assert ask(path, "select count(*) from minutes") == [(0,)]
    assert ask(path, "select happy_s from minutes") == [(7.0,)]


def test_an_idle_room_writes_nothing(path: Path) -> None:
    with opened(path) as store:
        store.write(NOON)
        before = Path(f"{path}-wal").stat().st_size
        for second in range(1000):
            store.record_seconds(NOON + second, EMPTY_ROOM, 1.0)
            store.write(NOON + second)
        assert Path(f"{path}-wal").stat().st_size == before


def test_a_broken_tag_does_not_block_the_rest(path: Path) -> None:
    add(path, "broken \udcff tag", "whole")
    assert titles(path) == ["broken ? tag", "whole"]


def test_every_write_goes_through_to_the_disk(path: Path) -> None:
    with opened(path) as store:
        store.write(NOON)
        settings = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        found = [store._db.execute(f"PRAGMA {name}").fetchone()[0] for name in settings]
    assert found == ["wal", 2, 1, 1, 250]  # 2: FULL; 250 ms: as long as the loop may stand still


def test_only_the_owner_may_read_the_history(path: Path) -> None:
    with opened(path) as store:
        store.write(NOON)
        for file in (path, Path(f"{path}-wal"), Path(f"{path}.lock")):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("set_path", "environ", "place"),
    [
        ("/a/b.db", {"STATE_DIRECTORY": "/s"}, "/a/b.db"),
        ("", {"STATE_DIRECTORY": "/s:/t", "XDG_STATE_HOME": "/x"}, "/s/jukebox.db"),
        ("", {"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/jukebox/jukebox.db"),
        ("", {"HOME": "/h"}, "/h/.local/state/jukebox/jukebox.db"),
    ],
)
def test_the_place_of_the_database(set_path: str, environ: dict[str, str], place: str) -> None:
    assert database_file(StoreSettings(path=set_path), environ) == Path(place)


# --- retention --------------------------------------------------------------------------------


def test_old_entries_go_and_leave_no_trace(path: Path) -> None:
    with opened(path, days=30) as store:
        store.record_mood(NOON - 31 * DAY_S, happy())
        store.record_play(NOON - 31 * DAY_S, song("Confession"), happy())
        store.record_seconds(NOON - 31 * DAY_S, happy(), 60.0)
        store.record_play(NOON - 29 * DAY_S, song("Recent"), happy())
        store.record_seconds(NOON, happy(), 1.0)
        store.write(NOON)
        assert titles(path) == ["Confession", "Recent"]
        store.prune(NOON)
        assert titles(path) == ["Recent"]
        assert ask(path, "select mood_id from plays") == [(None,)]
        assert ask(path, "select count(*) from minutes") == [(0,)]
        for file in path.parent.iterdir():
            assert b"Confession" not in file.read_bytes()


def test_a_clock_that_starts_in_1970_deletes_nothing(path: Path) -> None:
    add(path, "Sun")
    with opened(path) as store:
        store.prune(12.0)
    assert titles(path) == ["Sun"]


@pytest.mark.parametrize("days", [1, 30, 365])
def test_a_clock_that_is_set_to_2099_deletes_nothing_of_the_years_before(path: Path, days) -> None:
    in_2099 = 4_070_908_800.0
    with opened(path, days=days) as store:
        for day in range(20):
            store.record_play(NOON - day * DAY_S, song("Sun"), happy())
        for day in range(9):
            store.record_play(in_2099 + day * DAY_S, song("Future"), happy())
            store.write(NOON)
            store.prune(in_2099 + day * DAY_S)
        assert titles(path).count("Sun") >= min(days, 20)
        store.prune(NOON)  # the clock is right again
        assert titles(path).count("Sun") >= min(days, 20)
        # Whoever uses it for ten days has set the clock.
        store.record_play(in_2099 + 9 * DAY_S, song("Future"), happy())
        store.write(NOON)
        store.prune(in_2099 + 9 * DAY_S)
        assert "Sun" not in titles(path)


def test_a_box_that_was_off_for_a_year_deletes_what_is_too_old(path: Path) -> None:
    with opened(path, days=30) as store:
        store.record_play(NOON - 400 * DAY_S, song("Old"), happy())
        store.record_play(NOON, song("New"), happy())
        store.write(NOON)
        store.prune(NOON)
        assert titles(path) == ["New"]


# --- trouble ----------------------------------------------------------------------------------


def assert_it_waits_and_is_written_later(store: SqliteStore, sentence: str) -> None:
    """The first half of a test of trouble; then end the trouble and call store.write."""
    store.record_play(NOON, song("Waiting"), happy())
    with pytest.raises(StoreError, match=sentence):
        store.write(NOON)


def test_a_locked_database_costs_time_but_no_entry(path: Path) -> None:
    with opened(path) as store, closing(sqlite3.connect(path)) as other:
        store.write(NOON)
        other.execute("BEGIN EXCLUSIVE")
        assert_it_waits_and_is_written_later(store, r"jukebox\.db is locked by another program")
        store.record_play(NOON, song("Later"), happy())
        other.rollback()
        store.write(NOON)
    assert titles(path) == ["Waiting", "Later"]


def test_a_database_locked_from_the_start_costs_no_entry(path: Path) -> None:
    add(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with opened(path) as store:
            assert_it_waits_and_is_written_later(store, "is locked by another program")
            other.close()
            store.write(NOON)
    assert titles(path) == ["Waiting"]


@pytest.fixture
def folder_of_nobody() -> Iterator[Path]:
    """A folder of an unprivileged user, as whom the test goes on: root may write everywhere."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() != 0:
            yield folder
            folder.chmod(0o700)
            return
        os.chown(folder, NOBODY_UID, NOBODY_UID)
        os.seteuid(NOBODY_UID)
        try:
            yield folder
        finally:
            os.seteuid(0)


def test_a_folder_that_may_not_be_written_costs_no_entry(folder_of_nobody: Path) -> None:
    path = folder_of_nobody / "jukebox.db"
    folder_of_nobody.chmod(0o500)
    with opened(path) as store:
        assert_it_waits_and_is_written_later(store, "cannot be opened: Permission denied")
        folder_of_nobody.chmod(0o700)
        store.write(NOON)
        with pytest.raises(BusyError):
            SqliteStore(StoreSettings(str(path)))
    assert titles(path) == ["Waiting"]


def test_a_file_that_may_only_be_read_costs_no_entry(folder_of_nobody: Path) -> None:
    path = folder_of_nobody / "jukebox.db"
    add(path, "Before")
    path.chmod(0o400)
    with opened(path) as store:
        assert_it_waits_and_is_written_later(store, "cannot be opened: Permission denied")
        path.chmod(0o600)
        store.write(NOON)
    assert titles(path) == ["Before", "Waiting"]


def test_who_may_only_read_can_read_a_database_at_rest(folder_of_nobody: Path) -> None:
    path = folder_of_nobody / "jukebox.db"
    add(path, "Sun")
    path.chmod(0o400)
    folder_of_nobody.chmod(0o500)
    assert titles(path) == ["Sun"]
    assert [file.name for file in folder_of_nobody.iterdir() if "-" in file.name] == []
    folder_of_nobody.chmod(0o700)


def test_a_full_database_costs_no_entry(path: Path) -> None:
    with opened(path) as store:
        store.write(NOON)
        (pages,) = store._db.execute("PRAGMA page_count").fetchone()
        store._db.execute(f"PRAGMA max_page_count = {pages}").fetchone()
        for number in range(500):
            store.record_play(NOON, song(f"Song {number}"), happy())
        assert_it_waits_and_is_written_later(store, "the disk is full; make room")
        assert titles(path) == []  # all of it or nothing
        store.write(NOON)
    assert len(titles(path)) == 501


FULL_DISK = """
import resource, sys
from pathlib import Path
from appliance.errors import StoreError
from appliance.settings import StoreSettings
from appliance.history.store import END_OF_TIME_S, SqliteStore
from tests.test_store import NOON, happy, song
store = SqliteStore(StoreSettings(sys.argv[1]))
store.write(NOON)
no_limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, no_limit))
store.record_play(NOON, song("Waiting"), happy())
for _ in range(2):
    try:
        store.write(NOON)
    except StoreError as error:
        print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (no_limit, no_limit))
store.write(NOON)
store.close()
"""


def test_a_file_that_cannot_grow_costs_no_entry(path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FULL_DISK, path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.count(f"{path} cannot") == 2
    assert titles(path) == ["Waiting"]


def test_ten_thousand_entries_wait_and_older_ones_are_counted_in_one_line(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(path) as store:
        store.write(NOON)
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN EXCLUSIVE")
            for second in range(10_005):
                store.record_listener_action(NOON + second, "pause")
            with pytest.raises(StoreError):
                store.write(NOON)
        store.write(NOON)
        store.write(NOON)
    assert ask(path, "select count(*), min(at) from touches") == [(10_000, "2026-11-27T12:00:05Z")]
    assert caplog.messages == [
        "history: 5 entries were dropped while the database could not be written"
    ]


def test_entries_that_never_could_be_written_are_counted_at_the_end(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.mkdir()
    with opened(path) as store:
        store.record_play(NOON, song(), happy())
    (line,) = caplog.messages
    assert line.startswith("history: 1 entries are lost:")
    assert line.endswith("jukebox.db cannot be opened: Is a directory")


def test_a_database_taken_away_begins_anew(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with opened(path) as store:
        store.write(NOON)
        for file in path.parent.glob("jukebox.db*"):
            file.unlink()
        store.record_play(NOON, song(), happy())
        store.write(NOON)
        assert titles(path) == ["Sun"]
    assert caplog.messages == [f"history: {path} was removed; a new one begins"]


# --- damage -----------------------------------------------------------------------------------


def garbage_header(path: Path) -> None:
    path.write_bytes(b"This is not a database" * 500)


def truncated(path: Path) -> None:
    os.truncate(path, 5000)


def half_a_page(path: Path) -> None:
    os.truncate(path, 700)


def flipped_page(path: Path) -> None:
    """A page full of ones instead of the newest rows of plays."""
    ((page,),) = ask(path, "select rootpage from sqlite_master where name = 'plays'")
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


@pytest.mark.parametrize("damage", [garbage_header, truncated, half_a_page, flipped_page])
def test_a_damaged_database_is_set_aside_and_nothing_new_is_lost(
    path: Path, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    add(path, "Old")
    damage(path)  # type: ignore[operator]
    broken = path.read_bytes()
    with opened(path) as store:
        store.record_play(NOON, song("New"), happy())
        store.write(NOON)
        store.prune(NOON)
    assert titles(path) == ["New"]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    aside = path.with_name("jukebox.db.corrupt-20261127-120000")
    assert aside.read_bytes()[:600] == broken[:600]
    (line,) = caplog.messages
    assert line.startswith(f"history: {path} is damaged (")
    assert line.endswith(f"kept as {aside}, a new one begins")


def test_damage_in_a_corner_is_found_by_the_daily_check(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add(path, "Old")
    ((page,),) = ask(path, "select rootpage from sqlite_master where name = 'minutes'")
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    with opened(path) as store:
        store.record_play(NOON, song("New"), happy())
        store.write(NOON)
        assert titles(path) == ["Old", "New"]
        store.prune(NOON)
        assert titles(path) == []
    assert len(caplog.messages) == 1


def test_damage_twice_at_the_same_time_overwrites_nothing(path: Path) -> None:
    for _ in range(3):
        garbage_header(path)
        with opened(path) as store:
            store.write(NOON)
    names = sorted(file.name for file in path.parent.glob("*corrupt*"))
    assert [name.removeprefix("jukebox.db.corrupt-") for name in names] == [
        "20261127-120000",
        "20261127-120000-1",
        "20261127-120000-2",
    ]


def test_what_lies_beside_a_damaged_database_goes_with_it(path: Path) -> None:
    for companion in ("", "-wal", "-shm"):
        Path(f"{path}{companion}").write_text(f"file{companion}")
    set_aside(path, NOON, sqlite3.DatabaseError("malformed"))
    for companion in ("", "-wal", "-shm"):
        aside = Path(f"{path}.corrupt-20261127-120000{companion}")
        assert aside.read_text() == f"file{companion}"


# --- two at once, and kill -9 -----------------------------------------------------------------


def test_a_second_jukebox_is_turned_away_until_the_first_one_ends(path: Path) -> None:
    settings = StoreSettings(str(path))
    with opened(path):
        sentence = rf"another jukebox \(pid {os.getpid()}\) already runs with {path}; stop it first"
        with pytest.raises(BusyError, match=sentence):
            SqliteStore(settings)
    SqliteStore(settings).close()


WRITER = """
import sys
from appliance.settings import StoreSettings
from appliance.history.store import END_OF_TIME_S, SqliteStore
from tests.test_store import NOON, happy, song
store = SqliteStore(StoreSettings(sys.argv[1]))
store.write(NOON)
for number in range(10**9):
    store.record_mood(NOON, happy())
    store.record_play(NOON, song(str(number)), happy())
    store.write(NOON)
    print(number, flush=True)
"""


@pytest.mark.real_time
def test_after_kill_9_everything_acknowledged_is_there(path: Path) -> None:
    said: list[str] = []
    for kill_after in (1, 2, 37, 150):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, path], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            acknowledged = [writer.stdout.readline().strip() for _ in range(kill_after)]
            with pytest.raises(BusyError, match=rf"\(pid {writer.pid}\)"):
                SqliteStore(StoreSettings(str(path)))
            writer.send_signal(signal.SIGKILL)
            said += acknowledged + writer.stdout.read().split()
        written = iter(titles_of_all(path))
        assert all(title in written for title in said)  # in this order, perhaps with one more each
        assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    with opened(path) as store:  # the lock of the dead holds nobody up
        store.write(NOON)


def titles_of_all(path: Path) -> list[object]:
    return [title for (title,) in ask(path, "select title from plays order by id")]


# --- people -------------------------------------------------------------------------------------


def test_guests_leave_no_trace_unless_the_owner_wants_it(path: Path, tmp_path: Path) -> None:
    company = replace(happy(2), company=True)
    for remember, file in ((False, path), (True, tmp_path / "guests.db")):
        with closing(SqliteStore(StoreSettings(str(file), remember_guests=remember))) as store:
            for second in range(120):
                store.record_seconds(NOON + second, company, 1.0)
            store.record_mood(NOON, company)
            store.record_play(NOON, song(), company)
        assert titles(file) == ["Sun"], "the jukebox knows its own songs again after a restart"
        reasons = ask(file, "select reason from plays")
        assert reasons == [(song().reason if remember else "",)]
        assert len(ask(file, "select * from moods")) == remember
        assert len(ask(file, "select * from minutes")) == 2 * remember


def test_yesterday_in_a_sentence(path: Path) -> None:
    with opened(path) as store:
        store.record_mood(NOON, happy())
        for minute in range(90):
            mood = happy() if minute < 60 else UNCERTAIN
            store.record_seconds(NOON + 60 * minute, mood, 60.0)
        store.record_play(NOON, song(), happy())
        store.record_listener_action(NOON, "pause")
    told = read_yesterday(path, NOON + DAY_S)
    assert told == (
        "1.5 hours with somebody here: happy 67%, uncertain 33%; songs put on: 1; "
        "times that people used the player: 1"
    )
    assert read_yesterday(path, NOON) is None


def test_what_a_person_did_to_the_player_is_in_the_history(path: Path) -> None:
    with opened(path) as store:
        store.record_listener_action(NOON, "pause")
    (entry,) = read_history(path, 0, 9)
    assert (entry.what, entry.reason, entry.emotion) == ("touch", "pause", None)


def test_a_calibration_is_kept_replaced_and_forgotten_without_a_trace(path: Path) -> None:
    assert read_calibration(path) is None
    factors = (0.1, 1.0, 1.0, 1.0, 0.5, 1.0, 3.5)
    with opened(path) as store:
        store.record_calibration(NOON, (0.9,) * 7)
        store.record_calibration(NOON, factors)
        store.write(NOON)
        assert read_calibration(path) == factors
        assert len(ask(path, "select * from calibration")) == 1
        store.record_calibration(NOON, None)
        store.write(NOON)
        assert read_calibration(path) is None
        assert ask(path, "select * from calibration") == []


# --- migrations -------------------------------------------------------------------------------


def names_of_steps(path: Path) -> list[object]:
    return [name for (name,) in ask(path, "select name from _sqlite_migrations")]


def test_a_database_of_the_first_version_is_brought_up_to_date(path: Path) -> None:
    with Database(path) as db:
        steps.apply(db.conn, stop_before="m002_views")
        db.table("moods").insert(
            {"at": "2026-01-01T00:00:00Z", "state": "nobody", "probability": 0.0, "faces": 0}
        )
    assert names_of_steps(path) == ["m001_tables"]
    with opened(path) as store:
        store.write(NOON)
    assert names_of_steps(path) == [
        "m001_tables", "m002_views", "m003_touches_and_calibration", "m004_skips",
        "m005_corrections", "m006_people",
    ]  # fmt: skip
    assert [entry.state for entry in read_history(path, 0, 9)] == ["nobody"]


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    path.touch()
    add(path, "Sun")
    assert titles(path) == ["Sun"]


def test_a_database_of_a_newer_jukebox_is_left_alone(path: Path) -> None:
    add(path, "Sun")
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(
            "insert into _sqlite_migrations (migration_set, name) values ('jukebox', 'm999_future')"
        )
    before = path.read_bytes()
    with opened(path) as store:
        assert_it_waits_and_is_written_later(store, r"newer jukebox \(it has m999_future\)")
    assert path.read_bytes() == before


# --- reading ----------------------------------------------------------------------------------


def test_a_play_before_guests_has_a_word_where_its_reason_is_not_kept() -> None:
    row = dict.fromkeys((field.name for field in fields(Entry)), "x")
    entry = Entry(**{**row, "at": "2026-11-30T12:00:00Z", "what": "play", "reason": ""})
    assert history._line(entry).endswith("  x (x): guests were here")
    assert history._line(replace(entry, reason="because")).endswith(": because")


def test_the_history_can_be_read_while_a_write_is_under_way(path: Path) -> None:
    add(path, "Sun")
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("delete from plays")
        assert titles(path) == ["Sun"]


def test_a_history_that_does_not_exist_is_not_made_by_asking(path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist: no jukebox has run with it yet"):
        read_history(path, 0, 10)
    assert not path.exists()


def test_a_file_that_is_not_a_history_is_named(path: Path) -> None:
    garbage_header(path)
    with pytest.raises(StoreError, match="file is not a database"):
        read_history(path, 0, 10)
    assert path.exists()


# --- docs/database.md -------------------------------------------------------------------------

DOCUMENT = (ROOT / "docs/database.md").read_text()
COMMANDS = [line for line in DOCUMENT.splitlines() if line.startswith("sqlite-utils ")]


@pytest.mark.heavy
@pytest.mark.parametrize("command", COMMANDS)
def test_the_documented_commands_work(path: Path, command: str) -> None:
    with opened(path) as store:
        store.record_seconds(NOON, happy(), 30.0)
        store.record_mood(NOON, happy())
        store.record_play(NOON, song(), happy())
        store.record_seconds(NOON + 60, happy(), 30.0)
        store.write(NOON)  # and the jukebox goes on
        ran = subprocess.run(
            [sys.executable, "-m", "sqlite_utils", *shlex.split(command)[1:]],
            cwd=path.parent,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "happy" in ran.stdout or "plays" in command or "vacuum" in command


def test_everything_in_the_database_is_documented(path: Path) -> None:
    add(path)
    for name, kind in ask(path, "select name, type from sqlite_master where type != 'index'"):
        assert f"`{name}`" in DOCUMENT
        if kind == "table" and not str(name).startswith("_"):
            section = DOCUMENT.split(f"\n`{name}`: ")[1].split("\n\n`")[0]
            for column in ask(path, f"select name from pragma_table_info('{name}')"):
                assert f"`{column[0]}`" in section
    assert all(f"{state}_s" in DOCUMENT for state in STATES)


# --- forgetting ----------------------------------------------------------------------------------


def three_hours(store: SqliteStore) -> None:
    """A song and a minute of a mood in each of three hours, and one correction."""
    for hour in range(3):
        at = NOON + 3600 * hour
        store.record_mood(at, happy())
        store.record_play(at, song(f"Song {hour}"), happy())
        store.record_seconds(at, happy(), 60.0)
    store.record_correction(NOON + 3600, Emotion.SAD, happy())
    store.write(NOON + 7200)


def test_an_hour_is_forgotten_in_the_file_and_in_its_copies(path: Path) -> None:
    with opened(path) as store:
        three_hours(store)
        back_up(StoreSettings(path=str(path)), NOON)
        assert store.forget(NOON + 3600, NOON + 7200).result(10.0) == 4
        store.record_play(NOON + 7300, song("Later"), happy())
        store.write(NOON + 7300)
    assert titles(path) == ["Song 0", "Song 2", "Later"]
    (copy,) = (path.parent / "backups").glob("*.db")
    assert titles(copy) == ["Song 0", "Song 2"]
    assert ask(path, "select count(*) from corrections") == [(0,)]
    for file in (*path.parent.glob("jukebox.db*"), copy):
        assert b"Song 1" not in file.read_bytes()


def test_what_waits_and_the_minute_under_way_are_forgotten_too(path: Path) -> None:
    with opened(path) as store:
        store.record_play(NOON, song("Sun"), happy())
        store.record_seconds(NOON, happy(), 5.0)
        assert store.forget(0.0, END_OF_TIME_S).result(10.0) == 1
        store.record_play(NOON + 9, song("Moon"), happy())
    assert titles(path) == ["Moon"]
    assert ask(path, "select count(*) from minutes") == [(0,)]


def test_all_is_forgotten_and_what_was_set_aside_with_it(path: Path) -> None:
    damaged = path.with_name("jukebox.db.corrupt-20261127-120000")
    with opened(path) as store:
        three_hours(store)
        for number in range(3000):
            store.record_play(NOON, song(f"Song {number}"), happy())
        store.write(NOON)
        store.prune(NOON)  # brings all of it into the file
        before = path.stat().st_size
        damaged.write_bytes(b"Song 1")
        store.forget(0.0, END_OF_TIME_S).result(10.0)
        assert path.stat().st_size < before / 2
    assert titles(path) == []
    assert not damaged.exists()


def test_while_it_forgets_rows_wait_and_the_loop_does_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(
        "appliance.history.store.forget", lambda *_args, **_more: int(go_on.wait(10.0))
    )
    with opened(path) as store:
        forgetting = store.forget(NOON, NOON + 1)
        store.record_play(NOON, song("Waits"), happy())
        store.write(NOON)
        assert not path.exists()
        go_on.set()
        forgetting.result(10.0)
        store.write(NOON + 1)
        assert titles(path) == ["Waits"]


def test_a_history_that_cannot_be_forgotten_is_a_store_error(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(StoreError, match="cannot be used"):
        forget(path, 0.0, NOON)
