"""The emotion classifier: the shipped networks, and every file and card that is refused."""

import hashlib
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.build import build_classifier
from appliance.errors import ModelError
from appliance.records import EMOTIONS, Box, Face, Frame
from appliance.settings import EmotionSettings, Settings
from appliance.vision.emotion import EmotionClassifier, weight
from appliance.vision.interpreter import Interpreter, runtime_name

MODELS = Path(__file__).parent.parent / "models"
SHIPPED = ["emotion_int8", "emotion_float32", "emotion_int8_single", "emotion_float32_single"]


@pytest.fixture
def model(tmp_path):
    """A copy of the shipped int8 model and its card, to be damaged."""
    for suffix in (".tflite", ".json"):
        shutil.copy(MODELS / f"emotion_int8{suffix}", tmp_path)
    return tmp_path / "emotion_int8.tflite"


def edit_card(model: Path, **changes: object) -> None:
    card = json.loads(model.with_suffix(".json").read_text())
    model.with_suffix(".json").write_text(json.dumps(card | changes))


def edit_input(model: Path, **changes: object) -> None:
    """Changes fields of the card's input; ... takes one out."""
    stated = json.loads(model.with_suffix(".json").read_text())["input"] | changes
    edit_card(model, input={name: value for name, value in stated.items() if value is not ...})


def edit_second_head(model: Path, **changes: object) -> None:
    first, second = json.loads(model.with_suffix(".json").read_text())["outputs"]
    edit_card(model, outputs=[first, second | changes])


def replace_model(model: Path, content: bytes) -> None:
    """Another file, and a card that vouches for it."""
    model.write_bytes(content)
    edit_card(model, sha256=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_models_give_seven_probabilities(name):
    classifier = EmotionClassifier(MODELS / f"{name}.tflite")
    noise = np.random.default_rng(0).integers(0, 256, (480, 640), dtype=np.uint8)
    faces = [Face(Box(10, 10, 90, 90), 0.9, 1), Face(Box(600, 400, 120, 120), 0.6, 2)]
    scores = classifier.classify(Frame(0.0, 0.0, noise), faces)
    assert [score.face for score in scores] == faces
    for score in scores:
        assert len(score.probabilities) == len(EMOTIONS)
        assert sum(score.probabilities) == pytest.approx(1.0, abs=1e-4)
        assert min(score.probabilities) >= 0.0


def test_a_frame_without_a_picture_has_no_scores():
    classifier = EmotionClassifier(MODELS / "emotion_int8.tflite")
    face = Face(Box(0, 0, 50, 50), 0.9, 1)
    assert classifier.classify(Frame(0.0, 0.0, None), [face]) == ()


def test_int8_and_float_read_noise_alike():
    networks = [EmotionClassifier(MODELS / f"{name}.tflite") for name in SHIPPED[:2]]
    chance = np.random.default_rng(1)
    for _ in range(20):
        image = chance.integers(0, 256, (48, 48), dtype=np.uint8)
        small, exact = (np.array(network.probabilities(image)) for network in networks)
        assert np.abs(small - exact).sum() < 0.4


def test_every_other_frame_is_shown_in_a_mirror():
    classifier = EmotionClassifier(MODELS / "emotion_float32_single.tflite", in_turn=True)
    noise = np.random.default_rng(0).integers(0, 256, (100, 100), dtype=np.uint8)
    face = Face(Box(0, 0, 100, 100), 0.9, 1)

    def read(luma):
        return classifier.classify(Frame(0.0, 0.0, luma), [face])[0].probabilities

    straight, mirrored, again = read(noise), read(noise), read(noise)
    assert straight == again != mirrored
    assert read(np.ascontiguousarray(noise[:, ::-1])) == pytest.approx(straight, abs=1e-5)


def test_the_six_views_are_the_face_as_it_is_nearer_and_farther_each_also_mirrored():
    at_once, single = (
        EmotionClassifier(MODELS / f"emotion_float32{kind}.tflite") for kind in ("", "_single")
    )
    coarse = np.random.default_rng(0).uniform(0, 256, (6, 6))
    image = cv2.resize(coarse, (48, 48), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    cuts = [image, image[3:-3, 3:-3], np.pad(image, 3, "symmetric")]
    views = [cv2.resize(cut, (48, 48), interpolation=cv2.INTER_LINEAR) for cut in cuts]
    answers = [single.logits(view[:, ::side]) for view in views for side in (1, -1)]
    assert np.ptp(answers, axis=0).max() > 0.5
    # Rounded to whole numbers, the resized ones differ a little from the network's.
    assert np.mean(answers, axis=0) == pytest.approx(at_once.logits(image), abs=0.05)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda m: m.unlink(), "cannot be read"),
        (lambda m: m.with_suffix(".json").unlink(), "every model needs its card"),
        (lambda m: m.with_suffix(".json").write_text("{"), "cannot be read"),
        (lambda m: m.with_suffix(".json").write_text("[]"), "is not a card"),
        (lambda m: m.with_suffix(".json").write_text("{}"), "not the card of a model for emotion"),
        (lambda m: m.write_bytes(m.read_bytes()[:20_000]), "damaged"),
        (lambda m: m.write_bytes(b""), "damaged"),
        (lambda m: edit_card(m, labels=["happy", "sad"]), "names other labels"),
        (lambda m: edit_card(m, labels=[*map(str, reversed(EMOTIONS))]), "other labels"),
        (lambda m: edit_card(m, task="gender"), "not the card of a model for emotion"),
        (lambda m: edit_card(m, head="mood"), "has no head 'mood'; its heads are ferplus, fer"),
        (lambda m: edit_card(m, outputs=[]), "has no head 'ferplus'; its heads are none"),
        (lambda m: edit_card(m, outputs=[{"head": "x"}]), "lacks what a card must say"),
        (lambda m: edit_card(m, input=None), "input is None; it must be an object"),
        (lambda m: edit_input(m, size_px=64), "has shapes"),
        (lambda m: edit_input(m, size_px=float("inf")), "size_px is inf; it must be a whole"),
        (lambda m: edit_input(m, scaling="x/255"), "input.scaling is 'x/255', not 'x/127.5-1'"),
        (lambda m: edit_input(m, scaling=...), "lacks what a card must say"),
        (lambda m: edit_input(m, channels=3), "input.channels is 3, not 1"),
        (lambda m: edit_input(m, dtype="uint8"), "input.dtype is 'uint8'"),
        (lambda m: edit_second_head(m, index=0), "two heads have the same index"),
        (lambda m: edit_second_head(m, temperature=float("inf")), "it must be a number above 0"),
        (lambda m: m.with_suffix(".json").write_text("[" * 100_000), "cannot be read"),
        (
            lambda m: edit_card(
                m, head="x", outputs=[{"head": "x", "index": 9, "temperature": 1.0}]
            ),
            "has shapes",
        ),
        (
            lambda m: edit_card(
                m, head="x", outputs=[{"head": "x", "index": 0, "temperature": 0.0}]
            ),
            "it must be a number above 0",
        ),
        (lambda m: edit_second_head(m, temperature=0.0), "it must be a number above 0"),
        (lambda m: edit_second_head(m, index=9), "has shapes"),
        (lambda m: shutil.copy(MODELS / "emotion_float32.tflite", m), "damaged"),
        (
            lambda m: shutil.copy(MODELS / "emotion_float32.json", m.with_suffix(".json")),
            "not the model its card describes",
        ),
        (lambda m: replace_model(m, b"not a model"), "not a model this runtime can read"),
    ],
)
def test_a_model_that_its_card_does_not_describe_is_refused(model, damage, said):
    damage(model)
    with pytest.raises(ModelError, match=said) as caught:
        EmotionClassifier(model)
    assert caught.value.exit_code == 78
    assert str(model.parent) in str(caught.value)


@pytest.mark.skipif(
    runtime_name() == "tflite_runtime",
    reason="tflite-runtime crashes on half a model; only the checksum keeps one away from it",
)
def test_half_a_model_that_its_card_vouches_for_is_refused(model):
    replace_model(model, model.read_bytes()[:9_000])
    with pytest.raises(ModelError, match="not a model this runtime can read"):
        EmotionClassifier(model)


def test_a_model_of_the_owner_runs_in_place_of_the_shipped_one(model):
    own = model.rename(model.with_name("own.tflite"))
    settings = Settings(emotion=EmotionSettings(model=str(own)))
    with pytest.raises(ModelError, match=r"own\.json: not there"):
        build_classifier(settings)
    model.with_suffix(".json").rename(own.with_suffix(".json"))
    assert build_classifier(settings).name == "own"
    assert build_classifier(Settings()).name.startswith("emotion_")


@pytest.mark.parametrize(
    ("heavy", "light"),
    [
        (Face(Box(270, 190, 100, 100), 0.9, 1), Face(Box(0, 0, 100, 100), 0.9, 2)),
        (Face(Box(220, 140, 200, 200), 0.9, 1), Face(Box(270, 190, 100, 100), 0.9, 2)),
        (Face(Box(270, 190, 100, 100), 0.9, 1), Face(Box(270, 190, 100, 100), 0.5, 2)),
    ],
    ids=["nearer the centre", "larger", "surer"],
)
def test_among_several_faces_some_count_more(heavy, light):
    assert 1.0 >= weight(heavy, 640, 480) > weight(light, 640, 480) > 0.0


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box(270, 190, 100, 100), 0.9 * 100 / 480),
        (Box(-50, -50, 100, 100), 0.9 * 100 / 480 / 2),
        (Box(80, 0, 480, 480), 0.9),
    ],
    ids=["in the centre", "in a corner, half as much", "as high as the frame"],
)
def test_a_face_counts_by_score_height_and_nearness_to_the_centre(box, expected):
    assert weight(Face(box, 0.9, 1), 640, 480) == pytest.approx(expected, rel=1e-3)


def test_one_of_the_two_runtimes_is_here():
    assert runtime_name() in {"ai_edge_litert", "tflite_runtime"}


def test_the_interpreter_gives_the_same_answer_twice():
    network = Interpreter(MODELS / "emotion_int8.tflite")
    x = np.random.default_rng(2).uniform(-1, 1, network.input_shape).astype(np.float32)
    first = [output.copy() for output in network.run(x)]
    network.run(-x)
    assert all((a == b).all() for a, b in zip(first, network.run(x), strict=True))
