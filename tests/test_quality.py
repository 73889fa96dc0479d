"""Why a face cannot be read well: by its size and pose, and by what the network says."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.build import MODELS
from appliance.camera import reel
from appliance.errors import ModelError
from appliance.images import read_picture
from appliance.records import Box, Face, Frame
from appliance.vision.emotion import EmotionClassifier, weight
from appliance.vision.quality import unclear

LARGE = Box(0, 0, 100, 100)


@pytest.mark.parametrize(
    ("face", "told", "cause"),
    [
        (Face(LARGE, 1.0, 1), [], None),
        (Face(LARGE, 1.0, 1, tilt=60.0, turn=0.4), [], None),  # straightened, and nearly frontal
        (Face(LARGE, 1.0, 1, tilt=-70.0), [], "tilted"),
        (Face(LARGE, 1.0, 1, turn=-0.6), [], "turned"),
        (Face(Box(0, 0, 19, 19), 1.0, 1), [], "small"),
        (Face(Box(0, 0, 20, 20), 1.0, 1), [], None),
        (Face(LARGE, 1.0, 1), ["hidden"], "hidden"),
        (Face(LARGE, 1.0, 1), ["blurred", "dark"], "dark"),
        (Face(LARGE, 1.0, 1, turn=0.9), ["hidden"], "turned"),
        (Face(Box(0, 0, 19, 19), 1.0, 1), ["blurred"], "small"),
    ],
)
def test_the_most_important_cause_is_told(face, told, cause):
    assert unclear(face, told) == cause


@pytest.fixture
def model(tmp_path) -> Path:
    """A copy of the shipped network with its card."""
    for suffix in (".tflite", ".json"):
        shutil.copy(MODELS / f"emotion_int8_single{suffix}", tmp_path)
    return tmp_path / "emotion_int8_single.tflite"


def change(model: Path, **fields: object) -> None:
    path = model.with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def scores(model, face, luma=None):
    noise = np.random.default_rng(0).integers(0, 256, (100, 100), dtype=np.uint8)
    return EmotionClassifier(model).classify(Frame(0.0, 0.0, noise if luma is None else luma),
                                             [face])[0]  # fmt: skip


def test_an_unclear_face_counts_for_less_than_a_clear_one(model):
    change(model, quality=None)
    clear, turned = Face(LARGE, 1.0, 1), Face(LARGE, 1.0, 1, turn=0.9)
    assert (scores(model, clear).unclear, scores(model, turned).unclear) == (None, "turned")
    assert scores(model, clear).weight == weight(clear, 100, 100)
    assert scores(model, turned).weight == weight(clear, 100, 100) / 2


def test_a_card_says_from_which_number_on_a_cause_is_believed(model):
    stated = json.loads(model.with_suffix(".json").read_text())["quality"]
    for least, cause in ((-1000.0, "blurred"), (1000.0, None)):
        always = dict.fromkeys(stated["least"], 1000.0) | {"blurred": least}
        change(model, quality=stated | {"least": always})
        assert scores(model, Face(LARGE, 1.0, 1)).unclear == cause


@pytest.mark.parametrize(
    ("quality", "says"),
    [
        (7, "quality is 7; it must be an object"),
        ({"least": {"dark": 1.0}}, "lacks what a card must say: quality.index"),
        ({"index": 2, "least": {}}, "quality.least is {}; it must be numbers by cause"),
        ({"index": 2, "least": {"ugly": 1.0}}, "it must be numbers by cause"),
        ({"index": 2, "least": {"dark": "1"}}, "it must be numbers by cause"),
        ({"index": 2, "least": {"dark": float("nan")}}, "it must be numbers by cause"),
        ({"index": 2, "least": {"dark": 1.0}}, "has shapes"),
        ({"index": 9, "least": {"dark": 1.0, "hidden": 1.0, "blurred": 1.0}}, "has shapes"),
    ],
)
def test_a_quality_that_cannot_be_is_refused(model, quality, says):
    change(model, quality=quality)
    with pytest.raises(ModelError) as caught:
        EmotionClassifier(model)
    assert says in str(caught.value)


COMPOSITE = read_picture(Path(reel.__file__).parent / "reel_faces" / "neutral.png").luma


def disturbed(kind: str) -> np.ndarray:
    if kind == "dark":
        noise = np.random.default_rng(0).normal(0, 8, COMPOSITE.shape)
        return np.rint(COMPOSITE * 0.05 + 30 + noise).clip(0, 255).astype(np.uint8)
    if kind == "blurred":
        return cv2.GaussianBlur(COMPOSITE, (0, 0), 2.5 * len(COMPOSITE) / 48)
    if kind == "hidden":  # a bright mask from below the eyes to the chin
        masked = COMPOSITE.copy()
        masked[int(0.55 * len(masked)) :, len(masked) // 6 : -len(masked) // 6] = 225
        return masked
    return COMPOSITE


@pytest.mark.parametrize("name", ["emotion_int8_single", "emotion_float32_single"])
@pytest.mark.parametrize("kind", ["clear", "dark", "blurred", "hidden"])
def test_the_running_jukebox_sees_that_a_face_is_dark_blurred_or_hidden(name, kind):
    luma = disturbed(kind)
    face = Face(Box(0, 0, luma.shape[1], luma.shape[0]), 1.0, 1)
    cause = scores(MODELS / f"{name}.tflite", face, luma).unclear
    assert cause == (None if kind == "clear" else kind)
