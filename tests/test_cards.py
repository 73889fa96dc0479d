"""Model cards: what the shipped ones say, and how a card that cannot be used is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from appliance.errors import ModelError
from appliance.records import EMOTIONS, Priors
from appliance.vision.blazeface import checked_network
from appliance.vision.cards import Head, checked_bytes, read_card
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.tracker import FaceTracker

MODELS = Path(__file__).parent.parent / "models"
SHIPPED = sorted(MODELS.glob("*.tflite"))
EVEN = (1 / 7,) * 7


@pytest.fixture
def folder(tmp_path):
    """Copies of shipped models and their cards, to be changed."""
    for name in ("emotion_int8", "emotion_int8_single", "blazeface_search", "tracker_int8"):
        for suffix in (".tflite", ".json"):
            shutil.copy(MODELS / f"{name}{suffix}", tmp_path)
    return tmp_path


def change(model, **fields):
    """Changes fields of a model's card; ... takes one out."""
    card = json.loads(model.with_suffix(".json").read_text()) | fields
    left = {name: value for name, value in card.items() if value is not ...}
    model.with_suffix(".json").write_text(json.dumps(left))


def stated(model, name):
    return json.loads(model.with_suffix(".json").read_text())[name]


# -- what a card tells ----------------------------------------------------------------------------


@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.stem)
def test_every_shipped_card_can_be_used_and_describes_its_file(model):
    card = read_card(model, stated(model, "task"))
    side = card.size_px
    colours = 3 if model.stem == "blazeface_search" else 1  # it searches in colour
    assert card.network().input_shape == (1, side, side, colours)
    assert all(head.index < len(card.network().output_shapes) for head in card.heads.values())


def test_the_heads_of_a_card_are_those_it_lists():
    card = read_card(MODELS / "emotion_int8.tflite", "emotion", EMOTIONS)
    assert card.head == "ferplus"
    assert card.heads == {
        "ferplus": Head("ferplus", 0, stated(card.model, "outputs")[0]["temperature"]),
        "fer": Head("fer", 1, stated(card.model, "outputs")[1]["temperature"]),
    }


def test_only_a_trackers_card_states_a_room():
    rooms = {m.stem: read_card(m, stated(m, "task")).room for m in SHIPPED}
    assert {name for name, room in rooms.items() if room} == {"tracker_float32", "tracker_int8"}
    assert rooms["tracker_int8"] == 2.0


@pytest.mark.parametrize(
    "model",
    [m for m in SHIPPED if stated(m, "task") == "emotion"],
    ids=lambda model: model.stem,
)
def test_every_shipped_emotion_network_brings_its_priors(model):
    priors = EmotionClassifier(model).priors
    assert priors.all == tuple(stated(model, "priors")["all"])
    assert priors.neutral == tuple(stated(model, "priors")["neutral"])
    # Neutral faces are mostly read as neutral, which is the last of the seven.
    assert max(priors.neutral) == priors.neutral[6] > priors.all[6]


@pytest.mark.parametrize("priors", [..., None], ids=["no priors", "null"])
def test_a_card_without_priors_means_even_ones(folder, priors):
    model = folder / "emotion_int8.tflite"
    change(model, priors=priors)
    assert read_card(model, "emotion", EMOTIONS).priors is None
    assert EmotionClassifier(model).priors == Priors(pytest.approx(EVEN), pytest.approx(EVEN))


def test_priors_may_be_off_by_what_rounding_to_four_decimals_leaves(folder):
    model = folder / "emotion_int8.tflite"
    change(model, priors={"all": [0.1429] * 7, "neutral": [0.1428] * 7})
    assert EmotionClassifier(model).priors.all == (0.1429,) * 7


# -- what is refused ------------------------------------------------------------------------------

SEVEN = list(EVEN)
TOO_MANY = [0.125] * 8
HEAD = {"head": "ferplus", "index": 0, "temperature": 0.5}


@pytest.mark.parametrize(
    "shares",
    [
        SEVEN[:6],
        TOO_MANY,
        [],
        [-0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.1],
        [0.0, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2],
        [0.2] * 7,
        [0.14] * 7,
        [*SEVEN[:6], None],
        [*SEVEN[:6], "0.1428"],
        [*SEVEN[:6], True],
        [*SEVEN[:6], [0.1428]],
        [*SEVEN[:6], float("nan")],
        [*SEVEN[:6], float("inf")],
        [*SEVEN[:6], 10**400],
        "0123456",
        {"angry": 1.0},
        0.5,
        None,
    ],
    ids=str,
)
@pytest.mark.parametrize("faces", ["all", "neutral"])
def test_priors_that_are_not_seven_shares_are_refused(folder, faces, shares):
    model = folder / "emotion_int8.tflite"
    change(model, priors={"all": SEVEN, "neutral": SEVEN} | {faces: shares})
    refuses(lambda: EmotionClassifier(model), f"priors.{faces} is ")
    refuses(lambda: EmotionClassifier(model), "it must be seven shares above 0 that sum to 1;")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"priors": {}}, "lacks what a card must say: priors.all"),
        ({"priors": {"all": SEVEN}}, "lacks what a card must say: priors.neutral"),
        ({"priors": []}, "priors is []; it must be an object"),
        ({"priors": 0}, "priors is 0; it must be an object"),
        ({"outputs": ...}, "lacks what a card must say: outputs"),
        ({"outputs": None}, "outputs is None; it must be a list"),
        ({"outputs": "ferplus"}, "outputs is 'ferplus'; it must be a list"),
        ({"outputs": {"head": "ferplus", "index": 0}}, "outputs is {"),
        ({"outputs": [HEAD, 7]}, "outputs[1] is 7; it must be an object or a text"),
        ({"outputs": [{"index": 0}]}, "lacks what a card must say: outputs[0].head"),
        ({"outputs": [{"head": 5, "index": 0}]}, "outputs[0].head is 5; it must be a text"),
        ({"outputs": [{"head": "ferplus"}]}, "lacks what a card must say: outputs[0].index"),
        ({"outputs": [HEAD | {"index": -1}]}, "index is -1; it must be a whole number, 0 or more"),
        (
            {"outputs": [HEAD | {"index": 0.5}]},
            "index is 0.5; it must be a whole number, 0 or more",
        ),
        (
            {"outputs": [HEAD | {"index": True}]},
            "index is True; it must be a whole number, 0 or more",
        ),
        (
            {"outputs": [HEAD | {"index": "0"}]},
            "index is '0'; it must be a whole number, 0 or more",
        ),
        ({"outputs": [HEAD | {"temperature": 0}]}, "temperature is 0; it must be a number above 0"),
        (
            {"outputs": [HEAD | {"temperature": None}]},
            "temperature is None; it must be a number above 0",
        ),
        ({"outputs": [HEAD | {"temperature": 10**400}]}, "temperature is 1000"),
        ({"outputs": [HEAD, HEAD | {"head": "fer"}]}, "two heads have the same index"),
        ({"outputs": [HEAD, HEAD | {"index": 1}]}, "two heads have the name 'ferplus'"),
        ({"outputs": ["logits"]}, "has no head 'ferplus'; its heads are none"),
        ({"head": 5}, "head is 5; it must be a text"),
        ({"head": ...}, "has no head ''; its heads are ferplus, fer"),
        ({"sha256": ...}, "lacks what a card must say: sha256"),
        ({"sha256": 5}, "sha256 is 5; it must be a text"),
        ({"explains": []}, "explains is []; it must be an object"),
        ({"input": ...}, "lacks what a card must say: input"),
        ({"input": "float32 (1, 48, 48, 1)"}, "input is 'float32"),
        ({"labels": None}, "names other labels than angry, disgust"),
        ({"task": []}, "is not the card of a model for emotion"),
    ],
    ids=str,
)
def test_a_card_with_an_unusable_field_says_which(folder, fields, says):
    model = folder / "emotion_int8.tflite"
    change(model, **fields)
    refuses(lambda: EmotionClassifier(model), says)


@pytest.mark.parametrize(
    ("size_px", "says"),
    [
        (..., "lacks what a card must say: input.size_px"),
        (0, "input.size_px is 0; it must be a whole number above 0"),
        (48.5, "input.size_px is 48.5; it must be a whole number above 0"),
        ("48", "input.size_px is '48'; it must be a whole number above 0"),
        (47, "has shapes"),
    ],
)
def test_the_side_of_the_input_is_a_whole_number_and_the_networks(folder, size_px, says):
    model = folder / "emotion_int8.tflite"
    sized = stated(model, "input") | {"size_px": size_px}
    change(model, input={name: value for name, value in sized.items() if value is not ...})
    refuses(lambda: EmotionClassifier(model), says)


NEVER = [999.0, 999.0]  # no face has this mean or spread, so that each is brought to the light
LIGHT = {"mean": 130.0, "spread": 55.0, "least": 4.0, "usual_mean": NEVER, "usual_spread": NEVER}


@pytest.mark.parametrize(
    ("light", "says"),
    [
        (5, "input.light is 5; it must be an object"),
        (LIGHT | {"mean": "130"}, "input.light.mean is '130'; it must be a number above 0"),
        (LIGHT | {"least": 0}, "input.light.least is 0; it must be a number above 0"),
        (LIGHT | {"usual_mean": 9}, "input.light.usual_mean is 9; it must be two ascending"),
        (LIGHT | {"usual_spread": [70, 40]}, "usual_spread is [70, 40]; it must be two ascending"),
        (LIGHT | {"usual_spread": [0, 40]}, "usual_spread is [0, 40]; it must be two ascending"),
        ({"mean": 130.0, "spread": 55.0}, "lacks what a card must say: input.light.least"),
    ],
)
def test_a_light_that_cannot_be_is_refused(folder, light, says):
    model = folder / "emotion_int8.tflite"
    change(model, input=stated(model, "input") | {"light": light})
    refuses(lambda: EmotionClassifier(model), says)


@pytest.mark.parametrize("light", [None, LIGHT])
def test_faces_are_brought_to_the_light_that_the_card_names_and_to_no_other(folder, light):
    model = folder / "emotion_int8.tflite"
    change(model, input=stated(model, "input") | {"light": light})
    classifier = EmotionClassifier(model)
    bright = np.random.default_rng(0).integers(100, 250, (48, 48), dtype=np.uint8)
    dim = (bright // 4 + 20).astype(np.uint8)
    difference = np.abs(classifier.logits(bright) - classifier.logits(dim)).max()
    assert (difference < 0.3) == (light is not None), difference


@pytest.mark.parametrize(
    ("room", "says"),
    [
        (..., "lacks what a card must say: face, box, room"),
        (0, "input.room is 0; it must be a number above 0"),
        (-2.0, "input.room is -2.0; it must be a number above 0"),
        ("2", "input.room is '2'; it must be a number above 0"),
        (float("inf"), "input.room is inf; it must be a number above 0"),
    ],
)
def test_a_tracker_needs_a_room(folder, room, says):
    model = folder / "tracker_int8.tflite"
    sized = stated(model, "input") | {"room": room}
    change(model, input={name: value for name, value in sized.items() if value is not ...})
    refuses(lambda: FaceTracker(model), says)


def test_the_file_of_a_face_detector_is_the_one_that_its_card_describes(folder):
    model = folder / "blazeface_search.tflite"
    assert checked_network(model).size_px == 128
    change(model, input=stated(model, "input") | {"size_px": 64})
    refuses(lambda: checked_network(model), "input.size_px is 64, the network takes 128")
    change(model, sha256="0" * 64)
    refuses(lambda: checked_network(model), "is damaged or not the model its card describes")
    change(model, task="emotion")
    refuses(lambda: checked_network(model), "is not the card of a model for face detection")


def test_another_network_with_a_face_detectors_card_is_named(folder):
    shutil.copy(folder / "emotion_int8.tflite", folder / "blazeface_search.tflite")
    model = folder / "blazeface_search.tflite"
    change(model, sha256=stated(folder / "emotion_int8.tflite", "sha256"))
    refuses(lambda: checked_network(model), "blazeface_search.tflite: takes (1, 48, 48, 1)")


def test_a_network_that_is_not_there_is_refused(folder):
    refuses(lambda: checked_bytes(folder / "none.tflite", ""), "none.tflite: cannot be read")


def refuses(read, says):
    """A ModelError that is a sentence for the owner, in one short line that names the file."""
    with pytest.raises(ModelError) as caught:
        read()
    message = str(caught.value)
    assert says in message
    assert "Error" not in message
    assert message.startswith("/")
    assert "\n" not in message
    assert len(message) < 400


ROWS = [[0.0] * 7] * 7
CORRECTION = {"evidence": ROWS, "numbers": [[0.0] * 72] * 7, "offset": [0.0] * 7, "from": "nobody"}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"inside": {"index": 0, "space": "x"}}, "has no last maps at output 0"),
        ({"inside": {"index": 9, "space": "x"}}, "has no last maps at output 9"),
        ({"inside": {"index": 3}}, "lacks what a card must say: inside.space"),
        ({"inside": ...}, "its correction is for other numbers than the 0 that"),
        ({"correction": CORRECTION | {"numbers": ROWS}}, "for other numbers than the 72 that"),
        ({"correction": CORRECTION | {"offset": [0.0] * 6}}, "it must be seven numbers"),
        ({"correction": CORRECTION | {"evidence": ROWS[:6]}}, "it must be seven rows of numbers"),
        (
            {"correction": CORRECTION | {"numbers": [[0.0] * 71] + [[0.0] * 72] * 6}},
            "it must be seven rows of numbers",
        ),
        ({"correction": CORRECTION | {"offset": ["0"] * 7}}, "it must be seven numbers"),
    ],
)
def test_a_correction_that_does_not_fit_its_network_is_refused(folder, fields, says):
    model = folder / "emotion_int8_single.tflite"
    change(model, **fields)
    refuses(lambda: EmotionClassifier(model), says)


def test_cards_of_before_have_no_correction(folder):
    model = folder / "emotion_int8_single.tflite"
    change(model, inside=..., correction=...)
    assert EmotionClassifier(model).card.correction is None
