"""Pictures of how good the models are, from their cards alone; no data set is needed.

    python -m convert.figures

For each network it takes one card of models/, that of the int8 file if there is one, and draws into
models/figures/ the confusion matrices (Arriaga et al. 2017, figure 5) and reliability diagrams on
the test split, the course of the trainings, and the faces of the demo reel.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread

from appliance.errors import ModelError
from appliance.records import EMOTIONS
from appliance.vision.cards import card_fields
from convert.diagrams import Judged, draw_confusion, draw_reliability
from convert.drawing import LINES, PALE, new_figure, save
from convert.recipes import History

PROJECT = Path(__file__).parent.parent
MODELS = PROJECT / "models"
REEL_FACES = PROJECT / "appliance" / "camera" / "reel_faces"


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 drawn, 1 no cards to draw from."""
    parser = argparse.ArgumentParser("convert.figures", description=__doc__)
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the cards")
    parser.add_argument("--out", type=Path, help="default: figures/ in that folder")
    options = parser.parse_args(arguments)
    try:
        paths = draw(options.models, options.out or options.models / "figures")
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    print(*paths, sep="\n")
    return 0


def draw(models: Path, out: Path) -> list[Path]:
    """Draws all that the cards in models tell into the folder out, and returns the files.

    Raises ModelError if the folder models has no card that can be drawn.
    """
    pictures = {out / f"{name}.png": figure for name, figure in draw_all(read_cards(models))}
    for path, figure in pictures.items():
        save(figure, path)
    return list(pictures)


def read_cards(folder: Path) -> list[dict[str, Any]]:
    """One card of each network that was judged, that of its int8 file if there is one.

    Raises ModelError if a card cannot be read, or if there is no such card.
    """
    chosen: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        card = card_fields(path)
        if not {"labels", "accuracy", "network"} <= card.keys():
            continue  # of a model that this project did not judge
        network = card["task"], card["network"]
        if network not in chosen or card["name"].endswith("_int8"):
            chosen[network] = card
    if not chosen:
        raise ModelError(f"{folder}: holds no card of a model that was judged")
    return list(chosen.values())


def draw_all(cards: list[dict[str, Any]]) -> Iterator[tuple[str, Figure]]:
    """The name and the picture of each figure."""
    for card in cards:
        yield f"{card['name']}_confusion", confusion_matrices(card)
        yield f"{card['name']}_reliability", reliability_diagrams(card)
    for task in sorted({card["task"] for card in cards}):
        trained = [card for card in cards if card["task"] == task and _history(card)]
        if trained:
            yield f"{task}_training", training_curves(trained)
    yield "reel_faces", reel_faces()


def heads_of(card: dict[str, Any]) -> list[Judged]:
    """The heads of a model on PublicTest, or else on the last split of its card."""
    splits = card["accuracy"]
    split = "PublicTest" if "PublicTest" in splits else list(splits)[-1]
    return [Judged(head, split, card["labels"], result) for head, result in splits[split].items()]


def confusion_matrices(card: dict[str, Any]) -> Figure:
    """For each head the shares of the answers (columns) among the faces of each label (rows)."""
    judged = heads_of(card)
    figure = new_figure(5.2 * len(judged), 5.0)
    for axes, head in zip(figure.subplots(1, len(judged), squeeze=False)[0], judged, strict=True):
        draw_confusion(axes, head)
    figure.suptitle(_name(card), fontsize=12)
    return figure


def reliability_diagrams(card: dict[str, Any]) -> Figure:
    """For each head how often it was right, by its certainty.

    The short lines are the mean certainty of each bar; the bars of an honest model reach them.
    """
    judged = heads_of(card)
    figure = new_figure(5.2 * len(judged), 5.0)
    panels = figure.subplots(2, len(judged), squeeze=False, sharex=True, height_ratios=[4, 1])
    for (above, below), head in zip(panels.T, judged, strict=True):
        draw_reliability(above, below, head)
    figure.suptitle(_name(card), fontsize=12)
    return figure


def training_curves(cards: list[dict[str, Any]]) -> Figure:
    """Loss and held-out accuracy after each epoch, one line for each network."""
    kept = [key for card in cards for key in _history(card)[0] if key not in ("epoch", "seconds")]
    measures = list(dict.fromkeys(kept))
    figure = new_figure(4.2 * len(measures), 3.6)
    for axes, measure in zip(figure.subplots(1, len(measures)), measures, strict=True):
        for colour, card in zip(cycle(LINES), cards, strict=False):
            _draw_course(axes, card, measure, colour)
        axes.set_title("loss" if measure == "loss" else f"{measure}, held-out rows", fontsize=10)
        axes.set_xlabel("epoch")
        axes.grid(color=PALE)
        axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    return figure


def reel_faces() -> Figure:
    """The composite faces of the demo reel, side by side."""
    figure = new_figure(10.5, 1.75)
    for axes, emotion in zip(figure.subplots(1, len(EMOTIONS)), EMOTIONS, strict=True):
        face = imread(REEL_FACES / f"{emotion}.png")
        axes.imshow(face, cmap="gray", vmin=0, vmax=1)
        axes.set_title(emotion, fontsize=10)
        axes.set_axis_off()
    return figure


def _draw_course(axes: Axes, card: dict[str, Any], measure: str, colour: str) -> None:
    epochs = [epoch for epoch in _history(card) if measure in epoch]
    numbers, values = ([epoch[key] for epoch in epochs] for key in ("epoch", measure))
    axes.plot(numbers, values, color=colour, lw=1.2, label=card["network"])


def _history(card: dict[str, Any]) -> History:
    history: History = card.get("training", {}).get("history", [])
    return history


def _name(card: dict[str, Any]) -> str:
    return f"{card['name']} ({card['network']}, {card['parameters']:,} parameters)"


if __name__ == "__main__":
    sys.exit(main())
