"""How models are made: data in all their forms, networks, conversion, and the shipped models."""

import csv
import hashlib
import json
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import DATA

from appliance.records import EMOTIONS, GENDERS
from appliance.vision.cards import card_fields
from appliance.vision.emotion import EmotionClassifier

with warnings.catch_warnings():
    # TensorFlow and Keras warn about their own future while they are imported.
    warnings.simplefilter("ignore")
    pytest.importorskip("tensorflow", reason="needs the extra [convert]")
    import keras
    import tensorflow as tf

    from convert import augment, data, evaluate, examples, networks, quantize, scoring, train
    from convert.losses import LOSSES
    from convert.predict import predict, to_batch
    from convert.recipes import MADE, RECIPES, Recipe
    from convert.rounding import rounded
    from convert.teacher import Teacher

# Inside TensorFlow's converter: an own deprecated call, and a remark on input kept in float.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs:UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:(tensorflow|keras).*"),
    # The first test that needs the whole path makes all models, in two minutes on an idle core.
    pytest.mark.timeout(600),
]

PROJECT = Path(__file__).parent.parent
FER2013, VOTES = DATA / "fer2013.zip", DATA / "ferplus_votes.csv"
needs_data = pytest.mark.skipif(
    not (FER2013.exists() and VOTES.exists()),
    reason=f"{FER2013} or {VOTES} is not here (set JUKEBOX_DATA)",
)
KINDS = ("float32", "dynamic", "int8")
SHIPPED = ("emotion_float32", "emotion_int8")


# Data ---------------------------------------------------------------------------------------------


def face(number: int) -> np.ndarray:
    """A picture that no other number has and that its class brightens, uint8 (48, 48)."""
    noise = np.random.default_rng(number).integers(0, 90, (48, 48))
    noise[8 + 4 * (number % 7) :, :] += 120
    return noise.astype(np.uint8)


def rows_of(count: int) -> list[tuple[str, int, np.ndarray]]:
    """(split, label, picture) of count rows; every fifth is a test row."""
    return [
        ("PublicTest" if row % 5 == 4 else "Training", row % 7, face(row)) for row in range(count)
    ]


def write_zip(path: Path, rows: list, name: str = "{split}/{emotion}/{row:05}.png") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for row, (split, label, image) in enumerate(rows):
            content = cv2.imencode(".png", image)[1].tobytes()
            archive.writestr(name.format(split=split, emotion=EMOTIONS[label], row=row), content)
    return path


def write_folder(path: Path, rows: list) -> Path:
    for row, (split, label, image) in enumerate(rows):
        folder = path / {"Training": "train", "PublicTest": "test"}[split] / EMOTIONS[label]
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{split}_{row}.png"), image)
    return path


def write_csv(path: Path, rows: list) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["emotion", "pixels", "Usage"])
        for split, label, image in rows:
            writer.writerow([label, " ".join(map(str, image.ravel())), split])
    return path


def write_votes(path: Path, rows: list, microsoft: bool = False) -> Path:
    """Nine votes for each row's own label and one for contempt."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        first = ["Usage", "Image name"] if microsoft else ["row", "usage"]
        writer.writerow([*first, *data.VOTE_COLUMNS])
        for row, (split, label, _) in enumerate(rows):
            votes = np.zeros(10, int)
            votes[data.EMOTION_COLUMNS[label]] = 9
            votes[data.VOTE_COLUMNS.index("contempt")] = 1
            writer.writerow(
                [*([split, f"fer{row + 7:07}.png"] if microsoft else [row, split]), *votes]
            )
    return path


def test_zip_and_csv_give_the_same_faces_with_their_rows(tmp_path):
    rows = rows_of(20)
    zipped = data.load_emotions(write_zip(tmp_path / "fer.zip", rows))
    listed = data.load_emotions(write_csv(tmp_path / "fer2013.csv", rows))
    order = np.argsort(zipped.rows)
    assert listed.rows.tolist() == list(range(20)) == zipped.rows[order].tolist()
    np.testing.assert_array_equal(zipped.images[order], listed.images)
    np.testing.assert_array_equal(zipped.labels[order], listed.labels)


def test_a_folder_of_pictures_has_splits_but_no_rows(tmp_path):
    faces = data.load_emotions(write_folder(tmp_path / "fer", rows_of(20)))
    assert set(faces.splits) == {"train", "test"}
    assert set(faces.rows) == {data.UNKNOWN_ROW}
    assert len(data.select_split(faces, "TEST")) == 4
    with pytest.raises(data.DataError, match="names do not tell their row"):
        data.join_votes(faces, data.Votes({0: np.ones(10, np.int64)}, {}))


def test_our_layout_unpacked_is_the_zip(tmp_path):
    zipped = write_zip(tmp_path / "fer.zip", rows_of(10))
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(tmp_path / "fer")
    packed, unpacked = data.load_emotions(zipped), data.load_emotions(tmp_path / "fer")
    np.testing.assert_array_equal(packed.images, unpacked.images)
    assert packed.rows.tolist() == unpacked.rows.tolist()


def test_other_names_of_the_classes_and_other_sizes_are_read(tmp_path):
    (tmp_path / "train" / "fearful").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "train" / "fearful" / "im0.jpg"), np.full((96, 96, 3), 70, np.uint8))
    faces = data.load_emotions(tmp_path)
    assert faces.labels.tolist() == [EMOTIONS.index("fear")]
    assert faces.images.shape == (1, 48, 48)


def test_training_loses_blank_pictures_and_those_of_the_test(tmp_path):
    rows = rows_of(20)
    rows[0] = ("Training", 3, np.full((48, 48), 9, np.uint8))
    rows[1] = ("Training", 1, rows[4][2])  # row 4 is in PublicTest
    clean = data.clean_training(data.load_emotions(write_zip(tmp_path / "fer.zip", rows)))
    assert sorted(clean.rows) == [r for r in range(20) if r % 5 != 4 and r > 1]


def test_identical_pictures_are_held_out_together():
    images = np.stack([face(number // 2) for number in range(400)])
    faces = data.Faces(images, np.zeros(400, int), np.arange(400), np.full(400, "Training"))
    rest, held = data.hold_out(faces, 0.2, seed=1)
    assert 40 < len(held) < 120
    assert not set(rest.rows // 2) & set(held.rows // 2)
    assert data.hold_out(faces, 0.2, seed=1)[1].rows.tolist() == held.rows.tolist()


def test_both_files_of_votes_give_the_same(tmp_path):
    rows = rows_of(10)
    ours = data.load_votes(write_votes(tmp_path / "ferplus_votes.csv", rows))
    theirs = data.load_votes(write_votes(tmp_path / "fer2013new.csv", rows, microsoft=True))
    assert ours.counts.keys() == theirs.counts.keys()
    assert ours.usages == theirs.usages
    assert all((ours.counts[row] == theirs.counts[row]).all() for row in ours.counts)


def test_a_part_of_the_csv_gets_its_own_votes_or_none(tmp_path):
    rows = rows_of(20)
    votes = data.load_votes(write_votes(tmp_path / "votes.csv", rows))
    whole = write_csv(tmp_path / "fer2013.csv", rows).read_text().splitlines()
    head, lines = whole[0], [line for line in whole[1:] if "PublicTest" in line]
    (part := tmp_path / "part.csv").write_text("\n".join([head, *lines]))
    with pytest.raises(data.DataError, match="row 0 is training in the votes and publictest"):
        data.join_votes(data.load_emotions(part), votes)
    numbers = [n for n, line in enumerate(whole[1:]) if "PublicTest" in line]
    numbered = [f"{n},{line}" for n, line in zip(numbers, lines, strict=True)]
    part.write_text("\n".join([f"row,{head}", *numbered]))
    faces = data.load_emotions(part)
    assert data.majority(data.join_votes(faces, votes)).tolist() == faces.labels.tolist()


def test_pictures_numbered_anew_in_each_folder_have_no_rows(tmp_path):
    votes = data.load_votes(write_votes(tmp_path / "votes.csv", rows_of(20)))
    for emotion in ("angry", "happy"):
        (folder := tmp_path / "fer" / "test" / emotion).mkdir(parents=True)
        for number in range(3):
            cv2.imwrite(str(folder / f"{number}.png"), rows_of(20)[number][2])
    with pytest.raises(data.DataError, match="the number of one row"):
        data.join_votes(data.load_emotions(tmp_path / "fer"), votes)


def test_a_zip_may_be_one_split_in_the_crowds_own_words(tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "PrivateTest.zip", "w") as archive:
        picture = cv2.imencode(".png", np.full((48, 48), 9, np.uint8))[1].tobytes()
        for folder in ("anger", "happiness", "neutral", "contempt"):
            archive.writestr(f"{folder}/1.png", picture)
    faces = data.load_emotions(tmp_path / "PrivateTest.zip")
    assert sorted(EMOTIONS[label] for label in faces.labels) == ["angry", "happy", "neutral"]
    assert set(faces.splits) == {"PrivateTest"}
    assert "left out, because these folders are not emotions: contempt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("votes", "label"),
    [
        ("5 1 1 1 1 1 0 0 0 0", "neutral"),
        ("0 0 0 0 10 0 0 0 0 0", "angry"),
        ("0 0 5 5 0 0 0 0 0 0", "surprise"),  # the first of equals
        ("0 0 0 4 0 0 0 0 6 0", None),  # unknown
        ("0 4 0 0 0 0 0 6 0 0", None),  # contempt
        ("0 4 0 0 0 0 0 4 0 2", "happy"),  # equals again
        ("0 0 0 0 0 0 0 0 0 10", None),  # not a face
        ("0 0 0 0 0 0 0 0 0 0", None),  # nobody voted
    ],
)
def test_the_crowds_label_is_its_first_greatest_vote(votes, label):
    found = data.majority(np.array([votes.split()], np.int64))[0]
    assert found == (-1 if label is None else EMOTIONS.index(label))


def test_utkface_names_in_both_forms(tmp_path):
    for name in ("26_1_2_20170116.jpg.chip.jpg", "3_0_4_00017.jpg", "61_3_20170109.jpg"):
        cv2.imwrite(str(tmp_path / name), np.zeros((200, 200, 3), np.uint8))
    portraits = data.load_utkface(tmp_path)
    assert portraits.images.shape == (2, 80, 80)
    assert (portraits.ages.tolist(), portraits.genders.tolist()) == ([26, 3], [1, 0])
    assert portraits.races.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("x.zip", b"not a zip", "not a folder or a zip"),
        ("absent.zip", None, "not a folder or a zip"),
        ("x.csv", b"a,b\n1,2\n", "columns missing: Usage, emotion, pixels"),
        ("x.csv", b"emotion,pixels,Usage\n7,1 2 3,Training\n", "line 2 is not a face"),
        ("x.csv", b"emotion,pixels,Usage\n", "no faces found"),
    ],
)
def test_unusable_data_are_named(tmp_path, name, content, complaint):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(data.DataError, match=complaint):
        data.load_emotions(tmp_path / name)


@needs_data
def test_the_real_data_are_what_the_card_says():
    faces = data.load_emotions(FER2013)
    training = data.clean_training(faces)
    rows = card_fields(PROJECT / "models" / "emotion_int8.tflite")["training"]["rows"]
    assert len(training) == rows["trained"] + rows["held_out"]


@needs_data
def test_the_listed_rows_measure_int8s_ranges():
    training, _ = data.emotion_held_out(data.load_emotions(FER2013))
    listed = json.loads(quantize.REPRESENTATIVE_ROWS.read_text())
    chosen = quantize.representative(training)
    for index, emotion in enumerate(EMOTIONS):
        assert chosen.rows[chosen.labels == index].tolist() == sorted(listed[emotion])
        assert len(listed[emotion]) == 14


@needs_data
def test_the_listed_portraits_measure_int8s_ranges_for_gender():
    training, _ = data.split_portraits(data.load_utkface(FER2013.with_name("utkface.zip")))
    chosen = quantize.representative_portraits(data.portraits_held_out(training)[0])
    listed = json.loads(quantize.REPRESENTATIVE_PORTRAITS.read_text())
    for index, gender in enumerate(GENDERS):
        assert set(chosen.names[chosen.genders == index]) == set(listed[gender])
        assert len(listed[gender]) == 49


def test_pictures_that_measure_int8s_ranges_are_98_in_all_as_many_of_each_class():
    chosen = quantize.choose_rows(np.arange(700) % 7)
    assert np.bincount(chosen % 7).tolist() == [14] * 7
    assert quantize.choose_rows(np.arange(700) % 7).tolist() == chosen.tolist()
    assert np.bincount(quantize.choose_rows(np.arange(300) % 2) % 2).tolist() == [49, 49]


# Networks and figures -----------------------------------------------------------------------------


def test_the_jukeboxs_network_stays_small():
    network = networks.mini_xception_fast()
    assert network.count_params() <= 62_000
    assert {head: tuple(out.shape) for head, out in network.output.items()} == {
        "fer": (None, 7),
        "ferplus": (None, 7),
    }


def test_the_papers_network_is_the_published_one():
    network = networks.mini_xception()
    assert network.count_params() == 58_423
    assert networks.multiply_adds(network) == 10_163_392


def test_the_papers_first_design_is_nine_convolutions_without_a_dense_layer():
    network = networks.sequential_cnn()
    kinds = [type(layer).__name__ for layer in network.layers]
    heads = len(networks.BOTH)
    assert (kinds.count("Conv2D"), kinds.count("ReLU")) == (9 + heads, 9)
    assert kinds.count("GlobalAveragePooling2D") == heads
    assert "Dense" not in kinds
    assert 550_000 < network.count_params() < 650_000


def test_the_gender_network_stays_small():
    network = networks.mini_xception_gender()
    assert network.count_params() <= 60_000
    assert {head: tuple(out.shape) for head, out in network.output.items()} == {"gender": (None, 2)}


@pytest.mark.parametrize("views", [1, 2, 6])
def test_a_network_with_more_views_answers_with_their_mean(views):
    keras.utils.set_random_seed(0)  # the tolerance below is for logits of this size, up to 4
    network = tiny_network()
    averaging = networks.with_views(network, views)
    images = np.stack([face(number) for number in range(5)])
    images[:, :, :20] //= 2  # nothing symmetric
    inner, outer = images[:, 3:-3, 3:-3], np.pad(images, [(0, 0), (3, 3), (3, 3)], "symmetric")
    nearer, farther = (
        np.stack(
            [cv2.resize(image, (48, 48), interpolation=cv2.INTER_LINEAR) for image in pictures]
        )
        for pictures in (inner, outer)
    )
    shown = [view[:, :, ::side] for view in (images, nearer, farther) for side in (1, -1)][:views]
    answers = [predict(network, view) for view in shown]
    for head, logits in predict(averaging, images).items():
        assert views == 1 or not np.allclose(answers[0][head], answers[1][head])
        # The pictures resized here are in whole numbers.
        wanted = np.mean([answer[head] for answer in answers], axis=0)
        np.testing.assert_allclose(logits, wanted, atol=0.02 if views > 2 else 1e-5)
    assert averaging.count_params() == network.count_params()
    assert networks.multiply_adds(averaging) == views * networks.multiply_adds(network)


def test_there_is_no_network_with_another_number_of_views():
    with pytest.raises(ValueError, match="3 views"):
        networks.with_views(tiny_network(), 3)


def test_fused_batch_normalization_is_keras_own():
    x = np.random.default_rng(0).normal(3, 2, (8, 5, 5, 4)).astype(np.float32)
    ours, theirs = networks.BatchNormalization(), keras.layers.BatchNormalization()
    for _ in range(3):
        np.testing.assert_allclose(ours(x, training=True), theirs(x, training=True), atol=1e-4)
    np.testing.assert_allclose(ours.moving_mean, theirs.moving_mean, rtol=1e-4)
    # The fused kernel divides by n - 1.
    np.testing.assert_allclose(ours.moving_variance, theirs.moving_variance, rtol=1e-2)


def test_augmented_faces_are_as_large_and_never_the_same():
    images = np.stack([face(number) for number in range(16)])
    first = augment.augment(images, np.random.default_rng(1))
    assert first.shape == images.shape
    assert first.dtype == np.uint8
    assert not any((new == old).all() for new, old in zip(first, images, strict=True))
    np.testing.assert_array_equal(first, augment.augment(images, np.random.default_rng(1)))


def moved(strength: float) -> np.ndarray:
    """What augmentation does to a white square: (2000, 3).

    How far it moves right and down, in shares of the picture's side, and how its area changes.
    """
    images = np.zeros((2000, 48, 48), np.uint8)
    images[:, 16:32, 16:32] = 255
    measured = []
    for image in augment.augment(images, np.random.default_rng(0), strength).astype(float):
        rows, columns = np.nonzero(image - np.median(image) > 60)
        right, down = columns.mean() - 23.5, rows.mean() - 23.5
        measured.append((right / 48, down / 48, len(rows) / 16**2))
    return np.array(measured)


def test_augmented_faces_move_and_grow_by_up_to_15_percent_and_less_when_weaker(monkeypatch):
    monkeypatch.setattr(augment, "ERASE_CHANCE", 0.0)
    right, down, area = moved(1.0).T
    for shift in (right, down):
        assert -0.17 < shift.min() < -0.13
        assert 0.13 < shift.max() < 0.17
    assert 0.68 < area.min() < 0.8  # 0.85² = 0.72
    assert 1.25 < area.max() < 1.45  # 1.15² = 1.32, and the blurred edge
    assert np.abs(moved(0.2)[:, :2]).max() < 0.05


def test_augmented_faces_are_turned_by_up_to_15_degrees(monkeypatch):
    monkeypatch.setattr(augment, "ERASE_CHANCE", 0.0)
    images = np.zeros((500, 48, 48), np.uint8)
    images[:, 22:26, 12:36] = 255  # a bar
    angles = []
    for image in augment.augment(images, np.random.default_rng(0)).astype(float):
        rows, columns = np.nonzero(image - np.median(image) > 60)
        angles.append(np.degrees(np.arctan(np.polyfit(columns, rows, 1)[0])))
    assert -16 < min(angles) < -12
    assert 12 < max(angles) < 16


def test_half_of_the_augmented_faces_are_partly_hidden():
    images = np.full((2000, 48, 48), 128, np.uint8)
    hidden = hidden_shares(augment.augment(images, np.random.default_rng(0)))
    assert 0.45 < np.mean(hidden > 0) < 0.55
    assert 0.006 < hidden[hidden > 0].min() < 0.02  # a tenth of each side
    assert 0.12 < hidden.max() < 0.17  # four tenths of each side
    weaker = hidden_shares(augment.augment(images, np.random.default_rng(0), 0.2))
    assert np.mean(weaker > 0) < 0.15


def hidden_shares(images: np.ndarray) -> np.ndarray:
    """The share of each picture that differs from most of it."""
    return np.array([np.mean(image != np.median(image)) for image in images])


def test_augmented_faces_are_relit_within_limits():
    images = np.full((2000, 48, 48), 128, np.uint8)
    images[:, :24] = 28
    lit = augment.augment(images, np.random.default_rng(0), 0.0).astype(float)
    bright, dark = lit[:, 24:].mean(axis=(1, 2)), lit[:, :24].mean(axis=(1, 2))
    assert 80 < bright.min() < 95  # up to 40 darker or brighter
    assert 160 < bright.max() < 175
    contrast = (bright - dark) / 100
    assert 0.65 < contrast[dark > 0].min() < 0.75  # up to 30 % weaker or stronger
    assert 1.25 < contrast[dark > 0].max() < 1.35


def test_squared_hinge_is_free_beyond_the_margin_and_square_before_it():
    logits = tf.constant([[3.0, -2.0, -1.0], [0.5, -2.0, 1.0]])
    costs = LOSSES["squared_hinge"](tf.constant([[1.0, 0.0, 0.0]] * 2), logits)
    np.testing.assert_allclose(costs, [0.0, 0.25 + 4.0])


@pytest.mark.parametrize(
    ("step", "rate"), [(0, 0.04), (12.5, 0.52), (25, 1.0), (62.5, 0.5), (100, 0.0)]
)
def test_the_learning_rate_rises_for_a_quarter_of_the_steps_and_falls_to_nothing(step, rate):
    schedule = train.OneCycle(peak=0.003, steps=100)
    assert float(schedule(tf.constant(step))) == pytest.approx(0.003 * rate, abs=1e-8)


def test_rounding_keeps_the_variables_and_answers_nearly_as_the_int8_file_does():
    keras.utils.set_random_seed(1)
    network = tiny_network()
    other = rounded(network)
    theirs = {id(variable) for variable in other.trainable_variables}
    assert theirs == {id(variable) for variable in network.trainable_variables}
    images = np.stack([face(number) for number in range(64)])
    exact, felt = predict(network, images), predict(other, images)
    content = quantize.to_int8(network, images)
    filed = evaluate.run_model(content, images, 48)
    for head, position in quantize.output_positions(content).items():
        error = np.abs(filed[position] - exact[head]).mean()
        assert 0 < np.abs(felt[head] - exact[head]).mean() < 3 * error
        # The mean of a head's map is rounded once more in the file, by up to half a step.
        assert np.abs(felt[head] - filed[position]).mean() < 1.5 * error


def test_rounding_lets_the_gradient_through():
    network = tiny_network()
    images = tf.constant(to_batch(np.stack([face(number) for number in range(16)])))
    slopes = []
    for computing in (network, rounded(network)):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(computing(images, training=False)["fer"][:, 0])
        slopes.append(tape.gradient(loss, network.trainable_variables[0]))
    assert tf.norm(slopes[1] - slopes[0]) < 0.1 * tf.norm(slopes[0])


def test_a_teacher_answers_once_for_each_augmentation():
    network, other = tiny_network(), tiny_network()
    teacher = Teacher(network, share=0.75)
    images = np.stack([face(number) for number in range(6)])
    labels = {head: np.full((6, 7), 1 / 7, np.float32) for head in networks.BOTH}
    found = teacher.targets(0, images, labels)
    for head, logits in predict(networks.with_views(network, 2), images).items():
        wanted = 0.75 * scoring.softmax(logits) + 0.25 / 7
        np.testing.assert_allclose(found[head], wanted, atol=1e-6)
    network.set_weights(other.get_weights())  # now it would say something else
    np.testing.assert_array_equal(teacher.targets(0, images, labels)["fer"], found["fer"])
    assert not np.allclose(teacher.targets(1, images, labels)["fer"], found["fer"])


def test_a_network_that_computes_in_16_bits_keeps_and_answers_in_32(monkeypatch):
    monkeypatch.setitem(networks.NETWORKS, "tiny", tiny_network)
    network = train.build(Recipe("tiny", epochs=1, precision="mixed_bfloat16"))
    assert {weight.dtype for weight in network.weights} == {"float32"}
    convolution = next(layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D))
    assert convolution.compute_dtype == "bfloat16"
    images = np.stack([face(number) for number in range(4)])
    exact = train.build(Recipe("tiny", epochs=1))
    exact.set_weights(network.get_weights())
    assert exact.layers[1].compute_dtype == "float32", "the next network is as usual"
    wanted = predict(exact, images)
    for head, logits in predict(network, images).items():
        assert logits.dtype == np.float32
        assert 0 < np.abs(logits - wanted[head]).max() < 0.02 * np.abs(wanted[head]).max()


def test_every_teacher_is_made_before_those_it_teaches():
    names = list(RECIPES)
    for name, recipe in RECIPES.items():
        for needed in recipe.needs:
            assert names.index(needed) < names.index(name)
        assert not recipe.teacher or recipe.augmentations, "or no answer could be kept"


def test_figures_of_a_small_example():
    labels = np.array([3, 3, 3, 6])
    logits = np.zeros((4, 7), np.float32)
    logits[[0, 1, 2, 3], [3, 3, 6, 6]] = 20
    result = scoring.score(logits, labels)
    assert result.accuracy == 0.75
    assert result.per_class["happy"] == scoring.ClassScore(1.0, pytest.approx(2 / 3), 0.8, 3)
    assert result.per_class["neutral"] == scoring.ClassScore(0.5, 1.0, pytest.approx(2 / 3), 1)
    assert result.ece == pytest.approx(0.25, abs=1e-4)
    assert result.interval95 == pytest.approx((0.3006, 0.9544), abs=1e-3)
    assert np.array(result.confusion)[3, 6] == 1


def test_temperature_undoes_what_was_multiplied():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (20_000, 7)).astype(np.float32)
    shares = scoring.softmax(logits)
    labels = (shares.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    assert scoring.fit_temperature(logits * 3, labels) == pytest.approx(3, rel=0.05)
    assert scoring.calibration_error(shares, labels) < 0.02


# From data to models ------------------------------------------------------------------------------


def write_portraits(path: Path, count: int) -> Path:
    """A zip of faces like UTKFace's; the women's are brighter below."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            image = cv2.resize(face(number % 2 * 6 + 7 * number), (80, 80))
            name = f"{20 + number % 50}_{1 - number % 2}_{number % 5}_{number:05}.jpg"
            archive.writestr(name, cv2.imencode(".jpg", image)[1].tobytes())
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What `python -m convert --quick` makes of synthetic faces."""
    folder = tmp_path_factory.mktemp("workshop")
    rows = rows_of(600)
    write_zip(folder / "fer.zip", rows)
    write_votes(folder / "votes.csv", rows)
    write_portraits(folder / "portraits.zip", 300)
    command = [sys.executable, "-m", "convert", "--quick", "--out", folder / "models"]
    command += ["--data", folder / "fer.zip", "--votes", folder / "votes.csv"]
    command += ["--portraits", folder / "portraits.zip"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("sequential_cnn_float32\n  Training, held out, head fer: ")
    return folder


def test_the_whole_path_leaves_every_model_in_three_kinds_with_its_cards(made):
    files = {f"{name}_{kind}" for name in MADE for kind in KINDS}
    for ending in ("tflite", "json", "md"):
        assert files <= {path.stem for path in (made / "models").glob(f"*.{ending}")}
    pictures = {path.stem for path in (made / "models" / "figures").glob("*.png")}
    assert {"emotion_int8_confusion", "gender_training", "guided_backprop"} <= pictures
    for name in files:
        card = card_fields(made / "models" / f"{name}.tflite")
        assert set(card["accuracy"]) > {"Training, held out"}
        assert len(card["training"]["history"]) == card["training"]["epochs_done"] == 2
        recipe, helpers = (card["training"][field] for field in ("recipe", "helpers"))
        for trained in (recipe, *helpers.values()):
            needed = {*filter(None, (trained["start"], trained["teacher"]))}
            assert needed <= helpers.keys(), "how all of it was made is on the card"


def test_the_jukebox_accepts_the_models_of_the_whole_path(made):
    for name in ("emotion", "mini_xception", "sequential_cnn"):
        for kind in KINDS:
            classifier = EmotionClassifier(made / "models" / f"{name}_{kind}.tflite")
            assert sum(classifier.probabilities(face(3))) == pytest.approx(1, abs=1e-5)


def test_the_whole_path_measures_priors_for_emotion_networks_on_held_out_faces(made):
    names = [*(f"{name}_{kind}" for name in ("emotion", "mini_xception", "sequential_cnn")
               for kind in KINDS), "emotion_int8_single", "emotion_float32_single"]  # fmt: skip
    for name in names:
        card = card_fields(made / "models" / f"{name}.tflite")
        assert card["priors"]["count"] == card["training"]["rows"]["held_out"]
        assert card["priors"]["from"] == "faces of Training that were held out"
    for path in [*(made / "models").glob("gender_*.json"), *(made / "models").glob("*_why.json")]:
        assert "priors" not in card_fields(path)


def test_priors_of_a_new_model_are_its_mean_answers(made):
    recipe = Recipe("mini_xception_fast", epochs=2, limit=600, hold_out=0.2)
    faces, votes = data.load_emotions(made / "fer.zip"), data.load_votes(made / "votes.csv")
    held = examples.emotion_data(recipe, faces, votes).held_out
    classifier = EmotionClassifier(made / "models" / "emotion_int8_single.tflite")
    answers = np.array(
        [np.mean(classifier.probabilities_by_head(image), axis=0) for image in held.images]
    )
    assert classifier.priors.all == pytest.approx(answers.mean(axis=0), abs=2e-4)
    neutral = [answers[labels == EMOTIONS.index("neutral")] for labels in held.labels.values()]
    wanted = np.mean([chosen.mean(axis=0) for chosen in neutral], axis=0)
    assert classifier.priors.neutral == pytest.approx(wanted, abs=2e-4)


def test_int8_answers_as_float_does(made):
    images = np.stack([face(number) for number in range(100)])
    exact, small = (
        evaluate.run_model((made / "models" / f"{name}.tflite").read_bytes(), images, 48)
        for name in SHIPPED
    )
    for wanted, found in zip(exact, small, strict=True):
        assert np.abs(wanted - found).max() < 0.1 * max(1.0, np.ptp(wanted))


def test_the_float_file_answers_as_keras_does_in_full_and_slim():
    network = tiny_network()
    content = quantize.to_float32(network)
    images = np.stack([face(number) for number in range(8)])
    wanted = predict(network, images)
    slim = quantize.slim(content)
    assert len(slim) < len(content)
    for file in (content, slim):
        outputs = evaluate.run_model(file, images, 48)
        for head, position in quantize.output_positions(content).items():
            np.testing.assert_allclose(outputs[position], wanted[head], atol=1e-4)


def tiny_network():
    """Small and, with its statistics set at random, nowhere constant."""
    network = networks.mini_xception_fast(stem_width=4, modules=((8, 2),))
    rng = np.random.default_rng()
    network.set_weights([
        weight + rng.uniform(0.1, 0.3, weight.shape) if weight.ndim == 1 else weight * 2
        for weight in network.get_weights()
    ])  # fmt: skip
    return network


def save_once_and_stop(trainer, path, epoch, history, save=train.Trainer.save):
    save(trainer, path, epoch, history)
    raise KeyboardInterrupt


@pytest.mark.parametrize("augmentations", [0, 1])
def test_a_stopped_training_continues_to_the_same_end(made, tmp_path, monkeypatch, augmentations):
    keras.utils.set_random_seed(3)
    teacher = Teacher(tiny_network(), 0.5) if augmentations else None
    monkeypatch.setitem(
        networks.NETWORKS,
        "tiny",
        lambda: networks.mini_xception_fast(stem_width=4, modules=((8, 1),)),
    )
    recipe = Recipe("tiny", epochs=2, limit=120, batch=32, hold_out=0.2, mixup=0.2,
                    augmentations=augmentations, rounding=1)  # fmt: skip
    faces, votes = data.load_emotions(made / "fer.zip"), data.load_votes(made / "votes.csv")
    dataset = examples.emotion_data(recipe, faces, votes)
    whole, history = train.train(recipe, dataset, tmp_path / "whole", teacher)

    with monkeypatch.context() as unplugged:
        unplugged.setattr(train.Trainer, "save", save_once_and_stop)
        with pytest.raises(KeyboardInterrupt):
            train.train(recipe, dataset, tmp_path / "parts", teacher)
    resumed, again = train.train(recipe, dataset, tmp_path / "parts", teacher)
    assert [epoch["loss"] for epoch in again] == [epoch["loss"] for epoch in history]
    for wanted, found in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(wanted, found, atol=1e-5)


def test_another_recipe_does_not_continue_from_a_checkpoint(made):
    trained = Recipe("mini_xception", epochs=3, limit=1000, hold_out=0.2)
    faces, votes = data.load_emotions(made / "fer.zip"), data.load_votes(made / "votes.csv")
    run = made / "models" / "training" / "mini_xception-seed0"
    with pytest.raises(data.DataError, match="another recipe"):
        train.train(trained, examples.emotion_data(trained, faces, votes), run)


def evaluated(model: Path, capsys, *options: object) -> dict:
    command = ["--task", "emotion", "--json", "--model", model, *options]
    assert evaluate.main([str(word) for word in command]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_head_follows_the_labels_and_the_labels_the_head(made, capsys):
    model = made / "models" / "emotion_int8.tflite"
    where = ["--data", made / "fer.zip", "--split", "PublicTest"]
    votes = ["--votes", made / "votes.csv"]
    plain = evaluated(model, capsys, *where)
    assert (plain["head"], plain["labels"], plain["count"]) == ("fer", "fer", 120)
    crowd = evaluated(model, capsys, *where, *votes)
    assert (crowd["head"], crowd["labels"]) == ("ferplus", "ferplus")
    assert evaluated(model, capsys, *where, *votes, "--head", "fer") == plain
    command = ["--task", "emotion", "--model", model, *where, "--head", "ferplus"]
    assert evaluate.main([str(word) for word in command]) == 1
    assert "give --votes" in capsys.readouterr().err


def test_evaluation_for_people_names_every_emotion(made, capsys):
    model = made / "models" / "emotion_float32.tflite"
    command = ["--task", "emotion", "--model", model, "--data", made / "fer.zip", "--split", "no"]
    assert evaluate.main([str(word) for word in command]) == 1
    assert "no split 'no'; there are PublicTest, Training" in capsys.readouterr().err
    command[-1] = "Training"
    assert evaluate.main([str(word) for word in command]) == 0
    out = capsys.readouterr().out
    assert all(emotion in out for emotion in EMOTIONS)


# The shipped models -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["emotion", "mini_xception", "sequential_cnn"])
def test_the_shipped_model_is_the_one_on_its_card(name, kind):
    model = PROJECT / "models" / f"{name}_{kind}.tflite"
    card = card_fields(model)
    assert card["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert all(card[words] for words in ("terms", "intended_use", "misuse", "weaknesses"))
    assert card["training"]["epochs_done"] == card["training"]["recipe"]["epochs"]
    assert model.with_suffix(".md").exists()
    EmotionClassifier(model)


@pytest.mark.parametrize("kind", KINDS)
def test_the_jukeboxs_network_has_both_heads_and_few_parameters(kind):
    card = card_fields(PROJECT / "models" / f"emotion_{kind}.tflite")
    assert card["parameters"] <= 62_000
    assert {output["head"] for output in card["outputs"]} == {"fer", "ferplus"}


def test_the_shipped_int8_file_is_small():
    assert (PROJECT / "models" / "emotion_int8.tflite").stat().st_size <= 110_000


@needs_data
def test_the_shipped_models_are_as_good_as_their_cards_say():
    faces = data.select_split(data.load_emotions(FER2013), "PublicTest")
    votes = data.load_votes(VOTES)
    for head, least in (("fer", 0.64), ("ferplus", 0.81)):
        accuracies = []
        for name in SHIPPED:
            model = PROJECT / "models" / f"{name}.tflite"
            found = evaluate.evaluate_emotion(model, faces, head, votes)
            stated = card_fields(model)["accuracy"]["PublicTest"][head]
            assert found["count"] == stated["count"]
            # Another processor may round differently for a few of the 3,589.
            assert found["accuracy"] == pytest.approx(stated["accuracy"], abs=0.002)
            accuracies.append(found["accuracy"])
        assert min(accuracies) >= least


@pytest.mark.parametrize(
    "name",
    [
        "emotion_{}",
        "mini_xception_{}",
        "sequential_cnn_{}",
        "emotion_{}_single",
    ],
)
def test_int8_reads_public_test_within_three_tenths_of_a_point_of_float32(name):
    exact, small = (
        card_fields(PROJECT / "models" / f"{name.format(kind)}.tflite")["accuracy"]["PublicTest"]
        for kind in ("float32", "int8")
    )
    for head in exact:
        assert small[head]["accuracy"] == pytest.approx(exact[head]["accuracy"], abs=0.003)


def test_softmax_stays_finite():
    assert scoring.softmax(np.array([1000.0, 0.0, -1000.0], np.float32)).tolist() == [1.0, 0.0, 0.0]
