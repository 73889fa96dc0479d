"""Setting keys in the text of an owner's jukebox.toml."""

import tomllib
from pathlib import Path

import pytest

from appliance.config.editing import edited
from appliance.config.loading import parse
from appliance.errors import ConfigError
from appliance.settings import keys

SHIPPED = (Path(__file__).parents[1] / "jukebox.toml").read_text()
OWN = """# Mine.
[volume]
  max = 80   # the neighbours
quiet_hours = "22:00-07:00"

# Uncle likes it calm.
[mood]
dwell_s = 8.0
"""


@pytest.mark.parametrize(
    ("before", "place", "value", "after"),
    [
        (OWN, ("volume", "max"), 70, OWN.replace("80", "70")),
        (OWN, ("mood", "dwell_s"), 12.0, OWN.replace("8.0", "12.0")),
        (OWN, ("mood", "margin"), 0.5, f"{OWN}margin = 0.5\n"),
        (
            OWN, ("volume", "start"), 5,
            OWN.replace('07:00"\n', '07:00"\nstart = 5\n'),
        ),
        (OWN, ("gpio", "led"), 4, f"{OWN}\n[gpio]\nled = 4\n"),
        ("", ("gpio", "led"), 4, "[gpio]\nled = 4\n"),
        ("[gpio]", ("gpio", "led"), 4, "[gpio]\nled = 4\n"),
        ("[gpio] # pins", ("gpio", "led"), 4, "[gpio] # pins\nled = 4\n"),
        ("[gpio]\n[web]\n", ("gpio", "led"), 4, "[gpio]\nled = 4\n[web]\n"),
        ("[gpio]\n# led = 2\n[web]\n", ("gpio", "led"), 4, "[gpio]\nled = 4\n[web]\n"),
        ("[gpio]\r\nled = 2\r\n", ("gpio", "led"), 4, "[gpio]\r\nled = 4\r\n"),
        ("\ufeff[gpio]\nled = 2", ("gpio", "led"), 4, "\ufeff[gpio]\nled = 4"),
        ("gpio.led = 2\n", ("gpio", "led"), 4, "gpio.led = 4\n"),
        ('[gpio]\n"led"=2', ("gpio", "led"), 4, '[gpio]\n"led"=4'),
        (
            '[playlists]\nhappy = [ # two\n "a", # one\n "b" ] # both\nsad = "c"\n',
            ("playlists", "happy"), ["x", 'y"#]'],
            '[playlists]\nhappy = ["x", "y\\"#]"] # both\nsad = "c"\n',
        ),
        (
            '[playlists]\nhappy = """\nmax = 1\n[volume]\n"""\n[volume]\n', ("volume", "max"), 3,
            '[playlists]\nhappy = """\nmax = 1\n[volume]\n"""\n[volume]\nmax = 3\n',
        ),
    ],
)  # fmt: skip
def test_a_key_is_set_where_it_stands_or_belongs_and_nothing_else_changes(
    before, place, value, after
):
    assert edited(before, {place: value}) == after


@pytest.mark.parametrize(
    "text", ["mood = {dwell_s = 3}", '[mood]\nown = """\n# margin = 1\n"""', "mood = 3"]
)
def test_what_cannot_be_edited_is_said_and_left(text):
    with pytest.raises(ConfigError, match=r"mood\.margin is written in a way"):
        edited(text, {("mood", "margin"): 0.5})


def test_every_key_of_the_shipped_file_takes_the_place_of_its_commented_line():
    values = {
        (section, key.name): list(key.default) if isinstance(key.default, tuple) else key.default
        for section, table in keys().items()
        for key in table.values()
    }
    text = edited(SHIPPED, values)
    assert text.count("\n") == SHIPPED.count("\n")
    assert [line for line in text.split("\n") if line.startswith("#")] == [
        line for line in SHIPPED.split("\n") if line.startswith("# ")
    ]
    found = tomllib.loads(text)
    assert {(s, k): v for s, table in found.items() for k, v in table.items()} == values
    parse(text.encode(), "f")
