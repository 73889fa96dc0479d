"""Which frames are read; in the others faces are only followed."""

import numpy as np
import pytest

from appliance.decide.readings import Readings
from appliance.records import Box, Face, Frame

PICTURE = np.zeros((4, 4), np.uint8)


def faces(*tracks: int) -> tuple[Face, ...]:
    return tuple(Face(Box(0, 0, 4, 4), 0.9, track) for track in tracks)


def read(readings: Readings, begin_s: float, end_s: float, *tracks: int, rate: int = 10) -> int:
    """How many frames of this time are read."""
    numbers = range(round(begin_s * rate), round(end_s * rate))
    frames = [Frame(number / rate, 0.0, PICTURE) for number in numbers]
    return sum(readings.are_due(frame, faces(*tracks)) for frame in frames)


@pytest.mark.parametrize(("rate", "most"), [(30, 4.3), (15, 4.3), (10, 4), (5, 3), (2, 2)])
def test_a_face_that_stays_is_read_some_times_a_second(rate, most):
    readings = Readings()
    read(readings, 0, 4, 1, rate=rate)
    assert 2 <= read(readings, 4, 14, 1, rate=rate) / 10 <= most


def test_whoever_has_just_come_is_read_in_every_frame():
    readings = Readings()
    read(readings, 0, 10, 1)
    assert read(readings, 10, 12, 1, 2) == 20
    assert read(readings, 12, 14, 1, 2) < 10
    assert read(readings, 14, 15, 2) == 10, "also when somebody has left"


def test_nothing_is_missed_without_a_picture():
    readings = Readings()
    read(readings, 0, 10)
    assert all(readings.are_due(Frame(10 + n / 10, 0.0, None), ()) for n in range(10))


def test_a_hurry_makes_the_next_frame_a_read_one():
    readings = Readings()
    read(readings, 0, 10, 1)
    for number in range(10):
        readings.hurry()
        assert readings.are_due(Frame(10 + number / 10, 0.0, PICTURE), faces(1))
