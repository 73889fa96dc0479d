"""Windows that the tracker learns from, its figures, its training, and BlazeFace for gray."""

import json
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from test_faces import composite, picture

with warnings.catch_warnings():
    # TensorFlow and Keras warn about their own future while they are imported.
    warnings.simplefilter("ignore")
    pytest.importorskip("tensorflow", reason="needs the extra [convert]")
    from test_convert import rows_of, write_portraits, write_zip

    from convert import blazeface, windows
    from convert.detect import Annotated, Photo
    from convert.losses import face_and_box
    from convert.networks import NETWORKS
    from convert.published_blazeface import blazeface_model
    from convert.windows import SIZE_PX, Scene, Sources, Square, Windows, make_windows
    from convert.windows_scoring import kept_and_noticed, overlap

from appliance.records import Box, Face
from appliance.vision.interpreter import Interpreter
from appliance.vision.tracker import FaceTracker

pytestmark = [
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs:UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:(tensorflow|keras).*"),
]


PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture
def sources():
    """White faces in dark rooms, so that one can see where the window has them."""
    room = np.random.default_rng(0).integers(0, 40, (120, 160), np.uint8)
    lit = room.copy()
    lit[40:80, 60:100] = 255
    return Sources(
        np.full((3, 48, 48), 255, np.uint8),
        np.full((3, 80, 80), 255, np.uint8),
        [room],
        [Scene(lit, (Square(80.0, 60.0, 40.0),), ())],
    )


def bright(image):
    """Centre and side of what is white, in the units of a window's box."""
    rows, columns = np.nonzero(image > 200)
    half = 20  # pixels: a window of 40 is twice as wide as the face was
    middle = np.array([columns.mean(), rows.mean()]) + 0.5 - SIZE_PX / 2
    return *(middle / half), np.sqrt(len(rows)) / half


def test_windows_tell_where_the_face_is_and_nothing_where_there_is_none(sources):
    made = make_windows(sources, 300, np.random.default_rng(0))
    assert made.images.shape == (300, 40, 40)
    assert made.images.dtype == np.uint8
    assert 0.4 < made.is_face.mean() < 0.7
    assert (made.boxes[made.is_face == 0] == 0).all()
    assert 0.4 < np.abs(made.boxes[:, :2]).max() <= 0.5
    assert 0.25 < np.abs(made.boxes[:, 2]).max() <= 0.35


def test_the_same_seed_makes_the_same_windows(sources):
    first, second = (make_windows(sources, 50, np.random.default_rng(3)) for _ in range(2))
    assert (first.images == second.images).all()
    assert (first.boxes == second.boxes).all()


def test_a_face_cut_from_a_photo_is_where_its_box_says(sources):
    for seed in range(20):
        image, (right, down, growth) = windows._face_in_a_scene(
            sources, np.random.default_rng(seed)
        )
        found = bright(image)
        if max(abs(right), abs(down)) + np.exp(growth) / 2 < 0.85:  # the whole face is in it
            assert found == pytest.approx((right, down, np.exp(growth)), abs=0.08)


def test_a_mirrored_window_has_its_box_mirrored(sources):
    image, _ = windows._face_in_a_scene(sources, np.random.default_rng(1))
    seen = {
        windows._disturbed(image, (0.25, 0.1, 0.0), np.random.default_rng(seed))[1]
        for seed in range(20)
    }
    assert seen == {(0.25, 0.1, 0.0), (-0.25, 0.1, 0.0)}


def test_a_window_beside_a_face_does_not_show_it_in_its_middle(sources):
    for seed in range(50):
        image, box = windows._beside_a_face(sources, np.random.default_rng(seed))
        assert box is None
        middle = image[SIZE_PX // 2 - 5 : SIZE_PX // 2 + 5, SIZE_PX // 2 - 5 : SIZE_PX // 2 + 5]
        assert middle.mean() < 200


def test_of_a_photo_only_what_the_detector_is_sure_of_is_learned_as_a_face():
    luma = np.zeros((100, 200), np.uint8)
    photo = Photo(luma, (Annotated(True, 10.0, 20.0, 40.0, 60.0),))
    sure, doubtful = Face(Box(100, 40, 30, 30), 0.7, 1), Face(Box(150, 40, 30, 30), 0.69, 2)
    found = windows.scene(photo, lambda _: (sure, doubtful))
    assert found.faces == (Square(115.0, 55.0, 30.0),)
    assert found.others == (Square(25.0, 40.0, 40.0), Square(165.0, 55.0, 30.0))


@pytest.mark.parametrize(
    ("some", "others", "shared"),
    [
        ((0, 0, 0), (0, 0, 0), 1.0),
        ((0, 0, 0), (0.5, 0, 0), 1 / 3),
        ((0, 0, 0), (1.0, 0, 0), 0.0),
        ((0, 0, 0), (0, 0, np.log(0.5)), 0.25),
        ((0.3, 0.3, 0), (0.3, 0.3, np.log(2)), 0.25),
    ],
)
def test_overlap_is_intersection_over_union(some, others, shared):
    assert overlap(np.array([some], np.float32), np.array([others], np.float32))[
        0
    ] == pytest.approx(shared, abs=1e-5)


def test_figures_of_a_small_example():
    told = Windows(
        np.zeros((4, SIZE_PX, SIZE_PX), np.uint8),
        np.array([1, 1, 0, 0], np.float32),
        np.zeros((4, 3), np.float32),
    )
    logits = np.array([2.0, -1.0, -2.0, 3.0], np.float32)
    boxes = np.array([[0, 0, 0], [0.5, 0, 0], [9, 9, 9], [9, 9, 9]], np.float32)
    figures = kept_and_noticed(logits, boxes, told)
    assert (figures["kept"], figures["noticed"], figures["overlap_0_6"]) == (0.5, 0.5, 0.5)


def test_a_wrong_box_costs_the_more_the_farther_it_is_off():
    target = np.zeros((3, 3), np.float32)
    off = np.array([[0, 0, 0], [0.05, 0, 0], [0.5, 0, 0]], np.float32)
    costs = face_and_box(target, off).numpy()
    assert costs[0] == 0.0
    assert costs == pytest.approx([0.0, 0.125, 4.5])


def test_the_tracker_stays_small():
    assert NETWORKS["tracker"]().count_params() < 30_000


@pytest.mark.timeout(400)  # half a minute on an idle core
def test_its_whole_path_leaves_models_that_the_jukebox_accepts(tmp_path):
    write_zip(tmp_path / "fer.zip", rows_of(40))
    write_portraits(tmp_path / "portraits.zip", 60)
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as photos:
        listed = []
        for number in range(9):
            luma = picture(Box(200, 120, 150 + number, 150 + number))
            photos.writestr(f"{number}.png", cv2.imencode(".png", luma)[1].tobytes())
            listed.append({"file": f"{number}.png", "width": 640, "height": 480,
                           "boxes": [["bad", 210, 130, 330, 260]]})  # fmt: skip
        photos.writestr("annotations.json", json.dumps(listed))
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    for number in range(9):
        noise = np.random.default_rng(number).integers(0, 255, (90, 90), np.uint8)
        cv2.imwrite(str(rooms / f"{number}.png"), noise)
    command = [sys.executable, "-m", "convert.tracker", "--epochs", "1", "--limit", "256"]
    command += ["--data", tmp_path / "fer.zip", "--portraits", tmp_path / "portraits.zip"]
    command += ["--photos", tmp_path / "photos.zip", "--negatives", rooms]
    command += ["--out", tmp_path / "models", "--runs", tmp_path / "runs"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for kind in ("float32", "int8"):
        FaceTracker(tmp_path / "models" / f"tracker_{kind}.tflite")
        card = json.loads((tmp_path / "models" / f"tracker_{kind}.json").read_text())
        assert card["held_out"]["windows"] == 256
        assert card["training"]["epochs_done"] == 1
        assert set(card["training"]["data_sha256"]) == {
            "fer.zip", "portraits.zip", "photos.zip", "rooms"
        }  # fmt: skip


# -- BlazeFace ----------------------------------------------------------------------------------


def test_gray_blazeface_answers_as_the_published_file_does():
    luma = cv2.resize(picture(Box(180, 100, 250, 250)), (128, 128))
    gray = (luma.astype(np.float32) / 127.5 - 1.0)[np.newaxis, :, :, np.newaxis]
    boxes, scores = Interpreter(blazeface_model()).run(np.repeat(gray, 3, axis=3))
    ours = blazeface.blazeface(128, blazeface_model())(gray)
    assert ours["boxes"].numpy() == pytest.approx(boxes, abs=1e-2)
    assert ours["scores"].numpy() == pytest.approx(scores, abs=1e-2)


def test_at_half_the_size_it_sees_the_same_face():
    face = cv2.resize(composite(), (34, 34), interpolation=cv2.INTER_AREA)
    luma = np.full((64, 64), 128, np.uint8)
    luma[15:49, 15:49] = face
    gray = (luma.astype(np.float32) / 127.5 - 1.0)[np.newaxis, :, :, np.newaxis]
    ours = blazeface.blazeface(64, blazeface_model())(gray)
    assert ours["boxes"].shape == (1, 224, 16)  # the box and six points
    assert ours["scores"].numpy().max() > 0.0


def test_int8s_ranges_are_measured_on_two_squares_for_each_face_in_60_photos():
    luma = np.zeros((320, 320), np.uint8)
    luma[110:210, 110:210] = np.maximum(cv2.resize(composite(), (100, 100)), 1)
    found = blazeface.windows([Photo(luma, ())] * 61, blazeface_model())
    assert found.shape == (120, 64, 64)
    # A face fills half of the side, multiplied or divided by up to exp(0.2).
    lit = np.sqrt((found > 0).mean(axis=(1, 2)))
    assert 0.38 < lit.min() < 0.45
    assert 0.55 < lit.max() < 0.64
