import random
import re
from collections import Counter
from concurrent.futures import Future
from itertools import pairwise

import pytest
from playing import carried_out

from appliance.player.capabilities import Capabilities
from appliance.player.likes import Likes
from appliance.player.mpd_player import MpdPlayer
from appliance.player.selection import Selection
from appliance.player.song_lists import SongLists
from appliance.private_mpd.process import PrivateMpd
from appliance.records import Decision, Emotion

HAPPY, SAD = Emotion.HAPPY, Emotion.SAD
ROUNDS = 600


@pytest.fixture
def stickers(app):
    """Sets stickers on songs of the mood happy; they are gone afterwards."""
    done = []

    def stick(**values):
        for number, (name, value) in enumerate(values.items()):
            done.append((f"happy/happy-{number}.wav", name))
            app.sticker_set("song", done[-1][0], name, value)

    yield stick
    for uri, name in done:
        app.sticker_delete("song", uri, name)


def at_once(app):
    """Answers questions as a Reader does, but before it returns."""

    def ask(question):
        answer = Future()
        answer.set_result(question(app))
        return answer

    return ask


def drawn(app, emotion=HAPPY, sources=("happy",), times=ROUNDS):
    """The names of the songs that are put on one after the other."""
    capabilities = Capabilities()
    capabilities.greet(app, "jukebox")
    app.unsubscribe("jukebox")
    lists = SongLists({emotion: sources}, Likes(capabilities), at_once(app), lambda: True)
    selection = Selection(lists, random.Random(1))
    names = []
    for time_s in range(times):
        song = selection.draw(emotion, float(time_s))[0]
        selection.mark_heard(emotion, song)
        names.append(song.uri[-11:-4])
    return names


def shares(app, **more):
    return {name: count / ROUNDS for name, count in Counter(drawn(app, **more)).items()}


def test_without_stickers_no_song_comes_twice_before_all_were_heard(app):
    names = drawn(app, times=60)
    assert all(len(set(names[first : first + 3])) == 3 for first in range(0, 60, 3))
    assert all(name != following for name, following in pairwise(names))


@pytest.mark.parametrize(
    ("sticker", "value", "low", "high"),
    [
        ("jukebox_skips_happy", "1", 0.16, 0.24),  # every other round: 0.5 of 2.5
        ("jukebox_skips_happy", "9", 0.02, 0.08),
        ("jukebox_skips_sad", "9", 0.33, 0.34),  # another mood's
        ("like", "0", 0.002, 0.03),
        ("like", "1", 0.33, 0.34),
        ("like", "2", 0.38, 0.50),  # 2 of 4, less what would come twice in a row
        ("rating", "10", 0.38, 0.50),
        ("rating", "2", 0.13, 0.20),  # 0.4 of 2.4
        ("rating", "0", 0.33, 0.34),  # no stars given
        ("like", "nonsense", 0.33, 0.34),
    ],
)
def test_stickers_make_a_song_come_more_or_less_often(app, stickers, sticker, value, low, high):
    stickers(**{sticker: value})
    assert low <= shares(app)["happy-0"] <= high


def test_stickers_count_for_a_folder_that_is_named_by_its_whole_path(app, shared_mpd, stickers):
    stickers(like="0")
    assert shares(app, sources=(str(shared_mpd.music / "happy"),))["happy-0"] <= 0.03


def test_a_disliked_song_comes_only_if_there_is_nothing_else(app, stickers):
    stickers(like="0")
    assert drawn(app, sources=("happy/happy-0.wav",), times=3) == ["happy-0"] * 3
    two = ("happy/happy-0.wav", "happy/happy-1.wav")
    assert drawn(app, sources=two, times=100).count("happy-0") < 8


def test_a_skip_counts_at_once(app, stickers):
    stickers(jukebox_skips_happy="99", like="1")
    assert "happy-0" not in drawn(app, times=6)


class NoStickersMpd(PrivateMpd):
    def _config(self):
        lines = super()._config().splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("sticker_file"))


def test_an_mpd_without_a_sticker_database_is_said_once_and_plays(tmp_path, music, caplog):
    caplog.set_level("INFO", logger="jukebox")
    with NoStickersMpd(tmp_path / "mpd", music, "null") as mpd:
        player = MpdPlayer(
            address=str(mpd.socket), playlists={HAPPY: ("happy",)}, random=random.Random(1)
        )
        for time_s in (0.0, 2.0, 4.0):
            assert carried_out(player, Decision(HAPPY, "switch", ""), time_s)
            player._connection.close()
        assert re.fullmatch(r"MPD, protocol 0\.2\d\.\d without stickers \(.*\)", player.server)
        player.close()
    assert [record.message for record in caplog.records if record.name == "jukebox"] == [
        player.server
    ]
