"""Flickering scores over time → a settled mood, "uncertain", or "nobody here"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import mul

from appliance.records import EMOTIONS, Emotion, EmotionScores, Mood, MoodState, Priors
from appliance.settings import MoodSettings

# In plain numbers: once a frame, with cold caches, NumPy takes twice as long for seven.
Probabilities = tuple[float, ...]  # in the order of EMOTIONS

# Of the faces made in a mood so many look like it, neutral, or like anything else (an assumption,
# docs/rehearsal.md).
P_SHOWN, P_NEUTRAL, P_OTHER = 0.70, 0.15, 0.15
# So much of a network's priors is spread evenly: an answer of disgust, which comes once in a
# hundred faces, must not be taken for more than it is (docs/lab-notebook.md).
EVEN_SHARE = 0.05
# Moods last so long on average, and mostly come from neutral and go back to it. Half or twice as
# long makes next to no difference (docs/rehearsal.md).
NEUTRAL_LASTS_S, OTHERS_LAST_S = 480.0, 240.0
BACK_TO_NEUTRAL = 0.7
# A frame speaks for the time since the one before it, but for no longer than this: after a gap,
# one picture must not stand for the whole gap.
LONGEST_STEP_S = 1.0
# A look whose strongest emotion has this probability says nothing; from the second on, all.
# Networks are least to be trusted where they cannot decide: in the dark, behind hands and glasses.
CLARITY_MIN, CLARITY_MAX = 0.25, 0.5
# The mood is uncertain when the looks of this half-life have on average been less clear than this.
CLARITY_HALF_LIFE_S = 8.0
ENOUGH_CLARITY = 0.35
# So many independent looks make a mood's dwell time: by default one in 1.3 s, which is somewhat
# slower than a face of the rehearsal changes its expression.
OBSERVATIONS_PER_DWELL = 6.0
# Until there has been a mood at all there is none to protect: its first guess is better than none.
FIRST_MARGIN = 0.5
# Whoever is nearest may look away for a moment: those behind them do not count for more meanwhile.
# Nearness (the sum of their weights' cubes) is compared with what it was lately, and this share of
# that is near enough.
NEARNESS_HALF_LIFE_S = 10.0
NEAR_ENOUGH = 0.5
# A mood goes on for so long when nothing clear is seen any more.
DOUBT_S = 20.0
# Who has just come and cannot be read within this time is there all the same.
ARRIVAL_S = 5.0


class HmmMoodFilter:
    """A hidden Markov model: moods last for minutes, and every observation of a face hints at one.

    An observation counts by how much likelier each emotion is in it than in faces on average, so a
    mood that the network seldom names is found where it names it more often than elsewhere. A face
    keeps an expression for a moment, in which it says the same again and again, so observations
    count by time and not by number.

    priors: of the network that reads the faces. settings and priors may be replaced at any time;
    what was seen is kept.
    """

    def __init__(self, settings: MoodSettings, priors: Priors) -> None:
        self.settings = settings
        self.priors = priors
        self._beliefs = _unknown()
        self._clarity = 0.0  # 0…1, of the recent looks
        self._time_s: float | None = None
        self._seen_s = float("-inf")  # when a face was last seen
        self._looked_s = float("-inf")  # when there was last a picture at all
        self._company_s = float("-inf")  # when there was last more than one face
        self._sure_s = float("-inf")  # when anything clear was last seen
        self._nearness = 0.0  # of the nearest faces lately
        self._was_settled = False
        self._mood = Mood("nobody", None, 0.0, 0, 0.0)

    @property
    def priors(self) -> Priors:
        """What the network answers on average."""
        return self._priors

    @priors.setter
    def priors(self, priors: Priors) -> None:
        self._priors, self._explains = priors, _explains(priors)

    def update(self, time_s: float, scores: Sequence[EmotionScores], blind: bool = False) -> Mood:
        """The mood after one more frame. blind: there was no picture, so nothing was learned."""
        if self._time_s is None:
            self._time_s = self._looked_s = time_s
            self._mood = replace(self._mood, since_s=time_s)
        if blind:
            # Time without a picture is no evidence that people left.
            self._seen_s += max(0.0, time_s - self._time_s)
        else:
            self._observe(time_s, self._counting(scores))
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

    def _counting(self, scores: Sequence[EmotionScores]) -> Sequence[EmotionScores]:
        """Those of the faces that count."""
        if self.settings.people == "all" or not scores:
            return scores
        return (max(scores, key=lambda score: score.face.box.height),)

    def _observe(self, time_s: float, scores: Sequence[EmotionScores]) -> None:
        """What one frame tells, after the time in which the mood may have changed."""
        passed_s = max(0.0, time_s - self._looked_s)
        self._looked_s = time_s
        self._beliefs = _after(self._beliefs, passed_s)
        if not any(score.weight > 0.0 for score in scores):
            return
        hint, clarity, nearness = _hint(scores, self._explains)
        step_s = min(passed_s, LONGEST_STEP_S)
        observation_s = max(step_s, self.settings.dwell_s / OBSERVATIONS_PER_DWELL, 1e-3)
        if time_s - self._seen_s >= self.settings.away_s:
            # Who comes back may be in any mood, or another; their first look counts in full.
            self._beliefs, self._clarity, self._sure_s = _unknown(), clarity, time_s
            step_s, self._nearness = observation_s, 0.0
        self._seen_s = time_s
        self._nearness = max(nearness, self._nearness * 0.5 ** (passed_s / NEARNESS_HALF_LIFE_S))
        counts = min(1.0, nearness / (NEAR_ENOUGH * self._nearness))
        share = counts * clarity * step_s / observation_s  # of an independent look
        self._beliefs = _shares([b * h**share for b, h in zip(self._beliefs, hint, strict=True)])
        kept = 0.5 ** (step_s / CLARITY_HALF_LIFE_S)
        self._clarity = kept * self._clarity + (1.0 - kept) * clarity

    def _judge(self, time_s: float, blind: bool) -> tuple[MoodState, Emotion | None]:
        held = self._mood.state, self._mood.emotion
        if time_s - self._looked_s >= self.settings.away_s:
            return "uncertain", None
        if time_s - self._seen_s >= self.settings.away_s:
            return "nobody", None
        if blind or self._seen_s < time_s:
            return held  # a glance away, a hand before the face, a frame without a picture
        second, first = sorted(self._beliefs)[-2:]
        if self._clarity >= ENOUGH_CLARITY and first >= self.settings.min_probability:
            self._sure_s = time_s
            margin = self.settings.margin
            if first - second >= (margin if self._was_settled else min(margin, FIRST_MARGIN)):
                self._was_settled = True
                return "settled", EMOTIONS[self._beliefs.index(first)]
        patience_s = DOUBT_S if held[0] == "settled" else ARRIVAL_S
        return held if time_s - self._sure_s < patience_s else ("uncertain", None)


def _unknown() -> Probabilities:
    """Beliefs about the mood of somebody who has just come."""
    return (1.0 / len(EMOTIONS),) * len(EMOTIONS)


def _after(beliefs: Probabilities, seconds: float) -> Probabilities:
    """What is believed after a time in which nothing was seen: moods come to an end."""
    ended = [b * min(seconds / lasts_s, 0.5) for b, lasts_s in zip(beliefs, _LASTS_S, strict=True)]
    return tuple(
        b - gone + _dot(ended, before)
        for b, gone, before in zip(beliefs, ended, _FOLLOWS, strict=True)
    )


def _hint(
    scores: Sequence[EmotionScores], explains: Sequence[Probabilities]
) -> tuple[Probabilities, float, float]:
    """How well each mood explains these faces, summing to 1, how clearly they look, 0…1; nearness.

    The nearer faces count more, by the cubes of the weights, so that a guest in the background,
    whose mood may be another, does not take half the room for it.
    """
    cubes = [score.weight**3 for score in scores]
    weights = _shares(cubes)
    explained = [
        _shares([_dot(each.mean_probabilities, row) for row in explains]) for each in scores
    ]
    clearness = [
        (max(each.mean_probabilities) - CLARITY_MIN) / (CLARITY_MAX - CLARITY_MIN)
        for each in scores
    ]
    clarity = _dot(weights, [min(1.0, max(0.0, each)) for each in clearness])
    hint = tuple(_dot(weights, each) for each in zip(*explained, strict=True))
    return hint, clarity, sum(cubes)


def _explains(priors: Priors) -> list[Probabilities]:
    """Bayes: how much likelier a face of each emotion (column) is in a mood (row) than at all."""
    evened = [(1.0 - EVEN_SHARE) * share + EVEN_SHARE / len(EMOTIONS) for share in priors.all]
    return [
        tuple(_made(face, mood) / share for face, share in zip(EMOTIONS, evened, strict=True))
        for mood in EMOTIONS
    ]


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return float(sum(map(mul, a, b)))


def _shares(amounts: Sequence[float]) -> Probabilities:
    total = sum(amounts)
    return tuple([each / total for each in amounts])


def _lasts_s(mood: Emotion) -> float:
    return NEUTRAL_LASTS_S if mood is Emotion.NEUTRAL else OTHERS_LAST_S


def _follow(mood: Emotion, before: Emotion) -> float:
    """How likely a mood is to come after another."""
    others = len(EMOTIONS) - 1
    if mood is before:
        return 0.0
    if before is Emotion.NEUTRAL:
        return 1.0 / others
    return BACK_TO_NEUTRAL if mood is Emotion.NEUTRAL else (1.0 - BACK_TO_NEUTRAL) / (others - 1)


def _made(face: Emotion, mood: Emotion) -> float:
    """How likely people are to make this face in a mood."""
    return (
        P_OTHER / len(EMOTIONS) + P_SHOWN * (face is mood) + P_NEUTRAL * (face is Emotion.NEUTRAL)
    )


_LASTS_S = [_lasts_s(mood) for mood in EMOTIONS]
_FOLLOWS = [[_follow(mood, before) for before in EMOTIONS] for mood in EMOTIONS]
