"""The documents name what is there."""

import re
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    page
    for page in PROJECT.rglob("*.md")
    if not {"run", ".git"} & set(page.relative_to(PROJECT).parts)
)
FOLDERS = "appliance|convert|docs|install|models|music|systemd|tests"
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))


def rooms():
    house = PROJECT / "appliance"
    folders = {path.parent.name for path in house.glob("*/__init__.py")}
    return folders | {path.stem for path in house.glob("[a-z]*.py")}


def test_the_picture_of_the_house_has_every_room():
    picture = (PROJECT / "docs" / "house.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r">([a-z_]+)(?:/|\.py)</text>", picture))
    assert drawn == rooms(), "draw it anew: run/test/bin/python docs/draw_house.py"


def test_the_picture_is_drawn_from_the_imports(monkeypatch):
    monkeypatch.syspath_prepend(str(PROJECT / "docs"))
    draw_house = pytest.importorskip("draw_house", reason="needs the extra [dev]")
    counted = draw_house.arrows()
    assert counted["commands", "service"] >= 2
    assert {start for start, end in counted if end == "commands"} == {"cli"}
    assert draw_house.picture().startswith("<svg ")
    del sys.modules["draw_house"]


@each_page
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(((?!http|#)[^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@each_page
def test_the_code_that_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8").partition("## Where things stood before")[0]
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]+\.\w+)`", text)
    gone = [path for path in named if "NAME" not in path and not (PROJECT / path).exists()]
    assert gone == []


@each_page
def test_no_line_of_prose_is_longer_than_120_columns(page):
    code, long = False, []
    for line in page.read_text(encoding="utf-8").split("\n"):
        code ^= line.startswith("```")
        if len(line) > 120 and not code and not line.startswith(("|", "![")):
            long.append(line)
    assert long == []
