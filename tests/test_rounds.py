"""Rounds of songs by themselves, without an MPD and without files."""

from random import Random

from appliance.player.rounds import SPARE, Round
from appliance.player.sources import Song


def songs_of(folder, count):
    return [Song(f"{folder}/{number}", "", folder) for number in range(count)]


def never(_song):
    return False


def drawn(made, songs, weight, most=5):
    return made.draw(songs, weight, skipped=never, barred=never, most=most)


def test_what_was_heard_comes_from_any_of_many_sources_when_nothing_else_is_left():
    sources = [songs_of(folder, 15) for folder in ("a", "b", "c")]
    made = Round(Random(1))
    offered = []
    for seed in range(40):
        made = Round(Random(seed))
        # Nothing is due in a round whose songs nobody likes, so all that is offered was heard.
        offered += drawn(made, sources, lambda _uri: 0.0)
    assert sum(len(source) for source in sources) > SPARE
    assert {song.source for song in offered} == {"a", "b", "c"}


def test_of_songs_with_little_weight_the_heavier_come_first_in_proportion():
    """Nine times the weight comes first nine times in ten, as Efraimidis and Spirakis promise."""
    heavy, light = Song("heavy", "", "all"), Song("light", "", "all")
    first = 0
    for seed in range(1000):
        # Both are below one ticket a round; those without any are drawn by weight.
        (song, *_) = Round(Random(seed))._by_weight(
            [light, heavy], {"heavy": 0.9, "light": 0.1}.__getitem__
        )
        first += song is heavy
    assert 860 < first < 940
