"""What verbs do to the files of an owner, and to each other's folders."""

from pathlib import Path

import pytest

from appliance.commands.demo import _alone_in
from appliance.commands.shared import write_whole
from appliance.errors import JukeboxError


def test_a_file_is_written_as_a_whole_or_stays_as_it_was(tmp_path, monkeypatch):
    file = tmp_path / "day.svg"
    write_whole(file, "first")

    def full(_self, _text, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(JukeboxError, match="cannot be written: No space left"):
        write_whole(file, "second")
    assert file.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [file]


def test_a_second_demo_in_the_same_folder_is_refused_until_the_first_ends(tmp_path):
    with _alone_in(tmp_path / "demo"):
        with (
            pytest.raises(JukeboxError, match=r"another demo plays in .*--folder"),
            _alone_in(tmp_path / "demo"),
        ):
            pass
        with _alone_in(tmp_path / "other"):
            pass
    with _alone_in(tmp_path / "demo"):
        pass


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JukeboxError, match="--folder"), _alone_in(tmp_path / "file"):
        pass
