"""The README names what the program has."""

import re
from pathlib import Path

import pytest

from appliance import cli
from appliance.config import loading as config
from appliance.settings import sections

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text()


def options(parser):
    return [action for action in parser._actions if action.option_strings]


def parser_of_the_demo():
    parser = cli.parser("demo")
    return next(action for action in parser._actions if action.choices).choices["demo"]


@pytest.mark.parametrize("verb", sorted(cli.VERBS))
def test_every_verb_is_in_the_readme(verb):
    assert re.search(rf"`{verb}[ `]", README)


def test_every_option_of_the_demo_is_in_the_readme():
    own = {name for action in options(parser_of_the_demo()) for name in action.option_strings}
    for_owners = own - {"-h", "--help", "--config", "--folder"}  # the last is for tests
    assert for_owners == {"--for", "--camera", "--output"}
    assert all(f"`{name} " in README for name in for_owners)


def test_the_paths_in_the_readme_exist():
    links = re.findall(r"\]\(((?!http)[^)]+)\)", README)
    assert len(links) > 5
    assert [link for link in links if not (PROJECT / link).exists()] == []


def test_the_settings_in_the_readme_are_valid():
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    config.parse(example.encode(), "README.md")
    assert {"playlists", "music"} <= set(sections())
    folders = re.findall(r'"(/.*?)"', example)
    assert folders == ["/srv/music/summer"]  # an installed jukebox sees no home directories
