"""A model's card as a page to read: models/NAME.md from models/NAME.json.

The page is written with the card; `python -m convert.card_text` writes the pages of all cards anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convert.markdown import Row, bullet, bullets, filled, percent, plain, table, words, wrapped

MODELS = Path(__file__).parent.parent / "models"
# What a network of a task does, followed by its labels.
WHAT = {
    "emotion": "Reads how a face looks: a probability for each of",
    "gender": "Reads whether a face looks male or female: a probability for each of",
    "why": "Shows which pixels of a face speak for each of",
}
WHAT_ELSE = {
    "track": "Tells whether a face is still in the window around its last place, and where it is",
    "face detection": "Finds faces in a gray picture",
}
FACTS = ("file", "bytes", "sha256", "network", "parameters", "multiply_adds", "views")
GAPS = ("race_gap", "race_gap_without_0_5")
WITHOUT = ("count_without_0_5", "accuracy_without_0_5", "interval95_without_0_5")


def main() -> None:
    """Writes the page of every card in models/."""
    for path in sorted(MODELS.glob("*.json")):
        page = as_markdown(json.loads(path.read_text(encoding="utf-8")))
        path.with_suffix(".md").write_text(page, encoding="utf-8")


def write_card(model: Path, card: dict[str, Any]) -> None:
    """Writes the card of a model beside it, as JSON and as a page. model: the .tflite file.

    The JSON has each list of numbers on one line.
    """
    text = json.dumps(card, indent=1, ensure_ascii=False)
    text = re.sub(r"\[[^][{}]*\]", lambda numbers: " ".join(numbers[0].split()), text)
    model.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    model.with_suffix(".md").write_text(as_markdown(json.loads(text)), encoding="utf-8")


def as_markdown(card: dict[str, Any]) -> str:
    """The page of a card of any task; fields that no section tells stand at its end."""
    told = {"name", "task", "labels", "head"}
    parts = [f"# {card['name']}", wrapped(_what(card))]
    for heading, fields, write in SECTIONS:
        if text := write(card):
            told.update(fields)
            parts.append(f"## {heading}\n\n{text}")
    if rest := filled({key: value for key, value in card.items() if key not in told}):
        parts.append(f"## Further\n\n{bullets(rest)}")
    return "\n\n".join(parts) + "\n"


def _what(card: dict[str, Any]) -> str:
    task = card["task"]
    known = task in WHAT and "labels" in card
    what = f"{WHAT[task]} {', '.join(card['labels'])}" if known else f"For {task}"
    what = WHAT_ELSE.get(task, what)
    return f"{what}. This page is made from the card beside it and is not edited by hand."


def _facts(card: dict[str, Any]) -> str:
    return bullets({key: card[key] for key in FACTS if key in card})


def _inputs_and_outputs(card: dict[str, Any]) -> str:
    """Nothing if the card describes them in words."""
    image, outputs = card.get("input"), card.get("outputs", [])
    if not (isinstance(image, dict) and "size_px" in image):
        return ""
    if not all("temperature" in output for output in outputs):
        return ""
    side = image["size_px"]
    lines = [
        f"- input: {image['dtype']} (1, {side}, {side}, {image['channels']}), gray 0…255 as "
        f"{image['scaling']}{_light(image)}"
    ]
    for output in outputs:
        used = ", which the jukebox uses" if output["head"] == card["head"] else ""
        lines.append(
            f"- output {output['index']}, head `{output['head']}`{used}: float32 "
            f"(1, {len(card['labels'])}), logits; the probabilities are "
            f"softmax(logits / {output['temperature']})"
        )
    return "\n".join(map(bullet, lines))


def _light(image: dict[str, Any]) -> str:
    """To what the faces are brought first, if to anything."""
    if not (light := image.get("light")):
        return ""
    mean, spread = ("{:g} to {:g}".format(*light[f"usual_{name}"]) for name in ("mean", "spread"))
    return (
        f"; a face with a mean outside {mean} or a spread outside {spread} is first brought to "
        f"{light['mean']:g} and {light['spread']:g} (the divisor at least {light['least']:g})"
    )


def _paragraph(field: str) -> Callable[[dict[str, Any]], str]:
    return lambda card: wrapped(str(card.get(field, "")))


def _accuracy(card: dict[str, Any]) -> str:
    """Every head on every split; nothing if the card tells its accuracy otherwise."""
    splits = card.get("accuracy", {})
    rows: list[Row] = [
        (split, head, *_figures(result), f"{result['ece']:.3f}")
        for split, heads in splits.items()
        for head, result in heads.items()
    ]
    top = ("split", "head", "faces", "accuracy", "95 % interval", "calibration error")
    parts = [table(top, rows) if rows else "", _agreement(card)]
    parts += [_classes(split, heads, card["labels"]) for split, heads in splits.items()]
    return "\n\n".join(part for part in parts if part)


def _agreement(card: dict[str, Any]) -> str:
    shares = [
        f"{split}, {head} {percent(share)}"
        for split, heads in card.get("int8_float_agreement", {}).items()
        for head, share in heads.items()
    ]
    what = "The int8 and the float32 file have the same first choice for this share of the faces"
    return wrapped(f"{what}: {'; '.join(shares)}.") if shares else ""


def _classes(split: str, heads: dict[str, Any], labels: list[str]) -> str:
    """Precision, recall and F1 of each label, the heads side by side."""
    top = [
        f"{head}: {word}" if word == "precision" else word
        for head in heads
        for word in ("precision", "recall", "F1", "faces")
    ]
    rows: list[Row] = [
        (
            label,
            *(cell for result in heads.values() for cell in _class(result["per_class"][label])),
        )
        for label in labels
    ]
    return table((split, *top), rows)


def _class(result: dict[str, Any]) -> Row:
    return *(percent(result[key]) for key in ("precision", "recall", "f1")), plain(result["count"])


def _groups(card: dict[str, Any]) -> str:
    """A table for each way to group the faces, such as age, and what groups.py says besides."""
    top = ("faces", "accuracy", "95 % interval")
    tables = [
        table((words(kind), *top), [(name, *_figures(result)) for name, result in groups.items()])
        for kind, groups in card.get("groups", {}).items()
    ]
    without = {key: card.get(f"{key}_without_0_5") for key in ("count", "accuracy", "interval95")}
    if without["count"]:
        tables.append(table(("", *top), [("all without ages 0-5", *_figures(without))]))
    gaps = {key: card[key] for key in GAPS if card.get(key) is not None}
    lines = [f"- {words(gap)}, best to worst: {100 * v:.1f} points" for gap, v in gaps.items()]
    return "\n\n".join([*tables, "\n".join(lines)]).rstrip()


def _figures(result: dict[str, Any]) -> Row:
    low, high = (100 * end for end in result["interval95"])
    return plain(result["count"]), percent(result["accuracy"]), f"{low:.1f}–{high:.1f}"


def _priors(card: dict[str, Any]) -> str:
    if "priors" not in card:
        return ""
    given = card["priors"]
    what = (
        "What the network answers on average: its mean probabilities over all faces, and over the "
        "neutral ones. The mood filter and `jukebox calibrate` compare what the network says of a "
        f"face with these. Measured on {plain(given['count'])} {given['from']}."
    )
    rows: list[Row] = [
        (label, f"{every:.4f}", f"{neutral:.4f}")
        for label, every, neutral in zip(
            card["labels"], given["all"], given["neutral"], strict=True
        )
    ]
    return f"{wrapped(what)}\n\n{table(('emotion', 'all faces', 'neutral faces'), rows)}"


def _correction(card: dict[str, Any]) -> str:
    """Without its 560 weights, which say nothing to people."""
    if "correction" not in card:
        return ""
    learned_from = card["correction"]["from"]
    return wrapped(
        f"Output {card['inside']['index']} gives the last maps before the answer. From the answer "
        "and the roots of the maps' means a linear map tells what is likelier shown, also by "
        f"people unlike those whom the network learned from. It was learned from {learned_from}. "
        "The mood uses it; the heads above are as the network gives them."
    )


def _training(card: dict[str, Any]) -> str:
    """Without the history, which convert.figures draws."""
    training = card.get("training", {})
    return bullets({key: value for key, value in training.items() if key != "history"})


def _following(card: dict[str, Any]) -> str:
    """How well a tracker keeps faces, on windows that it was not trained on."""
    found = card.get("held_out")
    if not found:
        return ""
    return "\n".join(
        map(
            bullet,
            (
                f"- windows that were held out: {found['windows']:,}",
                f"- faces that it keeps: {percent(found['kept'])}",
                f"- windows without a face in which it notices that: {percent(found['noticed'])}",
                f"- overlap of its square with the true one: median {percent(found['overlap'])}; "
                f"60 % and more for {percent(found['overlap_0_6'])} of the faces",
            ),
        )
    )


def _detection(card: dict[str, Any]) -> str:
    """Which faces a detector finds; nothing if the card tells it in words."""
    found = card.get("measured", {})
    if "recall" not in found:
        return ""
    rows: list[Row] = [
        (f"from {height} px", count, percent(found["recall"][height]), _interval(found, height))
        for height, count in found["faces"].items()
    ]
    alarms = f"False alarms: {found['false_alarms']} in {found['negatives']} photos without people."
    top = (f"faces in {found['photos']} photos", "faces", "found", "95 % interval")
    return f"{table(top, rows)}\n\n{alarms}"


def _interval(found: dict[str, Any], height: str) -> str:
    low, high = (100 * end for end in found["recall_interval95"][height])
    return f"{low:.1f}–{high:.1f}"


# Heading, the fields of a card that it tells, and what writes it, "" if they are not there.
SECTIONS: tuple[tuple[str, tuple[str, ...], Callable[[dict[str, Any]], str]], ...] = (
    ("What it is", FACTS, _facts),
    ("Input and outputs", ("input", "outputs"), _inputs_and_outputs),
    ("Intended use", ("intended_use",), _paragraph("intended_use")),
    ("Misuse", ("misuse",), _paragraph("misuse")),
    ("Known weaknesses", ("weaknesses",), _paragraph("weaknesses")),
    ("Accuracy", ("accuracy", "int8_float_agreement"), _accuracy),
    ("Following", ("held_out",), _following),
    ("Detection", ("measured",), _detection),
    ("Groups", ("groups", *GAPS, *WITHOUT), _groups),
    ("Priors", ("priors",), _priors),
    ("Correction", ("inside", "correction"), _correction),
    ("Training", ("training",), _training),
    ("Terms of the data", ("terms",), _paragraph("terms")),
)


if __name__ == "__main__":
    main()
