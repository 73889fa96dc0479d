"""The diary's export, where the jukebox cannot read its history, or goes away half-way."""

import json

import pytest
from web_page import InProcess

from appliance.errors import ControlError

ROW = {"at": "2026-11-30T01:02:14Z", "what": "mood", "state": "settled", "emotion": "happy"}


class Answers:
    """A jukebox that gives so many pages of the history, and then fails."""

    def __init__(self, pages):
        self._pages = pages

    async def ask(self, _word, _arguments):
        if not self._pages:
            raise ControlError("there is no history here")
        self._pages -= 1
        return {"data": {"rows": [ROW], "next": "more"}}


def exported(pages, kind):
    house = InProcess()
    cookie = house.pairs()
    house.page.jukebox = Answers(pages)
    return house.ask(f"/diary/history.{kind}", cookie=cookie)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_history_that_cannot_be_read_leads_back_to_the_diary(kind):
    answer = exported(0, kind)
    assert (answer.status, answer.headers["location"]) == (303, "/diary")


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_an_export_that_breaks_off_says_so_in_its_last_row(kind):
    answer = exported(2, kind)
    assert answer.status == 200
    if kind == "json":
        rows = json.loads(answer.text)
        assert [row["at"] for row in rows] == [ROW["at"], ROW["at"], "the end is missing"]
        assert rows[-1]["reason"] == "there is no history here"
    else:
        assert answer.text.count("2026-11-30") == 2
        assert "the end is missing" in answer.text.splitlines()[-1]
