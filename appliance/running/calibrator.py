"""Calibration on request: a resting face is watched for a minute, and the classifier corrected."""

from __future__ import annotations

from appliance.decide.mood import HmmMoodFilter
from appliance.history.store import SqliteStore
from appliance.records import Factors, Frame
from appliance.vision.calibration import (
    LASTS_S,
    NONE,
    Calibrated,
    RestingFace,
    describe_factors,
)


class Calibrator:
    """Corrects a classifier by a resting face, and keeps the factors in the history.

    mood: for the priors of the present network.
    """

    def __init__(self, classifier: Calibrated, mood: HmmMoodFilter, store: SqliteStore) -> None:
        self._classifier = classifier
        self._mood = mood
        self._store = store
        self._resting_face: RestingFace | None = None  # being watched

    def begin(self, time_s: float) -> str:
        """Begins to watch the largest face. Returns what its owner should do."""
        self._resting_face = RestingFace(time_s, self._mood.priors)
        return f"look at the camera with a face at rest for {LASTS_S:.0f} seconds"

    def note(self, frame: Frame) -> str | None:
        """Takes a sample after a frame. Returns the result once the minute is over, else None."""
        watched = self._resting_face
        if watched is None:
            return None
        watched.watch(self._classifier.last)
        if not watched.is_over(frame.time_s):
            return None
        self._resting_face = None
        factors = watched.factors()
        if factors is not None:
            self._correct(factors, frame.unix_s)
        return describe_factors(factors)

    def forget(self, unix_s: float) -> str:
        """Undoes the calibration. Returns what holds from now on."""
        self._correct(NONE, unix_s)
        return "faces are read as they are"

    def _correct(self, factors: Factors, unix_s: float) -> None:
        self._classifier.factors = factors
        self._store.record_calibration(unix_s, None if factors == NONE else factors)
