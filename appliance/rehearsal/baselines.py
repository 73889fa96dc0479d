"""Two simpler mood filters to compare the jukebox's with: the one before it, and a vote."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from appliance.records import EMOTIONS, Emotion, EmotionScores, Mood, MoodState

# A frame counts for the time since the frame before it, but for no longer than this.
LONGEST_STEP_S = 1.0
# The share of the recent time in which a face must have been seen before its scores count.
ENOUGH_EVIDENCE = 0.35
VOTE_S = 3.0  # how long a vote counts


@dataclass(frozen=True, slots=True)
class AverageSettings:
    """The settings that the filter had, in seconds and as probabilities 0…1."""

    half_life_s: float = 4.0
    dwell_s: float = 8.0
    min_probability: float = 0.45
    margin: float = 0.15
    away_s: float = 60.0


class Average:
    """The mood by an average of the scores over time, with hysteresis.

    A score's influence halves every half_life_s. An emotion becomes the mood when it leads for
    dwell_s with min_probability, and with a margin over the mood before.
    """

    def __init__(self, settings: AverageSettings | None = None) -> None:
        self.settings = settings or AverageSettings()
        self._average = np.zeros(len(EMOTIONS))  # probabilities times evidence
        self._evidence = 0.0  # 0…1: how much of the recent time a face was seen
        self._time_s: float | None = None
        self._seen_s = float("-inf")  # when a face was last seen
        self._picture_s = float("-inf")  # when a frame last had a picture
        self._company_s = float("-inf")  # when more than one face was last seen
        self._candidate: Emotion | None = None
        self._candidate_since_s = 0.0
        self._last_emotion: Emotion | None = None  # of the last settled mood
        self._mood = Mood("nobody", None, 0.0, 0, 0.0)

    def update(self, time_s: float, scores: Sequence[EmotionScores], blind: bool = False) -> Mood:
        """The mood after one more frame. blind: the frame has no picture, so nothing is learned."""
        if self._time_s is None:
            self._time_s = self._seen_s = self._picture_s = time_s
            self._mood = replace(self._mood, since_s=time_s)
        if blind:
            # Time without a picture does not show that people have left.
            self._seen_s += max(0.0, time_s - self._time_s)
        else:
            self._add(time_s, max(0.0, time_s - self._picture_s), scores)
            self._picture_s = time_s
        self._time_s = time_s
        leading, probability = self._leading(time_s)
        state, emotion = self._judge(time_s, leading)
        changed = (state, emotion) != (self._mood.state, self._mood.emotion)
        since_s = time_s if changed else self._mood.since_s
        if len(scores) > 1:
            self._company_s = time_s
        company = time_s - self._company_s < self.settings.away_s
        self._mood = Mood(state, emotion, probability, len(scores), since_s, company)
        self._last_emotion = emotion or self._last_emotion
        return self._mood

    def _add(self, time_s: float, step_s: float, scores: Sequence[EmotionScores]) -> None:
        """Lets older scores fade, and adds those of one frame."""
        old = 0.5 ** (step_s / self.settings.half_life_s)
        new = 1.0 - 0.5 ** (min(step_s, LONGEST_STEP_S) / self.settings.half_life_s)
        self._average *= old
        self._evidence *= old
        total = sum(score.weight for score in scores)
        if total > 0.0:
            self._seen_s = time_s
            seen = new * max(score.face.score for score in scores)
            for score in scores:
                self._average += seen * score.weight / total * np.asarray(score.probabilities)
            self._evidence += seen

    def _leading(self, time_s: float) -> tuple[Emotion | None, float]:
        """The emotion that could be the mood now, if any, and the largest probability."""
        if self._evidence < ENOUGH_EVIDENCE:
            self._candidate = None
            return None, 0.0
        shares = self._average / self._evidence
        strongest = EMOTIONS[int(np.argmax(shares))]
        probability = float(np.max(shares))
        enough = self.settings.min_probability
        held = self._mood.emotion
        if held is not None:
            if probability < enough + self.settings.margin and held is not strongest:
                # Not clearly ahead: the present mood stays.
                stays = float(shares[EMOTIONS.index(held)]) >= probability - self.settings.margin
                strongest = held if stays else strongest
            enough -= self.settings.margin if strongest is held else 0.0
        leading = strongest if shares[EMOTIONS.index(strongest)] >= enough else None
        if leading is not self._candidate:
            self._candidate, self._candidate_since_s = leading, time_s
        return leading, probability

    def _judge(self, time_s: float, leading: Emotion | None) -> tuple[MoodState, Emotion | None]:
        held = self._mood.state, self._mood.emotion
        if time_s - self._picture_s >= self.settings.away_s:
            return "uncertain", None
        if time_s - self._seen_s >= self.settings.away_s:
            return "nobody", None
        if self._evidence < ENOUGH_EVIDENCE:
            return held  # a glance away, a hand in front of the face
        dwelt = time_s - self._candidate_since_s >= self.settings.dwell_s
        # The first mood, and a return to the mood before, need no dwell time.
        at_once = self._last_emotion is None or leading is self._last_emotion
        if leading is not None and (dwelt or at_once):
            return "settled", leading
        if leading is None and (dwelt or held[0] == "nobody"):
            return "uncertain", None
        return held


class Vote:
    """The mood by vote: each frame votes for the emotion of its weightiest face.

    The votes of the last three seconds decide.
    """

    def __init__(self, away_s: float = 60.0) -> None:
        self._away_s = away_s
        self._votes: deque[tuple[float, Emotion]] = deque()
        self._seen_s: float | None = None
        self._mood = Mood("nobody", None, 0.0, 0, 0.0)

    def update(self, time_s: float, scores: Sequence[EmotionScores], blind: bool = False) -> Mood:
        """The mood after one more frame; a frame without a picture counts as one without faces."""
        del blind
        if scores:
            self._seen_s = time_s
            weightiest = max(scores, key=lambda score: score.weight)
            self._votes.append((time_s, EMOTIONS[int(np.argmax(weightiest.probabilities))]))
        while self._votes and self._votes[0][0] <= time_s - VOTE_S:
            self._votes.popleft()
        emotion = self._mood.emotion
        if self._votes:
            [(emotion, _)] = Counter(vote for _, vote in self._votes).most_common(1)
        elif self._seen_s is None or time_s - self._seen_s >= self._away_s:
            emotion = None
        changed = emotion is not self._mood.emotion
        since_s = time_s if changed else self._mood.since_s
        state: MoodState = "settled" if emotion else "nobody"
        self._mood = Mood(state, emotion, 1.0 if emotion else 0.0, len(scores), since_s)
        return self._mood
