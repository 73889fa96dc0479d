"""Where newcomers are looked for: everywhere at first, and then where something has changed."""

import numpy as np
import pytest

from appliance.records import Box
from appliance.vision.geometry import Detection, covering_squares
from appliance.vision.search_schedule import IDLE_SEARCH_EVERY, SearchSchedule

SQUARES = covering_squares((480, 640), 280)
LARGE = [square for square in SQUARES if square.width == 480]
WALL = np.random.default_rng(0).integers(60, 200, (480, 640), np.uint8)


def with_spot(box, gray=255):
    luma = WALL.copy()
    luma[box.y : box.y + box.height, box.x : box.x + box.width] = gray
    return luma


def after_a_sweep(known=()):
    """SearchSchedule that have looked at each square of the wall."""
    turns = SearchSchedule(3)
    for _ in range(-(-len(SQUARES) // 3)):
        turns.changed(SQUARES, WALL, known)
    return turns


def test_each_square_is_looked_at_once_at_first():
    turns = SearchSchedule(3)
    looks = [turns.changed(SQUARES, WALL, ()) for _ in range(-(-len(SQUARES) // 3))]
    assert max(map(len, looks)) == 3
    looked = [square for each in looks for square in each]
    assert len(looked) == len(SQUARES)
    assert set(looked) == set(SQUARES)


def test_where_nothing_changes_few_looks_are_enough_and_none_is_for_ever_without():
    turns = after_a_sweep()
    searches = len(SQUARES) * IDLE_SEARCH_EVERY
    looked = [turns.changed(SQUARES, WALL, ()) for _ in range(searches)]
    assert sum(map(bool, looked)) == searches // IDLE_SEARCH_EVERY
    assert {square for each in looked for square in each} == set(SQUARES)


def test_who_comes_in_is_looked_for_where_they_are():
    turns, spot = after_a_sweep(), Box(560, 400, 40, 40)
    looked = [square for _ in range(2) for square in turns.changed(SQUARES, with_spot(spot), ())]
    assert len(looked) == 2
    assert set(looked) == {LARGE[1], SQUARES[-1]}


def test_a_cameras_noise_is_no_change():
    turns, noise = after_a_sweep(), np.random.default_rng(1)
    looked = []
    for _ in range(IDLE_SEARCH_EVERY - 1):
        noisy = (WALL + noise.normal(0.0, 5.0, WALL.shape)).clip(0, 255).astype(np.uint8)
        looked += turns.changed(SQUARES, noisy, ())
    assert looked == []


@pytest.mark.parametrize(("x", "y", "looks"), [(100, 100, 0), (60, 400, 0), (300, 100, 3)])
def test_only_the_movements_of_a_followed_person_do_not_count(x, y, looks):
    known = [Detection(100.0, 100.0, 80.0, 0.9)]
    turns = after_a_sweep(known)
    moved = with_spot(Box(x - 15, y - 15, 30, 30))
    assert len(turns.changed(SQUARES, moved, known)) == looks


def test_the_large_squares_come_up_more_often():
    turns = SearchSchedule(3)
    shown = [np.full((480, 640), 20 * (n % 10), np.uint8) for n in range(10)]
    looked = [square for luma in shown for square in turns.changed(SQUARES, luma, ())]
    assert [square in LARGE for square in looked] == [True, True, False] * 10


def test_a_frame_may_take_them_all():
    assert SearchSchedule(1000).some(SQUARES) == list(SQUARES)


def test_near_and_far_are_looked_at_while_nobody_is_there():
    turns = SearchSchedule(3)
    near, far = turns.some(SQUARES), turns.some(SQUARES)
    assert near == [*LARGE, SQUARES[2]]
    assert far == list(SQUARES[3:6])


@pytest.mark.parametrize("shape", [(10, 10), (480, 640)])
def test_pictures_may_be_of_any_size_and_change_it(shape):
    turns = after_a_sweep()
    squares = covering_squares(shape, 280)
    assert turns.changed(squares, np.zeros(shape, np.uint8), ())
