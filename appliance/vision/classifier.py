"""A network that sorts faces into classes; refused unless it is what its card describes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path

import numpy as np
import numpy.typing as npt

from appliance.errors import ModelError
from appliance.records import GrayImage, Unclear
from appliance.vision.cards import Card, Head, Shape, card_path, read_card
from appliance.vision.preprocessing import to_input


@dataclass(frozen=True, slots=True)
class Answer:
    """What a network says of one face.

    shares: the probabilities by each head, those of the chosen head first. unclear: what makes the
    face hard to read, if the network can tell. inside: its last maps, float32 (1, h, w, channels);
    None if the file does not give them.
    """

    shares: list[tuple[float, ...]]
    unclear: list[Unclear]
    inside: npt.NDArray[np.float32] | None


class ModelClassifier:
    """Runs models/NAME.tflite as models/NAME.json describes it.

    task, classes: what the card must name. head: the output to use, by default the one that the
    card names. Raises ModelError if the card cannot be used, has no such head, or does not
    describe the file.
    """

    def __init__(
        self, model: Path, task: str, classes: Sequence[str], head: str | None = None
    ) -> None:
        self.name = model.stem
        self.card = read_card(model, task, classes)
        self.head = _chosen(self.card, head)
        self._heads = sorted(self.card.heads.values(), key=lambda head: head is not self.head)
        self._network = self.card.network()
        size_px = self.card.size_px
        outputs: dict[int, Shape] = {head.index: (1, len(classes)) for head in self._heads}
        if quality := self.card.quality:
            outputs[quality.index] = 1, len(quality.least)
        self.card.check_shapes(
            self._network,
            ((1, size_px, size_px, 1),),
            outputs,
        )

    def probabilities(self, image: GrayImage) -> tuple[float, ...]:
        """Those of the classes, in their order, which sum to 1.

        image: uint8 (height, width) of any size, one face cut as in the training data.
        """
        return _softmax(self.logits(image).tolist(), self.head.temperature)

    def probabilities_by_head(self, image: GrayImage) -> list[tuple[float, ...]]:
        """The same by each head of the network, that of self.head first."""
        return self.read(image).shares

    def read(self, image: GrayImage) -> Answer:
        """All that the network says of a face. image: as above."""
        outputs = self._network.run(self._input(image))
        shares = [
            _softmax(outputs[head.index][0].tolist(), head.temperature) for head in self._heads
        ]
        inside = outputs[self.card.inside.index] if self.card.inside else None
        if not (quality := self.card.quality):
            return Answer(shares, [], inside)
        told = zip(quality.least.items(), outputs[quality.index][0].tolist(), strict=True)
        unclear = [cause for (cause, least), number in told if number >= least]
        return Answer(shares, unclear, inside)

    def logits(self, image: GrayImage) -> npt.NDArray[np.float32]:
        """The network's answer before temperature and softmax: float32 (classes,), unbounded."""
        answer = self._network.run_for(self.head.index, self._input(image))
        return np.asarray(answer[0], np.float32)

    def _input(self, image: GrayImage) -> npt.NDArray[np.float32]:
        return to_input(image, self.card.size_px, self.card.light)


def _chosen(card: Card, name: str | None) -> Head:
    head = card.heads.get(name or card.head)
    if head is None:
        known = ", ".join(card.heads) or "none"
        raise ModelError(
            f"{card_path(card.model)}: has no head {name or card.head!r}; its heads are {known}"
        )
    return head


def _softmax(logits: Sequence[float], temperature: float) -> tuple[float, ...]:
    """The softmax of a few numbers: 2 µs of seven, for which NumPy takes 10."""
    most = max(logits)
    powers = [exp((logit - most) / temperature) for logit in logits]
    total = sum(powers)
    return tuple([power / total for power in powers])
