"""How many independent observations a face gives, in absolute numbers."""

import pytest

from appliance.decide.novelty import Novelty
from appliance.records import Box, EmotionScores, Face

NEUTRAL_CLEAR = (0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.88)
HAPPY_CLEAR = (0.02, 0.02, 0.02, 0.88, 0.02, 0.02, 0.02)
DOUBTFUL = (0.05, 0.05, 0.05, 0.35, 0.05, 0.05, 0.40)
BETWEEN = (0.05, 0.05, 0.05, 0.60, 0.05, 0.00, 0.20)  # leads by 0.4: half clear, half doubtful


def shown(probabilities, unclear=None):
    face = Face(Box(0, 0, 100, 100), 0.9, 1)
    return EmotionScores(face, probabilities, probabilities, 0.5, unclear)


@pytest.mark.parametrize(
    ("score", "a_minute"),
    [
        (shown(NEUTRAL_CLEAR), 30.0),
        (shown(HAPPY_CLEAR), 10.0),
        (shown(DOUBTFUL), 1.0),
        (shown(BETWEEN), 0.5 * 10.0 + 0.5 * 1.0),
        (shown(NEUTRAL_CLEAR, "hidden"), 1.0),
    ],
)
def test_a_face_that_keeps_still_gives_so_much_in_a_minute(score, a_minute):
    novelty = Novelty()
    for second in range(10):
        novelty.observations(float(second), 1.0, 10.0, [score])  # until what was new has counted
    given = sum(novelty.observations(10.0 + n, 1.0, 10.0, [score])[0] for n in range(60))
    assert given == pytest.approx(a_minute, rel=1e-6)
