"""When MPD is asked, without an MPD."""

from random import Random

import pytest

from appliance.player.mpd_player import MpdPlayer
from appliance.player.snapshot import Snapshot
from appliance.records import Playback


class Listening:
    """A connection on which MPD is listened to, and is silent."""

    is_listening = True
    has_news = False


@pytest.mark.parametrize(
    ("remaining_s", "after_s", "due"),
    [
        (11.5, 1.0, False),
        (10.5, 1.0, True),
        (8.0, 0.9, False),
        (5.0, 1.0, True),
        (200.0, 19.9, False),
        (200.0, 20.0, True),
        (None, 19.9, False),
    ],
)
def test_mpd_is_asked_once_a_second_in_the_last_ten_seconds_of_a_song(remaining_s, after_s, due):
    player = MpdPlayer(playlists={}, random=Random(1))
    player._connection = Listening()
    playback = Playback("play", "a song", None, remaining_s, 0)
    assert player._is_due(Snapshot(100.0, {}, playback), 100.0 + after_s) is due
