"""What the observer concludes from MPD's status, without an MPD."""

from types import SimpleNamespace

import pytest

from appliance.player import observer
from appliance.player.fade import Fader
from appliance.player.observer import Observer, _settled
from appliance.player.snapshot import Snapshot
from appliance.player.state import UnsavedState
from appliance.records import Playback

PLAYS = {"state": "play", "songid": "1", "elapsed": "59", "duration": "60"}
ENDING = {"state": "stop", "songid": "1"}
STOPPED = {"state": "stop"}
BEFORE = Snapshot(100.0, PLAYS, Playback("play", "", None, 1.0, 0, False))


class Client:
    """An MPD that gives these answers to "status", the last one for ever."""

    def __init__(self, *answers):
        self._answers = list(answers)
        self.asked = 0

    def state(self):
        self.asked += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.mark.parametrize(
    ("before", "answers", "asked", "status"),
    [
        (BEFORE, [PLAYS], 1, PLAYS),
        (BEFORE, [ENDING, STOPPED], 2, STOPPED),
        (BEFORE, [ENDING, ENDING, ENDING, STOPPED], 4, STOPPED),
        (BEFORE, [ENDING], 4, ENDING),  # a person stopped it
        (None, [ENDING], 1, ENDING),
        (Snapshot(100.0, ENDING, BEFORE.playback), [ENDING], 1, ENDING),
    ],
)
def test_mpd_is_asked_three_times_more_to_drop_a_song_that_ended(
    monkeypatch, before, answers, asked, status
):
    slept = []
    monkeypatch.setattr(observer, "time", SimpleNamespace(sleep=slept.append))
    client = Client(*answers)
    assert _settled(client, before) == status
    assert client.asked == asked
    assert slept == [0.05] * (asked - 1)


def begun(status, **kept):
    """An observer on a new connection to an MPD whose current song is a.ogg."""
    state = UnsavedState()
    state.keep(**kept)
    queue = SimpleNamespace(song={"file": "a.ogg"})
    observing = Observer(queue, Fader(0.0, 100, state), state, None, None)
    observing.begin(status)
    return observing


@pytest.mark.parametrize(
    ("status", "paused", "resting"),
    [
        ({"state": "pause", "elapsed": "22.9"}, "a.ogg", True),
        ({"state": "pause", "elapsed": "17.1"}, "a.ogg", True),
        ({"state": "pause", "elapsed": "23.1"}, "a.ogg", False),
        ({"state": "pause", "elapsed": "16.9"}, "a.ogg", False),
        ({"state": "pause", "elapsed": "20"}, "b.ogg", False),
        ({"state": "pause", "elapsed": "20"}, None, False),
        ({"state": "play", "elapsed": "20"}, "a.ogg", False),
        ({"state": "stop"}, "a.ogg", False),
    ],
)
def test_a_pause_is_the_jukeboxs_own_within_three_seconds_of_where_it_paused(
    status, paused, resting
):
    assert begun(status, paused=paused, paused_at_s=20.0).resting == resting


@pytest.mark.parametrize("stopped", [True, False])
def test_a_persons_stop_is_known_after_a_restart(stopped):
    assert begun({"state": "stop"}, stopped=stopped).held == stopped
