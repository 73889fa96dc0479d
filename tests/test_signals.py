"""Signals are noted, and acted on after the step under way."""

import signal

import pytest

from appliance.process.signals import Signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_end_is_noted(number):
    with Signals(can_reload=True) as signals:
        assert not signals.stop
        signal.raise_signal(number)
        assert signals.stop
        assert not signals.take_reload()


def test_a_request_to_reload_is_taken_once():
    with Signals(can_reload=True) as signals:
        assert not signals.take_reload()
        signal.raise_signal(signal.SIGHUP)
        assert signals.take_reload()
        assert not signals.take_reload()
        assert not signals.stop


def test_without_settings_to_read_again_a_closed_terminal_ends_it():
    with Signals(can_reload=False) as signals:
        signal.raise_signal(signal.SIGHUP)
        assert signals.stop
        assert not signals.take_reload()


def test_the_handlers_from_before_are_back_afterwards():
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    with Signals(can_reload=True):
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before
