"""What the networks respond to: guided back-propagation on the composite faces, as in the paper.

    python -m convert.explain

makes models/figures/guided_backprop.png (Arriaga et al. 2017, figure 4) from the files *_why.tflite
in models/, which convert/why.py writes at the end of a training. So the picture shows what
`jukebox why` shows. sequential_cnn_why.tflite is too large to be kept in the repository.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from appliance.errors import ModelError
from appliance.records import EMOTIONS, GrayImage
from appliance.vision.cards import card_fields, checked_bytes, read_card
from appliance.vision.interpreter import Interpreter
from appliance.vision.preprocessing import to_input
from convert.drawing import new_figure, save

PROJECT = Path(__file__).parent.parent
MODELS = PROJECT / "models"
REEL_FACES = PROJECT / "appliance" / "camera" / "reel_faces"

Gradients = npt.NDArray[np.float32]  # (faces, side, side)


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 drawn, 1 nothing to draw from."""
    parser = argparse.ArgumentParser("convert.explain", description=__doc__)
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the files")
    parser.add_argument("--out", type=Path, help="default: figures/guided_backprop.png in there")
    options = parser.parse_args(arguments)
    path = options.out or options.models / "figures" / "guided_backprop.png"
    try:
        save(draw(options.models), path)
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    print(path)
    return 0


def draw(folder: Path) -> Figure:
    """A row of faces, then a row for each network, the largest first.

    Raises ModelError if the folder lacks an explanation.
    """
    faces = [composite(name) for name in EMOTIONS]
    rows = [("the faces", [np.asarray(face / 255, np.float32) for face in faces])]
    for model, card in explaining(folder):
        gradients = guided_gradients(model, card, faces)
        name = f"{card['network']}\n{card['parameters']:,} parameters"
        rows.append((name, [as_gray(gradient) for gradient in gradients]))
    return _figure(rows)


def explaining(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The files that explain a network, and their cards, the largest network first.

    Raises ModelError if there is none, or if an emotion network has none, because a picture of some
    networks must not replace one of all.
    """
    known = [
        path for path in folder.glob("*_float32.json") if card_fields(path).get("task") == "emotion"
    ]
    wanted = {path.with_name(path.name.replace("_float32.", "_why.")) for path in known}
    there = set(folder.glob("*_why.json"))
    if missing := sorted(path.stem for path in wanted - there):
        raise ModelError(
            f"{folder}: lacks {' and '.join(missing)}, so guided_backprop.png is not drawn; "
            "python -m convert makes them with their networks"
        )
    if not there:
        raise ModelError(f"{folder}: holds no card *_why.json; python -m convert makes them")
    cards = [(path.with_suffix(".tflite"), card_fields(path)) for path in there]
    yield from sorted(cards, key=lambda found: (-found[1]["parameters"], found[0]))


def composite(name: str) -> GrayImage:
    """One of the demo reel's faces, uint8 (160, 160)."""
    return np.asarray(cv2.imread(str(REEL_FACES / f"{name}.png"), cv2.IMREAD_GRAYSCALE), np.uint8)


def guided_gradients(model: Path, card: dict[str, Any], faces: list[GrayImage]) -> Gradients:
    """For each face the guided gradient of the emotion that it shows: float32 (7, side, side).

    faces: seven, in the order of EMOTIONS, uint8 (height, width). Raises ModelError if the file is
    not the one of the card.
    """
    network = Interpreter(checked_bytes(model, card["sha256"]), str(model))
    chosen = np.eye(len(EMOTIONS), dtype=np.float32)[:, np.newaxis]
    described = read_card(model, "why", EMOTIONS)
    inputs = [to_input(face, described.size_px, described.light) for face in faces]
    outputs = [network.run(face, weights) for face, weights in zip(inputs, chosen, strict=True)]
    gradients = np.concatenate([gradient for _, gradient in outputs])
    return np.asarray(gradients[..., 0], np.float32)


def as_gray(gradient: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A gradient as the authors' code shows it, 0…1: its mean is gray, 0.5. Same shape, float32."""
    spread = 0.1 * (gradient - gradient.mean()) / (gradient.std() + 1e-5)
    return np.asarray(np.clip(spread + 0.5, 0, 1), np.float32)


def _figure(rows: list[tuple[str, list[npt.NDArray[np.float32]]]]) -> Figure:
    figure = new_figure(11.5, 1.6 * len(rows))
    panels = figure.subplots(len(rows), len(EMOTIONS), squeeze=False)
    for number, (row, (name, pictures)) in enumerate(zip(panels, rows, strict=True)):
        for axes, picture, emotion in zip(row, pictures, EMOTIONS, strict=True):
            axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            if number == 0:
                axes.set_title(emotion, fontsize=10)
        row[0].set_ylabel(f"({'abcdefgh'[number]}) {name}", fontsize=9)
    return figure


if __name__ == "__main__":
    sys.exit(main())
