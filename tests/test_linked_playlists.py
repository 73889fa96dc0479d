"""Links to playlists inside playlists, without an MPD."""

import pytest
from mpd import CommandError

from appliance.player.linked_playlists import LinkedPlaylists
from appliance.player.sources import Song

LINK, DEAD = "http://radio.example/one.pls", "http://radio.example/gone.m3u"
STREAM = "http://radio.example/one"


class Client:
    """An MPD that fetches links. hangs: it does not answer any more."""

    tells_parts_of_playlists = hangs = False

    def __init__(self):
        self.asked = []
        self.connected = 1

    def listplaylistinfo(self, link):
        self.asked.append(link)
        if self.hangs:
            raise TimeoutError
        if link == DEAD:
            raise CommandError("[50@0] {listplaylistinfo} No such playlist")
        return [{"file": STREAM}, {"file": f"{STREAM}-mirror", "title": "Mirror"}]

    def listplaylists(self):
        return []

    def reconnect(self):
        self.connected += 1


def in_list(uri, title=""):
    return Song(uri, title, "evening")


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def linked(clock):
    return LinkedPlaylists(lambda: clock[0])


def test_a_link_gives_way_to_what_it_names_under_its_title(linked):
    songs = [in_list("a.ogg"), in_list(LINK, "Radio One"), in_list(STREAM)]
    assert list(linked.expand(Client(), songs)) == [
        in_list("a.ogg"),
        in_list(STREAM, "Radio One"),
        in_list(f"{STREAM}-mirror", "Mirror"),
        in_list(STREAM),
    ]


def test_a_source_that_is_a_link_is_left_as_it_was_read(linked):
    client, song = Client(), Song(LINK, "", LINK)
    assert list(linked.expand(client, [song])) == [song]
    assert client.asked == []


@pytest.mark.parametrize(("link", "kept_s"), [(LINK, 3600), (DEAD, 300)])
def test_a_link_is_fetched_again_after_an_hour_and_a_dead_one_after_five_minutes(
    linked, clock, link, kept_s
):
    client = Client()
    for clock[0] in (0.0, kept_s - 1.0):
        list(linked.expand(client, [in_list(link)]))
    assert client.asked == [link]
    clock[0] = kept_s
    list(linked.expand(client, [in_list(link)]))
    assert client.asked == [link] * 2


def test_a_link_that_names_nothing_is_missing(linked):
    (song,) = linked.expand(Client(), [in_list(DEAD)])
    assert (song.uri, song.there) == (DEAD, False)


def test_a_link_on_which_mpd_hangs_does_not_take_the_others_with_it(linked):
    client = Client()
    client.hangs = True
    songs = list(linked.expand(client, [in_list(LINK), in_list("a.ogg")]))
    assert [song.there for song in songs] == [False, True]
    assert client.connected == 2
