"""Frame + a face that was read → the pixels that spoke for an emotion, by guided back-propagation.

The network that explains is the one that reads, forward and backward in one TFLite file. It is made
by convert/why.py and lies beside the file that it explains.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from appliance.errors import ModelError
from appliance.records import EMOTIONS, Emotion, EmotionScores, GrayImage
from appliance.vision.cards import REPAIR, card_fields, card_path, read_card
from appliance.vision.emotion import face_pixels
from appliance.vision.preprocessing import to_input

Heat = npt.NDArray[np.float32]  # (side, side), 0…1

# Single pixels flicker; the corner of an eye is about this large, in sides of the face.
BLUR = 1 / 40
# The parts of a face that is cut as FER-2013's are: from and to, in heights of the face.
REGIONS = {
    "brows and eyes": (0.0, 0.47),
    "nose and cheeks": (0.47, 0.66),
    "mouth and chin": (0.66, 1.0),
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What spoke for one emotion in one face.

    image: uint8 (height, width), the face as it was cut. heat: how much each pixel spoke for the
    emotion, float32 (side, side) as large as the network's input; the largest is 1, or all are 0
    if none did. took_ms: milliseconds from the cut face to the heat.
    """

    scores: EmotionScores
    emotion: Emotion
    image: GrayImage
    heat: Heat
    took_ms: float

    @property
    def regions(self) -> dict[str, float]:
        """Part of the face → its share in what spoke; they sum to 1, or all are 0."""
        rows = self.heat.sum(axis=1)
        size, whole = len(rows), float(rows.sum()) or 1.0
        return {
            name: float(rows[round(top * size) : round(bottom * size)].sum()) / whole
            for name, (top, bottom) in REGIONS.items()
        }


class Explainer:
    """Says why the network in the file `model` reads a face as it does.

    Raises ModelError if the explaining network is missing, damaged, or belongs to another model.
    """

    def __init__(self, model: Path) -> None:
        path = why_file(model)
        if not os.path.exists(path):
            raise ModelError(
                f"{path}: does not exist, so nothing can explain {model.name}; it is made together "
                "with the model, by python -m convert or convert.import_keras"
            )
        card = read_card(path, "why", EMOTIONS)
        if not card.explains:
            raise ModelError(f"{card_path(path)}: lacks what a card must say: explains; {REPAIR}")
        if card_fields(model).get("sha256") not in card.explains:
            raise ModelError(f"{path}: explains another network than {model}; {REPAIR}")
        self._network, self._card = card.network(), card
        face, logits = (1, card.size_px, card.size_px, 1), (1, len(EMOTIONS))
        card.check_shapes(self._network, (face, logits), {0: logits, 1: face})

    def explain(
        self, luma: GrayImage, scores: EmotionScores, emotion: Emotion | None = None
    ) -> Explanation:
        """Why a face of this frame is read as it is.

        luma: uint8 (height, width), the whole frame. emotion: by default the likeliest one.
        """
        index = EMOTIONS.index(emotion) if emotion else int(np.argmax(scores.probabilities))
        image = face_pixels(luma, scores.face)
        began_s = time.perf_counter()
        chosen = np.eye(len(EMOTIONS), dtype=np.float32)[[index]]
        _, gradient = self._network.run(
            to_input(image, self._card.size_px, self._card.light), chosen
        )
        heat = heat_of(gradient[0, :, :, 0])
        took_ms = 1000 * (time.perf_counter() - began_s)
        return Explanation(scores, EMOTIONS[index], image, heat, took_ms)


def why_file(model: Path) -> Path:
    """The file that explains a model: NAME_why.tflite beside NAME_int8.tflite or NAME.tflite."""
    name = re.sub(r"_(int8|float32|dynamic)(_single)?$", "", model.stem)
    return model.with_name(f"{name}_why.tflite")


def heat_of(gradient: npt.NDArray[np.float32]) -> Heat:
    """The strength of a gradient, smoothed; the largest is 1, or all are 0.

    gradient: float32 (side, side). Its sign does not matter: it only says whether a brighter or a
    darker pixel would speak still more for the emotion.
    """
    strength = cv2.GaussianBlur(np.abs(gradient), (0, 0), BLUR * len(gradient))
    return np.asarray(strength / (strength.max() or 1.0), np.float32)
