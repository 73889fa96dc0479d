"""python -m convert.still: on which mood the jukebox settles before people who sit still."""

import json

import cv2
import numpy as np
import pytest
from conftest import DATA
from evaluating import PROJECT, needs

from convert import detect, room, still

FACES = PROJECT / "appliance" / "camera" / "reel_faces"


def face(emotion: str) -> np.ndarray:
    image = cv2.imread(str(FACES / f"{emotion}.png"), 0)
    return cv2.resize(image, (48, 48), interpolation=cv2.INTER_AREA)


def test_a_happy_face_that_sits_still_settles_on_happy_and_an_empty_room_on_nobody():
    jukebox, rng = still.Room(), np.random.default_rng(0)
    assert still.settled(jukebox.moods(still.in_a_room(face("happy")), rng)) == "happy"
    assert still.settled(jukebox.moods(np.full((480, 640), 110, np.uint8), rng)) == "nobody"


def test_a_frame_has_its_face_in_the_middle_turned_against_the_clock():
    ramp = np.tile(np.arange(0, 240, 5, np.uint8), (48, 1))
    upright, turned = still.in_a_room(ramp), still.in_a_room(ramp, 90)
    assert upright.shape == (480, 640)
    assert upright[240, 245] < 20 < 200 < upright[240, 395]
    assert turned[315, 320] < 20 < 200 < turned[165, 320]
    assert upright[10, 10] == turned[10, 10] == 110


@pytest.mark.parametrize("draw", [room.glasses, room.mask, room.hand, room.lit_from_a_side])
def test_a_drawn_face_is_another_each_time_and_leaves_the_given_one_alone(draw):
    given = face("neutral")
    before = given.copy()
    drawn = [draw(given, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert (given == before).all()
    assert {image.shape for image in drawn} == {(48, 48)}
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()
    assert np.abs(drawn[0].astype(int) - given).mean() > 2


def test_a_mask_hides_the_mouth_and_glasses_leave_it():
    given = face("happy")
    rng = np.random.default_rng(0)
    mouth = slice(33, 42), slice(16, 32)
    changed = {draw.__name__: np.abs(draw(given, rng)[mouth].astype(int) - given[mouth]).mean()
               for draw in (room.mask, room.glasses)}  # fmt: skip
    assert changed["glasses"] < 8 < 15 < changed["mask"]


def test_only_faces_with_a_mask_are_taken_out_of_photos():
    scene = still.in_a_room(face("neutral"))
    boxes = [detect._box(kind, 240, 160, 400, 320) for kind in ("good", "bad")]
    boxes.append(detect._box("good", 5, 5, 80, 80))  # too far away from any face
    frames = still.masked_faces([detect.Photo(scene, tuple(boxes))])
    assert len(frames) == 1
    assert frames[0].shape == (480, 640)


@needs("fer2013.zip", "ferplus_votes.csv")
def test_real_neutral_people_are_counted_by_the_mood_that_they_settle_on(capsys, monkeypatch):
    monkeypatch.setattr(still, "disturbed", lambda faces: {"as is": [*map(still.in_a_room, faces)]})
    monkeypatch.setattr(still.neutral_faces, "__defaults__", (6,))
    command = ["--data", str(DATA / "fer2013.zip"), "--votes", str(DATA / "ferplus_votes.csv")]
    assert still.main([*command, "--json"]) == 0
    counted = json.loads(capsys.readouterr().out)["as is"]
    assert sum(counted.values()) == 6
    assert counted["neutral"] >= 1


def test_a_folder_without_faces_is_named(tmp_path, capsys):
    assert still.main(["--data", str(tmp_path), "--votes", str(tmp_path / "votes.csv")]) == 1
    assert str(tmp_path) in capsys.readouterr().err


def test_the_report_counts_the_moods_of_each_kind():
    lines = still.report({"tilt 0": ["neutral", "neutral", "sad"], "masks": ["nobody"]})
    assert lines[1].endswith("nobody 1")
    assert lines[0].endswith("neutral 2, sad 1")
