"""What spoke for a look, region by region: sixteen numbers, and the face they are drawn over."""

import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from appliance.build import MODELS
from appliance.camera import reel
from appliance.errors import ControlError, ModelError
from appliance.face_regions import REGIONS
from appliance.images import read_picture
from appliance.records import Box, Emotion, Face, Frame, Mood, Step
from appliance.running import explaining
from appliance.running.explaining import FaceExplainer
from appliance.vision.emotion import EmotionClassifier
from appliance.web import face
from appliance.why.weights import weights

FACES = Path(reel.__file__).parent / "reel_faces"
MODEL = MODELS / "emotion_int8.tflite"


def step_of(*emotions, picture=()):
    """A step whose frame shows composites beside each other. picture: those taken for pictures."""
    faces = [read_picture(FACES / f"{emotion}.png").luma for emotion in emotions]
    luma = np.hstack(faces)
    side = faces[0].shape[0]
    found = tuple(
        Face(Box(number * side, 0, side, side), 1.0, number) for number in range(len(faces))
    )
    scores = EmotionClassifier(MODEL).classify(Frame(0.0, 0.0, luma), found)
    scores = tuple(replace(known, picture=known.face.track in picture) for known in scores)
    return Step(Frame(0.0, 0.0, luma), scores, Mood("uncertain", None, 0.0, 1, 0.0), None, None)


@pytest.fixture
def explainer():
    made = FaceExplainer()
    yield made
    made.close()


# --- the regions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [48, 64, 100])
def test_every_pixel_of_a_face_counts_in_exactly_one_of_sixteen_regions(side):
    counted = np.zeros((side, side))
    for region in REGIONS.values():
        rows = slice(round(region.top * side), round(region.bottom * side))
        counted[rows, round(region.left * side) : round(region.right * side)] += 1
    assert len(REGIONS) == 16
    assert (counted == 1).all()


def test_weights_are_shares_of_the_whole():
    heat = np.zeros((48, 48), np.float32)
    heat[38, 24], heat[18, 10] = 0.75, 0.25
    found = weights(heat)
    assert found["mouth"] == 0.75
    assert found["left eye"] == 0.25
    assert sum(found.values()) == 1.0
    assert set(weights(np.zeros((48, 48), np.float32)).values()) == {0.0}


# --- beside the loop ------------------------------------------------------------------------------


def test_of_a_laugh_the_mouth_and_its_corners_speak_most(explainer):
    (found,) = explainer.begin(step_of("happy"), MODEL).result(20)
    assert found.emotion is Emotion.HAPPY
    ranked = sorted(found.weights, key=lambda name: -found.weights[name])
    assert "mouth" in " ".join(ranked[:2])
    assert sum(found.weights.values()) == pytest.approx(1.0, abs=0.01)


def test_only_names_and_rounded_numbers_leave_it(explainer):
    (found,) = explainer.begin(step_of("sad"), MODEL).result(20)
    assert list(found.weights) == list(REGIONS)
    assert all(
        type(share) is float and round(share, 3) == share for share in found.weights.values()
    )


def test_pictures_on_the_wall_are_left_out_and_four_faces_are_enough(explainer):
    found = explainer.begin(step_of("happy", "sad", picture=(0,)), MODEL).result(20)
    assert [face.track for face in found] == [1]
    assert len(explainer.begin(step_of(*["happy"] * 6), MODEL).result(20)) == 4
    assert explainer.begin(step_of("happy", picture=(0,)), MODEL).result(20) == []


def test_no_frame_waits_and_who_asks_meanwhile_gets_the_same_answer(explainer, monkeypatch):
    go_on = threading.Event()
    monkeypatch.setattr(explaining, "_explain", lambda *_: [] if go_on.wait(10.0) else None)
    step = step_of("happy")
    first = explainer.begin(step, MODEL)
    assert explainer.begin(step, MODEL) is first
    assert not first.done()
    go_on.set()
    assert first.result(10) == []


def test_without_a_picture_or_an_explaining_network_it_says_so(explainer, tmp_path):
    step = step_of("happy")
    dark = Step(Frame(0.0, 0.0, None), (), step.mood, None, None)
    with pytest.raises(ControlError, match="no picture"):
        explainer.begin(dark, MODEL)
    with pytest.raises(ModelError, match="nothing can explain"):
        explainer.begin(step, tmp_path / "own_int8.tflite").result(20)


def test_a_jukebox_that_nobody_asks_loads_no_tool():
    code = "import sys, appliance.service; print([m for m in sys.modules if '.why' in m])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


# --- the drawing ----------------------------------------------------------------------------------


def test_the_strongest_region_has_the_strongest_colour():
    shares = dict.fromkeys(REGIONS, 0.02) | {"mouth": 0.5}
    drawn = face.picture(shares, 'a "face"', 1)
    opacities = [float(found) for found in re.findall(r'fill-opacity="([\d.]+)"', drawn)]
    assert len(opacities) == 16
    assert opacities.index(max(opacities)) == list(REGIONS).index("mouth")
    assert "<title>a &quot;face&quot;</title>" in drawn
    assert "style" not in drawn


def test_a_face_of_which_nothing_spoke_is_drawn_pale():
    drawn = face.picture(dict.fromkeys(REGIONS, 0.0), "", 1)
    assert set(re.findall(r'fill-opacity="([\d.]+)"', drawn)) == {"0.04"}
    assert face.strongest(dict.fromkeys(REGIONS, 0.0)) == []


def test_three_regions_are_named():
    shares = dict.fromkeys(REGIONS, 0.001) | {
        "mouth": 0.5,
        "nose": 0.3,
        "chin": 0.1,
        "forehead": 0.05,
    }
    assert face.strongest(shares) == [("mouth", 50), ("nose", 30), ("chin", 10)]
