"""What the finder learns from, and what a wrong answer costs it."""

import warnings

import numpy as np
import pytest

with warnings.catch_warnings():
    # TensorFlow and Keras warn about their own future while they are imported.
    warnings.simplefilter("ignore")
    pytest.importorskip("tensorflow", reason="needs the extra [convert]")
    from convert.detect import Annotated
    from convert.finder_squares import BAGS, SIDE_PX, Scene, Square, Squares, targets_of
    from convert.losses import finder as cost

from appliance.vision.blazeface import anchors
from appliance.vision.geometry import mean_odds

ANCHORS = np.array(anchors(SIDE_PX), np.float32)
BLIND = np.zeros((896, 16), np.float32), np.full(896, -9.0, np.float32)
RANDOM = np.random.default_rng(5)


def scene(*faces):
    return Scene(RANDOM.integers(0, 255, (300, 400, 3), np.uint8), tuple(faces))


def face(x, y, side, *, counts=True):
    half = side / 2
    return Annotated(counts, x - half, y - half, x + half, y + half)


def squares(*faces, seed=1):
    room = Scene(RANDOM.integers(0, 255, (200, 300, 3), np.uint8), (), ((90.0, 80.0, 40.0, 0.5),))
    return Squares([scene(*faces)], [room], ANCHORS, seed)


def blind(_pixels):
    return BLIND


def test_a_batch_depends_on_its_seed_and_number_alone():
    faces = face(200, 150, 80), face(60, 60, 40)
    drawn = scene(*faces)
    one, other = (Squares([drawn], [drawn], ANCHORS, 3) for _ in range(2))
    for first, second in zip(one.batch(4, 8, blind), other.batch(4, 8, blind), strict=True):
        assert np.array_equal(first, second)
    assert not np.array_equal(one.batch(5, 8, blind)[0], other.batch(4, 8, blind)[0])


def test_squares_show_their_face_whole_or_no_people():
    drawn = squares(face(200, 150, 80))
    shown = [drawn._draw(np.random.default_rng(n)) for n in range(200)]
    assert {square.pixels.shape for square in shown} == {(SIDE_PX, SIDE_PX, 3)}
    with_face = [square for square in shown if square.faces]
    assert 90 < len(with_face) < 150
    for square in with_face:
        ((x, y, height),) = square.faces
        assert SIDE_PX / 8.5 < height < 120
        assert 0 < x < SIDE_PX
        assert 0 < y < SIDE_PX
    assert all(not (square.faces or square.unclear) for square in shown if square.empty)


def test_things_and_people_come_in_colour_and_in_gray():
    """Or colour alone would tell a face: photos without people are gray, others are not."""
    gray = Scene(np.repeat(RANDOM.integers(0, 255, (200, 300, 1), np.uint8), 3, axis=2), ())
    drawn = Squares([scene(face(200, 150, 80))], [gray], ANCHORS, 1)
    seen = {True: [], False: []}
    for n in range(200):
        square = drawn._draw(np.random.default_rng(n))
        seen[square.empty].append(np.ptp(square.pixels.astype(int), axis=2).mean() > 3)
    for coloured in seen.values():
        assert 0.3 < np.mean(coloured) < 0.9


def test_anchors_in_a_face_are_its_bag_those_around_are_let_be_and_all_others_must_not_see_it():
    square = Square(np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8), ((64.0, 64.0, 40.0),), (), False)
    scores, _ = targets_of(square, ANCHORS, *BLIND)
    distance = np.hypot(*(ANCHORS - 64).T)
    bag, must_not = scores[:, 0] > 0, scores[:, BAGS] > 0
    assert bag[distance < 11].all()
    assert not bag[distance > 13].any()
    assert not must_not[distance < 19].any()
    assert must_not[distance > 21].all()
    assert not scores[:, 1:BAGS].any()


def test_an_unknown_face_of_a_photo_that_the_published_network_sees_is_let_be():
    boxes, scores = BLIND[0], BLIND[1].copy()
    scores[7] = 2.0
    photo, room = (
        Square(np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8), (), (), empty) for empty in (False, True)
    )
    told = targets_of(photo, ANCHORS, boxes, scores)[0]
    assert (told[7, BAGS], told[7, BAGS + 1], told[8, BAGS]) == (0.0, 2.0, 1.0)
    told = targets_of(room, ANCHORS, boxes, scores)[0]
    assert (told[7, BAGS], told[7, BAGS + 1]) == (1.0, 0.0)


def answered(face_logit, thing_logit):
    """The cost of a square with one face, whose best anchor and all things get these logits."""
    square = Square(np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8), ((64.0, 64.0, 40.0),), (), False)
    targets = targets_of(square, ANCHORS, *BLIND)[0][np.newaxis]
    logits = np.full((1, 896, 1), thing_logit, np.float32)
    logits[0, np.flatnonzero(targets[0, :, 0])[0]] = face_logit
    return float(cost(targets, logits)[0])


def test_it_costs_to_miss_a_face_and_to_see_one_where_none_is():
    right = answered(5.0, -5.0)
    assert right < 0.05
    assert answered(-5.0, -5.0) > 20 * right
    assert answered(5.0, 0.0) > 20 * right


def test_boxes_cost_only_where_they_count():
    wanted = np.zeros((1, 896, 32), np.float32)
    wanted[0, 3, 16:] = 1.0
    boxes = np.zeros((1, 896, 16), np.float32)
    boxes[0, 4] = 50.0
    assert float(cost(wanted, boxes)[0]) == 0.0
    boxes[0, 3] = 4.0
    assert float(cost(wanted, boxes)[0]) > 0.5


@pytest.mark.parametrize(
    ("first", "second", "mean"),
    [(0.5, 0.5, 0.5), (0.9, 0.1, 0.5), (0.8, 0.8, 0.8), (1.0, 0.5, 1.0), (0.0, 0.0, 0.0)],
)
def test_two_views_count_alike(first, second, mean):
    assert mean_odds(first, second) == pytest.approx(mean)
