"""Who is in charge of the music: the transitions, one table for each of the two values."""

from dataclasses import replace

import pytest

from appliance.decide.policy import MusicPolicy
from appliance.listener import (
    NEVER,
    Listener,
    charge_after,
    charge_after_restart,
)
from appliance.records import Emotion
from appliance.settings import Settings
from appliance.wishes import Wishes

CHARGES = ("jukebox", "chosen", "paused", "stopped", "cleared", "resting", "halted")

# Rows: what happens. Columns: the charge before, in the order of CHARGES. "=": it stays.
TRANSITIONS = {
    # event        jukebox    chosen     paused     stopped    cleared    resting    halted
    "own song": ("jukebox", "jukebox", "jukebox", "jukebox", "jukebox", "jukebox", "jukebox"),
    "other song": ("chosen", "chosen", "chosen", "chosen", "chosen", "chosen", "chosen"),
    "pause": ("paused", "paused", "paused", "paused", "paused", "paused", "paused"),
    "stop": ("stopped", "stopped", "stopped", "stopped", "stopped", "stopped", "stopped"),
    # To clear a queue that was silenced before is no wish for music.
    "clear": ("cleared", "cleared", "=", "=", "=", "cleared", "cleared"),
    # Who fills a queue that they cleared chooses for themselves, and starts it themselves.
    "fill": ("jukebox", "jukebox", "=", "=", "stopped", "jukebox", "jukebox"),
    "end": ("jukebox", "jukebox", "=", "=", "=", "jukebox", "jukebox"),
    "rest": ("resting", "resting", "resting", "resting", "resting", "resting", "resting"),
    # A failing output does not take away what people wanted.
    "halt": ("halted", "halted", "=", "=", "=", "halted", "halted"),
}


@pytest.mark.parametrize("event", TRANSITIONS)
@pytest.mark.parametrize("before", CHARGES)
def test_whose_doing_it_is_after_each_event(event, before):
    expected = TRANSITIONS[event][CHARGES.index(before)]
    assert charge_after(before, event) == (before if expected == "=" else expected)


RESTARTS = {
    # What the player does after its restart: the charge of each before, in the order of CHARGES.
    "play": ("jukebox", "jukebox", "=", "=", "=", "jukebox", "jukebox"),
    "pause": ("halted", "halted", "=", "=", "=", "=", "="),
    "stop": ("jukebox", "jukebox", "=", "=", "=", "jukebox", "jukebox"),
}


@pytest.mark.parametrize("state", RESTARTS)
@pytest.mark.parametrize("before", CHARGES)
def test_a_restart_is_nobodys_doing(state, before):
    expected = RESTARTS[state][CHARGES.index(before)]
    assert charge_after_restart(before, state) == (before if expected == "=" else expected)


@pytest.mark.parametrize("charge", CHARGES)
def test_people_are_in_charge_of_what_they_chose_or_silenced(charge):
    assert Listener(charge).in_charge == (charge in ("chosen", "paused", "stopped", "cleared"))


HELD = Listener().acted("skip", 1800.0)
ASKED = HELD.asked(3600.0)
CHOSEN = replace(HELD, charge="chosen")


@pytest.mark.parametrize(
    ("listener", "until_s"),
    [
        (Listener(), -NEVER),
        (HELD, 1800.0),
        (ASKED, 3600.0),
        (HELD.acted("volume", 2400.0), 2400.0),
        (ASKED.acted("volume", 4000.0), 4000.0),
        (ASKED.acted("volume", 2400.0), 3600.0),  # an action shortens no hold that was asked for
        (ASKED.asked(900.0), 1800.0),
        (ASKED.released(), -NEVER),
        # Their own songs have run out.
        (CHOSEN.shown("jukebox", 60.0, silent=True), -NEVER),
        (replace(CHOSEN, asked_until_s=900.0).shown("jukebox", 60.0, silent=True), 900.0),
        # A song of the jukebox's that follows theirs, and a pause, end nothing.
        (CHOSEN.shown("jukebox", 60.0, silent=False), 1800.0),
        (CHOSEN.shown("paused", 60.0, silent=False), 1800.0),
        (HELD.shown("jukebox", 60.0, silent=True), 1800.0),
    ],
)
def test_until_when_nothing_changes_by_itself(listener, until_s):
    assert listener.hold_until_s == until_s
    assert listener.holds(until_s - 1) == (until_s > 0)
    assert not listener.holds(until_s)


def test_since_when_somebody_is_in_charge_counts_from_the_change():
    listener = Listener().shown("chosen", 5.0).shown("chosen", 9.0)
    assert (listener.charge, listener.since_s) == ("chosen", 5.0)
    assert listener.shown("paused", 12.0).since_s == 12.0


# Over a restart

DAY_S = 86_400.0


def restarted(policy, *, after_s, clock_is_behind_s=0.0):
    """A policy after a restart, and its time then: the old one's time was 500 s, 1,000,000 unix."""
    kept = policy.wishes(500.0, 1_000_000.0)
    new = MusicPolicy(Settings())
    new.restore(
        kept, policy.listener.charge, 7.0, 1_000_000.0 + after_s - clock_is_behind_s, silent=False
    )
    return new


def asked(**wishes):
    policy = MusicPolicy(Settings())
    policy.listener = Listener(
        acted_until_s=wishes.get("acted_until_s", -NEVER),
        asked_until_s=wishes.get("asked_until_s", -NEVER),
        action=wishes.get("action"),
    )
    policy.sleep_at_s = wishes.get("sleep_at_s", NEVER)
    return policy


@pytest.mark.parametrize("kind", ["acted_until_s", "asked_until_s"])
@pytest.mark.parametrize(
    ("after_s", "behind_s", "left_s"),
    [
        (0, 0, 1300.0),
        (60, 0, 1240.0),
        (1299, 0, 1.0),
        (1301, 0, -NEVER),
        (DAY_S, 0, -NEVER),
        # A clock that starts in the past: the whole rest counts, but never more.
        (60, 3600, 1300.0),
        (60, 60 * 365 * DAY_S, 1300.0),
    ],
)
def test_a_hold_survives_a_restart(kind, after_s, behind_s, left_s):
    policy = restarted(asked(**{kind: 1800.0}), after_s=after_s, clock_is_behind_s=behind_s)
    assert policy.hold_until_s == pytest.approx(7.0 + left_s)
    assert policy.holds(7.0) == (left_s > 0)


def test_a_mood_that_somebody_asked_for_survives_a_restart_until_auto():
    policy = MusicPolicy(Settings())
    policy.ask_for(Emotion.SAD)
    assert restarted(policy, after_s=DAY_S).asked is Emotion.SAD
    policy.ask_for(None)
    assert restarted(policy, after_s=1).asked is None


@pytest.mark.parametrize(
    ("after_s", "sleep_at_s", "asleep"),
    [(60, 1247.0, False), (1299, 8.0, False), (1301, NEVER, True)],
)
def test_a_sleep_timer_runs_on_while_the_box_is_off(after_s, sleep_at_s, asleep):
    policy = restarted(asked(sleep_at_s=1800.0), after_s=after_s)
    assert policy.sleep_at_s == pytest.approx(sleep_at_s)
    assert policy.asleep == asleep


def test_why_and_since_when_somebody_is_in_charge_survives_a_restart():
    policy = MusicPolicy(Settings())
    policy.listener = Listener("paused", since_s=400.0, action="pause")
    listener = restarted(policy, after_s=60).listener
    assert (listener.charge, listener.action, listener.since_s) == ("paused", "pause", 7.0 - 160.0)


@pytest.mark.parametrize(
    "kept",
    [
        Wishes(asked_mood="jealous", action="dance", since=9e12, noted_at=9e12),
        Wishes(acted_until=-5.0, asked_until=-5.0, sleep_at=-5.0),
    ],
)
def test_wishes_that_mean_nothing_are_none(kept):
    policy = MusicPolicy(Settings())
    policy.restore(kept, "jukebox", 7.0, 1_000_000.0, silent=False)
    assert (policy.asked, policy.listener.action, policy.asleep) == (None, None, False)
    assert not policy.holds(7.0)
    assert policy.listener.since_s <= 7.0
