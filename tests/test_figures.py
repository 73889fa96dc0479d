"""Pictures and pages from the cards alone, and grids of the data where git does not look."""

import json
import warnings

import cv2
import numpy as np
import pytest

from appliance.records import EMOTIONS, GENDERS
from appliance.vision.cards import card_fields

with warnings.catch_warnings():
    # matplotlib's parser warns about its own future while it is imported.
    warnings.simplefilter("ignore")
    pytest.importorskip("matplotlib", reason="needs the extra [convert]")
    from convert import data, figures, samples, scoring
    from convert.card_text import MODELS, as_markdown

NAMES = tuple(str(emotion) for emotion in EMOTIONS)


def judged(labels, seed, sure=2.0):
    """The figures of random answers, of which about two in three are right."""
    chance = np.random.default_rng(seed)
    wanted = chance.integers(0, labels, 300)
    logits = chance.normal(0, 1, (300, labels)).astype(np.float32)
    logits[np.arange(300), wanted] += sure
    return scoring.score(logits, wanted).as_json()


def card_of(name, network="mini_xception_fast", labels=NAMES, heads=("fer", "ferplus")):
    task = "emotion" if len(labels) == 7 else "gender"
    results = {head: judged(len(labels), seed) for seed, head in enumerate(heads)}
    epochs = [
        {"epoch": n + 1, "loss": 2 / (n + 1), "seconds": 9.0, **dict.fromkeys(heads, 0.1 * n)}
        for n in range(5)
    ]
    return {
        "name": name, "task": task, "file": f"{name}.tflite", "sha256": "0" * 64, "bytes": 1000,
        "labels": list(labels), "network": network, "parameters": 57_398, "multiply_adds": 6_630,
        "input": {"size_px": 48, "channels": 1, "scaling": "x/127.5-1", "dtype": "float32"},
        "outputs": [{"head": h, "index": i, "temperature": 0.9} for i, h in enumerate(heads)],
        "head": heads[-1],
        "accuracy": {"Training, held out": results, "PublicTest": results},
        "int8_float_agreement": {"PublicTest": dict.fromkeys(heads, 0.99)},
        "training": {"recipe": {"epochs": 5}, "data_sha256": {"fer2013.zip": "ab" * 32},
                     "history": epochs},
        "terms": "Terms.", "intended_use": "Music.", "misuse": "Workplaces.", "weaknesses": "Fear.",
    }  # fmt: skip


def written(folder, *cards):
    folder.mkdir(parents=True, exist_ok=True)
    for card in cards:
        (folder / f"{card['name']}.json").write_text(json.dumps(card))
    return folder


@pytest.fixture
def models(tmp_path):
    return written(
        tmp_path / "models",
        card_of("emotion_int8"),
        card_of("emotion_float32"),
        card_of("mini_xception_float32", "mini_xception", heads=("fer",)),
        card_of("gender_int8", "mini_xception_gender", GENDERS, ("gender",)),
        {"name": "detector", "task": "detect"},
    )


def test_every_network_is_drawn_once_and_from_its_int8_file(models, tmp_path):
    paths = figures.draw(models, tmp_path / "figures")
    assert {path.stem for path in paths} == {
        "emotion_int8_confusion", "emotion_int8_reliability",
        "mini_xception_float32_confusion", "mini_xception_float32_reliability",
        "gender_int8_confusion", "gender_int8_reliability",
        "emotion_training", "gender_training", "reel_faces",
    }  # fmt: skip
    for path in paths:
        picture = cv2.imread(str(path))
        assert picture.shape[1] > 400
        assert 1_000 < path.stat().st_size < 150_000
        assert picture.std() > 5


def test_the_same_cards_give_the_same_bytes(models, tmp_path):
    once = [path.read_bytes() for path in figures.draw(models, tmp_path / "one")]
    assert once == [path.read_bytes() for path in figures.draw(models, tmp_path / "two")]


def test_a_matrix_shows_what_was_answered(models):
    figure = figures.confusion_matrices(card_of("emotion_int8"))
    axes = figure.axes[0]
    confusion = np.array(judged(7, 0)["confusion"], float)
    shares = confusion / confusion.sum(axis=1, keepdims=True)
    texts = [text.get_text() for text in axes.texts]
    assert texts[:7] == [f"{share:.2f}" for share in shares[0]]


def test_a_folder_without_cards_is_told(tmp_path, capsys):
    assert figures.main(["--models", str(written(tmp_path / "none"))]) == 1
    assert "holds no card of a model that was judged" in capsys.readouterr().err


# Pages --------------------------------------------------------------------------------------------


def test_the_page_tells_what_the_card_tells():
    card = card_of("emotion_int8")
    page = as_markdown(card)
    assert page.startswith("# emotion_int8\n")
    result = card["accuracy"]["PublicTest"]["ferplus"]
    assert f"| PublicTest | ferplus | 300 | {100 * result['accuracy']:.1f} %" in page
    for told in ("57,398", "0.9", "Workplaces.", "Fear.", "Terms.", "ab" * 32, "99.0 %", *NAMES):
        assert told in page
    assert "history" not in page
    assert max(len(line) for line in page.splitlines() if line[:1] not in "|-") <= 100
    assert "head `ferplus`, which the jukebox uses" in " ".join(page.split())


def test_the_page_of_a_gender_model_has_its_groups():
    card = card_of("gender_int8", "mini_xception_gender", GENDERS, ("gender",))
    share = {"count": 40, "accuracy": 0.925, "interval95": [0.801, 0.974]}
    groups = {"race": {"Black": share}, "race_without_0_5": {}, "age": {"0-5": share}}
    without = {f"{key}_without_0_5": value for key, value in share.items()}
    page = as_markdown(card | without | {"groups": groups, "race_gap": 0.0721})
    assert "| Black | 40 | 92.5 % | 80.1–97.4 |" in page
    assert "| all without ages 0-5 | 40 | 92.5 % | 80.1–97.4 |" in page
    assert "- race gap, best to worst: 7.2 points" in page
    assert "male or female" in page
    assert "## Further" not in page


def test_a_card_with_few_fields_has_a_page_too():
    page = as_markdown({"name": "why", "task": "why", "explains": {"emotion_int8": "cd" * 32}})
    assert "cd" * 32 in page


@pytest.mark.parametrize("page", sorted(MODELS.glob("*.md")), ids=lambda path: path.stem)
def test_a_page_beside_a_card_is_the_one_that_it_makes(page):
    made = as_markdown(card_fields(page.with_suffix(".json")))
    assert page.read_text(encoding="utf-8") == made, "write it anew: python -m convert.card_text"


# Grids --------------------------------------------------------------------------------------------


def faces(count):
    pictures = np.arange(count, dtype=np.uint8)[:, None, None] + np.zeros((1, 48, 48), np.uint8)
    return data.Faces(pictures, np.arange(count) % 7, np.arange(count), np.full(count, "Training"))


def test_a_grid_has_a_row_for_each_emotion_and_is_black_where_faces_are_missing():
    grid = samples.grid(faces(17), count=4, seed=0)
    assert grid.shape == (7 * 96, 4 * 96)
    rows = grid.reshape(7, 96, 4, 96)[:, 40, :, 40]
    assert set(rows[1]) == {1, 8, 15, 0}  # there were only three
    assert set(rows[6]) == {6, 13, 0}


def test_real_faces_stay_out_of_the_repository(tmp_path):
    for place in (figures.PROJECT, figures.PROJECT / "models", samples.SAMPLES.parent):
        with pytest.raises(data.DataError, match="must not lie in the project"):
            samples.check_folder(place)
    samples.check_folder(samples.SAMPLES)
    samples.check_folder(tmp_path)
