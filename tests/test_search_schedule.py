"""Where newcomers are searched for: everywhere at first, then where something has changed."""

import numpy as np
import pytest

from appliance.records import Box
from appliance.vision.detectors import EVERYWHERE
from appliance.vision.geometry import Detection, covering_squares
from appliance.vision.search_schedule import SearchSchedule

SQUARES = covering_squares((480, 640), 280)
LARGE = [square for square in SQUARES if square.width == 480]
WALL = np.random.default_rng(0).integers(60, 200, (480, 640), np.uint8)


def with_spot(box, gray=255):
    luma = WALL.copy()
    luma[box.y : box.y + box.height, box.x : box.x + box.width] = gray
    return luma


def after_a_sweep(known=(), luma=WALL):
    """A SearchSchedule after searches of all squares of the wall."""
    schedule = SearchSchedule(3)
    for _ in range(-(-len(SQUARES) // 3)):
        schedule.changed(SQUARES, luma, known)
    return schedule


def test_each_square_is_searched_once_at_first():
    schedule = SearchSchedule(3)
    searches = [schedule.changed(SQUARES, WALL, ()) for _ in range(-(-len(SQUARES) // 3))]
    assert max(map(len, searches)) == 3
    searched = [square for squares in searches for square in squares]
    assert len(searched) == len(SQUARES)
    assert set(searched) == set(SQUARES)


def test_where_nothing_changes_every_other_search_covers_one_square_and_each_comes_up():
    schedule = after_a_sweep()
    searches = [schedule.changed(SQUARES, WALL, ()) for _ in range(2 * len(SQUARES))]
    assert [len(squares) for squares in searches] == [0, 1] * len(SQUARES)
    assert {square for squares in searches for square in squares} == set(SQUARES)


def test_who_comes_in_is_searched_for_where_they_are():
    schedule, spot = after_a_sweep(), Box(560, 400, 40, 40)
    searched = [
        square for _ in range(2) for square in schedule.changed(SQUARES, with_spot(spot), ())
    ]
    assert len(searched) == 2
    assert set(searched) == {LARGE[1], SQUARES[-1]}


@pytest.mark.parametrize(
    ("grays", "squares"),
    [(5, 0), (12, 3)],
    ids=["the noise of a dark room", "a dark jacket on a dark wall"],
)
def test_a_change_of_twelve_grays_is_noticed_and_one_of_five_is_not(grays, squares):
    schedule = after_a_sweep(luma=np.full_like(WALL, 60))
    changed = np.full_like(WALL, 60)
    changed[100:200, 300:400] += grays
    assert len(schedule.changed(SQUARES, changed, ())) == squares


def test_the_noise_of_a_camera_is_not_a_change():
    schedule, noise = after_a_sweep(), np.random.default_rng(1)
    noisy = (WALL + noise.normal(0.0, 5.0, WALL.shape)).clip(0, 255).astype(np.uint8)
    assert schedule.changed(SQUARES, noisy, ()) == []


def test_a_face_of_forty_pixels_is_a_change():
    schedule = after_a_sweep(luma=np.full_like(WALL, 100))
    changed = np.full_like(WALL, 100)
    changed[103:143, 303:343] = 160
    assert len(schedule.changed(SQUARES, changed, ())) == 3


@pytest.mark.parametrize(
    ("x", "y", "squares"),
    [(100, 100, 0), (30, 400, 0), (175, 400, 0), (240, 400, 3), (300, 100, 3)],
)
def test_only_the_movements_of_a_followed_person_do_not_count(x, y, squares):
    known = [Detection(100.0, 100.0, 80.0, 0.9)]
    schedule = after_a_sweep(known)
    moved = with_spot(Box(x - 15, y - 15, 30, 30))
    assert len(schedule.changed(SQUARES, moved, known)) == squares


def test_where_all_changes_half_of_the_squares_are_large_and_each_comes_up():
    schedule = SearchSchedule(4)
    shown = [np.full((480, 640), 20 * (n % 10), np.uint8) for n in range(20)]
    searched = [square for luma in shown for square in schedule.changed(SQUARES, luma, ())]
    assert [square in LARGE for square in searched] == [True, False, True, False] * 20
    assert set(searched) == set(SQUARES)


def test_where_there_are_many_squares_only_the_largest_are_searched_at_once():
    squares = covering_squares((480, 640), 168)
    schedule = SearchSchedule(3)
    searched = [len(schedule.changed(squares, WALL, ())) for _ in range(12)]
    assert len(squares) == 87
    assert searched == [3] * 6 + [0, 1] * 3


def test_where_a_head_may_be_is_searched_before_what_is_below_it():
    squares = covering_squares((480, 640), 168)
    schedule = SearchSchedule(1)
    for _ in squares:
        schedule.changed(squares, WALL, ())
    person = WALL.copy()
    person[200:440, 500:560] = 255
    first, second, _ = (schedule.changed(squares, person, ())[0] for _ in range(3))
    for square in {first, second} - set(LARGE):
        assert square.y <= 190
        assert square.y + square.height >= 240
        assert square.x <= 500
        assert square.x + square.width >= 560


@pytest.mark.parametrize(("share", "squares"), [(1 / 3, 1), (2 / 3, 2), (1.0, 3)])
def test_a_search_may_be_made_piece_by_piece(share, squares):
    schedule = SearchSchedule(3)
    assert len(schedule.changed(SQUARES, WALL, (), share)) == squares


def test_pieces_of_searches_cover_no_more_where_nothing_changes():
    schedule = after_a_sweep()
    searches = [schedule.changed(SQUARES, WALL, (), 1 / 3) for _ in range(24)]
    assert sum(map(len, searches)) == 4


@pytest.mark.parametrize("shape", [(480, 640), (3000, 4000), (9000, 12000)])
def test_one_search_covers_all_of_a_photo_however_large_it_is(shape):
    squares = covering_squares(shape, 280)
    assert SearchSchedule(EVERYWHERE).some(squares, np.zeros((1, 1), np.uint8)) == list(squares)


def test_near_and_far_squares_take_turns_while_nobody_is_there():
    schedule = SearchSchedule(3)
    near, far = (schedule.some(SQUARES, WALL) for _ in range(2))
    assert near == [*LARGE, SQUARES[2]]
    assert far == list(SQUARES[3:6])


@pytest.mark.parametrize("shape", [(10, 10), (480, 640)])
def test_pictures_may_be_of_any_size_and_change_it(shape):
    schedule = after_a_sweep()
    squares = covering_squares(shape, 280)
    assert schedule.changed(squares, np.zeros(shape, np.uint8), ())
