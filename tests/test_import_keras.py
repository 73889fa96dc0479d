"""Weights of others: what Keras wrote, long ago and now, becomes what the jukebox reads."""

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest

from appliance.records import EMOTIONS, Box, Face, Frame
from appliance.vision.cards import card_fields
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.preprocessing import to_input
from appliance.why.explainer import Explainer

with warnings.catch_warnings():
    # TensorFlow and Keras warn about their own future while they are imported.
    warnings.simplefilter("ignore")
    pytest.importorskip("tensorflow", reason="needs the extra [convert]")
    import h5py
    import keras
    from keras import layers
    from old_keras import SIZE_PX, write_old_network

    from convert import data, import_keras
    from convert.hdf5 import load_network

# Inside TensorFlow's converter: an own deprecated call, and a remark on input kept in float.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs:UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:(tensorflow|keras).*"),
]

FACES = np.random.default_rng(0).integers(0, 256, (4, 48, 48), dtype=np.uint8)


def imported(path: Path, *options: object) -> int:
    return import_keras.main([str(word) for word in (path, *options)])


def as_keras_reads(path: Path) -> np.ndarray:
    """The probabilities of FACES by Keras' own reading of the file, (4, 7)."""
    network = keras.saving.load_model(path, compile=False)
    side = network.inputs[0].shape[1]
    return np.array(
        network.predict_on_batch(np.concatenate([to_input(face, side) for face in FACES]))
    )


def as_the_jukebox_reads(model: Path) -> np.ndarray:
    classifier = EmotionClassifier(model)
    return np.array([classifier.probabilities(face) for face in FACES])


def test_a_file_of_keras_2_becomes_a_model_of_the_jukebox(tmp_path, capsys):
    source = tmp_path / "mini_XCEPTION.102-0.66.hdf5"
    written = write_old_network(source)
    found = {layer.name: layer.get_weights() for layer in load_network(source).layers}
    for name, arrays in written.items():
        for wanted, weights in zip(arrays, found[name], strict=True):
            np.testing.assert_array_equal(wanted, weights)

    assert imported(source) == 0
    exact = tmp_path / "mini_XCEPTION.102-0.66_float32.tflite"
    assert f'[emotion]\nmodel = "{exact}"' in capsys.readouterr().out
    wanted = as_keras_reads(source)
    assert np.ptp(wanted, axis=0).max() > 0.01  # the faces are told apart, or this says nothing
    np.testing.assert_allclose(as_the_jukebox_reads(exact), wanted, atol=1e-4)
    small = exact.with_name("mini_XCEPTION.102-0.66_dynamic.tflite")
    np.testing.assert_allclose(as_the_jukebox_reads(small), wanted, atol=0.05)
    assert not exact.with_name("mini_XCEPTION.102-0.66_int8.tflite").exists()
    card = card_fields(exact)
    assert card["input"]["size_px"] == SIZE_PX
    assert card["outputs"] == [{"head": "fer", "index": 0, "temperature": 1.0}]
    assert "priors" not in card, "nothing was measured"
    assert "Arriaga" in exact.with_suffix(".md").read_text()


def softmax_layer(x):
    return layers.Softmax()(layers.Dense(7)(x))


def softmax_activation(x):
    return layers.Activation("softmax")(layers.Dense(7)(x))


def softmax_within(x):
    return layers.Dense(7, activation="softmax")(x)


def write_network(path: Path, end, shape=(24, 24, 1)) -> Path:
    image = keras.Input(shape)
    keras.Model(image, end(layers.Flatten()(layers.AveragePooling2D(6)(image)))).save(path)
    return path


@pytest.mark.parametrize("end", [softmax_layer, softmax_activation, softmax_within])
def test_the_softmax_is_cut_off_wherever_it_stands(tmp_path, end):
    source = write_network(tmp_path / "x.h5", end)
    assert imported(source, "--out", tmp_path / "models") == 0
    found = as_the_jukebox_reads(tmp_path / "models" / "x_float32.tflite")
    np.testing.assert_allclose(found, as_keras_reads(source), atol=1e-4)


def test_outputs_in_another_order_are_put_right(tmp_path):
    order = ["neutral", "angry", "disgust", "fear", "happy", "sad", "surprise"]
    source = tmp_path / "x.hdf5"
    write_old_network(source)
    assert imported(source, "--labels", ",".join(order)) == 0
    wanted = as_keras_reads(source)[:, [order.index(emotion) for emotion in EMOTIONS]]
    found = as_the_jukebox_reads(tmp_path / "x_float32.tflite")
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    with pytest.raises(SystemExit) as caught:
        imported(source, "--labels", "happy,sad")
    assert caught.value.code == 2


@pytest.fixture
def reference(tmp_path):
    """(FER-2013, FER+) of 280 rows of noise; the crowd calls angry faces neutral."""
    rng = np.random.default_rng(1)
    faces, votes = tmp_path / "fer2013.csv", tmp_path / "votes.csv"
    with faces.open("w", newline="") as labels, votes.open("w", newline="") as ballots:
        rows, counts = csv.writer(labels), csv.writer(ballots)
        rows.writerow(["emotion", "pixels", "Usage"])
        counts.writerow(data.VOTE_COLUMNS)
        for row in range(280):
            label = EMOTIONS.index("neutral") if row % 2 else row // 2 % 7
            pixels = " ".join(map(str, rng.integers(0, 256, 48 * 48)))
            rows.writerow([label, pixels, "PublicTest" if row % 4 == 3 else "Training"])
            seen = data.EMOTION_COLUMNS[label or EMOTIONS.index("neutral")]
            counts.writerow([10 * (column == seen) for column in range(10)])
    return faces, votes


def test_what_was_imported_can_say_why(tmp_path):
    source = tmp_path / "x.hdf5"
    write_old_network(source)
    assert imported(source) == 0
    model, luma = tmp_path / "x_float32.tflite", FACES[0]
    face = Face(Box(0, 0, *luma.shape), 1.0, 1)
    scores = EmotionClassifier(model).classify(Frame(0.0, 0.0, luma), (face,))[0]
    heat = Explainer(model).explain(luma, scores).heat
    assert (heat.max(), heat.shape) == (1.0, (SIZE_PX, SIZE_PX))
    assert heat.std() > 0


def test_with_data_there_is_an_int8_file_and_the_cards_have_figures(tmp_path, reference, capsys):
    source = tmp_path / "x.hdf5"
    write_old_network(source)
    faces, votes = reference
    assert imported(source, "--data", faces, "--votes", votes) == 0
    np.testing.assert_allclose(
        as_the_jukebox_reads(tmp_path / "x_int8.tflite"),
        as_the_jukebox_reads(tmp_path / "x_float32.tflite"),
        atol=0.1,
    )
    for kind in ("float32", "dynamic", "int8"):
        card = card_fields(tmp_path / f"x_{kind}.tflite")
        assert card["accuracy"]["PublicTest"]["fer"]["count"] == 70
        assert set(card["training"]["data_sha256"]) == {"x.hdf5", "fer2013.csv", "votes.csv"}
        assert card["outputs"][0]["temperature"] != 1.0
        assert EmotionClassifier(tmp_path / f"x_{kind}.tflite").priors.all == tuple(
            card["priors"]["all"]
        )

    assert imported(source, "--data", faces) == 0  # the labels alone fit no temperature
    assert card_fields(tmp_path / "x_int8.tflite")["outputs"][0]["temperature"] == 1.0
    with pytest.raises(SystemExit):
        imported(source, "--votes", votes)
    assert imported(source, "--data", tmp_path / "none.zip") == 1
    assert "none.zip" in capsys.readouterr().err


def test_priors_are_the_mean_answers_over_held_out_faces(tmp_path, reference):
    source = tmp_path / "x.hdf5"
    write_old_network(source)
    faces, votes = reference
    _, held = data.emotion_held_out(data.load_emotions(faces))
    assert 1 < len(held) < 30  # 5 % of 210
    neutral = held.labels == EMOTIONS.index("neutral")
    seen = data.majority(data.join_votes(held, data.load_votes(votes))) == EMOTIONS.index("neutral")
    assert neutral.any()
    assert seen.sum() > neutral.sum(), "votes and labels differ, or this says nothing"

    for options, labellings in ([], [neutral]), (["--votes", votes], [neutral, seen]):
        assert imported(source, "--data", faces, *options) == 0
        model = tmp_path / "x_float32.tflite"
        classifier = EmotionClassifier(model)
        answers = np.array([classifier.probabilities(image) for image in held.images])
        priors = card_fields(model)["priors"]
        assert priors["count"] == len(held)
        assert priors["all"] == pytest.approx(answers.mean(axis=0), abs=2e-4)
        wanted = np.mean([answers[chosen].mean(axis=0) for chosen in labellings], axis=0)
        assert priors["neutral"] == pytest.approx(wanted, abs=2e-4)
        assert "may have been trained on" in priors["from"]


def write_weights_alone(path: Path) -> Path:
    whole = write_network(path.with_name("whole.h5"), softmax_layer)
    keras.saving.load_model(whole, compile=False).save_weights(path)
    return path


def write_nonsense(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = b'{"class_name": "Garden", "config": {}}'
    return path


def write_text(path: Path) -> Path:
    path.write_text("weights")
    return path


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: path, "there is no such file"),
        (write_text, "not an HDF5 file"),
        (write_weights_alone, "holds only weights"),
        (write_nonsense, "Keras cannot build this network"),
        (lambda path: write_network(path, softmax_layer, (24, 24, 3)), "one gray square"),
        (lambda path: write_network(path, softmax_layer, (24, 30, 1)), "one gray square"),
        (lambda path: write_network(path, layers.Dense(6, "softmax")), "give 7 probabilities"),
        (lambda path: write_network(path, layers.Dense(7, "sigmoid", name="end")), "ends in end,"),
        (lambda path: write_network(path, layers.Dense(7, name="end")), "ends in end,"),
    ],
    ids=["absent", "text", "weights", "nonsense", "colour", "oblong", "six", "sigmoid", "logits"],
)
def test_what_cannot_be_imported_is_a_sentence(tmp_path, capsys, write, said):
    assert imported(write(tmp_path / "x.weights.h5")) == 1
    out, err = capsys.readouterr()
    assert said in err
    assert err.count("\n") == 1
    assert not out
    assert not list(tmp_path.glob("*.tflite"))
