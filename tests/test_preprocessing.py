import cv2
import numpy as np
import pytest

from appliance.records import Box
from appliance.vision import preprocessing

RAMP = np.arange(100, dtype=np.uint8).reshape(10, 10)
FACE = np.random.default_rng(0).normal(120, 40, (48, 48)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("box", "first_row"),
    [
        (Box(2, 3, 4, 4), [32, 33, 34, 35]),
        (Box(-2, 0, 4, 4), [0, 0, 0, 1]),
        (Box(8, 0, 4, 4), [8, 9, 9, 9]),
        (Box(0, -3, 2, 4), [0, 1]),
        (Box(3, 8, 2, 4), [83, 84]),
    ],
)
def test_a_crop_has_the_size_of_its_box_and_repeats_the_edge_outside(box, first_row):
    face = preprocessing.crop(RAMP, box)
    assert face.shape == (box.height, box.width)
    assert face[0].tolist() == first_row


def test_a_crop_does_not_change_the_frame():
    before = RAMP.copy()
    preprocessing.to_input(preprocessing.crop(RAMP, Box(-5, -5, 20, 20)), 48)
    assert (before == RAMP).all()


@pytest.mark.parametrize("size_px", [7, 47, 48, 49, 200])
def test_the_input_has_its_shape_and_range_whatever_the_face_measures(size_px):
    face = np.tile(np.array([[0, 255]], np.uint8), (size_px, size_px // 2 + 1))[:, :size_px]
    x = preprocessing.to_input(face, 48)
    assert (x.shape, x.dtype) == ((1, 48, 48, 1), np.float32)
    assert -1.0 <= x.min() <= x.max() <= 1.0


def test_black_is_minus_one_and_white_is_one():
    for value, expected in ((0, -1.0), (255, 1.0)):
        x = preprocessing.to_input(np.full((48, 48), value, np.uint8), 48)
        assert np.allclose(x, expected)


def test_shrinking_averages_so_that_fine_patterns_do_not_alias():
    checkered = (np.indices((192, 192)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert np.abs(preprocessing.to_input(checkered, 48)).max() < 0.01


def test_a_portrait_is_narrower_and_lower_on_the_face():
    portrait = preprocessing.portrait(Box(100, 50, 100, 100))
    assert portrait == Box(104, 61, 93, 93)
    assert preprocessing.portrait(Box(-50, 430, 100, 100)) == Box(-46, 441, 93, 93)


@pytest.mark.parametrize("side", [49, 80, 96, 143, 183, 240, 383, 500])
def test_a_large_face_is_shrunk_as_by_averaging_only_faster(side):
    noise = np.random.default_rng(side).normal(120, 40, (side // 6, side // 6))
    smooth = cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(1).normal(0, 4, smooth.shape)
    face = (smooth + grain).clip(0, 255).astype(np.uint8)
    averaged = cv2.resize(face, (48, 48), interpolation=cv2.INTER_AREA)
    assert np.abs(preprocessing.to_input(face, 48) - as_input(averaged)).mean() < 2.0 / 127.5


def test_a_mirror_swaps_left_and_right():
    assert preprocessing.mirrored(RAMP)[0].tolist() == list(range(9, -1, -1))


def as_input(face):
    return preprocessing.scale(face)[np.newaxis, :, :, np.newaxis]


NEVER = (999.0, 999.0)
ONE_LEVEL = preprocessing.Light(130.0, 55.0, 4.0, usual_mean=NEVER, usual_spread=NEVER)


@pytest.mark.parametrize("light", [ONE_LEVEL, preprocessing.LIGHT])
@pytest.mark.parametrize(("gain", "shift"), [(0.25, 90), (0.3, 0), (0.4, 150), (0.2, 10)])
def test_a_face_in_unusual_light_comes_out_with_one_mean_and_spread(gain, shift, light):
    face = np.rint(FACE * gain + shift).clip(0, 255).astype(np.uint8)
    x = (preprocessing.to_input(face, 48, light) + 1.0) * 127.5
    assert (x.mean(), x.std()) == (pytest.approx(130, abs=2), pytest.approx(55, abs=2))


@pytest.mark.parametrize(("gain", "shift"), [(1.0, 0), (0.7, 0), (0.7, 100), (1.9, -100)])
def test_a_face_in_usual_light_stays_exactly_as_it_is(gain, shift):
    face = np.rint(FACE * gain + shift).clip(0, 255).astype(np.uint8)
    given = preprocessing.to_input(face, 48, preprocessing.LIGHT)
    assert (given == preprocessing.to_input(face, 48)).all()


def test_the_noise_of_an_even_patch_is_not_blown_up_without_limit():
    patch = (120 + np.indices((48, 48)).sum(axis=0) % 2).astype(np.uint8)  # a spread of 0.5
    x = preprocessing.levelled(patch, ONE_LEVEL) * 127.5
    assert x.std() == pytest.approx(0.5 * 55 / 4, abs=0.3)
    even = preprocessing.levelled(np.full((48, 48), 7, np.uint8), ONE_LEVEL)
    assert np.allclose((even + 1.0) * 127.5, 130.0)


def test_no_light_brings_a_face_out_of_the_range_of_gray():
    spots = np.full((48, 48), 100, np.uint8)
    spots[0, :2] = 0, 255
    x = preprocessing.levelled(spots, ONE_LEVEL)
    assert (x.min(), x.max()) == (-1.0, 1.0)
