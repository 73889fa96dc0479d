"""The jukebox.toml on the card's boot partition."""

import logging

import pytest

from appliance.config import boot_partition as boot_config
from appliance.errors import ConfigError
from appliance.settings import Settings


@pytest.fixture(autouse=True)
def told(caplog):
    caplog.set_level(logging.INFO)


@pytest.fixture
def card(tmp_path):
    return tmp_path / "firmware.toml"


@pytest.fixture
def box(tmp_path, monkeypatch):
    """The system's own file."""
    file = tmp_path / "etc.toml"
    monkeypatch.setattr("appliance.config.loading.SYSTEM_FILE", file)
    file.write_text("[mood]\ndwell_s = 20\nmargin = 0.3\n")
    return file


def load(card, named=None, environ=None):
    return boot_config.load(named, environ or {}, [card])


def test_the_card_counts_key_by_key(box, card, caplog):
    card.write_text('[mood]\nmargin = 0.2\n[music]\nchange = "now"\n')
    settings = load(card)
    assert (settings.mood.dwell_s, settings.mood.margin) == (20, 0.2)
    assert settings.music.change == "now"
    assert caplog.messages == [f"config: {card} sets mood.margin, music.change"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[mood]\nmargin = 3", "mood.margin is 3"),
        ("[mood", "is not TOML"),
        ("[camera]\nheight_px = 130\n[faces]\nmin_height_px = 200", "must fit into the picture"),
    ],
)
def test_a_bad_card_is_told_and_the_box_runs_without_it(box, card, caplog, content, said):
    card.write_text(content)
    assert load(card).mood.dwell_s == 20
    (message,) = caplog.messages
    assert said in message
    assert str(card) in message
    assert "left out" in message


def test_what_only_contradicts_the_box_is_bad_too(box, card):
    box.write_text("[faces]\nmin_height_px = 300")
    card.write_text("[camera]\nheight_px = 200")
    assert load(card).camera.height_px == Settings().camera.height_px


def test_a_bad_file_of_the_box_is_no_matter_for_the_card(box, card):
    box.write_text("[mood]\nmargin = 3")
    card.write_text("[mood]\nmargin = 0.2")
    with pytest.raises(ConfigError):
        load(card)


def test_a_file_asked_for_by_name_stands_alone(box, card, tmp_path):
    card.write_text("[mood]\nmargin = 0.2")
    assert load(card, named=box).mood.margin == 0.3
    assert load(card, environ={"JUKEBOX_CONFIG": str(box)}).mood.margin == 0.3


def test_a_card_without_a_file_changes_nothing(box, card, caplog):
    assert load(card).mood.margin == 0.3
    assert caplog.messages == []


def test_a_password_on_the_card_is_not_told(box, card, caplog):
    card.write_text('[mpd]\npassword = "sesame"')
    assert load(card).mpd.password == "sesame"
    assert caplog.messages == [f"config: {card} sets mpd.password"]
