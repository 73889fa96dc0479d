"""A model's card as a page to read: models/NAME.md from models/NAME.json."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import fill

WIDTH = 100
WHAT = {
    "emotion": "Reads how a face looks: a probability for each of",
    "gender": "Reads whether a face looks male or female: a probability for each of",
}
FACTS = ("file", "bytes", "sha256", "network", "parameters", "multiply_adds")
Row = tuple[object, ...]


def as_markdown(card: dict) -> str:
    """The page of a card of any task; fields that no section tells stand at its end."""
    told = {"name", "task", "labels", "head"}
    parts = [f"# {card['name']}", _wrapped(_what(card))]
    for heading, fields, write in SECTIONS:
        if text := write(card):
            told.update(fields)
            parts.append(f"## {heading}\n\n{text}")
    if rest := {key: value for key, value in card.items() if value and key not in told}:
        parts.append(f"## Further\n\n{_list(rest)}")
    return "\n\n".join(parts) + "\n"


def _what(card: dict) -> str:
    task = card["task"]
    what = f"{WHAT[task]} {', '.join(card['labels'])}" if task in WHAT else f"For {task}"
    return f"{what}. This page is made from the card beside it and is not edited by hand."


def _facts(card: dict) -> str:
    return _list({key: card[key] for key in FACTS if key in card})


def _ends(card: dict) -> str:
    """Input and outputs; nothing if the card describes them in words."""
    image, outputs = card.get("input"), card.get("outputs", [])
    described = isinstance(image, dict) and "size_px" in image
    if not described or not all("temperature" in one for one in outputs):
        return ""
    side = image["size_px"]
    lines = [
        f"- input: {image['dtype']} (1, {side}, {side}, {image['channels']}), gray 0…255 as "
        f"{image['scaling']}"
    ]
    for one in outputs:
        used = ", which the box uses" if one["head"] == card["head"] else ""
        lines.append(
            f"- output {one['index']}, head `{one['head']}`{used}: float32 "
            f"(1, {len(card['labels'])}), logits; the probabilities are "
            f"softmax(logits / {one['temperature']})"
        )
    return "\n".join(map(_item, lines))


def _paragraph(field: str) -> Callable[[dict], str]:
    return lambda card: _wrapped(str(card.get(field, "")))


def _accuracy(card: dict) -> str:
    """Every head on every split; nothing if the card tells its accuracy otherwise."""
    splits = card.get("accuracy", {})
    rows = [
        (split, head, *_figures(one), f"{one['ece']:.3f}")
        for split, heads in splits.items()
        for head, one in heads.items()
    ]
    top = ("split", "head", "faces", "accuracy", "95 % interval", "calibration error")
    parts = [_table(top, rows) if rows else "", _agreement(card)]
    parts += [_classes(split, heads, card["labels"]) for split, heads in splits.items()]
    return "\n\n".join(part for part in parts if part)


def _agreement(card: dict) -> str:
    shares = [
        f"{split}, {head} {_percent(share)}"
        for split, heads in card.get("int8_float_agreement", {}).items()
        for head, share in heads.items()
    ]
    words = "The int8 and the float32 file have the same first choice for this share of the faces"
    return _wrapped(f"{words}: {'; '.join(shares)}.") if shares else ""


def _classes(split: str, heads: dict, labels: list[str]) -> str:
    """Precision, recall and F1 of each label, the heads side by side."""
    top = [
        f"{head}: {word}" if word == "precision" else word
        for head in heads
        for word in ("precision", "recall", "F1", "faces")
    ]
    rows = [
        (label, *(cell for one in heads.values() for cell in _class(one["per_class"][label])))
        for label in labels
    ]
    return _table((split, *top), rows)


def _class(one: dict) -> Row:
    return *(_percent(one[key]) for key in ("precision", "recall", "f1")), _plain(one["count"])


def _groups(card: dict) -> str:
    """A table for each way to group the faces, such as age."""
    top = ("faces", "accuracy", "95 % interval")
    tables = [
        _table((kind, *top), [(name, *_figures(one)) for name, one in groups.items()])
        for kind, groups in card.get("groups", {}).items()
    ]
    return "\n\n".join(tables)


def _figures(result: dict) -> Row:
    low, high = (100 * end for end in result["interval95"])
    return _plain(result["count"]), _percent(result["accuracy"]), f"{low:.1f}–{high:.1f}"


def _training(card: dict) -> str:
    """Without the history, which convert.figures draws."""
    return _list({k: value for k, value in card.get("training", {}).items() if k != "history"})


def _list(values: dict, indent: str = "") -> str:
    """An item for each value; where parts of a value are long, an item below it for each part."""
    items = []
    for key, value in values.items():
        start = f"{indent}- {_words(key)}:"
        if isinstance(value, dict) and any(len(str(part)) > 40 for part in value.values()):
            items += [start, _list(value, indent + "  ")]
        else:
            items.append(_item(f"{start} {_plain(value)}"))
    return "\n".join(items)


def _plain(value: object) -> str:
    """A value as people write it: digits in groups, several parts one after the other."""
    if isinstance(value, dict):
        return ", ".join(f"{_words(key)} {_plain(part)}" for key, part in value.items())
    if isinstance(value, list):
        return "; ".join(map(_plain, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def _words(key: str) -> str:
    return key.replace("_", " ") if key.isidentifier() else key  # a file keeps its name


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _table(top: tuple[str, ...], rows: list[Row]) -> str:
    lines = [top, ("---",) * len(top), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _item(line: str) -> str:
    return _wrapped(line, " " * (line.index("-") + 2))


def _wrapped(text: str, deeper: str = "") -> str:
    return fill(
        text, WIDTH, subsequent_indent=deeper, break_long_words=False, break_on_hyphens=False
    )


# Heading, the fields of a card that it tells, and what writes it, "" if they are not there.
SECTIONS: tuple[tuple[str, tuple[str, ...], Callable[[dict], str]], ...] = (
    ("What it is", FACTS, _facts),
    ("Input and outputs", ("input", "outputs"), _ends),
    ("Intended use", ("intended_use",), _paragraph("intended_use")),
    ("Misuse", ("misuse",), _paragraph("misuse")),
    ("Known weaknesses", ("weaknesses",), _paragraph("weaknesses")),
    ("Accuracy", ("accuracy", "int8_float_agreement"), _accuracy),
    ("Groups", ("groups",), _groups),
    ("Training", ("training",), _training),
    ("Terms of the data", ("terms",), _paragraph("terms")),
)
