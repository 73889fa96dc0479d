"""The composite faces: what is committed, and how convert/composites.py makes them."""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import DATA

pytest.importorskip("tqdm", reason="convert's requirements are not installed")

from appliance.records import EMOTIONS, Emotion
from convert import composites, data
from convert.composite_shape import FaceMesh, Warp, similarity, symmetric, upright

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / "appliance" / "camera" / "reel_faces"
NOTE = json.loads((FOLDER / "faces.json").read_text(encoding="utf-8"))
LAST_TRAINING_ROW = 28708  # fer2013.csv has its Training rows first


def image(emotion):
    return cv2.imread(str(FOLDER / f"{emotion}.png"), cv2.IMREAD_UNCHANGED)


# -- what is committed --------------------------------------------------------------------------


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_each_face_is_made_of_many_training_faces(emotion):
    note = NOTE["composites"][emotion]
    rows = note["rows"]
    assert len(rows) == len(set(rows)) == note["faces"] >= 20
    assert all(0 <= row <= LAST_TRAINING_ROW for row in rows)
    content = (FOLDER / f"{emotion}.png").read_bytes()
    assert hashlib.sha256(content).hexdigest() == note["sha256"]
    assert (image(emotion).shape, image(emotion).dtype) == ((160, 160), np.uint8)
    points = np.array(note["points"])
    assert points.shape == (54, 2)
    assert ((points >= 0) & (points <= 160)).all()


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_no_training_picture_stands_out_as_the_one_shown(emotion):
    # Pictures of one person correlate above 0.87 (see SAME_PERSON).
    likeness = NOTE["composites"][emotion]["likeness"]
    assert likeness["nearest"] < 0.87
    assert likeness["nearest"] - likeness["tenth"] < 0.1


def test_only_pictures_and_their_note_are_committed():
    names = {path.name for path in FOLDER.iterdir()}
    assert names == {"faces.json", *(f"{emotion}.png" for emotion in EMOTIONS)}


# -- the shape of a face ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mesh_points():
    points, sure = FaceMesh().points(image("neutral"))
    assert sure > 0.99
    return points


def test_the_mesh_finds_the_eyes_of_a_composite(mesh_points):
    assert np.abs(mesh_points[[33, 263]] - composites.EYES).max() < 4


def test_a_similarity_is_found_again():
    source = np.random.default_rng(0).uniform(0, 100, (20, 2)).astype(np.float32)
    matrix = np.array([[1.2, -0.5, 7.0], [0.5, 1.2, -3.0]])
    target = (source @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    assert np.allclose(similarity(source, target), matrix, atol=1e-4)


def test_an_upright_face_has_its_eyes_where_they_belong(mesh_points):
    leaning = cv2.transform(mesh_points[np.newaxis], np.array([[0.9, -0.3, 30], [0.3, 0.9, 5.0]]))
    straight = upright(leaning.astype(np.float32), composites.EYES)
    assert np.allclose(straight[0][[33, 263]], composites.EYES, atol=1e-3)


def test_a_symmetric_shape_is_its_own_mirror_image(mesh_points):
    shape = symmetric(upright(mesh_points[np.newaxis], composites.EYES)[0], 160)
    again = symmetric(shape, 160)
    assert np.abs(again - shape).mean() < 0.2


def test_a_face_bent_onto_its_own_shape_stays_as_it_is(mesh_points):
    bent = Warp(mesh_points, 160)(image("neutral"), mesh_points)
    assert np.abs(bent[5:-5, 5:-5] - image("neutral")[5:-5, 5:-5]).max() < 2


def test_a_bent_face_has_its_parts_where_the_shape_wants_them(mesh_points):
    wanted = (mesh_points - 80) * [0.9, 1.1] + 80
    bent = Warp(wanted.astype(np.float32), 160)(image("neutral"), mesh_points)
    found, _ = FaceMesh().points(bent.round().astype(np.uint8))
    assert np.abs(found - wanted).mean() < 2


# -- the choice of faces ------------------------------------------------------------------------


def candidates(mesh_points, votes, seed=0):
    """Faces with these votes, each with a pattern of its own painted over it."""
    rng = np.random.default_rng(seed)
    base = cv2.resize(image("neutral"), (192, 192)).astype(np.float32)
    marks = rng.normal(0, 120, (len(votes), 12, 12)).astype(np.float32)
    pictures = [np.clip(base + cv2.resize(m, (192, 192)), 0, 255).astype(np.uint8) for m in marks]
    points = np.repeat(mesh_points[np.newaxis] * 1.2, len(votes), axis=0)
    return composites.Candidates(
        np.arange(len(votes)), np.array(votes), np.array(pictures), points
    )  # fmt: skip


def test_of_two_pictures_of_one_person_one_is_taken(mesh_points):
    three = candidates(mesh_points, [10, 10, 10])
    twice = three.take(np.array([0, 1, 1, 2, 0]))
    assert sorted(composites.choose(twice).rows) == [0, 1, 2]


def test_the_most_agreed_faces_are_taken_if_they_are_enough(mesh_points):
    chosen = composites.choose(candidates(mesh_points, [10] * 45 + [9] * 45))
    assert set(chosen.votes) == {10}
    chosen = composites.choose(candidates(mesh_points, [10] * 5 + [9] * 45 + [5] * 20))
    assert set(chosen.votes) == {10, 9}


def test_no_average_has_more_than_60_faces(mesh_points):
    assert len(composites.choose(candidates(mesh_points, [10] * 65))) == 60


def test_the_rarest_emotion_takes_what_there_is(mesh_points):
    assert len(composites.choose(candidates(mesh_points, [6] * 10 + [4] * 15))) == 25


# -- made again ---------------------------------------------------------------------------------


def test_disgust_comes_out_the_same_again():
    if not (DATA / "fer2013.zip").is_file():
        pytest.skip("FER-2013 is not on this machine")
    faces = data.clean_training(data.load_emotions(DATA / "fer2013.zip"))
    votes = data.join_votes(faces, data.load_votes(DATA / "ferplus_votes.csv"))
    found = composites.find_candidates(faces, votes, Emotion.DISGUST, FaceMesh())
    composite = composites.average(composites.choose(found))
    note = NOTE["composites"]["disgust"]
    assert sorted(composite.faces.rows.tolist()) == note["rows"]
    # Other processors round differently.
    assert np.abs(composite.image.astype(int) - image("disgust")).mean() < 1
    _, likeness = composites.nearest_training_face(composite, faces.images)
    assert likeness["nearest"] == pytest.approx(note["likeness"]["nearest"], abs=0.01)
