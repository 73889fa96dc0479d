"""Model cards: what models/NAME.json says of models/NAME.tflite, and the file that it describes.

A card holds all that is needed to run its network. A file that its card does not describe is
refused. convert/README.md tells what each field means.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path
from typing import Any

from appliance.errors import ModelError
from appliance.records import Priors
from appliance.vision.interpreter import Interpreter
from appliance.vision.preprocessing import INPUT

MODELS = Path(__file__).resolve().parents[2] / "models"
REPAIR = "put back both files (those of the project: git checkout models)"

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """One output of a network: its place among the outputs, and the divisor of its logits."""

    name: str
    index: int
    temperature: float = 1.0


@dataclass(frozen=True, slots=True)
class Card:
    """What the jukebox relies on.

    model: the .tflite file. size_px: side of the input. heads: the outputs by name. head: the name
    of the one to use, "" where the outputs are parts of one answer. room: side of a tracker's
    window in sides of a face, 0 for other networks. priors: None where the card has none. explains:
    SHA-256 of the files whose answers this network explains.
    """

    model: Path
    sha256: str
    size_px: int
    heads: dict[str, Head]
    head: str
    room: float
    priors: Priors | None
    explains: tuple[str, ...]

    def network(self) -> Interpreter:
        """The network, if the file is the one described. Raises ModelError."""
        return Interpreter(checked_bytes(self.model, self.sha256), str(self.model))

    def check_shapes(
        self, network: Interpreter, inputs: tuple[Shape, ...], outputs: dict[int, Shape]
    ) -> None:
        """Raises ModelError unless the network has these inputs, and these outputs by place."""
        shapes = dict(enumerate(network.output_shapes))
        found = {index: shapes.get(index) for index in outputs}
        if (network.input_shapes, found) != (inputs, outputs):
            raise ModelError(
                f"{self.model}: has shapes {network.input_shapes} to {network.output_shapes}, its "
                f"card says {inputs} to {tuple(outputs.values())}; {REPAIR}"
            )


def read_card(model: Path, task: str, labels: Sequence[str] | None = None) -> Card:
    """The card of a model. Raises ModelError unless it is one for this task and these labels."""
    path, fields = card_path(model), card_fields(model)
    if fields.get("task") != task:
        raise ModelError(f"{path}: is not the card of a model for {task}; {REPAIR}")
    if labels is not None and fields.get("labels") != [str(label) for label in labels]:
        raise ModelError(f"{path}: names other labels than {', '.join(labels)}; {REPAIR}")
    try:
        card = _card(model, fields)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: lacks what a card must say: {error!r}; {REPAIR}") from error
    _check_heads(path, card)
    _check_priors(path, card)
    return card


def card_path(model: Path) -> Path:
    """Where the card of a model lies."""
    return model.with_suffix(".json")


def card_fields(model: Path) -> dict[str, Any]:
    """All that a model's card says. Raises ModelError if it is missing or not a JSON object."""
    path = card_path(model)
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path}: not there; every model needs its card; {REPAIR}") from error
    except (OSError, RecursionError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read: {error}; {REPAIR}") from error
    if not isinstance(fields, dict):
        raise ModelError(f"{path}: is not a card; {REPAIR}")
    return fields


def checked_bytes(model: Path, sha256: str) -> bytes:
    """The content of a file if its SHA-256 is the one given. Raises ModelError."""
    try:
        content = model.read_bytes()
    except OSError as error:
        raise ModelError(f"{model}: cannot be read: {error}; {REPAIR}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{model}: is damaged or not the model its card describes; {REPAIR}")
    return content


def _card(model: Path, fields: dict[str, Any]) -> Card:
    stated = fields["input"]
    for name, wanted in INPUT.items():
        if (found := stated[name]) != wanted:
            raise ModelError(
                f"{card_path(model)}: input.{name} is {found!r}, not {wanted!r}; {REPAIR}"
            )
    return Card(
        model=model,
        sha256=str(fields["sha256"]),
        size_px=int(stated["size_px"]),
        heads=_heads(fields["outputs"]),
        head=str(fields.get("head", "")),
        room=float(stated.get("room", 0.0)),
        priors=_priors(fields.get("priors")),
        explains=tuple(fields.get("explains", {}).values()),
    )


def _heads(outputs: Sequence[Any]) -> dict[str, Head]:
    """By name. The outputs of a network that explains are told in words, which name no heads."""
    return {
        str(output["head"]): Head(
            str(output["head"]), int(output["index"]), float(output.get("temperature", 1.0))
        )
        for output in outputs
        if not isinstance(output, str)
    }


def _priors(stated: dict[str, Any] | None) -> Priors | None:
    if stated is None:
        return None
    return Priors(*(tuple(map(float, stated[faces])) for faces in ("all", "neutral")))


def _check_heads(path: Path, card: Card) -> None:
    for head in card.heads.values():
        if not 0.0 < head.temperature < inf:
            raise ModelError(
                f"{path}: temperature is {head.temperature}; it must be above 0; {REPAIR}"
            )
    if len({head.index for head in card.heads.values()}) < len(card.heads):
        raise ModelError(f"{path}: two heads have the same index; {REPAIR}")


def _check_priors(path: Path, card: Card) -> None:
    if card.priors is None:
        return
    for shares in (card.priors.all, card.priors.neutral):
        positive = all(isfinite(share) and share > 0.0 for share in shares)
        if len(shares) != len(Priors.even().all) or not positive or abs(sum(shares) - 1.0) > 0.01:
            raise ModelError(
                f"{path}: priors must be seven shares above 0 that sum to 1, not {shares}; {REPAIR}"
            )
