"""python -m convert.evaluate --task detect: annotated photos in both forms, and the shared ones."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import DATA
from evaluating import MODEL, PROJECT, evaluated, needs, refused, zipped

from appliance.records import Box, Face
from convert import detect, evaluate
from convert.published_blazeface import blazeface_model


def photo(*boxes: tuple[int, int, int]) -> np.ndarray:
    """Gray, 480×640, with a composite face in each (x, y, side)."""
    face = cv2.imread(str(PROJECT / "appliance" / "camera" / "reel_faces" / "happy.png"), 0)
    luma = np.full((480, 640), 128, np.uint8)
    for x, y, side in boxes:
        luma[y : y + side, x : x + side] = cv2.resize(
            face, (side, side), interpolation=cv2.INTER_AREA
        )
    return luma


@pytest.fixture
def photos(tmp_path):
    """Two photos: a face, one that is not there, and a masked one; then a face of 40 pixels."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    cv2.imwrite(str(folder / "sub" / "1.png"), photo((100, 100, 120), (400, 300, 120)))
    cv2.imwrite(str(folder / "2.png"), photo((300, 200, 46)))
    boxes = [["bad", 110, 110, 210, 210], ["bad", 300, 50, 400, 150], ["good", 410, 310, 510, 410]]
    annotations = [
        {"file": "sub/1.png", "width": 640, "height": 480, "boxes": boxes, "source": "here"},
        {"file": "2.png", "width": 640, "height": 480, "boxes": [["face", 303, 203, 343, 243]]},
    ]
    (folder / "annotations.json").write_text(json.dumps(annotations))
    return folder


@pytest.fixture
def negatives(tmp_path):
    folder = tmp_path / "negatives"
    folder.mkdir()
    cv2.imwrite(str(folder / "nobody.png"), photo())
    cv2.imwrite(str(folder / "somebody.png"), photo((100, 100, 120)))
    return folder


@pytest.mark.parametrize("form", [zipped, Path])
def test_recall_is_given_by_height_and_false_alarms_by_picture(photos, negatives, capsys, form):
    result = evaluated(capsys, "detect", "--data", form(photos), "--negatives", form(negatives))
    assert (result["model"], result["photos"], result["negatives"]) == ("blazeface", 2, 2)
    assert result["faces"] == {"32": 3, "48": 2, "64": 2}
    assert result["recall"] == {"32": 0.66667, "48": 0.5, "64": 0.5}
    assert (result["false_alarms"], result["false_alarms_per_picture"]) == (1, 0.5)


def test_photos_at_even_places_are_one_split_and_those_at_odd_ones_the_other(
    photos, negatives, capsys
):
    data = "--data", photos, "--negatives", negatives
    even, odd = (evaluated(capsys, "detect", *data, "--split", split) for split in ("even", "odd"))
    assert (even["split"], even["photos"], even["faces"]["48"], even["false_alarms"]) == (
        "even", 1, 2, 0
    )  # fmt: skip
    assert (odd["split"], odd["photos"], odd["faces"], odd["false_alarms"]) == (
        "odd", 1, {"32": 1}, 1
    )  # fmt: skip


def test_detection_for_people_without_negatives(photos, capsys):
    assert evaluate.main(["--task", "detect", "--model", "haar", "--data", str(photos)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("haar, 2 photos:\nfaces from 32 px: 3, found ")
    assert "false alarms" not in out


@pytest.mark.parametrize(
    "name", ["models/blazeface_short_range.json", "models/blazeface_short_range.tflite"]
)
def test_the_detector_may_be_named_by_its_card(photos, capsys, name):
    result = evaluated(capsys, "detect", "--model", PROJECT / name, "--data", photos)
    assert result["recall"]["64"] == 0.5


def test_the_detector_may_be_its_file(photos, tmp_path, capsys):
    file = tmp_path / "face_detection_short_range.tflite"
    file.write_bytes(blazeface_model())
    result = evaluated(capsys, "detect", "--model", file, "--data", photos)
    assert result["recall"]["64"] == 0.5
    file.write_bytes(b"another")
    assert "damaged" in refused(capsys, "detect", "--model", file, "--data", photos)


@pytest.mark.parametrize(
    ("found", "is_it"),
    [
        ((150, 150, 100), True),
        ((150, 150, 41), True),
        ((150, 150, 39), False),  # too small to be this face
        ((150, 150, 249), True),
        ((150, 150, 251), False),
        ((110, 150, 100), True),
        ((90, 150, 100), False),  # centre outside
    ],
)
def test_a_found_face_is_the_annotated_one_by_centre_and_size(found, is_it):
    x, y, side = found
    annotated = detect.Annotated(True, 100, 100, 200, 200)
    box = Box(round(x - side / 2), round(y - side / 2), side, side)
    assert (annotated.distance(Face(box, 1.0, 1)) is not None) == is_it


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda folder: (folder / "annotations.json").unlink(), "has no annotations.json"),
        (lambda folder: (folder / "annotations.json").write_text("{"), "is not a list of photos"),
        (
            lambda folder: (folder / "annotations.json").write_text('[{"file": 1}]'),
            "is not a list of",
        ),
        (lambda folder: (folder / "2.png").unlink(), "names 2.png, which is not there"),
        (lambda folder: (folder / "2.png").write_bytes(b"x"), "2.png: not a picture"),
        (
            lambda folder: cv2.imwrite(str(folder / "2.png"), photo()[:99]),
            "2.png is not as large as",
        ),
    ],
)
def test_unusable_photos_are_named(photos, capsys, damage, complaint):
    damage(photos)
    assert complaint in refused(capsys, "detect", "--data", photos)


def test_a_model_for_another_task_is_refused(photos, capsys):
    complaint = refused(capsys, "detect", "--model", MODEL, "--data", photos)
    assert "emotion_int8.json: is not the card of a face detector" in complaint
    assert "nothing.json: not there" in refused(
        capsys, "detect", "--model", "nothing", "--data", photos
    )


@needs("detect_faces.zip", "detect_negatives.zip")
@pytest.mark.timeout(600)  # half a minute on an idle core
def test_the_jukeboxs_detector_finds_most_large_faces_and_none_where_nobody_is(capsys):
    result = evaluated(capsys, "detect", "--data", DATA / "detect_faces.zip",
                       "--negatives", DATA / "detect_negatives.zip")  # fmt: skip
    assert result["faces"] == {"32": 222, "48": 114, "64": 74}
    assert result["recall"]["64"] >= 0.75
    assert result["recall"]["32"] >= 0.65
    assert result["false_alarms_per_picture"] <= 0.01
