"""python -m convert.evaluate: every form of the pictures of faces, and misuse."""

import csv
import json
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import DATA
from evaluating import MODEL, PROJECT, evaluated, needs, refused, zipped

from appliance.records import EMOTIONS
from convert import data, evaluate, scoring
from convert.groups import gender_figures

# Emotion ------------------------------------------------------------------------------------------

# Two faces of each emotion, those of the first half in Training.
ROWS = [(("Training", "PublicTest")[row // 7], row % 7) for row in range(14)]


def face(row: int) -> np.ndarray:
    """A composite face of row's emotion, uint8 (48, 48)."""
    path = PROJECT / "appliance" / "camera" / "reel_faces" / f"{EMOTIONS[row % 7]}.png"
    image = cv2.resize(cv2.imread(str(path), 0), (48, 48), interpolation=cv2.INTER_AREA)
    return survives_jpeg(np.clip(image.astype(int) + row, 0, 255).astype(np.uint8))


def survives_jpeg(image: np.ndarray) -> np.ndarray:
    """The picture as JPEG leaves it, so that every form of the data holds the same pixels."""
    for _ in range(20):
        _, written = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 100])
        before, image = image, cv2.imdecode(written, cv2.IMREAD_GRAYSCALE)
        if (before == image).all():
            return image
    raise AssertionError("JPEG never leaves this picture as it is")


def write_pictures(folder: Path, name: str, splits: dict[str, str]) -> Path:
    for row, (split, label) in enumerate(ROWS):
        file = folder / splits[split] / EMOTIONS[label] / name.format(split=split, row=row)
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), face(row), [cv2.IMWRITE_JPEG_QUALITY, 100])
    return folder


def our_folder(folder: Path) -> Path:
    return write_pictures(folder / "fer", "{row:05}.png", {s: s for s, _ in ROWS})


def our_zip(folder: Path) -> Path:
    return zipped(our_folder(folder))


def picture_folder(folder: Path) -> Path:
    splits = {"Training": "train", "PublicTest": "PublicTest"}
    return write_pictures(folder / "archive", "{split}_{row}.jpg", splits)


def public_csv(folder: Path, names: str = "emotion,pixels,Usage") -> Path:
    lines = [f"{label},{' '.join(map(str, face(row).ravel()))},{split}"
             for row, (split, label) in enumerate(ROWS)]  # fmt: skip
    (folder / "fer2013.csv").write_text("\n".join([names, *lines]) + "\n")
    return folder / "fer2013.csv"


def kaggle_csv(folder: Path) -> Path:
    return public_csv(folder, names="emotion, pixels, Usage")


def write_votes(path: Path, first: str) -> Path:
    """Everybody votes for the label, except for disgust, where everybody votes `unknown`."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*first.split(","), *data.VOTE_COLUMNS])
        for row, (split, label) in enumerate(ROWS):
            votes = dict.fromkeys(data.VOTE_COLUMNS, 0)
            known = data.VOTE_COLUMNS[data.EMOTION_COLUMNS[label]]
            votes["unknown" if known == "disgust" else known] = 10
            ours = first.startswith("row")
            writer.writerow([*((row, split) if ours else (split, f"fer{row + 9:07}.png")),
                             *votes.values()])  # fmt: skip
    return path


@pytest.mark.parametrize("form", [our_zip, our_folder, picture_folder, public_csv, kaggle_csv])
def test_every_form_of_fer2013_gives_the_same_figures(tmp_path, capsys, form):
    wanted = evaluated(capsys, "emotion", "--model", MODEL, "--data", our_zip(tmp_path),
                       "--split", "PublicTest")  # fmt: skip
    result = evaluated(capsys, "emotion", "--model", MODEL, "--data", form(tmp_path),
                       "--split", "publictest")  # fmt: skip
    assert (result["count"], result["head"], result["split"]) == (7, "fer", "PublicTest")
    assert set(result["per_class"]) == set(EMOTIONS)
    assert result["accuracy"] == wanted["accuracy"]
    # At 100 % Wilson's interval ends at the accuracy.
    assert result["interval95"][0] < result["accuracy"] <= result["interval95"][1]
    assert 0 <= result["ece"] <= 1


def test_people_are_told_whose_labels_judged_and_how_many_views_were_averaged(tmp_path, capsys):
    options = ["--task", "emotion", "--model", MODEL, "--data", our_zip(tmp_path)]
    assert evaluate.main([str(word) for word in [*options, "--split", "PublicTest"]]) == 0
    title, judged, *_ = capsys.readouterr().out.splitlines()
    assert title == "emotion_int8.tflite, head fer, PublicTest (7 faces):"
    assert judged == (
        "labels: fer; views: a face and its mirror image, as they are, nearer and farther, at once"
    )


def test_views_in_turn_are_a_face_and_its_mirror_image(tmp_path, capsys):
    single = MODEL.with_name("emotion_int8_single.tflite")
    options = "emotion", "--model", single, "--data", our_zip(tmp_path), "--split", "PublicTest"
    alone, both = evaluated(capsys, *options), evaluated(capsys, *options, "--in-turn")
    assert (alone["views"], alone["count"]) == ("one", both["count"])
    assert both["views"] == "a face and its mirror image in turn"
    assert both["reliability"] != alone["reliability"]
    assert "averages several views itself" in refused(
        capsys, "emotion", "--model", MODEL, "--data", our_zip(tmp_path), "--split", "PublicTest",
        "--in-turn"
    )  # fmt: skip


def test_json_has_the_views_under_their_former_name_too(tmp_path, capsys):
    result = evaluated(
        capsys, "emotion", "--model", MODEL, "--data", our_zip(tmp_path), "--split", "PublicTest"
    )
    assert result["looks"] == result["views"]


def test_pictures_that_may_be_copies_are_not_judged_as_held_out(tmp_path, capsys):
    """Kaggle's JPEGs of the faces that were trained on have other pixels."""
    said = refused(capsys, "emotion", "--model", MODEL, "--data", picture_folder(tmp_path),
                   "--split", "heldout")  # fmt: skip
    assert "names are not its rows" in said


@pytest.mark.parametrize("name", ["ferplus_votes.csv", "fer2013new.csv"])
def test_both_files_of_votes_leave_out_what_the_crowd_did_not_know(tmp_path, capsys, name):
    first = {"ferplus_votes.csv": "row,usage", "fer2013new.csv": "Usage,Image name"}[name]
    votes = write_votes(tmp_path / name, first)
    for form in (our_zip, public_csv):
        result = evaluated(capsys, "emotion", "--model", MODEL, "--data", form(tmp_path),
                           "--votes", votes, "--split", "PublicTest")  # fmt: skip
        assert (result["count"], result["head"], result["labels"]) == (6, "ferplus", "ferplus")
        assert result["per_class"]["disgust"]["count"] == 0


def test_the_only_split_need_not_be_named(tmp_path, capsys):
    folder = our_folder(tmp_path)
    assert "there are PublicTest, Training" in refused(
        capsys, "emotion", "--model", MODEL, "--data", folder
    )
    shutil.rmtree(folder / "Training")
    result = evaluated(capsys, "emotion", "--model", MODEL, "--data", folder)
    assert (result["split"], result["count"]) == ("PublicTest", 7)


def test_a_folder_may_be_given_by_a_relative_path(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(our_folder(tmp_path) / "PublicTest")
    result = evaluated(capsys, "emotion", "--model", MODEL, "--data", ".")
    assert (result["split"], result["count"]) == ("PublicTest", 7)


PIXELS = " ".join(["7"] * 48 * 48)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (f"-1,{PIXELS},Training", "line 2 is not a face with a label 0 to 6"),
        (f"x,{PIXELS},Training", "line 2 is not a face"),
        (f"3,{PIXELS} 7,Training", "line 2 is not a face"),
        (f"3,{PIXELS[:-1]}300,Training", "line 2 is not a face"),
        ("3", "line 2 is not a face"),
    ],
)
def test_a_bad_line_of_a_table_is_named(tmp_path, capsys, line, complaint):
    (tmp_path / "fer2013.csv").write_text(f"emotion,pixels,Usage\n{line}\n")
    options = ("--model", MODEL, "--data", tmp_path / "fer2013.csv")
    assert complaint in refused(capsys, "emotion", *options)


@pytest.mark.parametrize("content", [None, "a,b\n1,2\n", "\0\1\2", b"PK\x03\x04\xff\xfe"])
def test_a_file_without_votes_is_named(tmp_path, capsys, content):
    votes = tmp_path / "votes.csv"
    if content is not None:
        votes.write_bytes(content if isinstance(content, bytes) else content.encode())
    options = ("--model", MODEL, "--data", our_folder(tmp_path), "--split", "Training")
    assert "votes.csv" in refused(capsys, "emotion", *options, "--votes", votes)


# Gender -------------------------------------------------------------------------------------------


def portrait(female: bool, number: int) -> np.ndarray:
    """A picture that no other number has, uint8 (80, 80); its left half is bright for a woman."""
    noise = np.random.default_rng(number).integers(0, 90, (80, 80))
    noise[:, :40] += 120 * female
    noise[:, 40:] += 120 * (not female)
    return noise.astype(np.uint8)


# Age, gender and race by the name of the file, and whether the picture shows that gender.
PEOPLE = [(3, 0, 0, False), (5, 1, 4, True), (6, 0, 1, True), (18, 1, 2, True), (30, 0, 0, True),
          (39, 1, 0, False), (40, 1, 3, True), (60, 0, 0, True)]  # fmt: skip


@pytest.fixture(scope="module")
def gender_model(tmp_path_factory):
    tiny_models = pytest.importorskip("tiny_models", reason="needs the extra [convert]")
    return tiny_models.write_gender_model(tmp_path_factory.mktemp("models") / "gender.tflite")


@pytest.fixture
def portraits(tmp_path):
    """A folder of UTKFace, half of it in each form of the names, and one that lacks a field."""
    folder = tmp_path / "utkface"
    folder.mkdir()
    for number, (age, gender, race, shown) in enumerate(PEOPLE):
        end = f"2017011617450{number}.jpg.chip.jpg" if number % 2 else f"{number:05}.jpg"
        image = portrait(gender == shown, number)
        cv2.imwrite(str(folder / f"{age}_{gender}_{race}_{end}"), image)
    cv2.imwrite(str(folder / "61_1_20170109142408075.jpg.chip.jpg"), portrait(False, 99))
    return folder


@pytest.mark.parametrize("form", [zipped, Path])
def test_gender_is_judged_for_all_and_by_group(portraits, capsys, gender_model, form):
    result = evaluated(capsys, "gender", "--model", gender_model, "--data", form(portraits))
    assert (result["count"], result["accuracy"], result["split"]) == (8, 0.75, "all")
    assert (result["count_without_0_5"], result["accuracy_without_0_5"]) == (6, 0.83333)
    assert set(result["per_class"]) == {"male", "female"}
    race, age = result["groups"]["race"], result["groups"]["age"]
    assert {name: (group["count"], group["accuracy"]) for name, group in race.items()} == {
        "White": (4, 0.5), "Black": (1, 1.0), "Asian": (1, 1.0), "Indian": (1, 1.0),
        "other": (1, 1.0),
    }  # fmt: skip
    assert {name: group["count"] for name, group in age.items()} == {
        "0-5": 2, "6-17": 1, "18-39": 3, "40-59": 1, "60+": 1
    }  # fmt: skip
    assert age["0-5"]["accuracy"] == 0.5
    assert result["race_gap"] == 0.5
    grown = result["groups"]["race_without_0_5"]
    assert sum(group["count"] for group in grown.values()) == result["count_without_0_5"]
    shares = [group["accuracy"] for group in grown.values()]
    assert result["race_gap_without_0_5"] == pytest.approx(max(shares) - min(shares))
    assert race["White"]["interval95"] == pytest.approx([0.15, 0.85], abs=0.01)


def test_any_other_split_of_portraits_is_all_of_them(portraits, capsys, gender_model):
    for split in ("all", "test"):
        options = ("--model", gender_model, "--data", portraits, "--split", split)
        assert evaluate.main(["--task", "gender", *map(str, options)]) == 0
        out, err = capsys.readouterr()
        assert ("no split 'test': every picture counts" in err) == (split == "test")
        assert out.startswith("gender.tflite, head gender, all (8 faces):\naccuracy 75.0%")
    training = evaluated(capsys, "gender", *options[:4], "--split", "training")
    assert training["count"] + 1 >= 8 - training["count"] >= 0


def test_public_portraits_are_made_as_small_as_ours(tmp_path):
    cv2.imwrite(str(tmp_path / "26_1_2_20170116.jpg.chip.jpg"), np.zeros((200, 200, 3), np.uint8))
    assert data.load_utkface(tmp_path).images.shape == (1, 80, 80)


def test_small_children_alone_have_no_figure_without_them():
    child = data.Portraits(
        np.zeros((1, 80, 80), np.uint8), *np.array([[2], [0], [0]]), np.array(["2_0_0_0.jpg"])
    )
    figures = gender_figures(np.array([[1, 0]], np.float32), child, 1.0)
    assert (figures["accuracy"], figures["accuracy_without_0_5"]) == (1.0, None)


def test_a_twentieth_of_training_is_held_out():
    images = np.random.default_rng(0).integers(0, 256, (1000, 48, 48), np.uint8)
    labels = np.arange(1000) % 7
    faces = data.Faces(images, labels, np.arange(1000), np.full(1000, "Training"))
    rest, held = data.emotion_held_out(faces)
    assert len(rest) + len(held) == 1000
    assert 30 < len(held) < 70


def test_portraits_are_split_by_their_pixels_alone():
    images = np.stack([portrait(False, number // 2) for number in range(400)])
    ages = np.arange(400)
    everyone = data.Portraits(images, ages, ages % 2, np.zeros(400, int), ages.astype(str))
    training, held = data.split_portraits(everyone)
    assert len(training) + len(held) == 400
    assert 16 < len(held) < 70
    assert not set(training.ages // 2) & set(held.ages // 2)
    backwards = everyone.take(np.arange(400)[::-1])
    assert set(data.split_portraits(backwards)[1].ages) == set(held.ages)


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_damaged_portrait_is_named(portraits, content):
    (portraits / "27_1_2_20170117.jpg").write_bytes(content)
    with pytest.raises(data.DataError, match=r"27_1_2_20170117\.jpg: not a picture"):
        data.load_utkface(portraits)


def test_a_damaged_member_of_a_zip_is_named(portraits):
    file = zipped(portraits)
    with zipfile.ZipFile(file) as archive:
        middle = archive.getinfo("18_1_2_20170116174503.jpg.chip.jpg").header_offset + 200
    content = bytearray(file.read_bytes())
    content[middle : middle + 50] = bytes(50)
    file.write_bytes(content)
    with pytest.raises(data.DataError, match=r"18_1_2_20170116174503\.jpg\.chip\.jpg cannot be"):
        data.load_utkface(file)


@needs("utkface.zip")
def test_a_tenth_of_the_real_portraits_is_held_out():
    training, held = data.split_portraits(data.load_utkface(DATA / "utkface.zip"))
    assert (len(training), len(held)) == (17_807, 1_975)


@needs("utkface.zip")
@pytest.mark.parametrize("name", ["gender_int8", "gender_float32"])
def test_the_shipped_gender_model_is_as_good_as_its_card_says(capsys, name):
    model = PROJECT / "models" / f"{name}.tflite"
    if not model.exists():
        pytest.skip("no gender model is shipped yet")
    found = evaluated(capsys, "gender", "--model", model, "--data", DATA / "utkface.zip",
                      "--split", "heldout")  # fmt: skip
    card = json.loads(model.with_suffix(".json").read_text())
    # Another processor may round differently for a few of the 1,975.
    stated = card["accuracy"]["heldout"]["gender"]["accuracy"]
    assert found["accuracy"] == pytest.approx(stated, abs=0.002)


# Usage --------------------------------------------------------------------------------------------


def test_a_model_for_another_task_is_refused(portraits, capsys, gender_model):
    faces = our_folder(portraits.parent) / "PublicTest"
    for task, model, where in (("gender", MODEL, portraits), ("emotion", gender_model, faces)):
        complaint = refused(capsys, task, "--model", model, "--data", where)
        assert f"{model.stem}.json: is not the card of a model for {task}" in complaint


@pytest.mark.parametrize(
    "options",
    [
        "--task gender --data x",  # no model
        "--task emotion --model x --data x --negatives x",
        "--task gender --model x --data x --votes x",
        "--task detect --data x --head fer",
        "--task gender --model x --data x --min-height-px 0",
        "--task detect",
        "--task smell --data x",
    ],
)
def test_misuse_ends_with_two(capsys, options):
    with pytest.raises(SystemExit) as ended:
        evaluate.main(options.split())
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_figures_of_two_classes_have_their_names_and_their_reliability():
    logits = np.log(np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7]], np.float32))
    result = scoring.score(logits, np.array([0, 1, 1]))
    assert result.confusion == [[1, 0], [1, 1]]
    assert result.per_class["female"] == scoring.ClassScore(1.0, 0.5, pytest.approx(2 / 3), 2)
    bins = [bin_ for bin_ in result.reliability if bin_[0]]
    assert len(result.reliability) == 15
    assert bins == [pytest.approx([1, 0.7, 1.0]), pytest.approx([2, 0.9, 0.5])]
    assert result.ece == pytest.approx((0.3 + 2 * 0.4) / 3)
    assert result.as_json()["reliability"][0] == [0, 0.0, 0.0]
