"""The small files beside the history that keep what must survive a restart."""

import json
import os
import time

import pytest

from appliance.history.state import PersistentState, StateFile, player_file, state_file
from appliance.player.state import PlayerState


@pytest.fixture
def database(tmp_path):
    return tmp_path / "jukebox.db"


@pytest.fixture
def old_file(tmp_path):
    """The player's file, in which earlier versions kept what people asked of the camera."""
    return tmp_path / "jukebox.player.json"


@pytest.fixture
def new_file(tmp_path):
    return tmp_path / "jukebox.state.json"


def of_camera_and_sleep(file):
    kept = contents(file)
    return {key: kept[key] for key in ("asleep", "camera_off", "off_hours")}


def contents(file):
    return json.loads(file.read_text(encoding="utf-8"))


# Keys of other versions


@pytest.mark.parametrize("durable", [True, False])
def test_the_players_file_keeps_the_keys_of_other_versions(old_file, durable):
    old_file.write_text(
        '{"volume": 60, "lists": {"happy": "ab"}, "camera_off": true, "later": [1]}'
    )
    file = StateFile(old_file, PlayerState())
    assert file.kept == PlayerState(volume=60, lists={"happy": "ab"})
    file.keep(stopped=True, volume=None, durable=durable)
    kept = contents(old_file)
    assert (kept["camera_off"], kept["later"]) == (True, [1])
    assert (kept["stopped"], kept["volume"], kept["lists"]) == (True, None, {"happy": "ab"})
    assert StateFile(old_file, PlayerState()).kept == file.kept


def test_a_change_that_changes_nothing_writes_nothing(old_file):
    StateFile(old_file, PlayerState()).keep(stopped=False)
    assert not old_file.exists()


def test_a_state_without_a_file_lasts_as_long_as_the_process(tmp_path):
    file = StateFile(None, PlayerState())
    file.keep(stopped=True)
    assert file.kept.stopped
    assert not file.outlives
    assert list(tmp_path.iterdir()) == []


# The first start of this version

OLD = '{"camera_off": true, "asleep": true, "off_hours": true, "volume": 60}'


def test_the_first_start_takes_over_what_an_earlier_version_kept(database, old_file, new_file):
    old_file.write_text(OLD)
    file = state_file(database)
    assert file.kept == PersistentState(asleep=True, camera_off=True, off_hours=True)
    file.keep(asleep=False)
    assert of_camera_and_sleep(new_file) == {"asleep": False, "camera_off": True, "off_hours": True}
    assert contents(old_file) == json.loads(OLD), "an earlier version may be installed again"


def test_what_was_taken_over_is_taken_over_again_until_it_changes(database, old_file):
    old_file.write_text(OLD)
    state_file(database)
    StateFile(player_file(database), PlayerState()).keep(stopped=True)
    assert state_file(database).kept.camera_off


def test_later_starts_read_the_new_file(database, old_file, new_file):
    old_file.write_text(OLD)
    new_file.write_text('{"asleep": false}')
    os.utime(old_file, (1_000, 1_000))
    assert state_file(database).kept == PersistentState()


def as_an_earlier_version(old_file, **changes):
    """Reads the player's file and writes it again, as the version before this one did."""
    kept = {"camera_off": False, "asleep": False, "off_hours": False, "stopped": False}
    kept |= {key: value for key, value in contents(old_file).items() if key in kept}
    old_file.write_text(json.dumps(kept | changes))
    later_s = time.time() + 100
    os.utime(old_file, (later_s, later_s))
    return kept


def as_this_version(database, **requests):
    StateFile(player_file(database), PlayerState()).keep_for_earlier_versions(**requests)
    state_file(database).keep(**requests)


def test_a_camera_that_is_off_stays_off_on_the_way_back_and_forth(database, old_file):
    old_file.write_text('{"camera_off": false}')
    as_this_version(database, camera_off=True, asleep=False)
    assert as_an_earlier_version(old_file, camera_off=False)["camera_off"], "back"
    assert not state_file(database).kept.camera_off, "forth: it was switched on meanwhile"
    as_this_version(database, camera_off=False, asleep=False)
    as_an_earlier_version(old_file, camera_off=True)
    assert state_file(database).kept.camera_off, "forth: it was switched off meanwhile"


def test_a_damaged_file_opens_no_camera_that_was_switched_off(database, new_file):
    as_this_version(database, camera_off=True)
    new_file.write_text("{")
    assert state_file(database).kept.camera_off


def test_an_unreadable_file_of_the_player_is_one_warning(database, old_file, caplog):
    old_file.write_text("{")
    state_file(database)
    StateFile(player_file(database), PlayerState())
    assert len(caplog.messages) == 1


def test_a_jukebox_without_a_past_starts_empty(database, new_file):
    assert state_file(database).kept == PersistentState()
    assert not new_file.exists()


# Damaged files

GARBAGE = {
    "empty": b"",
    "not JSON": b"camera_off",
    "a list": b'["camera_off"]',
    "a number": b"1",
    "a number for a flag": b'{"asleep": true, "camera_off": 1}',
    "a text for a flag": b'{"asleep": true, "camera_off": "yes"}',
    "null for a flag": b'{"asleep": true, "camera_off": null}',
    "not UTF-8": b'{"camera_off": "\xff"}',
    "too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("where", ["jukebox.player.json", "jukebox.state.json"])
def test_a_damaged_file_begins_anew_and_can_be_written(database, tmp_path, where, garbage):
    (tmp_path / where).write_bytes(garbage)
    file = state_file(database)
    assert file.kept == PersistentState()
    file.keep(camera_off=True)
    assert state_file(database).kept == PersistentState(camera_off=True)


@pytest.mark.parametrize(
    "text",
    [
        '{"stopped": true, "volume": "60"}',
        '{"stopped": true, "volume": 60.5}',
        '{"stopped": true, "volume": true}',
        '{"stopped": true, "lists": ["happy"]}',
        '{"stopped": true, "paused_at_s": "3"}',
        '{"stopped": true, "paused": 3}',
    ],
)
def test_one_wrong_value_makes_the_whole_state_of_the_player_begin_anew(old_file, text):
    old_file.write_text(text)
    assert StateFile(old_file, PlayerState()).kept == PlayerState()


def test_a_whole_number_of_seconds_is_a_number_of_seconds(old_file):
    old_file.write_text('{"paused": "a.ogg", "paused_at_s": 3}')
    assert StateFile(old_file, PlayerState()).kept == PlayerState(paused="a.ogg", paused_at_s=3)


# A full disk


def fill_disk(new_file):
    """Make every further write to the file fail as on a full disk."""
    new_file.with_suffix(".part").symlink_to("/dev/full")


def free_disk(new_file):
    new_file.with_suffix(".part").unlink()


@pytest.mark.parametrize("durable", [True, False])
def test_on_a_full_disk_nothing_is_lost_and_one_line_says_so_beside_the_historys_warning(
    database, new_file, caplog, durable
):
    caplog.set_level("INFO")
    file = state_file(database)
    file.keep(camera_off=True)
    before = of_camera_and_sleep(new_file)
    fill_disk(new_file)
    file.keep(asleep=True, durable=durable)
    file.keep(off_hours=True, durable=durable)
    assert file.kept == PersistentState(asleep=True, camera_off=True, off_hours=True)
    assert of_camera_and_sleep(new_file) == before
    assert not file.saved
    (line,) = caplog.records
    assert line.levelname == "INFO"
    assert f"{new_file} cannot be written: No space left" in line.getMessage()
    free_disk(new_file)
    file.keep(off_hours=True, durable=durable)  # no change, but the file lacks the last one
    assert of_camera_and_sleep(new_file) == {"asleep": True, "camera_off": True, "off_hours": True}
    assert file.saved


def test_a_missing_folder_is_made(tmp_path):
    state_file(tmp_path / "new" / "jukebox.db").keep(asleep=True)
    assert contents(tmp_path / "new" / "jukebox.state.json")["asleep"]


@pytest.mark.parametrize("durable", [True, False])
def test_only_a_durable_change_waits_for_the_disk(database, monkeypatch, durable):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    state_file(database).keep(asleep=True, durable=durable)
    assert len(synced) == durable
