"""The page's lesson: what it says in words, and that it goes to the jukebox."""

import asyncio
import json
import re
from urllib.parse import urlencode

import pytest
from web_page import InProcess

from appliance.errors import ControlError
from appliance.remote.jukebox import Jukebox
from appliance.web.teach import lesson_view

SAD = {
    "name": "Ann", "stage": "hold", "face": 4, "faces": 14, "emotion": "sad", "sees": "happy",
    "sure": 0.8, "good": False, "rest": False,
}  # fmt: skip


class Jukeboxes:
    """A jukebox that notes what it is asked for."""

    def __init__(self):
        self.lesson, self.asked, self.people, self.problem = None, [], {}, ""

    async def ask(self, word, arguments, wait_s=5.0):
        self.asked.append((word, arguments))
        if self.problem:
            raise ControlError(self.problem)
        return {
            "text": f"{arguments.get('name')}: the lesson ends",
            "data": {"people": self.people},
        }


@pytest.fixture
def web():
    made = InProcess(open="all")
    made.page.jukebox = Jukeboxes()
    return made


def test_a_lesson_is_begun_by_name(web):
    web.ask("/teach", "POST", urlencode({"what": "faces", "name": "Ann"}))
    assert web.page.jukebox.asked == [("teach", {"what": "faces", "name": "Ann"})]
    assert "Sit down before the camera" in web.ask("/teach").text


def test_a_name_that_cannot_be_stays_typed_with_a_sentence_beside_it(web):
    web.page.jukebox.problem = "teach: a name has 1 to 40 letters that can be shown"
    said = web.ask("/teach", "POST", urlencode({"what": "faces", "name": "An\u200bn"}))
    assert said.status == 422
    field = re.search(
        r'<input id="name"[^>]*>\s*<p class="problem" id="wrong"[^>]*>([^<]*)', said.text
    )
    assert 'value="An\u200bn"' in field[0]
    assert 'aria-describedby="wrong"' in field[0]
    assert field[1] == web.page.jukebox.problem


def test_a_lesson_that_cannot_begin_because_of_another_is_said_beside_that_one(web):
    web.page.jukebox.lesson, web.page.jukebox.problem = SAD, "another lesson goes on"
    said = web.ask("/teach", "POST", urlencode({"what": "faces", "name": "Bob"})).text
    assert "another lesson goes on" in said
    assert "That is enough" in said


def test_while_it_goes_on_the_page_says_what_is_asked_for_and_seen(web):
    web.page.jukebox.lesson = SAD
    shown = web.ask("/teach").text
    for text in ("Look sad", "I see: Looks happy", "4 of 14", "That is enough"):
        assert text in shown
    now = json.loads(web.ask("/teach/now").text)
    assert now == {
        "on": True, "name": "Ann", "asked": "Look sad", "sees": "I see: Looks happy",
        "place": "4 of 14",
    }  # fmt: skip


def test_its_end_is_said_once(web):
    web.page.jukebox.lesson = SAD | {"stage": "over", "good": True}
    assert not json.loads(web.ask("/teach/now").text)["on"]
    assert "From now on I read Ann by these faces." in web.ask("/teach").text
    assert "From now on" not in web.ask("/teach").text


@pytest.mark.parametrize(
    ("told", "asked", "sees"),
    [
        ({"stage": "ready", "sees": None}, "Look sad", "I cannot see your face well."),
        ({"stage": "next", "good": True}, "Thank you.", "I see: Looks happy"),
        ({"stage": "next", "sees": None}, "I could not see that; let us go on.", ""),
        (
            {"stage": "over", "sees": None},
            "I have learned nothing: I could not see a face well.",
            "",
        ),
    ],
)
def test_each_stage_has_its_words(web, told, asked, sees):
    view = lesson_view(SAD | told, web.page.languages["en"])
    assert (view["asked"], view["sees"]) == (asked, sees)


def test_who_is_known_is_listed_and_can_be_forgotten(web):
    web.page.jukebox.people = {"Ann <b>": {"sad": 2.5, "happy": 2.0}}
    shown = web.ask("/teach").text
    assert "Ann &lt;b&gt;" in shown
    assert "4 examples" in shown
    web.ask("/teach", "POST", urlencode({"what": "forget", "name": "Ann <b>"}))
    assert web.page.jukebox.asked[-1] == ("teach", {"what": "forget", "name": "Ann <b>"})


def test_without_a_jukebox_or_with_a_refusal_the_page_says_why(web):
    web.page.jukebox.problem = "nobody is being taught"
    assert "nobody is being taught" in web.ask("/teach", accept_language="en").text
    assert "niemand zeigt mir" in web.ask("/teach", accept_language="de").text
    assert web.page.jukebox.lesson is None


def test_strangers_are_not_told_who_is_known():
    assert InProcess(open="read").ask("/teach").status == 401
    assert InProcess(open="read").ask("/teach/now").status == 401


def test_the_last_word_of_a_lesson_is_kept_until_the_jukebox_goes():
    jukebox = Jukebox((), lambda: None)
    asyncio.run(jukebox._take_in({"event": "teach", "seq": 1, **SAD}))
    assert jukebox.lesson["emotion"] == "sad"
    jukebox._lose()
    assert jukebox.lesson is None
