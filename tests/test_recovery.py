import logging
from itertools import pairwise

import pytest

from appliance.decide.recovery import Recovery
from appliance.errors import PlayerError, StoreError


class Device:
    """Fails while it is broken and counts the calls."""

    def __init__(self) -> None:
        self.broken = False
        self.calls: list[float] = []

    def use(self, time_s: float) -> str:
        self.calls.append(time_s)
        if self.broken:
            raise PlayerError("MPD went away")
        return "played"


def test_one_warning_when_lost_and_one_line_when_back(caplog):
    caplog.set_level(logging.INFO)
    device, recovery = Device(), Recovery("player", PlayerError)
    for time_s in range(200):
        device.broken = 10 <= time_s < 150
        recovery.attempt(float(time_s), lambda now=time_s: device.use(now))
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "player: lost: MPD went away"),
        ("INFO", "player: back"),
    ]


def test_it_is_tried_again_later_and_later_up_to_a_limit():
    device, recovery = Device(), Recovery("player", PlayerError)
    device.broken = True
    for tick in range(2000):
        recovery.attempt(tick / 10, lambda now=tick / 10: device.use(now))
    gaps = [after - before for before, after in pairwise(device.calls)]
    assert gaps[:5] == pytest.approx([1, 2, 4, 8, 16], abs=0.11)
    assert gaps[5:] == pytest.approx([30] * len(gaps[5:]), abs=0.11)


def test_what_works_is_passed_on_and_starts_the_count_anew():
    device, recovery = Device(), Recovery("player", PlayerError)
    device.broken = True
    assert recovery.attempt(0.0, lambda: device.use(0.0)) is None
    device.broken = False
    assert recovery.attempt(0.5, lambda: device.use(0.5)) is None  # not due yet
    assert recovery.attempt(1.0, lambda: device.use(1.0)) == "played"
    device.broken = True
    recovery.attempt(1.1, lambda: device.use(1.1))
    recovery.attempt(2.2, lambda: device.use(2.2))
    assert device.calls == [0.0, 1.0, 1.1, 2.2]


def test_a_device_that_may_be_back_is_tried_at_once_and_only_then_asked():
    device, recovery = Device(), Recovery("player", PlayerError)
    asked = []

    def attempt(time_s, *, may_be_back):
        def ask():
            asked.append(time_s)
            return may_be_back

        return recovery.attempt(time_s, lambda: device.use(time_s), ask)

    device.broken = True
    attempt(0.0, may_be_back=True)
    attempt(0.2, may_be_back=False)
    attempt(0.4, may_be_back=True)
    device.broken = False
    assert attempt(0.6, may_be_back=True) == "played"
    assert attempt(0.8, may_be_back=False) == "played"
    assert device.calls == [0.0, 0.4, 0.6, 0.8]
    assert asked == [0.2, 0.4, 0.6]


def test_errors_of_another_kind_are_raised():
    with pytest.raises(StoreError):
        Recovery("player", PlayerError).attempt(0.0, lambda: (_ for _ in ()).throw(StoreError()))
