from datetime import datetime

import pytest

from appliance.hours import is_daily_hours, within


def at(hour, minute=0):
    return datetime(2026, 11, 24, hour, minute).astimezone().timestamp()


@pytest.mark.parametrize(
    ("hours", "moment", "inside"),
    [
        ("09:00-17:30", at(9), True),
        ("09:00-17:30", at(17, 29), True),
        ("09:00-17:30", at(17, 30), False),
        ("22:00-07:00", at(23), True),
        ("22:00-07:00", at(6, 59), True),
        ("22:00-07:00", at(7), False),
        ("00:00-00:00", at(12), True),
        ("", at(12), False),
    ],
)
def test_hours_may_go_over_midnight(hours, moment, inside):
    assert within(hours, moment) is inside


@pytest.mark.parametrize("text", ["22-7", "24:00-07:00", "22:00-07:60", "22:00", "22:00 - 07:00"])
def test_any_other_form_is_refused(text):
    assert not is_daily_hours(text)


@pytest.mark.parametrize("text", ["", "22:00-07:00", "00:00-23:59"])
def test_these_are_daily_hours(text):
    assert is_daily_hours(text)
