"""Whether an installed version is still what was installed."""

import subprocess

import pytest

from appliance.errors import ReleaseError
from appliance.process.release import verify


@pytest.fixture
def release(tmp_path):
    """A release as install/release.sh leaves one."""
    (tmp_path / "appliance").mkdir()
    (tmp_path / "appliance" / "loop.py").write_text("loop")
    (tmp_path / "two words").write_text("")
    listing = "find . -type f ! -path ./manifest -print0 | xargs -0 sha256sum >manifest"
    subprocess.run(["sh", "-c", listing], cwd=tmp_path, check=True)
    return tmp_path


def test_a_version_as_it_was_installed_is_whole(release):
    (release / "made-from").write_text("later, and no part of it")
    assert verify(release) == 2


@pytest.mark.parametrize("fault", ["flipped", "cut", "missing"])
def test_a_damaged_file_is_named_with_what_makes_it_anew(release, fault):
    file = release / "appliance" / "loop.py"
    file.write_text({"flipped": "lOop", "cut": "loo", "missing": ""}[fault])
    if fault == "missing":
        file.unlink()
    with pytest.raises(ReleaseError, match=r"1 of 2 files .*loop\.py; sudo \./setup\.sh install"):
        verify(release)


@pytest.mark.parametrize("manifest", [b"\xff\xfe", b"nonsense\n"])
def test_a_damaged_manifest_is_a_sentence_too(release, manifest):
    (release / "manifest").write_bytes(manifest)
    with pytest.raises(ReleaseError, match="cannot be compared"):
        verify(release)
