"""BlazeFace short range for the jukebox: fine-tuned to search, and cheaper where faces were.

    python -m convert.finder …
    python -m convert.blazeface --photos ../shared/data/detect_faces.zip \
        --negatives ../shared/data/detect_negatives.zip

To search, the network takes colour, 128×128, as published, because it finds more faces so; a gray
picture has three equal colours. Its weights are those that `convert.finder` has left in --runs.
To search again where a face was, the published network in gray is enough, so the three colours of
its first convolution are added up. What is left gives the same scores, boxes and points of a face.
It consists of convolutions only, so it runs at any size, and there at 64×64. There a face fills
half of the side, and only the finer of the two maps finds it (in 704 squares around followed faces,
in the reel and the videos, the coarser map never found one alone). So the file for 64×64 has only
the finer map. It also exists in int8, which takes a quarter less time where the processor
multiplies bytes. All other weights stay in half precision, as published. (In int8 a search took
0.75 ms instead of 0.90, and the answers changed much.)
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from appliance.errors import ModelError
from appliance.records import Face, Frame, Picture
from appliance.vision.cards import card_fields
from appliance.vision.detectors import EVERYWHERE, BlazeFace
from appliance.vision.faces import FollowingFaceDetector
from appliance.vision.geometry import Detection, square_around
from appliance.vision.preprocessing import crop
from convert import card_words, detect
from convert.blazeface_network import blazeface as layers_of
from convert.cards import of_the_file, of_the_network, write_model
from convert.figures import MODELS
from convert.pictures import DataError
from convert.published_blazeface import BLAZEFACE_CARD, blazeface_model
from convert.quantize import output_positions, slim, to_float16, to_int8
from convert.train import default_runs

# What convert.finder leaves, in a folder of that name.
RUN, WEIGHTS, FACTS = "finder-seed7", "finder.weights.h5", "finder.json"
SIZES_PX = {"search": 128, "closer": 64}
MAPS = {"search": 2, "closer": 1}
MIN_SCORE = 0.6  # as the jukebox's settings have it
LEAST_PX = min(detect.HEIGHTS_PX)
# int8's ranges are measured on the faces of so many photos, moved and grown by up to so much of
# their side, in squares of so many sides, which vision/detectors.py cuts likewise.
CALIBRATION_PHOTOS, BESIDE, ROOM = 60, 0.2, 2.0

Weights = npt.NDArray[np.float32]


def blazeface(size_px: int, content: bytes, *, maps_kept: int = 2, colours: int = 1) -> keras.Model:
    """The network of a BlazeFace file, as blazeface_network.py describes it.

    content: the published .tflite file. For gray its kernels are summed over the colours.
    """
    network, convolutions = layers_of(size_px, maps_kept=maps_kept, colours=colours)
    for layer, weights in zip(convolutions, _weights(content), strict=True):
        layer.set_weights(weights if colours > 1 else [_gray(values) for values in weights])
    return network


def _weights(content: bytes) -> list[tuple[Weights, Weights]]:
    """(kernel, bias) of each convolution of a file, in its order."""
    file = Interpreter(model_content=content)
    file.allocate_tensors()
    operations = file._get_ops_details()  # noqa: SLF001 - there is no public list of them
    # They are in half precision, behind an operation that widens them.
    narrow = {
        operation["outputs"][0]: operation["inputs"][0]
        for operation in operations
        if operation["op_name"] == "DEQUANTIZE"
    }

    def constant(index: int) -> Weights:
        return np.asarray(file.get_tensor(narrow.get(index, index)), np.float32)

    return [
        (constant(operation["inputs"][1]).transpose(1, 2, 3, 0), constant(operation["inputs"][2]))
        for operation in operations
        if operation["op_name"] in {"CONV_2D", "DEPTHWISE_CONV_2D"}
    ]


def _gray(weights: Weights) -> Weights:
    """Weights of the file as they are in the gray network: those of three equal colours summed."""
    if weights.shape[:2] == (5, 5):
        return np.asarray(weights.sum(axis=2, keepdims=True), np.float32)
    return weights


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 made, 1 the package or the photos cannot be used, 2 usage."""
    parser = argparse.ArgumentParser("convert.blazeface", description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS, help="folder; default: models/")
    parser.add_argument("--photos", type=Path, required=True, help="with an annotations.json")
    parser.add_argument("--negatives", type=Path, required=True, help="photos without people")
    parser.add_argument(
        "--runs", type=Path, default=default_runs(), help="where convert.finder ran"
    )
    options = parser.parse_args(arguments)
    try:
        content, origin = blazeface_model(), card_fields(BLAZEFACE_CARD)
        photos = detect.load_photos(options.photos)
        search, tuning = _fine_tuned(options.runs / RUN)
        closer = blazeface(SIZES_PX["closer"], content, maps_kept=MAPS["closer"])
        made = {
            "search": (search, to_float16(search)),
            "closer_float32": (closer, to_float16(closer)),
            "closer_int8": (closer, to_int8(closer, windows(photos, content))),
        }
        for name, (network, named) in made.items():
            card = _card(name, named, network, origin)
            if name == "search":
                negatives = detect.load_negatives(options.negatives)
                card["training"] = tuning
                card["measured"] = _measured(
                    slim(named), detect.of_split(photos, "odd"), detect.of_split(negatives, "odd")
                )
            write_model(options.out, slim(named), card)
            print(card["name"], card["bytes"], card.get("measured", ""))
    except (ModelError, DataError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _fine_tuned(run: Path) -> tuple[keras.Model, dict[str, Any]]:
    """(the network that convert.finder has left in its folder, how it was trained).

    Raises DataError.
    """
    network, _ = layers_of(SIZES_PX["search"], maps_kept=MAPS["search"])
    try:
        network.load_weights(run / WEIGHTS)
        return network, json.loads((run / FACTS).read_text())
    except (OSError, ValueError) as error:
        raise DataError(f"{run}: {error}; run python -m convert.finder first") from error


def windows(photos: list[detect.Photo], content: bytes) -> npt.NDArray[np.uint8]:
    """The squares to measure int8's ranges by, as the search at 64×64 gets them: uint8 (n, 64, 64).

    Two for each face that this file finds in the first photos, somewhat beside the face. content:
    the published .tflite file.
    """
    random, size_px, found = np.random.default_rng(0), SIZES_PX["closer"], []
    for photo in photos[:CALIBRATION_PHOTOS]:
        for face in _find(Picture(photo.luma), BlazeFace(content, squares_per_search=EVERYWHERE)):
            box = face.box
            for right, down, growth in random.uniform(-BESIDE, BESIDE, (2, 3)):
                middle = box.x + box.width * (0.5 + right), box.y + box.height * (0.5 + down)
                moved = Detection(*middle, box.width * float(np.exp(growth)), face.score)
                square = crop(photo.luma, square_around(moved, photo.luma.shape, ROOM))
                found.append(cv2.resize(square, (size_px, size_px)))
    return np.array(found, np.uint8)


def _measured(
    content: bytes, photos: Sequence[detect.Photo], negatives: Sequence[Picture]
) -> dict[str, Any]:
    """Recall and false alarms, as `convert.evaluate --task detect --colour` measures them."""

    def find(picture: Picture) -> tuple[Face, ...]:
        return _find(picture, BlazeFace(content, squares_per_search=EVERYWHERE))

    return detect.recall(photos, find, colour=True) | detect.false_alarms(
        negatives, find, colour=True
    )


def _find(picture: Picture, detector: BlazeFace) -> tuple[Face, ...]:
    faces = FollowingFaceDetector(detector, min_score=MIN_SCORE, min_height_px=LEAST_PX)
    return faces.find(Frame(0.0, 0.0, picture.luma, picture.chroma))


def _card(name: str, named: bytes, network: keras.Model, origin: dict[str, Any]) -> dict[str, Any]:
    """named: the file with the names of its outputs. origin: the card of the published file."""
    positions = sorted(output_positions(named).items())
    content = slim(named)
    return {
        **of_the_file(f"blazeface_{name}", content, "face detection", ("face",)),
        **of_the_network(network),
        "outputs": [{"head": head, "index": index} for head, index in positions],
        "made_from": {key: origin[key] for key in ("package", "package_version", "sha256")},
        "changes": (
            "Fine-tuned by convert.finder on photos at even places."
            if name == "search"
            else "The kernels of the first convolution are summed over the colours. "
            "The coarser of the two maps is left out, too."
        ),
        **{key: origin[key] for key in ("authors", "paper", "licence")},
        **card_words.DETECTOR,
    }


if __name__ == "__main__":
    sys.exit(main())
