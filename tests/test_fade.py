"""Fades and the volume, without an MPD: a client that records what it is told."""

import math
from types import SimpleNamespace

import pytest

from appliance.player import state as player_state
from appliance.player.curve import Fade, volume_of
from appliance.player.fade import Fader
from appliance.player.state import UnsavedState


class Mixer:
    """MPD's volume. set_to: all volumes that it was set to."""

    def __init__(self, volume=60):
        self.set_to = []
        self._volume = volume

    def setvol(self, percent):
        self.set_to.append(percent)
        self._volume = percent

    def state(self):
        return status(self._volume)


QUEUE = SimpleNamespace(own={"1": None, "2": None}, pending_id="2")


def status(volume, state="play", songid="1"):
    return {"state": state, "songid": songid, "volume": str(volume)}


def fader(crossfade_s=2.0, max_percent=100, state=None, *, by_ear=False):
    return Fader(crossfade_s, max_percent, state or UnsavedState(), by_ear=by_ear)


def advance(fader, mixer, time_s, songid="1"):
    return fader.advance(mixer, QUEUE, mixer.state() | {"songid": songid}, time_s)


def test_a_fade_of_two_seconds_takes_one_down_and_one_up():
    fade = Fade("over", 60, 60, 1.0, 100.0, "1", "2")
    assert [fade.wanted_volume(100.0 + tenth / 10) for tenth in (0, 5, 10, 15)] == [60, 30, 0, 0]
    fade.up_since_s = 101.0
    assert [fade.wanted_volume(101.0 + tenth / 10) for tenth in (0, 5, 10, 15)] == [0, 30, 60, 60]
    assert not fade.is_over(101.9)
    assert fade.is_over(102.0)


def test_a_fade_over_switches_at_its_lowest_and_ends_at_the_listeners_volume():
    mixer, over = Mixer(60), fader()
    over.over(mixer.state(), "2", 100.0)
    assert over.new_id == "2"
    due = [advance(over, mixer, 100.0 + tenth / 10) for tenth in range(11)]
    assert due == [None] * 10 + ["switch"]
    for tenth in range(11, 22):
        assert advance(over, mixer, 100.0 + tenth / 10, songid="2") is None
    assert mixer.set_to[9:] == [0, 6, 12, 18, 24, 30, 36, 42, 48, 54, 60]
    assert not over.active


def decibels(percent):
    """What MPD's own mixer makes of a volume (measured)."""
    return 20 * math.log10((math.exp(percent / 25) - 1) / (math.exp(4) - 1))


@pytest.mark.parametrize("volume", [100, 60, 25])
def test_with_mpds_own_mixer_half_of_a_fade_sounds_half_as_loud(volume):
    """10 dB softer is half as loud. Half of the percent were 18 dB, a third as loud."""
    fade = Fade("over", volume, volume, 1.0, 100.0, "1", "2", by_ear=True)
    half, end = fade.wanted_volume(100.5), fade.wanted_volume(101.0)
    assert decibels(volume) - decibels(half) == pytest.approx(10, abs=0.6)
    assert end == 0
    quarter = fade.wanted_volume(100.75)
    assert decibels(volume) - decibels(quarter) == pytest.approx(20, abs=1.2)
    fade.up_since_s = 101.0
    assert [fade.wanted_volume(102.0 - s) for s in (0.0, 0.5, 1.0)] == [volume, half, 0]
    assert fade.share_at(half) == pytest.approx(0.5, abs=0.02)


def test_a_fade_in_by_ear_goes_on_from_where_the_fade_out_was():
    mixer, out = Mixer(100), fader(crossfade_s=2.0, by_ear=True)
    out.out(mixer.state(), 100.0)
    advance(out, mixer, 101.0)
    low = mixer.set_to[-1]
    out.up(mixer, mixer.state(), 101.0)
    assert mixer.set_to[-1] == pytest.approx(low, abs=1)


def test_a_fade_into_a_pause_takes_the_whole_time():
    mixer, out = Mixer(60), fader(crossfade_s=2.0)
    out.out(mixer.state(), 100.0)
    due = [advance(out, mixer, 100.0 + second) for second in (0.5, 1.0, 1.9, 2.0)]
    assert due == [None, None, None, "pause"]
    assert mixer.set_to == [45, 30, 3, 0]


@pytest.mark.parametrize(
    ("reported", "is_persons"), [(30, False), (34, False), (26, False), (35, True), (25, True)]
)
def test_a_volume_within_four_percent_of_what_was_set_is_not_a_persons(reported, is_persons):
    mixer, volume = Mixer(60), fader()
    volume.set(mixer, 30, 100.0)
    assert volume.is_turned(status(60), status(reported), 101.0) == is_persons


@pytest.mark.parametrize(("after_s", "is_persons"), [(1.9, False), (2.1, True)])
def test_two_seconds_after_it_was_set_every_change_is_a_persons(after_s, is_persons):
    mixer, volume = Mixer(60), fader()
    volume.set(mixer, 30, 100.0)
    assert not volume.is_turned(status(60), status(30), 100.5)
    assert volume.is_turned(status(30), status(32), 100.0 + after_s) == is_persons


def test_the_first_report_after_a_change_may_come_late():
    mixer, volume = Mixer(60), fader()
    volume.set(mixer, 30, 100.0)
    assert not volume.is_turned(status(60), status(31), 150.0)
    assert volume.is_turned(status(31), status(32), 151.0)


@pytest.mark.parametrize(
    ("reported", "goes_on"), [(44, True), (45, False), (16, True), (15, False)]
)
def test_in_a_fade_mpd_may_report_one_of_the_last_three_volumes(reported, goes_on):
    mixer, out = Mixer(60), fader(crossfade_s=6.0)
    out.out(mixer.state(), 100.0)
    for second in (1, 2, 3, 4):  # 50, 40, 30, 20
        advance(out, mixer, 100.0 + second)
    out.advance(mixer, QUEUE, status(reported), 104.1)
    assert out.active == goes_on


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        ("over", {"state": "pause"}), ("over", {"state": "stop"}), ("over", {"songid": "9"}),
        ("out", {"state": "pause"}), ("out", {"state": "stop"}),
    ],
)  # fmt: skip
def test_who_turns_it_down_and_ends_a_fade_in_the_same_moment_keeps_their_volume(kind, ends):
    mixer, fader_ = Mixer(60), fader()
    fader_.over(mixer.state(), "2", 100.0) if kind == "over" else fader_.out(mixer.state(), 100.0)
    for tenth in range(7):
        advance(fader_, mixer, 100.0 + tenth / 10)
    mixer.set_to.clear()
    queue = SimpleNamespace(own=QUEUE.own, pending_id="2", remove_pending=lambda _client: None)
    assert fader_.advance(mixer, queue, status(10) | ends, 100.7) is None
    assert (mixer.set_to, fader_.active) == ([], False)


def test_who_only_pauses_within_a_fade_gets_their_volume_back():
    mixer, over = Mixer(60), fader()
    over.over(mixer.state(), "2", 100.0)
    for tenth in range(7):
        advance(over, mixer, 100.0 + tenth / 10)
    queue = SimpleNamespace(own=QUEUE.own, pending_id="2", remove_pending=lambda _client: None)
    over.advance(mixer, queue, mixer.state() | {"state": "pause"}, 100.7)
    assert mixer.set_to[-1] == 60


@pytest.mark.parametrize(("volume", "fades"), [(50, True), (51, False)])
def test_a_volume_above_the_limit_is_not_faded_because_it_could_not_be_restored(volume, fades):
    assert fader(max_percent=50).can_fade(status(volume)) == fades


def test_without_a_crossfade_time_nothing_fades():
    assert not fader(crossfade_s=0.0).can_fade(status(50))


def test_the_jukebox_sets_no_volume_above_the_limit():
    mixer = Mixer(20)
    fader(max_percent=50).set(mixer, 70, 100.0)
    assert mixer.set_to == [50]


def cut_off(boot, monkeypatch, tmp_path):
    """A state as a fade from 60 percent left it when it had come down to 20 percent."""
    monkeypatch.setattr(player_state, "BOOT_ID", tmp_path / "boot_id")
    player_state.BOOT_ID.write_text("before")
    state, mixer = UnsavedState(), Mixer(60)
    fading = fader(crossfade_s=3.0, state=state)
    fading.out(mixer.state(), 100.0)
    for second in (1.0, 1.5, 2.0):  # 40, 30, 20
        advance(fading, mixer, 100.0 + second)
    player_state.BOOT_ID.write_text(boot)
    return state


@pytest.mark.parametrize(
    ("boot", "found", "then"),
    [
        # The same boot: MPD is where the fade left it, between its last three volumes.
        ("before", 20, [60]),
        ("before", 16, [60]),
        ("before", 15, []),
        ("before", 44, [60]),
        ("before", 45, []),
        # After a power cut: MPD restored the volume of any moment of the fade.
        ("after", 0, [60]),
        ("after", 45, [60]),
        ("after", 60, []),
        ("after", 65, []),
    ],
)
def test_a_fade_that_was_cut_off_is_undone_once_unless_a_person_changed_the_volume(
    boot, found, then, monkeypatch, tmp_path
):
    state = cut_off(boot, monkeypatch, tmp_path)
    mixer = Mixer(found)
    fader(state=state).recover(mixer)
    assert mixer.set_to == then
    fader(state=state).recover(mixer)
    assert mixer.set_to == then


@pytest.mark.parametrize(
    ("reported", "volume"), [({"volume": "7"}, 7), ({"volume": "-1"}, None), ({}, None)]
)
def test_a_missing_mixer_has_no_volume(reported, volume):
    assert volume_of(reported) == volume


@pytest.mark.parametrize(
    ("percent", "listeners", "share"), [(30, 60, 0.5), (60, 60, 1.0), (0, 0, 0.0)]
)
def test_a_volume_is_as_far_up_as_its_percent_where_the_sound_card_sets_it(
    percent, listeners, share
):
    fade = Fade("in", listeners, listeners, 1.0, 0.0, "1", "1")
    assert fade.share_at(percent) == pytest.approx(share)
