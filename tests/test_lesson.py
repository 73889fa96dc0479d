"""A guided lesson: what is asked for, what is taken as an example, and what is said."""

from dataclasses import replace

import numpy as np
import pytest

from appliance.decide.phrases import lesson_words
from appliance.records import EMOTIONS, Box, Emotion, EmotionScores, Face
from appliance.vision.lesson import Lesson

HAPPY = (0.01, 0.01, 0.01, 0.9, 0.02, 0.02, 0.03)
FACE = EmotionScores(
    Face(Box(0, 0, 100, 100), 1.0, 1), HAPPY, HAPPY, 1.0, numbers=np.ones(72, np.float32)
)


def held(lesson, scores=(FACE,), until_s=300.0, begin_s=0.0, fps=5):
    """All that is said while these faces are before the camera."""
    said = []
    for number in range(int((until_s - begin_s) * fps)):
        said += lesson.watch(begin_s + number / fps, scores)
        if lesson.is_over:
            break
    return said


def words(said):
    return [lesson_words("Ann", **{n: getattr(one, n) for n in one.__slots__}) for one in said]


def test_seven_faces_are_asked_for_twice_within_two_minutes():
    lesson = Lesson(0.0)
    said = held(lesson, until_s=120.0)
    assert lesson.is_over
    assert [shown.emotion for shown in lesson.shown[:7]] == [
        "neutral", "happy", "surprise", "sad", "angry", "disgust", "fear",
    ]  # fmt: skip
    assert {emotion: [s.emotion for s in lesson.shown].count(emotion) for emotion in EMOTIONS} == (
        dict.fromkeys(EMOTIONS, 2)
    )
    assert [one.stage for one in said].count("next") == 14
    assert (said[-1].stage, said[-1].good) == ("over", True)


def test_people_are_asked_and_told_what_is_seen_and_thanked():
    told = words(held(Lesson(0.0), until_s=16.0))
    assert told[0] == "rest your face … I see: looks happy"
    assert told[told.index("thank you") + 1] == "look happy … I see: looks happy"
    assert words(held(Lesson(0.0)))[-1] == "Ann: I read you by your own faces from now on"


def test_only_what_is_held_is_an_example_not_the_way_to_it():
    lesson = Lesson(0.0)
    before = replace(FACE, numbers=np.zeros(72, np.float32))
    for number in range(40):  # eight seconds
        lesson.watch(number / 5, [before if number < 15 else FACE])
    assert lesson.shown[0].numbers == pytest.approx(np.ones(72))


@pytest.mark.parametrize(
    "other",
    [replace(FACE, unclear="hidden"), replace(FACE, picture=True), replace(FACE, numbers=None)],
)
def test_hidden_faces_posters_and_faces_without_numbers_are_no_examples(other):
    lesson = Lesson(0.0)
    said = held(lesson, [other])
    assert lesson.is_over
    assert lesson.shown == []
    assert not said[-1].good
    assert "I could not see that well; we go on without it" in words(said)
    assert words(said)[-1] == "Ann: I have learned nothing"


def test_a_face_that_comes_late_is_waited_for():
    lesson = Lesson(0.0)
    assert all(one.sees is None for one in held(lesson, [], until_s=12.0))
    held(lesson, begin_s=12.0, until_s=13.0)
    assert [shown.emotion for shown in lesson.shown] == [Emotion.NEUTRAL]


def test_rest_is_a_minute_and_counts_three_examples():
    lesson = Lesson(1000.0, rest=True)
    held(lesson, begin_s=1000.0, until_s=1059.0)
    assert not lesson.is_over
    held(lesson, begin_s=1059.0, until_s=1061.0)
    assert [(s.emotion, s.examples) for s in lesson.shown] == [(Emotion.NEUTRAL, 3.0)]


def test_a_lesson_that_is_stopped_keeps_what_was_shown():
    lesson = Lesson(0.0)
    held(lesson, until_s=8.0)
    lesson.stop()
    (said,) = lesson.watch(8.0, [FACE])
    assert (said.stage, said.good, len(lesson.shown)) == ("over", True, 1)
    assert lesson.watch(9.0, [FACE]) == []
