"""Model cards: what models/NAME.json says of models/NAME.tflite, and the file that it describes.

A card holds all that is needed to run its network. A file that its card does not describe is
refused. convert/README.md tells what each field means.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as shortened
from typing import Any, get_args

from appliance.errors import ModelError, why_failed
from appliance.records import EMOTIONS, Priors, Unclear
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
class Card:
    """What the jukebox relies on.

    model: the .tflite file. size_px: side of the input. heads: the outputs by name. head: the name
    of the one to use, "" where the outputs are parts of one answer. light: the level to which faces
    are brought first, None where the card has none. room: side of a tracker's window in sides of a
    face, 0 for other networks. quality: None where the network has no such output. priors: None
    where the card has none. explains: SHA-256 of the files whose answers this network explains.
    """

    model: Path
    sha256: str
    size_px: int
    heads: dict[str, Head]
    head: str
    light: Light | None
    room: float
    quality: Quality | None
    priors: Priors | None
    explains: tuple[str, ...]

    def network(self, inner: int | None = None) -> Interpreter:
        """The network. inner: see Interpreter.

        Raises ModelError if the file is not the one that the card describes.
        """
        return Interpreter(checked_bytes(self.model, self.sha256), str(self.model), inner)

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
    except _CardError as error:
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


class _CardError(Exception):
    """What is wrong with a card, in words that follow its name."""


def _card(model: Path, fields: dict[str, Any]) -> Card:
    stated = _field(fields, "input", "an object")
    for name, wanted in INPUT.items():
        if (found := _field(stated, name, "anything", within="input")) != wanted:
            raise _CardError(f"input.{name} is {shortened(found)}, not {wanted!r}")
    return Card(
        model=model,
        sha256=_field(fields, "sha256", "a text"),
        size_px=_field(stated, "size_px", "a whole number above 0", within="input"),
        heads=_heads(_field(fields, "outputs", "a list")),
        head=_field(fields, "head", "a text", default=""),
        light=_light(stated) if stated.get("light") is not None else None,
        room=_field(stated, "room", "a number above 0", within="input", default=0.0),
        quality=_quality(fields) if fields.get("quality") is not None else None,
        priors=_priors(fields) if fields.get("priors") is not None else None,
        explains=tuple(_field(fields, "explains", "an object", default={}).values()),
    )


def _heads(outputs: list[Any]) -> dict[str, Head]:
    """By name. The outputs of a network that explains are told in words, which name no heads."""
    heads: dict[str, Head] = {}
    for place, output in enumerate(outputs):
        if isinstance(output, str):
            continue
        within = f"outputs[{place}]"
        if not isinstance(output, dict):
            raise _CardError(f"{within} is {shortened(output)}; it must be an object or a text")
        head = Head(
            _field(output, "head", "a text", within=within),
            _field(output, "index", "a whole number, 0 or more", within=within),
            _field(output, "temperature", "a number above 0", within=within, default=1.0),
        )
        if head.name in heads:
            raise _CardError(f"two heads have the name {head.name!r}")
        if head.index in {other.index for other in heads.values()}:
            raise _CardError("two heads have the same index")
        heads[head.name] = head
    return heads


def _light(stated: dict[str, Any]) -> Light:
    numbers = _field(stated, "light", "an object", within="input")
    mean, spread, least = (
        float(_field(numbers, name, "a number above 0", within="input.light"))
        for name in ("mean", "spread", "least")
    )
    usual_mean, usual_spread = (
        _field(numbers, name, "two ascending numbers above 0", within="input.light")
        for name in ("usual_mean", "usual_spread")
    )
    return Light(mean, spread, least, tuple(usual_mean), tuple(usual_spread))


def _quality(fields: dict[str, Any]) -> Quality:
    stated = _field(fields, "quality", "an object")
    least = _field(stated, "least", "numbers by cause", within="quality")
    index = _field(stated, "index", "a whole number, 0 or more", within="quality")
    return Quality(index, {cause: float(number) for cause, number in least.items()})


def _priors(fields: dict[str, Any]) -> Priors:
    stated = _field(fields, "priors", "an object")
    kind = "seven shares above 0 that sum to 1"
    everybody, neutral = (_field(stated, faces, kind, "priors") for faces in ("all", "neutral"))
    return Priors(tuple(everybody), tuple(neutral))


def _field(
    table: dict[str, Any], name: str, kind: str, within: str = "", default: Any = ...
) -> Any:
    """A field of a card. Raises _CardError if it is of another kind, or missing without default."""
    full_name = f"{within}.{name}" if within else name
    if name not in table:
        if default is ...:
            raise _CardError(f"lacks what a card must say: {full_name}")
        return default
    if not _KINDS[kind](table[name]):
        found = shortened(table[name])
        raise _CardError(f"{full_name} is {found}; it must be {kind}")
    return table[name]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return (_is_whole(value) or isinstance(value, float)) and abs(value) <= sys.float_info.max


def _are_by_cause(values: Any) -> bool:
    return (
        isinstance(values, dict)
        and bool(values)
        and values.keys() <= set(get_args(Unclear))
        and all(map(_is_number, values.values()))
    )


def _is_positive(value: Any) -> bool:
    return (_is_whole(value) or isinstance(value, float)) and 0.0 < value <= sys.float_info.max


def _are_limits(values: Any) -> bool:
    return (
        isinstance(values, list)
        and len(values) == len(("least", "greatest"))
        and all(map(_is_positive, values))
        and values[0] <= values[1]
    )


def _are_shares(values: Any) -> bool:
    """One for each emotion. Cards round them, so that their sum may be off a little."""
    return (
        isinstance(values, list)
        and len(values) == len(EMOTIONS)
        and all(_is_positive(value) and value < 1.0 for value in values)
        and abs(sum(values) - 1.0) < 0.01
    )


_KINDS: dict[str, Callable[[Any], bool]] = {
    "anything": lambda _value: True,
    "a text": lambda value: isinstance(value, str),
    "a list": lambda value: isinstance(value, list),
    "an object": lambda value: isinstance(value, dict),
    "a whole number above 0": lambda value: _is_whole(value) and value > 0,
    "a whole number, 0 or more": lambda value: _is_whole(value) and value >= 0,
    "a number above 0": _is_positive,
    "numbers by cause": _are_by_cause,
    "two ascending numbers above 0": _are_limits,
    "seven shares above 0 that sum to 1": _are_shares,
}
