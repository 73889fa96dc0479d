"""The jukebox.toml on the boot partition."""

import logging

import pytest

from appliance.config import boot_partition
from appliance.errors import ConfigError
from appliance.settings import Settings


@pytest.fixture(autouse=True)
def log_everything(caplog):
    caplog.set_level(logging.INFO)


@pytest.fixture
def boot_file(tmp_path):
    """The file on the boot partition."""
    return tmp_path / "firmware.toml"


@pytest.fixture
def system_file(tmp_path, monkeypatch):
    """The file in /etc."""
    file = tmp_path / "etc.toml"
    monkeypatch.setattr("appliance.config.loading.SYSTEM_FILE", file)
    file.write_text("[mood]\ndwell_s = 20\nmargin = 0.3\n")
    return file


def load(boot_file, named=None, environ=None):
    return boot_partition.load(named, environ or {}, [boot_file])


def test_the_boot_partition_counts_key_by_key(system_file, boot_file, caplog):
    boot_file.write_text('[mood]\nmargin = 0.2\n[music]\nchange = "now"\n')
    settings = load(boot_file)
    assert (settings.mood.dwell_s, settings.mood.margin) == (20, 0.2)
    assert settings.music.change == "now"
    assert caplog.messages == [f"config: {boot_file} sets mood.margin, music.change"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[mood]\nmargin = 3", "mood.margin is 3"),
        ("[mood", "is not TOML"),
        ("[camera]\nheight_px = 130\n[faces]\nmin_height_px = 200", "must fit into the picture"),
    ],
)
def test_a_mistake_there_is_reported_and_the_system_file_holds(
    system_file, boot_file, caplog, content, said
):
    boot_file.write_text(content)
    assert load(boot_file).mood.dwell_s == 20
    (message,) = caplog.messages
    assert said in message
    assert str(boot_file) in message
    assert "ignored until" in message


def test_what_only_contradicts_the_system_file_is_a_mistake_too(system_file, boot_file):
    system_file.write_text("[faces]\nmin_height_px = 300")
    boot_file.write_text("[camera]\nheight_px = 200")
    assert load(boot_file).camera.height_px == Settings().camera.height_px


def test_the_boot_partition_does_not_hide_a_mistake_in_the_system_file(system_file, boot_file):
    system_file.write_text("[mood]\nmargin = 3")
    boot_file.write_text("[mood]\nmargin = 0.2")
    with pytest.raises(ConfigError):
        load(boot_file)


def test_a_file_asked_for_by_name_stands_alone(system_file, boot_file, tmp_path):
    boot_file.write_text("[mood]\nmargin = 0.2")
    assert load(boot_file, named=system_file).mood.margin == 0.3
    assert load(boot_file, environ={"JUKEBOX_CONFIG": str(system_file)}).mood.margin == 0.3


def test_a_boot_partition_without_a_file_changes_nothing(system_file, boot_file, caplog):
    assert load(boot_file).mood.margin == 0.3
    assert caplog.messages == []


def test_a_password_there_is_not_logged(system_file, boot_file, caplog):
    boot_file.write_text('[mpd]\npassword = "sesame"')
    assert load(boot_file).mpd.password == "sesame"
    assert caplog.messages == [f"config: {boot_file} sets mpd.password"]
