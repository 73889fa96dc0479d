"""Model cards: what models/NAME.json says of models/NAME.tflite, and the file that it describes.

A card holds all that is needed to run its network. A file that its card does not describe is
refused. convert/README.md tells what each field means.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as shortened
from typing import Any

from appliance.errors import ModelError, why_failed
from appliance.records import Priors, Unclear
from appliance.vision.card_fields import CardError, field
from appliance.vision.correction import Correction
from appliance.vision.interpreter import Interpreter
from appliance.vision.preprocessing import INPUT, Light

MODELS = Path(__file__).resolve().parents[2] / "models"
REPAIR = (
    "put back both files (those of the project: git checkout models; imported ones: "
    "python -m convert.import_keras)"
)

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """One output of a network: its place among the outputs, and the divisor of its logits."""

    name: str
    index: int
    temperature: float = 1.0


@dataclass(frozen=True, slots=True)
class Quality:
    """An output that tells why a face cannot be read well.

    index: its place among the outputs. least: for each of its numbers the cause, and the number
    from which on it is believed.
    """

    index: int
    least: dict[Unclear, float]


@dataclass(frozen=True, slots=True)
class Inside:
    """An output with the last maps of a network, before its answer.

    index: its place among the outputs. space: the name of the space that these numbers span: the
    files of one network have the same (vision/people.py).
    """

    index: int
    space: str


@dataclass(frozen=True, slots=True)
class Card:
    """What the jukebox relies on.

    model: the .tflite file. size_px: side of the input. heads: the outputs by name. head: the name
    of the one to use, "" where the outputs are parts of one answer. light: the level to which faces
    are brought first, None where the card has none. room: side of a tracker's window in sides of a
    face, 0 for other networks. quality, inside: None where the network has no such output. priors,
    correction: None where the card has none. explains: SHA-256 of the files whose answers this
    network explains.
    """

    model: Path
    sha256: str
    size_px: int
    heads: dict[str, Head]
    head: str
    light: Light | None
    room: float
    quality: Quality | None
    inside: Inside | None
    priors: Priors | None
    correction: Correction | None
    explains: tuple[str, ...]

    def network(self) -> Interpreter:
        """The network. Raises ModelError if the file is not the one that the card describes."""
        return Interpreter(checked_bytes(self.model, self.sha256), str(self.model))

    def check_shapes(
        self, network: Interpreter, inputs: tuple[Shape, ...], outputs: dict[int, Shape]
    ) -> None:
        """Raises ModelError unless the network has these inputs, and these outputs by index."""
        shapes = dict(enumerate(network.output_shapes))
        found = {index: shapes.get(index) for index in outputs}
        if (network.input_shapes, found) != (inputs, outputs):
            raise ModelError(
                f"{self.model}: has shapes {network.input_shapes} to {network.output_shapes}, its "
                f"card says {inputs} to {tuple(outputs.values())}; {REPAIR}"
            )


def read_card(model: Path, task: str, labels: Sequence[str] | None = None) -> Card:
    """The card of a model.

    labels: those that it must name, in this order; None if the network has none. Raises ModelError
    if the card is missing, belongs to a model for another task or with other labels, or lacks a
    field or says something in it that cannot be right.
    """
    path, fields = card_path(model), card_fields(model)
    if fields.get("task") != task:
        raise ModelError(f"{path}: is not the card of a model for {task}; {REPAIR}")
    if labels is not None and fields.get("labels") != [str(label) for label in labels]:
        raise ModelError(f"{path}: names other labels than {', '.join(labels)}; {REPAIR}")
    try:
        return _card(model, fields)
    except CardError as error:
        raise ModelError(f"{path}: {error}; {REPAIR}") from error


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
        raise ModelError(f"{path}: cannot be read: {why_failed(error)}; {REPAIR}") from error
    if not isinstance(fields, dict):
        raise ModelError(f"{path}: is not a card; {REPAIR}")
    return fields


def checked_bytes(model: Path, sha256: str) -> bytes:
    """The content of a file. Raises ModelError if it cannot be read or has another SHA-256."""
    try:
        content = model.read_bytes()
    except OSError as error:
        raise ModelError(f"{model}: cannot be read: {error}; {REPAIR}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{model}: is damaged or not the model its card describes; {REPAIR}")
    return content


def _card(model: Path, fields: dict[str, Any]) -> Card:
    stated = field(fields, "input", "an object")
    for name, wanted in INPUT.items():
        if (found := field(stated, name, "anything", within="input")) != wanted:
            raise CardError(f"input.{name} is {shortened(found)}, not {wanted!r}")
    return Card(
        model=model,
        sha256=field(fields, "sha256", "a text"),
        size_px=field(stated, "size_px", "a whole number above 0", within="input"),
        heads=_heads(field(fields, "outputs", "a list")),
        head=field(fields, "head", "a text", default=""),
        light=_light(stated) if stated.get("light") is not None else None,
        room=field(stated, "room", "a number above 0", within="input", default=0.0),
        quality=_quality(fields) if fields.get("quality") is not None else None,
        inside=_inside(fields) if fields.get("inside") is not None else None,
        priors=_priors(fields) if fields.get("priors") is not None else None,
        correction=_correction(fields) if fields.get("correction") is not None else None,
        explains=tuple(field(fields, "explains", "an object", default={}).values()),
    )


def _heads(outputs: list[Any]) -> dict[str, Head]:
    """By name. The outputs of a network that explains are told in words, which name no heads."""
    heads: dict[str, Head] = {}
    for place, output in enumerate(outputs):
        if isinstance(output, str):
            continue
        within = f"outputs[{place}]"
        if not isinstance(output, dict):
            raise CardError(f"{within} is {shortened(output)}; it must be an object or a text")
        head = Head(
            field(output, "head", "a text", within=within),
            field(output, "index", "a whole number, 0 or more", within=within),
            field(output, "temperature", "a number above 0", within=within, default=1.0),
        )
        if head.name in heads:
            raise CardError(f"two heads have the name {head.name!r}")
        if head.index in {other.index for other in heads.values()}:
            raise CardError("two heads have the same index")
        heads[head.name] = head
    return heads


def _light(stated: dict[str, Any]) -> Light:
    numbers = field(stated, "light", "an object", within="input")
    mean, spread, least = (
        float(field(numbers, name, "a number above 0", within="input.light"))
        for name in ("mean", "spread", "least")
    )
    usual_mean, usual_spread = (
        field(numbers, name, "two ascending numbers above 0", within="input.light")
        for name in ("usual_mean", "usual_spread")
    )
    return Light(mean, spread, least, tuple(usual_mean), tuple(usual_spread))


def _quality(fields: dict[str, Any]) -> Quality:
    stated = field(fields, "quality", "an object")
    least = field(stated, "least", "numbers by cause", within="quality")
    index = field(stated, "index", "a whole number, 0 or more", within="quality")
    return Quality(index, {cause: float(number) for cause, number in least.items()})


def _priors(fields: dict[str, Any]) -> Priors:
    stated = field(fields, "priors", "an object")
    kind = "seven shares above 0 that sum to 1"
    everybody, neutral = (field(stated, faces, kind, "priors") for faces in ("all", "neutral"))
    return Priors(tuple(everybody), tuple(neutral))


def _inside(fields: dict[str, Any]) -> Inside:
    stated = field(fields, "inside", "an object")
    index = field(stated, "index", "a whole number, 0 or more", within="inside")
    return Inside(index, field(stated, "space", "a text", within="inside"))


def _correction(fields: dict[str, Any]) -> Correction:
    stated = field(fields, "correction", "an object")
    kind = "seven rows of numbers"
    evidence, numbers = (
        field(stated, name, kind, "correction") for name in ("evidence", "numbers")
    )
    return Correction.of(evidence, numbers, field(stated, "offset", "seven numbers", "correction"))
