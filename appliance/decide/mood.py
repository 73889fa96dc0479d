"""Flickering scores over time → a settled mood, "uncertain" or "nobody"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.decide.moods_over_time import (
    Probabilities,
    after,
    dot,
    likelihood_ratios,
    moods,
    normalized,
    unknown,
)
from appliance.decide.novelty import Novelty
from appliance.decide.presence import Presence
from appliance.decide.unclear import UnclearCause
from appliance.records import EMOTIONS, Emotion, EmotionScores, Mood, MoodState, Priors
from appliance.settings import MoodSettings

# A frame counts for the time since the frame before it, but for no longer than this: after a gap,
# one picture must not stand for the whole gap.
LONGEST_STEP_S = 1.0
# An observation whose strongest emotion has at most the first probability counts for nothing, from
# the second on it counts in full. Networks are least reliable where they cannot decide: in the
# dark, behind hands and glasses.
CLARITY_MIN, CLARITY_MAX = 0.25, 0.5
# A face that cannot be read well counts so much less: alone it never makes or keeps a mood.
UNCLEAR_COUNTS = 0.3
# The mood is uncertain while the clarity of recent observations, an average with this half-life, is
# below the second number.
CLARITY_HALF_LIFE_S = 8.0
ENOUGH_CLARITY = 0.35
# A face gives at most so many independent observations in one dwell time, by default one in 1.1 s,
# and only while it shows something new (novelty.py).
OBSERVATIONS_PER_DWELL = 7.0
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


class HmmMoodFilter:
    """The mood of the room, by a hidden Markov model: moods last for minutes, faces hint at them.

    It also finds out how much the faces of those who are here show: a calm person's face rests most
    of the time, and that must not be taken for the end of every mood.

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
        self._presence = Presence()
        self._cause = UnclearCause()
        self._novelty = Novelty()
        self._beliefs = unknown()
        self._clarity = 0.0  # 0…1, of the recent observations
        self._time_s: float | None = None  # of the last frame
        self._read_s = float("-inf")  # when a face was last read
        self._picture_s = float("-inf")  # when a frame last had a picture
        self._company_s = float("-inf")  # when more than one face was last seen
        self._clear_s = float("-inf")  # when something clear was last seen
        self._nearness = 0.0  # the recent largest
        self._was_settled = False
        self._mood = Mood("nobody", None, 0.0, 0, 0.0)

    @property
    def priors(self) -> Priors:
        """What the network answers on average; it may be replaced at any time."""
        return self._priors

    @priors.setter
    def priors(self, priors: Priors) -> None:
        self._priors, self._ratios = priors, likelihood_ratios(priors)

    def update(self, time_s: float, scores: Sequence[EmotionScores], blind: bool = False) -> Mood:
        """The mood after one more frame.

        time_s: of the frame, not before that of the last one. scores: of all faces in the frame;
        pictures of faces are nobody. blind: the frame has no picture, so nothing is learned and
        nobody has left.
        """
        if self._time_s is None:
            self._time_s = self._picture_s = time_s
            self._mood = replace(self._mood, since_s=time_s)
        people = [score for score in scores if not score.picture]
        away_s = self.settings.away_s
        have_come = self._presence.update(time_s, people, away_s, blind=blind)
        if not blind:
            self._look(time_s, self._counted(people), have_come=have_come)
        self._time_s = time_s
        state, emotion = self._judge(time_s, blind)
        changed = (state, emotion) != (self._mood.state, self._mood.emotion)
        if len(people) > 1:
            self._company_s = time_s
        self._mood = Mood(
            state,
            emotion,
            max(moods(self._beliefs)),
            len(people),
            since_s=time_s if changed else self._mood.since_s,
            company=time_s - self._company_s < away_s,
            unclear=self._cause.of_most() if state == "uncertain" else None,
        )
        return self._mood

    def _counted(self, people: Sequence[EmotionScores]) -> Sequence[EmotionScores]:
        """The scores of the faces that count, as `people` in the settings says."""
        if self.settings.people == "all" or not people:
            return people
        return (max(people, key=lambda score: score.face.box.height),)

    def _look(self, time_s: float, scores: Sequence[EmotionScores], *, have_come: bool) -> None:
        """Takes in what one frame shows, after the time in which the mood may have changed."""
        passed_s = max(0.0, time_s - self._picture_s)
        self._picture_s = time_s
        self._beliefs = after(self._beliefs, passed_s)
        self._cause.add(passed_s, scores)
        if have_come:
            # People who come back may be in any mood, or be others.
            self._beliefs, self._clarity, self._nearness = unknown(), 0.0, 0.0
        if scores and self._presence.is_here:
            self._read(time_s, passed_s, scores, have_come=have_come)

    def _read(
        self, time_s: float, passed_s: float, scores: Sequence[EmotionScores], *, have_come: bool
    ) -> None:
        """Believes more in the moods in which these faces are likely."""
        self._read_s = time_s
        step_s = min(passed_s, LONGEST_STEP_S)
        observation_s = max(step_s, self.settings.dwell_s / OBSERVATIONS_PER_DWELL, 1e-3)
        by_clock = 1.0 if have_come else step_s / observation_s  # the first counts in full
        each = self._novelty.observations(time_s, step_s, by_clock, scores)
        likelihoods, clarity, nearness, observations = _observed(scores, each, self._ratios)
        if have_come:
            self._clarity = clarity
        self._nearness = max(nearness, self._nearness * 0.5 ** (passed_s / NEARNESS_HALF_LIFE_S))
        near_share = min(1.0, nearness / (NEAR_ENOUGH * self._nearness)) if nearness else 0.0
        power = near_share * clarity * observations  # 1: one independent observation
        self._beliefs = normalized(
            [
                belief * likelihood**power
                for belief, likelihood in zip(self._beliefs, likelihoods, strict=True)
            ]
        )
        kept = 0.5 ** (step_s / CLARITY_HALF_LIFE_S)
        self._clarity = kept * self._clarity + (1.0 - kept) * clarity

    def _judge(self, time_s: float, blind: bool) -> tuple[MoodState, Emotion | None]:
        """The state and emotion that follow from everything seen so far."""
        if time_s - self._picture_s >= self.settings.away_s:
            return "uncertain", None
        if not self._presence.is_here:
            return "nobody", None
        is_settled = self._mood.state == "settled"
        held: tuple[MoodState, Emotion | None] = (
            ("settled", self._mood.emotion) if is_settled else ("uncertain", None)
        )
        if blind or self._read_s < time_s:
            return held  # a glance away, a hand in front of the face, a frame without a picture
        beliefs = moods(self._beliefs)
        second, first = sorted(beliefs)[-2:]
        if self._clarity >= ENOUGH_CLARITY and first >= self.settings.min_probability:
            self._clear_s = time_s
            margin = self.settings.margin
            if first - second >= (margin if self._was_settled else min(margin, FIRST_MARGIN)):
                self._was_settled = True
                return "settled", EMOTIONS[beliefs.index(first)]
        return held if time_s - self._clear_s < DOUBT_S else ("uncertain", None)


def _observed(
    scores: Sequence[EmotionScores], observations: Sequence[float], ratios: Sequence[Probabilities]
) -> tuple[Probabilities, float, float, float]:
    """The likelihood of these faces in each belief (sum 1), their clarity 0…1, and their nearness.

    Last, how many independent observations they are; observations: the same of each face. Nearer
    faces count for more, by the cubes of their weights, so that a guest in the background, who may
    be in another mood, is not taken for half the room.
    """
    cubes = [score.weight**3 for score in scores]
    if not any(cubes):
        return unknown(), 0.0, 0.0, 0.0
    weights = normalized(cubes)
    by_face = [
        normalized([dot(score.mean_probabilities, row) for row in ratios]) for score in scores
    ]
    clarities = [_clarity(score) for score in scores]
    likelihoods = tuple(dot(weights, of_mood) for of_mood in zip(*by_face, strict=True))
    return likelihoods, dot(weights, clarities), sum(cubes), dot(weights, observations)


def _clarity(score: EmotionScores) -> float:
    """How much an observation of this face counts, 0…1."""
    strongest = max(score.mean_probabilities)
    clarity = min(1.0, max(0.0, (strongest - CLARITY_MIN) / (CLARITY_MAX - CLARITY_MIN)))
    return clarity * UNCLEAR_COUNTS if score.unclear else clarity
