"""Flickering scores over time → a settled mood, "uncertain" or "nobody"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import mul

from appliance.records import EMOTIONS, Emotion, EmotionScores, Mood, MoodState, Priors
from appliance.settings import MoodSettings

# Seven plain numbers, in the order of EMOTIONS. NumPy would take twice as long: with so few, once a
# frame, its calls cost more than the arithmetic.
Probabilities = tuple[float, ...]

# Of the faces that people make in a mood, this share shows the mood, this share is neutral, and
# this share is spread evenly over all seven emotions (an assumption, docs/rehearsal.md).
P_SHOWN, P_NEUTRAL, P_OTHER = 0.70, 0.15, 0.15
# This share of a network's priors is spread evenly. Without it, an answer of disgust, which comes
# once in a hundred faces, would count for too much (docs/lab-notebook.md).
EVEN_SHARE = 0.05
# Moods last this long on average; most of them come from neutral and go back to it. Half or twice
# as long makes next to no difference (docs/rehearsal.md).
NEUTRAL_LASTS_S, OTHERS_LAST_S = 480.0, 240.0
BACK_TO_NEUTRAL = 0.7
# A frame counts for the time since the frame before it, but for no longer than this: after a gap,
# one picture must not stand for the whole gap.
LONGEST_STEP_S = 1.0
# An observation whose strongest emotion has at most the first probability counts for nothing, from
# the second on it counts in full. Networks are least reliable where they cannot decide: in the
# dark, behind hands and glasses.
CLARITY_MIN, CLARITY_MAX = 0.25, 0.5
# The mood is uncertain while the clarity of recent observations, an average with this half-life, is
# below the second number.
CLARITY_HALF_LIFE_S = 8.0
ENOUGH_CLARITY = 0.35
# This many independent observations make one dwell time. By default that is one in 1.3 s, somewhat
# slower than a face in the rehearsal changes its expression.
OBSERVATIONS_PER_DWELL = 6.0
# Before the first mood there is nothing to protect: this margin is enough then, because a first
# guess is better than none.
FIRST_MARGIN = 0.5
# The nearest person may look away for a moment; those behind must not count for more meanwhile.
# Nearness is the sum of the cubes of the faces' weights. A frame counts in full if its nearness is
# at least this share of the recent largest, which fades with this half-life.
NEARNESS_HALF_LIFE_S = 10.0
NEAR_ENOUGH = 0.5
# A settled mood stays for this long when nothing clear is seen any more.
DOUBT_S = 20.0
# After this long, somebody who has arrived and cannot be read makes the mood uncertain.
ARRIVAL_S = 5.0


class HmmMoodFilter:
    """The mood of the room, by a hidden Markov model: moods last for minutes, faces hint at them.

    An observation of a face is compared with the network's average answer (its priors). So a mood
    that the network seldom names is found where the network names it more often than elsewhere. A
    face keeps an expression for a moment and then says the same in every frame, so observations
    count by time and not by number.

    priors: of the network that reads the faces. settings and priors may be replaced at any time;
    what was seen so far is kept.
    """

    def __init__(self, settings: MoodSettings, priors: Priors) -> None:
        self.settings = settings
        self.priors = priors
        self._beliefs = _unknown()
        self._clarity = 0.0  # 0…1, of the recent observations
        self._time_s: float | None = None  # of the last frame
        self._seen_s = float("-inf")  # when a face was last seen
        self._picture_s = float("-inf")  # when a frame last had a picture
        self._company_s = float("-inf")  # when more than one face was last seen
        self._clear_s = float("-inf")  # when something clear was last seen, or somebody came
        self._nearness = 0.0  # the recent largest
        self._was_settled = False
        self._mood = Mood("nobody", None, 0.0, 0, 0.0)

    @property
    def priors(self) -> Priors:
        """What the network answers on average; it may be replaced at any time."""
        return self._priors

    @priors.setter
    def priors(self, priors: Priors) -> None:
        self._priors, self._ratios = priors, _likelihood_ratios(priors)

    def update(self, time_s: float, scores: Sequence[EmotionScores], blind: bool = False) -> Mood:
        """The mood after one more frame.

        time_s: of the frame, not before that of the last one. scores: of all faces in the frame.
        blind: the frame has no picture, so nothing is learned and nobody has left.
        """
        if self._time_s is None:
            self._time_s = self._picture_s = time_s
            self._mood = replace(self._mood, since_s=time_s)
        if blind:
            # Time without a picture does not show that people have left.
            self._seen_s += max(0.0, time_s - self._time_s)
        else:
            self._observe(time_s, self._counted(scores))
        self._time_s = time_s
        state, emotion = self._judge(time_s, blind)
        changed = (state, emotion) != (self._mood.state, self._mood.emotion)
        since_s = time_s if changed else self._mood.since_s
        if len(scores) > 1:
            self._company_s = time_s
        company = time_s - self._company_s < self.settings.away_s
        probability = max(self._beliefs)
        self._mood = Mood(state, emotion, probability, len(scores), since_s, company)
        return self._mood

    def _counted(self, scores: Sequence[EmotionScores]) -> Sequence[EmotionScores]:
        """The scores of the faces that count, as `people` in the settings says."""
        if self.settings.people == "all" or not scores:
            return scores
        return (max(scores, key=lambda score: score.face.box.height),)

    def _observe(self, time_s: float, scores: Sequence[EmotionScores]) -> None:
        """Takes in what one frame shows, after the time in which the mood may have changed."""
        passed_s = max(0.0, time_s - self._picture_s)
        self._picture_s = time_s
        self._beliefs = _after(self._beliefs, passed_s)
        if not any(score.weight > 0.0 for score in scores):
            return
        likelihoods, clarity, nearness = _read(scores, self._ratios)
        step_s = min(passed_s, LONGEST_STEP_S)
        observation_s = max(step_s, self.settings.dwell_s / OBSERVATIONS_PER_DWELL, 1e-3)
        if time_s - self._seen_s >= self.settings.away_s:
            # People who come back may be in any mood, or be others. Their first observation counts
            # in full.
            self._beliefs, self._clarity, self._clear_s = _unknown(), clarity, time_s
            step_s, self._nearness = observation_s, 0.0
        self._seen_s = time_s
        self._nearness = max(nearness, self._nearness * 0.5 ** (passed_s / NEARNESS_HALF_LIFE_S))
        near_share = min(1.0, nearness / (NEAR_ENOUGH * self._nearness))
        power = near_share * clarity * step_s / observation_s  # 1: one independent observation
        self._beliefs = _normalized(
            [
                belief * likelihood**power
                for belief, likelihood in zip(self._beliefs, likelihoods, strict=True)
            ]
        )
        kept = 0.5 ** (step_s / CLARITY_HALF_LIFE_S)
        self._clarity = kept * self._clarity + (1.0 - kept) * clarity

    def _judge(self, time_s: float, blind: bool) -> tuple[MoodState, Emotion | None]:
        """The state and emotion that follow from everything seen so far."""
        held = self._mood.state, self._mood.emotion
        if time_s - self._picture_s >= self.settings.away_s:
            return "uncertain", None
        if time_s - self._seen_s >= self.settings.away_s:
            return "nobody", None
        if blind or self._seen_s < time_s:
            return held  # a glance away, a hand in front of the face, a frame without a picture
        second, first = sorted(self._beliefs)[-2:]
        if self._clarity >= ENOUGH_CLARITY and first >= self.settings.min_probability:
            self._clear_s = time_s
            margin = self.settings.margin
            if first - second >= (margin if self._was_settled else min(margin, FIRST_MARGIN)):
                self._was_settled = True
                return "settled", EMOTIONS[self._beliefs.index(first)]
        patience_s = DOUBT_S if held[0] == "settled" else ARRIVAL_S
        return held if time_s - self._clear_s < patience_s else ("uncertain", None)


def _unknown() -> Probabilities:
    """What is believed about the mood of somebody who has just come: all seven are as likely."""
    return (1.0 / len(EMOTIONS),) * len(EMOTIONS)


def _after(beliefs: Probabilities, seconds: float) -> Probabilities:
    """What is believed after some seconds in which nothing was seen: moods come to an end."""
    ended = [
        belief * min(seconds / lasts_s, 0.5)
        for belief, lasts_s in zip(beliefs, _LASTS_S, strict=True)
    ]
    return tuple(
        belief - gone + _dot(ended, from_each)
        for belief, gone, from_each in zip(beliefs, ended, _FOLLOWS, strict=True)
    )


def _read(
    scores: Sequence[EmotionScores], ratios: Sequence[Probabilities]
) -> tuple[Probabilities, float, float]:
    """The likelihood of these faces in each mood (sum 1), their clarity 0…1, and their nearness.

    Nearer faces count for more, by the cubes of their weights, so that a guest in the background,
    who may be in another mood, is not taken for half the room.
    """
    cubes = [score.weight**3 for score in scores]
    weights = _normalized(cubes)
    by_face = [
        _normalized([_dot(score.mean_probabilities, row) for row in ratios]) for score in scores
    ]
    clarities = [_clarity(max(score.mean_probabilities)) for score in scores]
    likelihoods = tuple(_dot(weights, of_mood) for of_mood in zip(*by_face, strict=True))
    return likelihoods, _dot(weights, clarities), sum(cubes)


def _clarity(strongest: float) -> float:
    """How much an observation with this strongest probability counts, 0…1."""
    return min(1.0, max(0.0, (strongest - CLARITY_MIN) / (CLARITY_MAX - CLARITY_MIN)))


def _likelihood_ratios(priors: Priors) -> list[Probabilities]:
    """Seven by seven, by Bayes: how much likelier a face (column) is in a mood (row)."""
    evened = [(1.0 - EVEN_SHARE) * share + EVEN_SHARE / len(EMOTIONS) for share in priors.all]
    return [
        tuple(_p_face(face, mood) / share for face, share in zip(EMOTIONS, evened, strict=True))
        for mood in EMOTIONS
    ]


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return float(sum(map(mul, a, b)))


def _normalized(amounts: Sequence[float]) -> Probabilities:
    total = sum(amounts)
    return tuple([amount / total for amount in amounts])


def _lasts_s(mood: Emotion) -> float:
    return NEUTRAL_LASTS_S if mood is Emotion.NEUTRAL else OTHERS_LAST_S


def _p_next(mood: Emotion, before: Emotion) -> float:
    """How likely a mood is to follow another that has ended."""
    others = len(EMOTIONS) - 1
    if mood is before:
        return 0.0
    if before is Emotion.NEUTRAL:
        return 1.0 / others
    return BACK_TO_NEUTRAL if mood is Emotion.NEUTRAL else (1.0 - BACK_TO_NEUTRAL) / (others - 1)


def _p_face(face: Emotion, mood: Emotion) -> float:
    """How likely people are to make this face in a mood."""
    return (
        P_OTHER / len(EMOTIONS) + P_SHOWN * (face is mood) + P_NEUTRAL * (face is Emotion.NEUTRAL)
    )


_LASTS_S = [_lasts_s(mood) for mood in EMOTIONS]
_FOLLOWS = [[_p_next(mood, before) for before in EMOTIONS] for mood in EMOTIONS]
