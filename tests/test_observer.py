"""What the observer concludes from MPD's status, without an MPD."""

from types import SimpleNamespace

import pytest

from appliance.errors import PlayerError
from appliance.player import change_of_song
from appliance.player.change_of_song import settled
from appliance.player.fade import Fader
from appliance.player.observer import Observer
from appliance.player.snapshot import Snapshot
from appliance.player.state import UnsavedState
from appliance.records import Playback

PLAYS = {"state": "play", "songid": "1", "elapsed": "59", "duration": "60"}
ENDING = {"state": "stop", "songid": "1"}
STOPPED = {"state": "stop"}
BEFORE = Snapshot(100.0, PLAYS, Playback("play", "", None, 1.0, 0))


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
    monkeypatch.setattr(change_of_song, "time", SimpleNamespace(sleep=slept.append))
    client = Client(*answers)
    assert settled(client, before) == status
    assert client.asked == asked
    assert slept == [0.05] * (asked - 1)


def begun(status, *, restarted=False, **kept):
    """An observer on a new connection to an MPD whose current song is a.ogg."""
    state = UnsavedState()
    state.keep(**kept)
    queue = SimpleNamespace(
        song={"file": "a.ogg"},
        own={},
        current_id=None,
        pending_id=None,
        only_own=True,
        is_link=lambda _: False,
        follow=lambda *_: False,
        queued_after=lambda _: 0,
    )
    observing = Observer(queue, Fader(0.0, 100, state), state, None, None)
    observing.begin(Client(status), restarted=restarted)
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
    observing = begun(status, charge="resting", paused=paused, paused_at_s=20.0)
    assert (observing.charge == "resting") == resting


@pytest.mark.parametrize("stopped", [True, False])
def test_a_persons_stop_is_known_after_a_restart(stopped):
    charge = "stopped" if stopped else "jukebox"
    assert begun({"state": "stop"}, charge=charge, stopped=stopped).held == stopped


# Errors

ERROR = "All audio outputs are disabled"
OPENED = {"state": "play", "songid": "1", "playlistlength": "1", "single": "0"}
PAUSED = OPENED | {"state": "pause"}


class OldErrors:
    """An MPD that is asked to play and to forget its error; `works` tells whether outputs work."""

    def __init__(self, status, *, works):
        self.status, self.works = status, works
        self.did = []

    def state(self):
        return self.status

    def pause(self, on):
        self.did.append(f"pause {on}")
        if self.works:
            self.status = self.status | {"state": "play"}

    def clearerror(self):
        self.did.append("clearerror")


@pytest.mark.parametrize(
    ("before", "now", "charge", "did"),
    [
        # The outputs failed since the last snapshot, or have not worked since then.
        (OPENED, PAUSED | {"error": ERROR}, "chosen", ["pause 0", "clearerror"]),
        (PAUSED | {"error": ERROR}, PAUSED | {"error": ERROR}, "halted", ["pause 0", "clearerror"]),
        (OPENED | {"error": "x"}, PAUSED | {"error": ERROR}, "chosen", ["pause 0", "clearerror"]),
        # MPD was restarted, and came back paused.
        (PAUSED, PAUSED, "halted", ["pause 0", "clearerror"]),
        # The error is older than the pause, or it does not explain it.
        (OPENED | {"error": ERROR}, PAUSED | {"error": ERROR}, "chosen", []),
        (OPENED, PAUSED | {"error": "Not seekable"}, "chosen", []),
        (OPENED, PAUSED, "chosen", []),
        # A person had paused before.
        (PAUSED | {"error": ERROR}, PAUSED | {"error": ERROR}, "paused", []),
        (PAUSED, PAUSED | {"error": ERROR}, "paused", []),
        # While the music plays, apps may show a new error; an old one is cleared.
        (OPENED, OPENED | {"error": ERROR}, "chosen", []),
        (OPENED | {"error": ERROR}, OPENED | {"error": ERROR}, "chosen", ["clearerror"]),
        (PAUSED | {"error": ERROR}, OPENED | {"error": ERROR}, "chosen", ["clearerror"]),
    ],
)
def test_only_a_pause_that_came_with_an_error_is_undone(before, now, charge, did):
    observing = begun(now, charge=charge)
    observing.last = Snapshot(100.0, before, Playback(before["state"], "", None, None, 0))
    mpd = OldErrors(now, works=True)
    observing.observe(mpd, 101.0)
    assert mpd.did == did
    assert observing.held == (now["state"] == "pause" and not did)
    assert observing.charge == ("paused" if observing.held else "chosen")


def test_the_same_error_is_new_again_after_it_was_cleared():
    observing = begun(OPENED)
    failing = OPENED | {"error": ERROR}
    observing.last = Snapshot(100.0, failing, Playback("play", "", None, None, 0))
    observing.observe(OldErrors(failing, works=True), 101.0)
    again = OldErrors(PAUSED | {"error": ERROR}, works=True)
    observing.observe(again, 102.0)
    assert again.did == ["pause 0", "clearerror"]
    assert (observing.held, observing.action) == (False, None)


def test_while_no_output_works_nobody_has_paused():
    observing = begun(OPENED)
    observing.last = Snapshot(100.0, OPENED, Playback("play", "", None, None, 0))
    mpd = OldErrors(PAUSED | {"error": ERROR}, works=False)
    for time_s in (101.0, 102.0, 104.0):
        with pytest.raises(PlayerError, match=f"cannot be heard: {ERROR}"):
            observing.observe(mpd, time_s)
        assert (observing.charge, observing.action) == ("halted", None)
    assert mpd.did == ["pause 0"] * 3


# A song that the jukebox put on

OLD = OPENED | {"song": "0", "elapsed": "20"}
NEW = OPENED | {"songid": "2", "song": "1", "elapsed": "0"}


def put_on_late(*statuses):
    """What is told of people while MPD gives these answers after a song was put on, each 0.5 s."""
    observing = begun(OLD)
    observing._queue.position = lambda song_id: "1"
    observing.observe(Client(OLD), 100.0)
    observing._selection = SimpleNamespace(mark_skipped=lambda song: None)
    own = SimpleNamespace(song=SimpleNamespace(title="new"), emotion=None, reason="")
    observing.note_song(OLD, own, "2", 100.0)
    observing._queue.own, observing._queue.current_id = {"2": own}, "2"
    told = []
    for number, status in enumerate(statuses):
        observing.action = None
        seen = observing.observe(Client(status), 100.5 + number / 2).playback
        told.append((observing.action, seen.listener))
    return told


def test_mopidy_may_tell_of_the_song_before_for_a_while():
    nobody = (None, False)
    assert put_on_late(OLD, OLD, NEW, NEW) == [nobody] * 4
    assert put_on_late(OLD, NEW, OLD)[2] == ("skip", True)  # a person went back
    assert put_on_late(*[OLD] * 7)[6] == ("skip", True)  # later than 3 s


@pytest.mark.parametrize("state", ["pause", "stop"])
def test_a_person_who_acts_while_mopidy_is_late_is_told_of(state):
    assert put_on_late(OLD, OLD | {"state": state})[1] == (state, True)


def test_a_new_song_that_mpd_pauses_at_once_for_want_of_an_output_is_not_late():
    observing = begun(OLD)
    observing._queue.position = lambda song_id: "1"
    observing._queue.current_id = "2"
    own = SimpleNamespace(song=SimpleNamespace(title="new"), emotion=None, reason="")
    failed = NEW | {"state": "pause", "error": ERROR}
    observing.note_song(failed, own, "2", 100.0)
    with pytest.raises(PlayerError, match=f"cannot be heard: {ERROR}"):
        observing.observe(OldErrors(failed, works=False), 100.5)
