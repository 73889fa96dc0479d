"""python -m convert.quality: the emotion network again from its file, and its output for causes."""

import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

with warnings.catch_warnings():
    # TensorFlow and Keras warn about their own future while they are imported.
    warnings.simplefilter("ignore")
    pytest.importorskip("keras", reason="needs the extra [convert]")
    from convert import detect, networks, quality, recover, still
    from convert.pictures import DataError
    from convert.predict import predict

from appliance.vision.cards import read_card
from appliance.vision.interpreter import Interpreter
from appliance.vision.preprocessing import LIGHT, to_input

PROJECT = Path(__file__).parent.parent
SINGLE = PROJECT / "models" / "emotion_float32_single.tflite"
NOISE = np.random.default_rng(0).integers(0, 256, (6, 48, 48), dtype=np.uint8)


def face(emotion: str) -> np.ndarray:
    path = PROJECT / "appliance" / "camera" / "reel_faces" / f"{emotion}.png"
    return cv2.resize(cv2.imread(str(path), 0), (48, 48), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def network():
    return recover.recovered(SINGLE)


def test_the_recovered_network_answers_as_its_file(network):
    file, card = Interpreter(SINGLE), read_card(SINGLE, "emotion")
    answers = [file.run(to_input(image, 48)) for image in NOISE]
    for head, logits in predict(network, NOISE).items():
        told = np.concatenate([answer[card.heads[head].index] for answer in answers])
        assert logits == pytest.approx(told, abs=1e-4)


def test_a_file_of_another_network_is_refused():
    with pytest.raises(DataError, match="is not a mini_xception_fast with one view"):
        recover.recovered(PROJECT / "models" / "sequential_cnn_float32.tflite")


def test_the_further_output_weighs_the_cells_of_the_last_maps_and_changes_no_head(network):
    cells = quality._cells_of(network)(NOISE)
    assert cells.shape == (6, 648)
    weights = np.random.default_rng(1).normal(0, 0.1, (648, 3))
    kernel = weights.reshape(3, 3, 72, 3).astype(np.float32)
    told = networks.with_quality(network, kernel, np.array([1.0, 2.0, 3.0], np.float32))
    answers, before = predict(told, NOISE, LIGHT), predict(network, NOISE, LIGHT)
    assert answers["quality"] == pytest.approx(cells @ weights + [1.0, 2.0, 3.0], abs=1e-2)
    for head, logits in before.items():
        assert answers[head] == pytest.approx(logits, abs=1e-4)
    assert told.count_params() <= networks.PARAMETER_LIMIT


def test_the_regression_finds_what_tells_two_kinds_apart_however_rare_one_is():
    rng = np.random.default_rng(0)
    is_it = rng.random(4000) < 0.05
    features = rng.normal(0, (1.0, 100.0), (4000, 2)) + np.outer(is_it, (3.0, 0.0))
    weights, bias = quality.logistic(features, is_it)
    answers = features @ weights + bias > 0
    assert abs(weights[0]) > 50 * abs(weights[1])
    assert answers[is_it].mean() > 0.85
    assert answers[~is_it].mean() < 0.15


def test_faces_are_learned_from_as_they_are_and_disturbed(monkeypatch):
    monkeypatch.setattr(quality, "FACES", 5)
    monkeypatch.setattr(quality, "MASK_VIEWS", 3)
    photographed = [face("happy")], [face("sad"), face("angry")]
    dull = NOISE // 8 + 100  # so that some noise is much
    made = quality.disturbed(dull, photographed, np.random.default_rng(0))
    assert made.images.shape == (5 * 7 + 3 * 3, 48, 48)
    assert made.is_it["hidden"].sum() == 5 * 2 + 2 * 3
    for cause in ("blurred", "dark"):
        assert 0 < made.is_it[cause].sum() < 15


def test_masks_are_taken_from_every_other_photo(tmp_path, monkeypatch):
    scene = still.in_a_room(face("neutral"))
    photos = [
        detect.Photo(scene, (detect._box(kind, 240, 160, 400, 320),))
        for kind in ("good", "good", "bad", "bad", "none", "good")
    ]
    monkeypatch.setattr(detect, "load_photos", lambda _path: photos)
    without, masked = quality.masks(tmp_path)
    assert (len(without), len(masked)) == (1, 1)
    assert masked[0].shape == (48, 48)
