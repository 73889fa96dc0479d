"""Evaluation: the data in every form, what is printed about them, and the shared data."""

import warnings

import cv2
import numpy as np
import pytest
from conftest import DATA

with warnings.catch_warnings():
    # TensorFlow and Keras warn about their own future while they are imported.
    warnings.simplefilter("ignore")
    pytest.importorskip("tensorflow", reason="needs the extra [convert]")
    from convert import data, scoring

UTKFACE = DATA / "utkface.zip"


def portrait(number: int) -> np.ndarray:
    """A picture that no other number has, uint8 (80, 80)."""
    noise = np.random.default_rng(number).integers(0, 90, (80, 80))
    noise[:, : 10 + 40 * (number % 2)] += 120
    return noise.astype(np.uint8)


# Portraits ----------------------------------------------------------------------------------------


def test_portraits_are_split_by_their_pixels_alone():
    images = np.stack([portrait(number // 2) for number in range(400)])
    everyone = data.Portraits(images, np.arange(400), np.arange(400) % 2, np.zeros(400, int))
    training, held = data.split_portraits(everyone)
    assert len(training) + len(held) == 400
    assert 16 < len(held) < 70
    assert not set(training.ages // 2) & set(held.ages // 2)
    backwards = everyone.take(np.arange(400)[::-1])
    assert set(data.split_portraits(backwards)[1].ages) == set(held.ages)


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_damaged_portrait_is_named(tmp_path, content):
    cv2.imwrite(str(tmp_path / "26_1_2_20170116.jpg"), portrait(0))
    (tmp_path / "27_1_2_20170117.jpg").write_bytes(content)
    with pytest.raises(data.DataError, match=r"27_1_2_20170117\.jpg: not a picture"):
        data.load_utkface(tmp_path)


@pytest.mark.skipif(not UTKFACE.exists(), reason=f"{UTKFACE} is not here (set JUKEBOX_DATA)")
def test_a_tenth_of_the_real_portraits_is_held_out():
    training, held = data.split_portraits(data.load_utkface(UTKFACE))
    assert (len(training), len(held)) == (17_807, 1_975)


# Scores -------------------------------------------------------------------------------------------


def test_figures_of_two_classes_have_their_names_and_their_reliability():
    logits = np.log(np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7]], np.float32))
    result = scoring.score(logits, np.array([0, 1, 1]))
    assert result.confusion == [[1, 0], [1, 1]]
    assert result.per_class["female"] == scoring.ClassScore(1.0, 0.5, pytest.approx(2 / 3), 2)
    bins = [bin_ for bin_ in result.reliability if bin_[0]]
    assert len(result.reliability) == scoring.BINS
    assert bins == [pytest.approx([1, 0.7, 1.0]), pytest.approx([2, 0.9, 0.5])]
    assert result.ece == pytest.approx((0.3 + 2 * 0.4) / 3)
    assert result.as_json()["reliability"][0] == [0, 0.0, 0.0]
