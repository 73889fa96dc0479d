"""A classifier that knows pictures from people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.protocols import Classifier
from appliance.records import EmotionScores, Face, Frame
from appliance.vision.stillness import Stillness


class PictureAware:
    """A classifier whose answers say which faces are pictures; these weigh nothing.

    It stands beneath the calibration, so that a poster is nobody's resting face either. classifier
    may be replaced at any time: what is known of the faces is kept.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self._stillness = Stillness()

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """The scores of each face, in the order of faces."""
        scores = self.classifier.classify(frame, faces)
        pictures = self._stillness.pictures(frame, faces)
        if not pictures:
            return scores
        return tuple(
            replace(score, weight=0.0, picture=True) if score.face.track in pictures else score
            for score in scores
        )
