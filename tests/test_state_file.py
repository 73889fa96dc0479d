"""Small state that outlives the process, in JSON files beside the database."""

import json
from dataclasses import dataclass, field

import pytest

from appliance.history.state import PersistentState, StateFile, player_file, state_file


@dataclass(frozen=True, slots=True)
class Example:
    name: str = ""
    level: float = 0.0
    maybe: int | None = None
    on: bool = False
    table: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state.json"


def test_what_is_kept_is_read_back(file):
    StateFile(file, Example()).keep(name="a", level=0.5, maybe=3, on=True, table={"x": "y"})
    assert StateFile(file, Example()).kept == Example("a", 0.5, 3, True, {"x": "y"})


def test_nothing_is_written_unless_something_changes(file):
    state = StateFile(file, Example(name="a"))
    state.keep(name="a")
    assert not file.exists()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "3", '"x"', '{"name": 3}', '{"level": "high"}', '{"maybe": 0.5}', '{"on": 1}',
     '{"table": []}', "[" * 9000, "\0"],
)  # fmt: skip
def test_garbage_gives_the_default_and_can_be_replaced(file, content):
    file.write_text(content)
    state = StateFile(file, Example(name="default"))
    assert state.kept == Example(name="default")
    state.keep(on=True)
    assert StateFile(file, Example()).kept == Example(name="default", on=True)


def test_keys_of_other_versions_stay_in_the_file(file):
    file.write_text('{"name": "a", "future": [1, 2]}')
    StateFile(file, Example()).keep(name="b")
    kept = json.loads(file.read_text())
    assert (kept["name"], kept["future"]) == ("b", [1, 2])


def test_without_a_file_the_state_ends_with_the_process():
    state = StateFile(None, Example())
    state.keep(name="a")
    assert state.kept.name == "a"
    assert not state.outlives


def test_a_file_that_cannot_be_written_is_one_warning(tmp_path, caplog):
    state = StateFile(tmp_path / "folder" / "state.json", Example())
    (tmp_path / "folder").write_text("not a folder")
    state.keep(name="a")
    state.keep(name="b")
    assert state.kept.name == "b"
    (line,) = caplog.messages
    assert "until then what it should keep is lost at a restart" in line


def test_the_state_of_an_earlier_version_is_taken_over_once_and_left_as_it_is(tmp_path):
    database = tmp_path / "jukebox.db"
    former = '{"asleep": true, "camera_off": true, "stopped": true, "volume": 40}'
    player_file(database).write_text(former)
    state = state_file(database)
    assert state.kept == PersistentState(asleep=True, camera_off=True)
    state.keep(asleep=False)
    assert player_file(database).read_text() == former
    own = json.loads(database.with_suffix(".state.json").read_text())
    assert own.items() >= {"asleep": False, "camera_off": True, "off_hours": False}.items()
    assert state_file(database).kept == PersistentState(camera_off=True)
