"""Priors: what an emotion network answers on average, in its card and on its page."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import DATA
from evaluating import needs

pytest.importorskip("tqdm", reason="needs the extra [convert]")

from appliance.records import EMOTIONS
from appliance.vision.cards import card_fields, read_card
from convert import card_words, data
from convert.card_text import as_markdown
from convert.priors import main, mean_probabilities, priors

PROJECT = Path(__file__).resolve().parents[1]
MODELS = PROJECT / "models"
NEUTRAL = 6  # in the order of EMOTIONS
EVEN = np.zeros(7, np.float32)


def certain(emotion: int) -> np.ndarray:
    """Logits of a network that is sure of one emotion."""
    return np.where(np.arange(7) == emotion, 50, 0).astype(np.float32)


def test_probabilities_are_the_mean_over_the_heads_each_by_its_temperature():
    logits = {"fer": np.array([[2.0, 0.0]], np.float32), "ferplus": np.zeros((1, 2), np.float32)}
    # softmax of 2 / 4 and 0 is 0.6225 and 0.3775.
    found = mean_probabilities(logits, {"fer": 4.0, "ferplus": 1.0})
    assert found == pytest.approx(np.array([[0.56123, 0.43877]]), abs=1e-5)


def test_neutral_faces_are_averaged_for_each_labelling_and_then_over_the_labellings():
    logits = np.stack([certain(3), certain(4), certain(6), certain(6)])
    labels = {"fer": np.array([6, 6, 0, 0]), "ferplus": np.array([-1, 6, 0, 3])}
    field = priors({"fer": logits}, {"fer": 1.0}, labels)["priors"]
    assert field["all"] == [0.0001, 0.0001, 0.0001, 0.25, 0.25, 0.0001, 0.5]
    # FER-2013: half happy, half sad; the crowd: sad.
    assert field["neutral"] == [0.0001, 0.0001, 0.0001, 0.25, 0.75, 0.0001, 0.0001]
    assert field["count"] == 4
    assert field["from"] == "faces of Training that were held out"


def test_a_labelling_without_neutral_faces_has_no_say_and_without_any_there_are_no_priors():
    logits = {"fer": np.stack([certain(3), EVEN])}
    none, one = np.array([0, 1]), np.array([NEUTRAL, 1])
    alone = priors(logits, {"fer": 1.0}, {"fer": one})
    assert priors(logits, {"fer": 1.0}, {"fer": one, "ferplus": none}) == alone
    assert priors(logits, {"fer": 1.0}, {"fer": none}) == {}


def write_faces(folder: Path, neutral: bool) -> tuple[Path, Path]:
    """(FER-2013, FER+) of 300 rows of noise, half of them neutral if there are any."""
    rng = np.random.default_rng(1)
    faces, votes = folder / "fer2013.csv", folder / "votes.csv"
    with faces.open("w", newline="") as labels, votes.open("w", newline="") as ballots:
        rows, counts = csv.writer(labels), csv.writer(ballots)
        rows.writerow(["emotion", "pixels", "Usage"])
        counts.writerow(data.VOTE_COLUMNS)
        for row in range(300):
            pixels = " ".join(map(str, rng.integers(0, 256, 48 * 48)))
            label = NEUTRAL if neutral and row % 2 else row % 6
            rows.writerow([label, pixels, "Training"])
            counts.writerow(10 * (np.arange(10) == data.EMOTION_COLUMNS[label]))
    return faces, votes


@pytest.fixture
def model(tmp_path):
    """A copy of the jukebox's network, its card without priors."""
    model = shutil.copy(MODELS / "emotion_int8_single.tflite", tmp_path)
    fields = card_fields(MODELS / "emotion_int8_single.tflite")
    del fields["priors"]
    (tmp_path / "emotion_int8_single.json").write_text(json.dumps(fields))
    return Path(model)


def test_the_command_writes_priors_into_a_card_and_its_page(tmp_path, model, capsys):
    faces, votes = write_faces(tmp_path, neutral=True)
    options = ["--data", str(faces), "--votes", str(votes), "--model", str(model)]
    assert read_card(model, "emotion", EMOTIONS).priors is None
    assert main(options) == 0
    field = card_fields(model)["priors"]
    assert 5 <= field["count"] <= 30  # 5 % of 300
    assert f"priors from {field['count']} faces" in capsys.readouterr().out
    assert sum(field["all"]) == pytest.approx(1, abs=1e-3)
    assert sum(field["neutral"]) == pytest.approx(1, abs=1e-3)
    assert read_card(model, "emotion", EMOTIONS).priors.neutral == tuple(field["neutral"])
    assert f"| neutral | {field['all'][6]:.4f} |" in model.with_suffix(".md").read_text()


def test_without_a_neutral_face_the_command_says_so_and_leaves_the_card(tmp_path, model, capsys):
    faces, votes = write_faces(tmp_path, neutral=False)
    before = model.with_suffix(".json").read_text()
    assert main(["--data", str(faces), "--votes", str(votes), "--model", str(model)]) == 1
    assert "held-out faces is neutral" in capsys.readouterr().err
    assert model.with_suffix(".json").read_text() == before


@pytest.mark.heavy
@needs("fer2013.zip", "ferplus_votes.csv")
def test_the_shipped_priors_are_measured_again(model):
    files = "--data", DATA / "fer2013.zip", "--votes", DATA / "ferplus_votes.csv", "--model", model
    assert main([str(word) for word in files]) == 0
    found = card_fields(model)["priors"]
    shipped = card_fields(MODELS / "emotion_int8_single.tflite")["priors"]
    assert (found["count"], found["from"]) == (shipped["count"], shipped["from"])
    # Another processor may round a few faces otherwise.
    assert found["all"] == pytest.approx(shipped["all"], abs=0.002)
    assert found["neutral"] == pytest.approx(shipped["neutral"], abs=0.002)


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.json")), ids=lambda path: path.stem)
def test_every_emotion_card_and_no_other_has_priors(path):
    fields = card_fields(path)
    assert ("priors" in fields) == (fields["task"] == "emotion")


def test_the_page_tells_the_priors_by_emotion_and_of_how_many_faces():
    field = {"all": [0.1, 0.2, 0.7], "neutral": [0.25, 0.35, 0.4], "count": 1378, "from": "faces"}
    page = as_markdown({"name": "x", "task": "x", "labels": ["a", "b", "c"], "priors": field})
    _, _, section = page.partition("\n## Priors\n")
    assert "Measured on 1,378 faces." in section
    assert "| emotion | all faces | neutral faces |" in section
    assert "| b | 0.2000 | 0.3500 |" in section
    assert "## Further" not in page


def test_a_page_without_priors_has_no_section_for_them():
    assert "Priors" not in as_markdown({"name": "x", "task": "x"})


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("emotion", card_words.EMOTION),
        ("gender", card_words.GENDER),
        ("track", card_words.TRACKER),
        ("face detection", card_words.DETECTOR),
        ("why", card_words.WHY),
    ],
)
def test_the_shipped_cards_say_what_new_ones_would_say(task, words):
    cards = [card_fields(path) for path in MODELS.glob("*.json")]
    cards = [card for card in cards if card["task"] == task]
    assert cards
    for card in cards:
        assert {field: card[field] for field in words} == words
