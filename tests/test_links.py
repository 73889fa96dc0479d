"""How long the player waits for the resolver, which stands still here."""

import socket
from types import SimpleNamespace

import pytest
from mpd import CommandError

from appliance.player import links
from appliance.player.links import LinkError, Links
from appliance.player.sources import Song
from appliance.records import Emotion
from appliance.resolver.protocol import Answer

HAPPY, SAD = Emotion.HAPPY, Emotion.SAD
FIRST, SECOND, THIRD = (Song(f"http://radio.example/{name}", "", "list") for name in "abc")
FILE = Song("happy/a.ogg", "", "happy")


class Queue:
    """Adds songs to a queue. titles: by song id."""

    def __init__(self):
        self.uris, self.places, self.titles = [], [], {}

    def addid(self, uri, *place):
        self.uris.append(uri)
        self.places.append(place)
        return str(len(self.uris))

    def addtagid(self, song_id, tag, value):
        assert tag == "Title"
        self.titles[song_id] = value


@pytest.fixture
def waits(monkeypatch):
    """The limits, in seconds, of all waits for the resolver, each of which then takes 10 ms."""
    limits = []

    class Socket(socket.socket):
        def settimeout(self, seconds):
            limits.append(seconds)
            super().settimeout(0.01)

    monkeypatch.setattr(links, "socket", SimpleNamespace(socket=Socket, AF_UNIX=socket.AF_UNIX))
    return limits


@pytest.fixture
def silent(tmp_path):
    """The socket of a resolver that never answers."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        server.listen(8)
        yield tmp_path / "socket"


@pytest.fixture
def resolver(tmp_path, monkeypatch):
    """Links whose resolver gives the answers in a dict, by link."""
    answers = {}
    asked = Links(tmp_path / "nobody")
    monkeypatch.setattr(asked, "_ask", lambda link, time_s: answers.get(link))
    return asked, answers


def test_a_draw_waits_one_second_for_its_first_link_and_hardly_for_the_others(waits, silent):
    asked = Links(silent)
    for song in (FIRST, SECOND, THIRD):
        assert asked.add(Queue(), HAPPY, song, (), 100.0) is None
    assert asked.add(Queue(), HAPPY, FIRST, (), 110.0) is None  # the next draw
    assert waits == [1.0, 0.05, 0.05, 1.0]


def test_the_next_link_is_asked_for_without_waiting(waits, silent):
    asked = Links(silent)
    asked.prefetch(HAPPY, [FILE, FIRST, SECOND])
    assert waits == [0.05]
    assert asked.awaited_first(HAPPY, [SECOND, FIRST]) == [FIRST, SECOND]
    assert asked.awaited_first(HAPPY, [SECOND, FIRST]) == [SECOND, FIRST]


def test_awaited_links_are_tried_first_at_the_next_draw_of_their_mood(resolver):
    asked, _ = resolver
    assert asked.add(Queue(), HAPPY, FIRST, (), 100.0) is None
    assert asked.awaited_first(SAD, [SECOND]) == [SECOND]
    assert asked.awaited_first(HAPPY, [SECOND, FIRST]) == [FIRST, SECOND]


def test_a_file_is_added_without_asking_the_resolver(waits, silent):
    queue = Queue()
    assert Links(silent).add(queue, HAPPY, FILE, (3,), 100.0) == ("1", FILE)
    assert (queue.uris, queue.places, waits) == (["happy/a.ogg"], [(3,)], [])


def test_the_address_behind_a_link_is_added_under_its_title(resolver):
    asked, answers = resolver
    answers[FIRST.uri] = Answer(uri="http://cdn.example/1", title="The Lark at Noon")
    queue = Queue()
    song_id, titled = asked.add(queue, HAPPY, FIRST, (2,), 100.0)
    assert (queue.uris, queue.places) == (["http://cdn.example/1"], [(2,)])
    assert titled.title == queue.titles[song_id] == "The Lark at Noon"
    assert titled.uri == FIRST.uri


def test_a_title_from_a_playlist_is_kept(resolver):
    asked, answers = resolver
    answers[FIRST.uri] = Answer(uri="http://cdn.example/1", title="Stream 7")
    named = Song(FIRST.uri, "My Radio", "list")
    assert asked.add(Queue(), HAPPY, named, (), 100.0)[1].title == "My Radio"


def test_a_server_that_keeps_no_titles_still_gets_the_song(resolver):
    asked, answers = resolver
    answers[FIRST.uri] = Answer(uri="http://cdn.example/1", title="The Lark at Noon")
    queue = Queue()

    def refuse(*_):
        raise CommandError("[5@0] {} unknown command")

    queue.addtagid = refuse
    assert asked.add(queue, HAPPY, FIRST, (), 100.0)[0] == "1"


def test_a_link_that_plays_nothing_is_an_error(resolver):
    asked, answers = resolver
    answers[FIRST.uri] = Answer(error="the server answers 404 Not Found")
    with pytest.raises(LinkError, match="404 Not Found"):
        asked.add(Queue(), HAPPY, FIRST, (), 100.0)


def test_without_a_resolver_the_link_itself_is_added(tmp_path):
    queue = Queue()
    assert Links(tmp_path / "nobody").add(queue, HAPPY, FIRST, (), 100.0) == ("1", FIRST)
    assert queue.uris == [FIRST.uri]


def test_a_link_is_looked_up_in_advance_only_if_none_is_awaited(waits, silent):
    asked = Links(silent)
    asked.prefetch(HAPPY, [FILE])
    assert waits == []
    for song in (FIRST, SECOND):
        asked.prefetch(HAPPY, [song])
    assert asked.awaited_first(HAPPY, []) == [FIRST]
    asked.prefetch(SAD, [THIRD])
    assert waits == [0.05, 0.05]


def test_without_a_resolver_nothing_is_looked_up_in_advance(tmp_path):
    asked = Links(tmp_path / "nobody")
    asked.prefetch(HAPPY, [FIRST])
    assert asked.awaited_first(HAPPY, [SECOND]) == [SECOND]
