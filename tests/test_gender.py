"""Gender: off unless asked for, read from a face cut as UTKFace cuts it, never stored."""

import json
import shutil
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance import build
from appliance.bench.gender import GenderReader
from appliance.commands import check as checks
from appliance.commands.classify import classify, describe
from appliance.errors import ModelError
from appliance.records import GENDERS, Box, Face, Frame
from appliance.settings import CameraSettings, GenderSettings, Settings
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.gender import GenderClassifier

PROJECT = Path(__file__).parent.parent
MODELS = PROJECT / "models"
OFF = replace(Settings(), camera=CameraSettings(source="reel"))
ON = replace(OFF, gender=GenderSettings(enabled=True))


@pytest.fixture
def tiny_gender_model(tmp_path, monkeypatch):
    """A folder of models with one for gender, in place of the shipped ones."""
    tiny_models = pytest.importorskip("tiny_models", reason="needs the extra [convert]")
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("emotion_int8", "emotion_int8_single", "tracker_float32"):
        for suffix in (".tflite", ".json"):
            shutil.copy(MODELS / f"{name}{suffix}", folder)
    tiny_models.write_gender_model(folder / "gender_int8.tflite")
    monkeypatch.setattr(build, "MODELS", folder)
    return folder


@pytest.fixture
def photo(tmp_path):
    """A composite face in the middle of a gray picture."""
    face = cv2.imread(str(PROJECT / "appliance" / "camera" / "reel_faces" / "happy.png"), 0)
    luma = np.full((480, 640), 128, np.uint8)
    luma[140:340, 220:420] = cv2.resize(face, (200, 200))
    cv2.imwrite(str(tmp_path / "photo.png"), luma)
    return tmp_path / "photo.png"


def test_a_face_looks_male_or_female(tiny_gender_model):
    classifier = GenderClassifier(tiny_gender_model / "gender_int8.tflite")
    luma = np.zeros((200, 200), np.uint8)
    luma[:, :100] = 255
    male, female = classifier.classify(luma, Face(Box(50, 50, 100, 100), 1.0, 1))
    assert female > 0.99
    assert male + female == pytest.approx(1.0)


def test_classify_says_it_only_when_asked_to(tiny_gender_model, photo):
    (reading,) = classify(OFF, [photo])
    assert "gender" not in reading["faces"][0]
    assert "male" not in describe(reading)


def test_classify_says_it_when_asked_to(tiny_gender_model, photo):
    (reading,) = classify(ON, [photo])
    shares = reading["faces"][0]["gender"]
    assert tuple(shares) == GENDERS
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-3)
    name = max(shares, key=shares.get)
    assert describe(reading).endswith(f"; looks {name} {shares[name]:.0%}")


class Recording:
    """A classifier that answers as it is told to, and records whose face it read."""

    def __init__(self, *shares):
        self.shares, self.tracks = shares, []

    def classify(self, luma, face):
        self.tracks.append(face.track)
        return self.shares[(len(self.tracks) - 1) % len(self.shares)]


def person(track):
    return Face(Box(0, 0, 50, 50), 1.0, track)


def at(time_s):
    return Frame(time_s, 0.0, np.zeros((60, 60), np.uint8))


def test_a_followed_face_is_read_each_second_eight_times_then_every_ten_seconds():
    classifier = Recording((0.9, 0.1))
    reader, read_s = GenderReader(classifier), []
    for n in range(10 * 60):
        before = len(classifier.tracks)
        reader.read(at(n / 10), [person(1)])
        read_s += [n / 10] * (len(classifier.tracks) - before)
    assert read_s[:8] == pytest.approx([0, 1, 2, 3, 4, 5, 6, 7], abs=0.2)
    assert read_s[8:] == pytest.approx([17, 27, 37, 47, 57], abs=0.5)


def test_the_answer_is_the_mean_of_all_samples():
    reader = GenderReader(Recording((0.9, 0.1), (0.5, 0.5)))
    assert reader.read(at(0.0), [person(1)])[1] == pytest.approx((0.9, 0.1))
    reader.read(at(0.5), [person(1)])
    assert reader.read(at(1.0), [person(1)])[1] == pytest.approx((0.7, 0.3))


def test_of_several_new_faces_one_is_read_in_each_frame():
    classifier = Recording((0.9, 0.1))
    reader = GenderReader(classifier)
    people = [person(1), person(2), person(3)]
    told = [len(reader.read(at(n / 10), people)) for n in range(4)]
    assert told == [1, 2, 3, 3]
    assert classifier.tracks == [1, 2, 3]


def test_who_has_left_is_forgotten():
    reader = GenderReader(Recording((0.9, 0.1)))
    reader.read(at(0.0), [person(1)])
    reader.read(at(5.0), [])
    assert reader.read(Frame(5.1, 0.0, None), [person(1)]) == {}


def checked(settings):
    """What `jukebox check` says of camera and models, by name."""
    results = takewhile(lambda result: result.what != "database", checks.checks(lambda: settings))
    return {result.what: result for result in results}


@pytest.mark.parametrize(("settings", "there"), [(OFF, False), (ON, True)])
def test_check_covers_the_model_that_is_used(tiny_gender_model, settings, there):
    found = checked(settings)
    assert ("gender model" in found) == there
    if there:
        assert found["gender model"].good
        assert found["gender model"].text.startswith("gender_int8 on ")


def test_check_says_what_is_wrong_with_it(tiny_gender_model):
    (tiny_gender_model / "gender_int8.json").unlink()
    found = checked(ON)["gender model"]
    assert not found.good
    assert "every model needs its card" in found.text


def test_a_model_for_another_task_is_refused(tiny_gender_model):
    with pytest.raises(ModelError, match="not the card of a model for gender"):
        GenderClassifier(tiny_gender_model / "emotion_int8.tflite")
    with pytest.raises(ModelError, match="not the card of a model for emotion"):
        EmotionClassifier(tiny_gender_model / "gender_int8.tflite")


def test_labels_the_other_way_round_are_refused(tiny_gender_model):
    card = tiny_gender_model / "gender_int8.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"labels": ["female", "male"]}))
    with pytest.raises(ModelError, match="names other labels than male, female"):
        GenderClassifier(tiny_gender_model / "gender_int8.tflite")


@pytest.mark.parametrize("name", ["gender_int8", "gender_float32"])
def test_the_shipped_model_is_the_one_on_its_card(name):
    if not (MODELS / f"{name}.tflite").exists():
        pytest.skip("a gender model is not shipped yet")
    classifier = GenderClassifier(MODELS / f"{name}.tflite")
    noise = np.random.default_rng(0).integers(0, 256, (90, 90), dtype=np.uint8)
    assert sum(classifier.probabilities(noise)) == pytest.approx(1.0, abs=1e-5)
