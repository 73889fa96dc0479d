"""python -m convert.evaluate: disturbed faces, the reading that the mood uses, and people."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import DATA
from evaluating import PROJECT, evaluated, needs, refused, zipped

from appliance.records import EMOTIONS
from appliance.vision.emotion import EmotionClassifier
from convert import evaluate, people, reader, teaching
from convert.disturbance import Disturbance

SINGLE = PROJECT / "models" / "emotion_int8_single.tflite"
RAMP = np.tile(np.arange(0, 240, 5, np.uint8), (48, 1))


def composite(emotion: str) -> np.ndarray:
    return cv2.imread(str(PROJECT / "appliance" / "camera" / "reel_faces" / f"{emotion}.png"), 0)


@pytest.fixture
def faces(tmp_path):
    """One composite face of each emotion, as a split of FER-2013."""
    for row, emotion in enumerate(EMOTIONS):
        folder = tmp_path / "fer" / "PublicTest" / emotion
        folder.mkdir(parents=True)
        small = cv2.resize(composite(emotion), (48, 48), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / f"{row:05}.png"), small)
    return tmp_path / "fer"


# Disturbed faces ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "black", "white"),
    [
        ({"contrast": 0.25}, 90, 149),  # 0.25 × 235 + 90 = 148.75
        ({"brightness": 0.3}, 0, 70),  # 70.5 rounds to even
        ({"brightness": 2.0}, 0, 255),
        ({"contrast": 2.0}, 0, 255),
    ],
)
def test_light_is_changed_rounded_and_clipped(change, black, white):
    lit = Disturbance(**change).of(RAMP[np.newaxis])[0]
    assert lit.dtype == np.uint8
    assert (lit.min(), lit.max()) == (black, white)


def test_a_face_that_comes_from_few_pixels_keeps_its_side_and_loses_what_is_fine():
    checkered = np.indices((48, 48)).sum(axis=0).astype(np.uint8) % 2 * 200
    small = Disturbance(size=12).of(checkered[np.newaxis])[0]
    assert small.shape == (48, 48)
    assert small.std() < 1 < 99 < checkered.std()


def test_a_blur_is_stated_for_a_face_of_48_pixels():
    """A face twice as large is blurred twice as far, so that both look alike."""
    line = np.zeros((1, 96, 96), np.uint8)
    line[0, :, 46:50] = 200
    wide = Disturbance(blur=3.0).of(line)[0]
    narrow = Disturbance(blur=3.0).of(line[:, ::2, ::2])[0]
    assert np.abs(wide[::2, ::2].astype(int) - narrow).max() < 12
    assert 20 < wide[48, 40] < wide[48, 47] < 150  # and it is a blur


def test_a_tilted_face_has_its_left_side_below():
    tilted = Disturbance(tilt=90.0).of(RAMP[np.newaxis])[0]
    assert tilted[45, 24] < 20 < 200 < tilted[2, 24]


def test_no_disturbance_changes_nothing():
    assert Disturbance().of(RAMP[np.newaxis])[0] is not RAMP
    assert (Disturbance().of(RAMP[np.newaxis])[0] == RAMP).all()


def test_disturbed_faces_are_judged_and_the_result_names_how(faces, capsys):
    options = "emotion", "--model", SINGLE, "--data", faces
    as_is = evaluated(capsys, *options)
    assert as_is["disturbance"] == {}
    black = evaluated(capsys, *options, "--brightness", 0)
    assert black["disturbance"] == {"brightness": 0.0}
    # One even gray is read as one emotion, whatever the face was.
    assert (black["count"], black["accuracy"]) == (7, pytest.approx(1 / 7, abs=1e-4))
    assert as_is["accuracy"] > 0.5


# Heads --------------------------------------------------------------------------------------------


def test_the_mean_of_heads_and_the_mood_answer_as_the_mood_filter_reads_them(faces, capsys):
    image = cv2.resize(composite("sad"), (48, 48), interpolation=cv2.INTER_AREA)
    classifier = EmotionClassifier(SINGLE)
    mean = np.mean(classifier.probabilities_by_head(image), axis=0)
    corrected, _ = classifier.for_mood(classifier.read(image))
    assert corrected != pytest.approx(mean, rel=1e-2)
    card = json.loads(SINGLE.with_suffix(".json").read_text())
    priors = 0.95 * np.array(card["priors"]["all"]) + 0.05 / 7
    for head, wanted in (("mean_of_heads", mean), ("as_mood", corrected / priors)):
        found = np.exp(reader.Reader(SINGLE, head).logits(image[np.newaxis])[0])
        assert found / found.sum() == pytest.approx(wanted / wanted.sum(), rel=1e-4)
        result = evaluated(capsys, "emotion", "--model", SINGLE, "--data", faces, "--head", head)
        assert (result["head"], result["labels"], result["count"]) == (head, "fer", 7)


def test_balanced_accuracy_is_the_mean_over_the_emotions_that_occur(faces, capsys):
    for number in range(10, 19):
        source = next((faces / "PublicTest" / "happy").iterdir())
        shutil.copy(source, source.with_name(f"{number:05}.png"))
    # Where nothing can be seen, all answers are one emotion: one recall of seven is whole.
    black = "--data", faces, "--brightness", 0
    result = evaluated(capsys, "emotion", "--model", SINGLE, *black)
    assert result["count"] == 16
    assert result["accuracy"] in (0.0625, 0.625)
    assert result["balanced_accuracy"] == pytest.approx(1 / 7, abs=1e-4)


# People -------------------------------------------------------------------------------------------


def head(emotion: str) -> np.ndarray:
    """A composite face in an even gray picture, uint8 (300, 300), as large as a head in it."""
    picture = np.full((300, 300), 128, np.uint8)
    picture[50:250, 50:250] = cv2.resize(composite(emotion), (200, 200))
    return picture


@pytest.fixture
def album(tmp_path):
    """Two people of one set, one of another; the last picture of the first shows nobody."""
    shown = {"set/ann": ["happy", "surprise"], "set/bob": ["happy"], "other/cat": ["neutral"]}
    for person, emotions in shown.items():
        folder = tmp_path / "album" / person
        folder.mkdir(parents=True)
        for number, emotion in enumerate(emotions):
            cv2.imwrite(str(folder / f"{emotion}_{number}.png"), head(emotion))
    nobody = np.full((300, 300), 128, np.uint8)
    cv2.imwrite(str(tmp_path / "album" / "set" / "ann" / "sad_1_02.png"), nobody)
    (tmp_path / "album" / "set" / "ratings.csv").write_text("no picture\n")
    return tmp_path / "album"


@pytest.mark.parametrize("form", [Path, zipped])
def test_each_person_and_all_are_judged_and_a_face_not_found_is_wrong(album, capsys, form):
    result = evaluated(capsys, "people", "--data", form(album))
    assert (result["head"], result["model"]) == ("as_mood", "emotion_int8_single.tflite")
    assert (result["count"], result["found"]) == (5, 4)
    # Persons are named with their set, as far as the names in the file go.
    assert list(result["people"]) == ["other/cat", "set/ann", "set/bob"]
    ann = result["people"]["set/ann"]
    assert (ann["count"], ann["found"]) == (3, 2)
    assert ann["accuracy"] == ann["balanced_accuracy"] == pytest.approx(2 / 3, abs=1e-4)


def test_every_other_person_can_be_kept_for_reporting(album, capsys):
    odd = evaluated(capsys, "people", "--data", album, "--split", "odd")
    even = evaluated(capsys, "people", "--data", album, "--split", "even")
    assert list(odd["people"]) == ["other/cat", "set/bob"]
    assert list(even["people"]) == ["set/ann"]


def test_people_are_printed_one_a_line(album, capsys):
    assert evaluate.main(["--task", "people", "--data", str(album)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "emotion_int8_single.tflite, head as_mood, all:"
    assert [line.split()[0] for line in lines[2:]] == ["other/cat", "set/ann", "set/bob", "all"]
    assert lines[-1].split()[1:] == ["80.0%", "75.0%", "5", "4"]


def test_balanced_means_over_the_emotions_that_a_person_shows():
    found = people.figures(np.array([3, 3, 3, 6]), np.array([3, 3, 3, people.NOT_FOUND]))
    assert (found["accuracy"], found["balanced_accuracy"]) == (0.75, 0.5)
    assert (found["count"], found["found"]) == (4, 3)


@pytest.fixture
def actors(tmp_path):
    """Two people with three pictures of three emotions, each acted in ways 1, 2 and 3, or at rest.

    One is taken for angry, one for happy, because their faces are turned about a little.
    """
    for person, degrees in (("ann", -9), ("bob", 9)):
        folder = tmp_path / "actors" / "set" / person
        folder.mkdir(parents=True)
        for emotion in ("happy", "surprise", "neutral"):
            for number in range(3):
                kind = 0 if emotion == "neutral" else number + 1
                turn = cv2.getRotationMatrix2D((150, 150), degrees + number, 1.0)
                picture = cv2.warpAffine(head(emotion), turn, (300, 300), borderValue=128)
                cv2.imwrite(str(folder / f"{emotion}_{kind}_{number}.png"), picture)
    return tmp_path / "actors"


def test_people_are_judged_untaught_and_taught_on_pictures_that_are_no_examples(actors, capsys):
    result = evaluated(capsys, "people", "--data", actors, "--teach", 2, "--seed", 3)
    assert (result["teach"], result["seed"], result["bad"]) == (2, 3, 0)
    assert result["count"] == 6, "one of three pictures of each emotion is left"
    assert result["accuracy_taught"] >= result["accuracy"]
    assert result["balanced_accuracy_taught"] == 1.0
    assert result["guests"]["count"] == 6


def test_ways_to_act_can_be_kept_apart_and_rest_is_in_both(actors, capsys):
    result = evaluated(
        capsys, "people", "--data", actors, "--teach", 2, "--kinds", "1:23", "--bad", 3
    )
    # Of each person: happy and surprise in ways 2 and 3, and one of three faces at rest.
    assert (result["count"], result["bad"]) == (10, 3)


def test_a_picture_is_never_an_example_and_a_test():
    shown = [
        people.ActedFace(person, number % 7, np.zeros((1, 1), np.uint8), number % 4)
        for person in ("set/a", "set/b")
        for number in range(40)
    ]
    for seed in range(5):
        for kinds in (None, (frozenset([1]), frozenset([2, 3]))):
            for drawn in teaching.draw(shown, 2, seed, kinds):
                assert not set(drawn.examples) & set(drawn.tests)
                assert {shown[place].person for place in drawn.examples} == {drawn.person}
                if kinds:
                    assert {shown[place].kind for place in drawn.examples} <= {0, 1}
                    assert {shown[place].kind for place in drawn.tests} <= {0, 2, 3}
    again = [teaching.draw(shown, 2, 4, None) for _ in range(2)]
    assert again[0] == again[1] != teaching.draw(shown, 2, 5, None)


def test_who_shows_too_few_pictures_cannot_be_taught(album, actors, capsys):
    assert "no picture is left" in refused(capsys, "people", "--data", album, "--teach", 2)
    model = PROJECT / "models" / "emotion_int8.tflite"
    told = refused(capsys, "people", "--data", actors, "--teach", 1, "--model", model)
    assert "emotion_int8.tflite: was not measured for teaching" in told


def test_taught_people_are_printed_beside_guests(actors, capsys):
    assert evaluate.main(["--task", "people", "--data", str(actors), "--teach", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["people", "guests"]


@needs("people.zip")
def test_people_who_were_taught_are_read_as_docs_teaching_says(capsys):
    options = ("--data", DATA / "people.zip", "--split", "even", "--teach", 2, "--seed", 1)
    result = evaluated(capsys, "people", *options)
    assert result["balanced_accuracy_taught"] >= 0.82
    guests = result["guests"]
    assert guests["balanced_accuracy"] - guests["balanced_accuracy_taught"] <= 0.01
    across = evaluated(capsys, "people", *options, "--kinds", "1:23")
    assert across["balanced_accuracy_taught"] >= 0.74


def test_a_folder_without_people_is_named(tmp_path, capsys):
    (tmp_path / "none").mkdir()
    assert "none: no pictures named" in refused(capsys, "people", "--data", tmp_path / "none")


@pytest.mark.parametrize(
    "options",
    [
        "--task gender --model x --data x --contrast 0.5",
        "--task people --data x --tilt 10",
        "--task people --data x --votes x",
        "--task people --data x --seed 2",
        "--task people --data x --teach 2 --kinds 1",
        "--task people --data x --teach 0",
        "--task detect --data x --teach 2",
        "--task emotion --model x --data x --size 0",
        "--task emotion --model x --data x --contrast -1",
        "--task emotion --model x --data x --blur nan",
        "--task emotion --model x --data x --head both",
    ],
)
def test_misuse_ends_with_two(capsys, options):
    with pytest.raises(SystemExit) as ended:
        evaluate.main(options.split())
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err
