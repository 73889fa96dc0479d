"""How a person's faces are read after examples: moved to them by and by, or not at all."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from appliance.errors import ModelError
from appliance.records import EMOTIONS, Box, Emotion, Face, Frame
from appliance.vision.cards import MODELS
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.people import (
    LEAST_FIT,
    SPACE,
    FaceSpace,
    Profile,
    evidence_of,
    probabilities_of,
    read_space,
)

# Two directions: the emotions stand on a circle of radius 6, faces of one person spread by 1.
ANGLES = np.arange(7) * 2 * np.pi / 7
SPACE_OF_TWO = FaceSpace("made up", np.eye(2), 6 * np.c_[np.cos(ANGLES), np.sin(ANGLES)], 4.0)
SAYS_NOTHING = np.zeros(7)
MOVED = np.array([5.0, -4.0])


def shown(emotion, moved=MOVED):
    return np.float32(SPACE_OF_TWO.means[EMOTIONS.index(emotion)] + moved)


def taught(*examples, moved=MOVED):
    profile = Profile(SPACE_OF_TWO)
    for emotion in examples:
        profile = profile.with_example("Ann", emotion, shown(emotion, moved))
    return profile


def read(profile, numbers, evidence=SAYS_NOTHING):
    return EMOTIONS[int(profile.logs(numbers, evidence).argmax())]


def test_without_examples_the_network_alone_decides():
    evidence = evidence_of((0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1), (1 / 7,) * 7)
    assert Profile(SPACE_OF_TWO).logs(np.zeros(2, np.float32), evidence) == pytest.approx(evidence)


def test_a_face_that_lies_apart_is_read_rightly_after_two_examples_of_each():
    before, after = taught(), taught(*EMOTIONS, *EMOTIONS)
    wrong = [emotion for emotion in EMOTIONS if read(before, shown(emotion)) is not emotion]
    assert len(wrong) >= 5
    assert [read(after, shown(emotion)) for emotion in EMOTIONS] == list(EMOTIONS)


def test_emotions_that_were_not_shown_move_along():
    after = taught(Emotion.NEUTRAL, Emotion.HAPPY, Emotion.NEUTRAL, Emotion.HAPPY)
    assert read(after, shown(Emotion.SAD)) is Emotion.SAD


def test_a_profile_fits_its_person_and_nobody_else():
    after = taught(*EMOTIONS, *EMOTIONS)
    own = [after.fits(shown(emotion)) for emotion in EMOTIONS]
    others = [after.fits(shown(emotion, -MOVED)) for emotion in EMOTIONS]
    assert min(own) > 0 > LEAST_FIT > np.mean(others)


def says(emotion):
    """What the network says of a face that it reads as this emotion."""
    return evidence_of([0.82 if other is emotion else 0.03 for other in EMOTIONS], (1 / 7,) * 7)


def test_three_bad_examples_alone_do_no_harm():
    profile = Profile(SPACE_OF_TWO)
    for told, was in (("sad", "happy"), ("angry", "neutral"), ("fear", "surprise")):
        numbers = shown(Emotion(was))
        weight = profile.trust(Emotion(told), numbers, says(Emotion(was)))
        profile = profile.with_example("Ann", Emotion(told), numbers, weight)
    assert sum(face.examples for face in profile.faces.values()) <= 1.5
    assert [read(profile, shown(each), says(each)) for each in EMOTIONS] == list(EMOTIONS)


def test_who_is_known_well_is_hardly_changed_by_a_slip():
    known = taught(*EMOTIONS, *EMOTIONS)
    slip = known.trust(Emotion.SAD, shown(Emotion.HAPPY), SAYS_NOTHING)
    assert slip < 0.2 < known.trust(Emotion.HAPPY, shown(Emotion.HAPPY), SAYS_NOTHING)


def test_old_examples_fade():
    profile = taught(*[Emotion.SAD] * 30)
    for _ in range(16):
        profile = profile.with_example("Ann", Emotion.SAD, shown(Emotion.SAD, -MOVED))
    kept = profile.faces[Emotion.SAD]
    assert kept.examples <= 8
    assert kept.numbers == pytest.approx(shown(Emotion.SAD, -MOVED), abs=2.5)


def test_what_another_network_has_learned_is_left_alone():
    faces = [replace(face, network="another") for face in taught(Emotion.SAD).faces.values()]
    assert Profile(SPACE_OF_TWO, faces).faces == {}


def test_what_is_kept_of_a_face_is_a_few_rounded_numbers():
    face = taught(Emotion.SAD).faces[Emotion.SAD]
    assert (face.name, face.examples, face.network) == ("Ann", 1.0, "made up")
    assert json.loads(json.dumps(face.numbers)) == list(face.numbers)
    assert face.numbers == pytest.approx(shown(Emotion.SAD), abs=1e-3)


def test_probabilities_sum_to_one():
    logs = taught(*EMOTIONS).logs(shown(Emotion.FEAR), SAYS_NOTHING)
    assert sum(probabilities_of(logs)) == pytest.approx(1.0)


# --- the jukebox's own networks ------------------------------------------------------------------


@pytest.fixture(scope="module")
def space():
    return read_space()


def composite(emotion):
    folder = MODELS.parent / "appliance" / "camera" / "reel_faces"
    return cv2.imread(str(folder / f"{emotion}.png"), cv2.IMREAD_GRAYSCALE)


def scores_of(classifier, emotion):
    luma = composite(emotion)
    face = Face(Box(0, 0, luma.shape[1], luma.shape[0]), 1.0, 1)
    return classifier.classify(Frame(0.0, 0.0, luma), [face])[0]


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_both_running_networks_give_the_numbers_of_the_space(space, kind):
    classifier = EmotionClassifier(MODELS / f"emotion_{kind}_single.tflite")
    assert classifier.card.inside.space == space.network
    assert scores_of(classifier, "happy").numbers.shape == (72,)
    assert space.means.shape == (7, 72)


def test_a_composite_face_is_nobody_that_was_taught(space):
    classifier = EmotionClassifier(MODELS / "emotion_int8_single.tflite")
    profile = Profile(space)
    for emotion in EMOTIONS:
        profile = profile.with_example("Ann", emotion, scores_of(classifier, emotion).numbers)
    turned = composite("happy")[::-1].copy()
    face = Face(Box(0, 0, turned.shape[1], turned.shape[0]), 1.0, 1)
    upside_down = classifier.classify(Frame(0.0, 0.0, turned), [face])[0]
    assert profile.fits(scores_of(classifier, "happy").numbers) > 0 > LEAST_FIT
    assert profile.fits(upside_down.numbers) < LEAST_FIT


def test_a_broken_space_is_named(tmp_path):
    assert read_space(tmp_path / "none.json") is None
    broken = tmp_path / SPACE.name
    broken.write_text('{"network": "x"}')
    with pytest.raises(ModelError, match=r"people\.json: cannot be used"):
        read_space(broken)
