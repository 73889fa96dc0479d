"""Why a face is read as it is: the shipped explanation, its pictures, and the verb `why`."""

import io
import json
import os
import pty
import re
import select
import shutil
import signal
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from running import JUKEBOX, started

from appliance import cli
from appliance.build import MODELS
from appliance.camera import reel
from appliance.errors import ModelError
from appliance.images import read_picture
from appliance.records import EMOTIONS, Box, Emotion, Face, Frame
from appliance.vision import preprocessing
from appliance.vision.cards import card_fields
from appliance.vision.emotion import EmotionClassifier
from appliance.why import drawing, terminal
from appliance.why.explainer import Explainer, heat_of, why_file

FACES = Path(reel.__file__).parent / "reel_faces"
MODEL = MODELS / "emotion_int8.tflite"


def scores_of(emotion):
    """(picture of a composite, how the shipped network reads it)."""
    luma = read_picture(FACES / f"{emotion}.png").luma
    face = Face(Box(0, 0, luma.shape[1], luma.shape[0]), 1.0, 1)
    return luma, EmotionClassifier(MODEL).classify(Frame(0.0, 0.0, luma), (face,))[0]


@pytest.fixture(scope="module")
def explainer():
    return Explainer(MODEL)


@pytest.fixture(scope="module")
def happy(explainer):
    return explainer.explain(*scores_of(Emotion.HAPPY))


def test_the_likeliest_emotion_is_explained_unless_another_is_asked_for(explainer, happy):
    assert happy.emotion is Emotion.HAPPY
    luma, scores = scores_of(Emotion.HAPPY)
    sad = explainer.explain(luma, scores, Emotion.SAD)
    assert sad.emotion is Emotion.SAD
    # Guided back-propagation tells nearly the same for every emotion (README, Limits).
    assert np.abs(sad.heat - happy.heat).max() > 0.01
    assert sad.scores == happy.scores


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_the_face_speaks_and_not_the_edge_of_its_picture(explainer, emotion):
    heat = explainer.explain(*scores_of(emotion)).heat
    assert heat.shape == (48, 48)
    assert (heat.min() >= 0, heat.max()) == (True, 1.0)
    edge = np.ones_like(heat, bool)
    edge[5:-5, 5:-5] = False
    assert heat[~edge].mean() > 2 * heat[edge].mean()


def test_what_spoke_matters_more_than_what_did_not(explainer):
    """With the warmest sixth of its pixels blurred away a face loses more than with the coolest."""
    lost = {"warmest": 0.0, "coolest": 0.0}
    for emotion in EMOTIONS:
        luma, scores = scores_of(emotion)
        heat = cv2.resize(explainer.explain(luma, scores, emotion).heat, luma.shape[::-1])
        blurred = cv2.GaussianBlur(luma, (0, 0), 12)
        before = logit_of(explainer, luma, emotion)
        for name, order in (("warmest", -heat), ("coolest", heat)):
            hidden = order <= np.quantile(order, 1 / 6)
            after = logit_of(explainer, np.where(hidden, blurred, luma), emotion)
            lost[name] += before - after
    assert lost["warmest"] > 3 * abs(lost["coolest"])


def logit_of(explainer, luma, emotion):
    index = EMOTIONS.index(emotion)
    logits, _ = explainer._network.run(
        preprocessing.to_input(luma, 48), np.eye(7, dtype=np.float32)[[index]]
    )
    return float(logits[0, index])


def test_the_parts_of_the_face_share_what_was_said(happy):
    assert sum(happy.regions.values()) == pytest.approx(1)
    assert happy.regions["mouth and chin"] > 0.3


def test_a_gradient_of_zeros_is_a_dark_map():
    assert not heat_of(np.zeros((48, 48), np.float32)).any()


def test_a_single_pixel_is_smoothed_over_about_the_corner_of_an_eye():
    gradient = np.zeros((48, 48), np.float32)
    gradient[24, 24] = -3.0
    heat = heat_of(gradient)
    assert heat[24, 24] == 1.0
    assert 0.5 < heat[24, 25] < 0.9
    assert heat[24, 29] < 0.01


def test_an_explanation_takes_less_than_ten_milliseconds(explainer):
    luma, scores = scores_of(Emotion.SAD)
    took = [explainer.explain(luma, scores).took_ms for _ in range(51)]
    assert np.median(took) < 10


def test_the_explanation_is_of_the_network_that_reads(explainer):
    card = card_fields(MODELS / "emotion_why.tflite")
    for kind in ("int8", "float32", "dynamic"):
        assert card_fields(MODELS / f"emotion_{kind}.tflite")["sha256"] in card["explains"].values()
    for emotion in EMOTIONS:
        luma, scores = scores_of(emotion)
        face = preprocessing.to_input(luma, 48)
        logits, _ = explainer._network.run(face, np.ones((1, 7), np.float32))
        assert int(logits.argmax()) == int(np.argmax(scores.probabilities))


def copied(folder):
    for path in MODELS.glob("emotion_*"):
        shutil.copy(path, folder)
    return folder / MODEL.name


def change_card(path, **fields):
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | fields))


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda folder: (folder / "emotion_why.json").unlink(), "every model needs its card"),
        (lambda folder: (folder / "emotion_why.tflite").write_bytes(b"x"), "is damaged"),
        (
            lambda folder: change_card(folder / "emotion_why.json", explains={"emotion": "0"}),
            "explains another network",
        ),
        (lambda folder: change_card(folder / "emotion_why.json", explains=1), "explains is 1"),
        (
            lambda folder: change_card(folder / "emotion_why.json", task="emotion"),
            "is not the card",
        ),
        (
            lambda folder: change_card(
                folder / "emotion_why.json", input=preprocessing.INPUT | {"size_px": 64}
            ),
            "has shapes",
        ),
        (
            lambda folder: change_card(
                folder / "emotion_why.json",
                input=preprocessing.INPUT | {"size_px": 48, "scaling": "x/255"},
            ),
            "input.scaling is 'x/255'",
        ),
    ],
)
def test_an_explanation_that_does_not_fit_is_refused(tmp_path, spoil, complaint):
    model = copied(tmp_path)
    Explainer(model)
    spoil(tmp_path)
    with pytest.raises(ModelError, match=complaint):
        Explainer(model)


def test_an_owners_model_has_its_explanation_beside_it(tmp_path):
    copied(tmp_path)
    assert why_file(tmp_path / "emotion_int8.tflite") == tmp_path / "emotion_why.tflite"
    assert why_file(tmp_path / "mine_int8_single.tflite") == tmp_path / "mine_why.tflite"
    assert why_file(tmp_path / "mine.tflite") == tmp_path / "mine_why.tflite"
    for suffix in (".tflite", ".json"):
        (tmp_path / f"emotion_float32{suffix}").rename(tmp_path / f"mine{suffix}")
        (tmp_path / f"emotion_why{suffix}").rename(tmp_path / f"mine_why{suffix}")
    Explainer(tmp_path / "mine.tflite")


# Pictures -----------------------------------------------------------------------------------------


def test_the_sheet_has_a_row_for_each_face(happy):
    single, double = drawing.sheet([happy]), drawing.sheet([happy, happy])
    assert single.shape == (310, 892, 3)
    assert double.shape == (620, 892, 3)
    assert (single != 255).any()


def test_the_face_glows_where_it_spoke_and_is_gray_elsewhere(happy):
    glowing = drawing.overlay(happy.image, happy.heat, 96).astype(int)
    colour = np.abs(glowing[:, :, 0] - glowing[:, :, 2])
    heat = cv2.resize(happy.heat, (96, 96))
    assert colour[heat > 0.7].mean() > 60
    assert colour[heat < 0.02].mean() < 15


def test_two_pixels_make_a_character():
    picture = np.zeros((4, 3, 3), np.uint8)
    picture[0] = (1, 2, 3)
    lines = terminal.half_blocks(picture)
    assert len(lines) == 2
    assert lines[0].count("▀") == 3
    assert lines[0].startswith("\x1b[38;2;3;2;1m\x1b[48;2;0;0;0m▀")


@pytest.mark.parametrize(
    ("columns", "rows", "pixels"), [(200, 60, 48), (80, 24, 46), (70, 60, 36), (60, 10, 18)]
)
def test_it_fits_into_the_terminal(happy, monkeypatch, columns, rows, pixels):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", str(rows))
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in terminal.lines(happy)]
    assert len(lines) < rows
    assert max(map(len, lines)) <= columns
    assert lines[0].count("▀") == pixels
    assert "looks happy" in lines[0]


def test_a_probability_of_one_is_a_bar_of_sixteen_characters(happy):
    share = happy.scores.probabilities[EMOTIONS.index(Emotion.HAPPY)]
    bar = next(line for line in terminal.words(happy) if line.startswith("happy"))
    assert bar.count("█") == round(16 * share) > 8


def test_the_terminal_is_as_before_whatever_happens(happy):
    def show_and_stop():
        with terminal.second_screen(out):
            terminal.redraw(out, terminal.lines(happy))
            raise KeyboardInterrupt

    out = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        show_and_stop()
    assert out.getvalue().startswith(terminal.SECOND_SCREEN)
    assert out.getvalue().endswith(terminal.FIRST_SCREEN)
    assert "looks happy" in out.getvalue()
    assert "is happy" not in out.getvalue()


# The verb -----------------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "jukebox.toml"
    path.write_text('[camera]\nsource = "reel"\nframes_per_second = 30\n')
    return path


def why(settings, *options):
    return cli.main(["why", "--config", str(settings), *map(str, options)])


@pytest.fixture
def photo(tmp_path):
    """A composite face in a room."""
    room = np.full((480, 640), 128, np.uint8)
    room[100:340, 200:440] = cv2.resize(read_picture(FACES / "happy.png").luma, (240, 240))
    cv2.imwrite(str(tmp_path / "photo.png"), room)
    return tmp_path / "photo.png"


def test_a_photo_is_explained_in_words_and_drawn(photo, settings, tmp_path, capsys):
    out = tmp_path / "why.png"
    assert why(settings, photo, "--out", out) == 0
    assert "looks happy" in (said := capsys.readouterr().out)
    assert "for happy spoke" in said
    assert cv2.imread(str(out)).shape[1] > 600


def test_a_face_already_cut_is_taken_whole(settings, capsys):
    assert why(settings, FACES / "surprise.png", "--whole", "--json", "--emotion", "fear") == 0
    face = json.loads(capsys.readouterr().out)["faces"][0]
    assert (face["box"], face["explained"]) == ([0, 0, 160, 160], "fear")
    assert sum(face["spoke"].values()) == pytest.approx(1, abs=1e-3)
    assert face["ms"] > 0


def test_without_a_face_it_says_what_to_do(settings, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((480, 640), 90, np.uint8))
    assert why(settings, tmp_path / "empty.png") == 1
    assert "no face found; if it is one face already cut, say --whole" in capsys.readouterr().err
    assert why(settings, tmp_path / "nowhere.png") == 1
    assert "cannot be read" in capsys.readouterr().err


def test_a_picture_that_cannot_be_written_is_told(settings, tmp_path, capsys):
    assert why(settings, FACES / "sad.png", "--whole", "--out", tmp_path / "no" / "x.png") == 1
    assert "x.png: cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [(), ("x.png", "--live"), ("x.png", "--for", 1), ("--live", "--whole"), ("--live",),
     ("x.png", "--out", "x.jpg"), ("x.png", "--emotion", "bored")],
)  # fmt: skip
def test_misuse_is_2(settings, options):
    with pytest.raises(SystemExit) as stopped:
        why(settings, *options)
    assert stopped.value.code == 2


def test_an_unknown_emotion_is_answered_with_the_words_that_count(settings, capsys):
    with pytest.raises(SystemExit):
        why(settings, "x.png", "--emotion", "bored")
    said = capsys.readouterr().err
    assert "invalid choice: 'bored' (choose from" in said
    assert "Emotion" not in said


def test_the_photo_is_never_overwritten(settings, photo, tmp_path, capsys):
    link, before = tmp_path / "link.png", photo.read_bytes()
    link.symlink_to(photo)
    for out in (photo, photo.parent / "." / photo.name, link):
        with pytest.raises(SystemExit) as stopped:
            why(settings, photo, "--out", out)
        assert stopped.value.code == 2
        assert "is the picture itself" in capsys.readouterr().err
    assert photo.read_bytes() == before


@pytest.mark.real_time
def test_live_tells_every_frame_and_leaves_nothing_behind(photo, settings, capsys, monkeypatch):
    folder = photo.parent
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    assert why(settings, "--live", "--camera", photo, "--json", "--for", 1) == 0
    frames = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(frames) > 5
    assert {face["explained"] for frame in frames for face in frame["faces"]} == {"happy"}
    assert sorted(folder.rglob("*")) == before


@pytest.mark.real_time
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_live_in_a_terminal_ends_well_and_leaves_the_terminal_as_it_was(settings, photo, number):
    ours, theirs = pty.openpty()
    command = [*JUKEBOX, "why", "--live", "--camera", str(photo), "--config", str(settings)]
    with started(command, stdout=theirs) as process:
        os.close(theirs)
        shown = read_until(ours, b"looks happy", 30.0)
        process.send_signal(number)
        shown += read_until(ours, None, 5.0)
        assert process.wait(5.0) == 0
    os.close(ours)
    assert shown.startswith(terminal.SECOND_SCREEN.encode())
    assert shown.endswith(terminal.FIRST_SCREEN.encode())


def read_until(file, text, seconds):
    """What comes out of a terminal up to this text; with None, until its other end is closed."""
    give_up = time.monotonic() + seconds
    shown = b""
    while text is None or text not in shown:
        ready, _, _ = select.select([file], [], [], max(0.0, give_up - time.monotonic()))
        assert ready, f"no {text or 'end'} within {seconds:g} s"
        try:
            shown += os.read(file, 65536)
        except OSError:  # so Linux says that the other end is closed
            assert text is None, "it ended"
            break
    return shown
