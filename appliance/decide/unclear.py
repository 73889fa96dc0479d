"""Why the faces of the last seconds cannot be read well."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.records import EmotionScores, Unclear

# What was seen counts half as much after so long, so that what people are told does not flicker.
HALF_LIFE_S = 4.0
LONGEST_STEP_S = 1.0


class UnclearCause:
    """Remembers, for some seconds, why the foremost face could not be read well, if so."""

    def __init__(self) -> None:
        self._seconds: dict[Unclear | None, float] = {None: 0.0}

    def add(self, passed_s: float, scores: Sequence[EmotionScores]) -> None:
        """Takes in the faces of one more frame, passed_s after the last one; pictures excepted."""
        kept = 0.5 ** (passed_s / HALF_LIFE_S)
        self._seconds = {cause: kept * seconds for cause, seconds in self._seconds.items()}
        if scores:
            foremost = max(scores, key=lambda score: (score.weight, score.face.box.height))
            before_s = self._seconds.get(foremost.unclear, 0.0)
            self._seconds[foremost.unclear] = before_s + min(passed_s, LONGEST_STEP_S)

    def of_most(self) -> Unclear | None:
        """What made most of the last seconds unclear; None if most of them were clear."""
        causes = {cause: seconds for cause, seconds in self._seconds.items() if cause}
        if not causes or sum(causes.values()) <= self._seconds[None]:
            return None
        return max(causes, key=lambda cause: causes[cause])
