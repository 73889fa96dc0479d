"""Frame + face → does the face look male or female? Off by default; shown, never stored."""

from __future__ import annotations

from pathlib import Path

from appliance.records import GENDERS, Face, GrayImage
from appliance.vision import preprocessing
from appliance.vision.classifier import ModelClassifier


class GenderClassifier(ModelClassifier):
    """Reads faces with models/NAME.tflite as models/NAME.json describes it.

    Raises ModelError as ModelClassifier.
    """

    def __init__(self, model: Path) -> None:
        super().__init__(model, "gender", GENDERS)

    def classify(self, luma: GrayImage, face: Face) -> tuple[float, ...]:
        """Probabilities in the order of GENDERS, which sum to 1.

        luma: uint8 (height, width), the whole frame.
        """
        return self.probabilities(preprocessing.crop(luma, preprocessing.portrait(face.box)))
