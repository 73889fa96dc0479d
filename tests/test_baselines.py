"""The two simpler mood filters that a rehearsal compares with."""

import pytest
from priors import PRIORS

from appliance.records import EMOTIONS, Box, Emotion, EmotionScores, Face
from appliance.rehearsal.baselines import Average, Vote

HAPPY, SAD = Emotion.HAPPY, Emotion.SAD
FRAMES_PER_SECOND = 10


def seen_as(emotion, probability=0.8):
    """A face read as this emotion; the rest is shared out as in faces on average."""
    average = dict(zip(EMOTIONS, PRIORS.all, strict=True))
    rest = (1.0 - probability) / (1.0 - average[emotion])
    probabilities = tuple(
        probability if other is emotion else rest * average[other] for other in EMOTIONS
    )
    return EmotionScores(Face(Box(0, 0, 100, 100), 0.9, 1), probabilities, probabilities, 0.5)


NOBODY, BLIND = (), None
UNCLEAR = (seen_as(Emotion.ANGRY, 0.25),)


def changes(mood_filter, *spells):
    """(seconds, emotion or state) of each change. spells: (seconds, scores or BLIND)."""
    time_s, found = 0.0, []
    for seconds, scores in spells:
        for _ in range(round(seconds * FRAMES_PER_SECOND)):
            mood = mood_filter.update(time_s, scores or (), blind=scores is BLIND)
            name = mood.emotion or mood.state
            if not found or found[-1][1] != name:
                found.append((time_s, name))
            time_s += 1 / FRAMES_PER_SECOND
    return [(pytest.approx(time_s, abs=0.25), name) for time_s, name in found]


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ([(30, (seen_as(HAPPY),))], [(43.2, HAPPY)]),
        ([(3, (seen_as(HAPPY),)), (20, (seen_as(SAD),))], []),
        ([(70, UNCLEAR)], [(45.8, "uncertain")]),
        ([(70, NOBODY)], [(90.0, "nobody")]),
        ([(70, BLIND)], [(90.0, "uncertain")]),
    ],
)
def test_the_average_changes_after_its_dwell_time(then, expected):
    sad = [(30, (seen_as(SAD),))]
    assert changes(Average(), *sad, *then) == [(0.0, "nobody"), (2.9, SAD), *expected]


@pytest.mark.parametrize(("probability", "settles"), [(0.4, False), (0.5, True)])
def test_the_average_needs_a_probability_of_45_percent(probability, settles):
    found = changes(Average(), (30, (seen_as(SAD, probability),)))
    assert (found[-1][1] is SAD) is settles


@pytest.mark.parametrize(("probability", "stays"), [(0.35, True), (0.25, False)])
def test_the_average_keeps_a_mood_with_15_percent_less(probability, stays):
    found = changes(Average(), (30, (seen_as(HAPPY),)), (60, (seen_as(HAPPY, probability),)))
    assert (found[-1][1] is HAPPY) is stays


def test_after_a_gap_one_picture_is_not_enough_evidence_for_the_average():
    average = Average()
    changes(average, (30, (seen_as(SAD),)))
    assert average.update(75.0, (seen_as(HAPPY),)).probability == 0.0


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ([(30, (seen_as(HAPPY),))], [(31.5, HAPPY)]),
        ([(30, UNCLEAR)], [(31.5, Emotion.ANGRY)]),
        ([(70, NOBODY)], [(90.0, "nobody")]),
    ],
)
def test_the_votes_of_three_seconds_decide_at_once(then, expected):
    assert changes(Vote(), (30, (seen_as(SAD),)), *then) == [(0.0, SAD), *expected]


def test_the_average_counts_a_frame_a_second_in_full():
    average = Average()
    moods = [average.update(float(second), (seen_as(SAD),)) for second in range(5)]
    assert moods[-1].emotion is SAD
