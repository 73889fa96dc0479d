"""A network that sorts faces into classes; refused unless it is what its card describes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from appliance.errors import ModelError
from appliance.records import GrayImage
from appliance.vision.interpreter import Interpreter
from appliance.vision.preprocessing import INPUT, to_input

REPAIR = "put back both files (those of the project: git checkout models)"


class Classifier:
    """Runs models/NAME.tflite as models/NAME.json describes it.

    task, classes: what the card must name. head: by default the one that the card tells the box to
    use. Raises ModelError.
    """

    def __init__(
        self, model: Path, task: str, classes: Sequence[str], head: str | None = None
    ) -> None:
        self.name = model.stem
        self._card = _card_of(model, task, classes)
        self.head = _chosen(self._card, model, head)
        self._heads = sorted(self._card.heads.values(), key=lambda head: head is not self.head)
        self._network = Interpreter(checked_bytes(model, self._card.sha256), str(model))
        _check_shapes(self._network, model, self._card, len(classes))

    def probabilities(self, image: GrayImage) -> tuple[float, ...]:
        """Of the classes. image: uint8 (height, width), one face cut as in the training data."""
        return _shares(self.logits(image).tolist(), self.head.temperature)

    def by_head(self, image: GrayImage) -> list[tuple[float, ...]]:
        """Probabilities of the classes by each head, the own one first."""
        answers = self._network.run(to_input(image, self._card.size_px))
        return [_shares(answers[each.index][0].tolist(), each.temperature) for each in self._heads]

    def logits(self, image: GrayImage) -> npt.NDArray[np.float32]:
        """What the network says, before temperature and softmax: float32 (classes)."""
        answer = self._network.run_for(self.head.index, to_input(image, self._card.size_px))
        return np.asarray(answer[0], np.float32)


@dataclass(frozen=True, slots=True)
class Head:
    """One output of a network: its number, and the divisor of its logits (above 0)."""

    name: str
    index: int
    temperature: float


@dataclass(frozen=True, slots=True)
class Card:
    """What a card promises, as far as the box relies on it. head: the box's, by name."""

    sha256: str
    size_px: int
    heads: dict[str, Head]
    head: str


def _shares(logits: Sequence[float], temperature: float) -> tuple[float, ...]:
    """The softmax of a few numbers: 2 µs of seven, for which NumPy takes 10."""
    most = max(logits)
    powers = [exp((logit - most) / temperature) for logit in logits]
    total = sum(powers)
    return tuple([power / total for power in powers])


def read_card(model: Path) -> dict[str, Any]:
    """The model's card, models/NAME.json. Raises ModelError if it is missing or no JSON."""
    path = model.with_suffix(".json")
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path}: not there; every model needs its card; {REPAIR}") from error
    except (OSError, RecursionError, ValueError) as error:
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


def heads_of(model: Path, task: str, classes: Sequence[str]) -> tuple[str, ...]:
    """The names of the heads on a model's card. Raises ModelError."""
    return tuple(_card_of(model, task, classes).heads)


def _card_of(model: Path, task: str, classes: Sequence[str]) -> Card:
    path, card = model.with_suffix(".json"), read_card(model)
    if card.get("task") != task:
        raise ModelError(f"{path}: is not the card of a model for {task}; {REPAIR}")
    if card.get("labels") != [str(name) for name in classes]:
        raise ModelError(f"{path}: names other labels than {', '.join(classes)}; {REPAIR}")
    try:
        check_input(path, card)
        heads = [
            Head(str(one["head"]), int(one["index"]), float(one["temperature"]))
            for one in card["outputs"]
        ]
        return Card(
            str(card["sha256"]),
            int(card["input"]["size_px"]),
            {head.name: head for head in heads},
            str(card["head"]),
        )
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: lacks what a card must say: {error!r}; {REPAIR}") from error


def check_input(path: Path, card: dict[str, Any]) -> None:
    """Raises ModelError, KeyError, TypeError unless the card wants faces as to_input makes them."""
    for field, wanted in INPUT.items():
        if (found := card["input"][field]) != wanted:
            raise ModelError(f"{path}: input.{field} is {found!r}, not {wanted!r}; {REPAIR}")


def _chosen(card: Card, model: Path, name: str | None) -> Head:
    path, head = model.with_suffix(".json"), card.heads.get(name or card.head)
    if head is None:
        known = ", ".join(card.heads) or "none"
        raise ModelError(f"{path}: has no head {name or card.head!r}; its heads are {known}")
    for each in card.heads.values():
        if not 0.0 < each.temperature < inf:
            raise ModelError(
                f"{path}: temperature is {each.temperature}; it must be above 0; {REPAIR}"
            )
    if len({each.index for each in card.heads.values()}) < len(card.heads):
        raise ModelError(f"{path}: two heads have the same index; {REPAIR}")
    return head


def _check_shapes(network: Interpreter, model: Path, card: Card, classes: int) -> None:
    wanted = (1, card.size_px, card.size_px, 1), (1, classes)
    outputs = dict(enumerate(network.output_shapes))
    for head in card.heads.values():
        found = network.input_shape, outputs.get(head.index)
        if found != wanted:
            raise ModelError(f"{model}: has shapes {found}, its card says {wanted}; {REPAIR}")
