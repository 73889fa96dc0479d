"""How much of what a face shows is new. The same picture again is hardly any further evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.decide.moods_over_time import Probabilities
from appliance.records import EMOTIONS, Emotion, EmotionScores

NEUTRAL = EMOTIONS.index(Emotion.NEUTRAL)

# A face shows something new when its scores, averaged with this half-life, have moved by so much
# (half the sum of the differences, 0…1). Of one face that keeps still before a noisy camera they
# move by 0.03 in the mean, with expressions of signing people by 0.2 to 0.5 (docs/rehearsal.md).
SMOOTHING_S, NEW = 0.25, 0.15
# A change takes so long, and counts once.
SETTLES_S = 0.6
# What is new counts for so many independent observations. Of photos of ten people, each held still,
# 1.0 to 1.5 made the beliefs true, for clear faces and for doubtful ones alike.
OBSERVATIONS = 1.3
# While a face keeps still, it gives one more in so many seconds: if it is doubtful, if it is clear,
# and if it is clearly at rest. Faces that show a mood rest only for a while, neutral ones go on.
DOUBTFUL_S, CLEAR_S, RESTING_S = 60.0, 6.0, 2.0
# The likeliest emotion leads the next by at most the first number in a doubtful face, by at least
# the second in a clear one.
DOUBTFUL, CLEAR = 0.2, 0.6
FORGET_S = 10.0  # a track unseen for longer never comes back


class Novelty:
    """Remembers what each face showed when it last showed something new."""

    def __init__(self) -> None:
        self._shown: dict[int, _Shown] = {}

    def observations(
        self, time_s: float, step_s: float, most: float, scores: Sequence[EmotionScores]
    ) -> list[float]:
        """How many independent observations, at the most `most`, each of these faces now gives.

        step_s: since the last frame.
        """
        self._shown = {
            track: shown for track, shown in self._shown.items() if time_s - shown.seen_s < FORGET_S
        }
        return [
            self._shown.setdefault(score.face.track, _Shown(score.mean_probabilities)).after(
                time_s, step_s, most, score
            )
            for score in scores
        ]


@dataclass(slots=True)
class _Shown:
    """What one face shows. left: the observations that it may still give."""

    smooth: Probabilities
    reference: Probabilities = ()
    left: float = 0.0
    new_s: float = float("-inf")  # when it last showed something new
    seen_s: float = float("-inf")

    def after(self, time_s: float, step_s: float, most: float, score: EmotionScores) -> float:
        """How many observations it now gives."""
        kept = 0.5 ** (step_s / SMOOTHING_S)
        self.smooth = tuple(
            [
                kept * old + (1 - kept) * new
                for old, new in zip(self.smooth, score.mean_probabilities, strict=True)
            ]
        )
        self.seen_s = time_s
        if time_s - self.new_s < SETTLES_S:
            self.reference = self.smooth
        elif not self.reference or _distance(self.smooth, self.reference) >= NEW:
            self.reference, self.left, self.new_s = self.smooth, OBSERVATIONS, time_s
        given = min(most, self.left)
        self.left = min(OBSERVATIONS, self.left - given + step_s * _rate(score))
        return given


def _rate(score: EmotionScores) -> float:
    """How many observations a face that keeps still goes on to give in a second."""
    probabilities = score.mean_probabilities
    second, first = sorted(probabilities)[-2:]
    if score.unclear:
        return 1.0 / DOUBTFUL_S
    clear = min(1.0, max(0.0, (first - second - DOUBTFUL) / (CLEAR - DOUBTFUL)))
    clear_s = RESTING_S if first == probabilities[NEUTRAL] else CLEAR_S
    return clear / clear_s + (1.0 - clear) / DOUBTFUL_S


def _distance(a: Probabilities, b: Probabilities) -> float:
    return 0.5 * sum([abs(x - y) for x, y in zip(a, b, strict=True)])
