"""Frame + faces → seven probabilities each; refuses a model that its card does not describe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from appliance import preprocessing
from appliance.errors import ModelError
from appliance.interpreter import Interpreter
from appliance.records import EMOTIONS, Box, EmotionScores, Face, Frame, GrayImage


class EmotionClassifier:
    """Reads faces with models/NAME.tflite as models/NAME.json describes it. Raises ModelError."""

    def __init__(self, model: Path) -> None:
        card = read_card(model)
        self.name = model.stem
        self._temperature, self._output = _head(card, model)
        self._network = Interpreter(checked_bytes(model, card["sha256"]), str(model))
        self._size_px = int(card["input"]["size_px"])
        _check_shapes(self._network, model, self._size_px, self._output)

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """How each face looks; nothing for a frame without a picture."""
        if frame.luma is None:
            return ()
        return tuple(
            EmotionScores(
                face,
                self.probabilities(preprocessing.crop(frame.luma, face.box)),
                weight(face, frame.luma.shape[1], frame.luma.shape[0]),
            )
            for face in faces
        )

    def probabilities(self, image: GrayImage) -> tuple[float, ...]:
        """Of the seven emotions. image: uint8 (height, width), one face cut as FER-2013 cuts it."""
        logits = self._network.run(preprocessing.to_input(image, self._size_px))[self._output][0]
        return tuple(float(p) for p in softmax(logits / self._temperature))


def softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Probabilities from logits along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def weight(face: Face, width_px: int, height_px: int) -> float:
    """How much a face counts among several, 0…1: by size, certainty and nearness to the centre."""
    size = min(1.0, face.box.height / height_px)
    return face.score * size * _centrality(face.box, width_px, height_px)


def _centrality(box: Box, width_px: int, height_px: int) -> float:
    """1 in the middle of the frame, 1/2 in its corners."""
    right = (box.x + box.width / 2) / width_px - 0.5
    down = (box.y + box.height / 2) / height_px - 0.5
    return 1.0 - 0.5 * min(1.0, float(np.hypot(right, down)) / float(np.hypot(0.5, 0.5)))


def read_card(model: Path) -> dict[str, Any]:
    """The model's card, models/NAME.json. Raises ModelError if it is missing or no JSON."""
    path = model.with_suffix(".json")
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path}: not there; every model needs its card; {REPAIR}") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read: {error}; {REPAIR}") from error
    if not isinstance(card, dict):
        raise ModelError(f"{path}: is not a card; {REPAIR}")
    return card


def checked_bytes(model: Path, sha256: str) -> bytes:
    """The file's content if its SHA-256 is the one given. Raises ModelError."""
    try:
        content = model.read_bytes()
    except OSError as error:
        raise ModelError(f"{model}: cannot be read: {error}; {REPAIR}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{model}: is damaged or not the model its card describes; {REPAIR}")
    return content


REPAIR = "put back both files from the project (git checkout models)"


def _head(card: dict[str, Any], model: Path) -> tuple[np.float32, int]:
    """Temperature and output number of the head that the card tells the box to use."""
    path = model.with_suffix(".json")
    try:
        labels, name, heads = card["labels"], card["head"], card["outputs"]
        chosen = next(head for head in heads if head["head"] == name)
        temperature, output = np.float32(chosen["temperature"]), int(chosen["index"])
        int(card["input"]["size_px"]), str(card["sha256"])
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise ModelError(
            f"{path}: is not the card of an emotion model: {error!r}; {REPAIR}"
        ) from error
    if card.get("task") != "emotion" or labels != [str(emotion) for emotion in EMOTIONS]:
        raise ModelError(f"{path}: names other labels than {', '.join(EMOTIONS)}; {REPAIR}")
    if not temperature > 0.0:
        raise ModelError(f"{path}: temperature is {temperature}; it must be above 0; {REPAIR}")
    return temperature, output


def _check_shapes(network: Interpreter, model: Path, size_px: int, output: int) -> None:
    wanted = (1, size_px, size_px, 1), (1, len(EMOTIONS))
    outputs = network.output_shapes
    found = network.input_shape, outputs[output] if output < len(outputs) else None
    if found != wanted:
        raise ModelError(f"{model}: has shapes {found}, its card says {wanted}; {REPAIR}")
