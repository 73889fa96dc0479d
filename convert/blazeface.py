"""BlazeFace short range for gray pictures: the published network, cheaper.

    python -m convert.blazeface --photos ../shared/data/detect_faces.zip \
        --negatives ../shared/data/detect_negatives.zip

The published file takes colour. The jukebox's frames are gray, so the three colours of the first
convolution are added up. What is left gives the same scores, boxes and points of a face. It
consists of convolutions only, so it runs at any size: 128×128 as published, to search, and 64×64 to
search again where a face was. There a face fills half of the side, and only the finer of the two
maps finds it (in 704 squares around followed faces, in the reel and the videos, the coarser map
never found one alone). So the file for 64×64 has only the finer map. It also exists in int8, which
takes a quarter less time where the processor multiplies bytes. All other weights stay in half
precision, as published. (In int8 a search took 0.75 ms instead of 0.90, and the answers changed
much.)
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter
from keras import layers

from appliance.errors import ModelError
from appliance.records import Face, Frame, GrayImage
from appliance.vision.cards import card_fields
from appliance.vision.detectors import EVERYWHERE, BlazeFace
from appliance.vision.faces import FollowingFaceDetector
from appliance.vision.geometry import Detection, square_around
from appliance.vision.preprocessing import crop
from convert import card_words, detect
from convert.cards import of_the_file, of_the_network, write_model
from convert.figures import MODELS
from convert.pictures import DataError
from convert.published_blazeface import BLAZEFACE_CARD, blazeface_model
from convert.quantize import output_positions, slim, to_float16, to_int8

SIZES_PX = {"search": 128, "closer": 64}
MAPS = {"search": 2, "closer": 1}
# (channels, stride) of the blocks that end in the finer map, and of those that end in the coarser.
FINE = ((24, 1), (28, 1), (32, 2), (36, 1), (42, 1), (48, 2), (56, 1), (64, 1), (72, 1), (80, 1),
        (88, 1))  # fmt: skip
COARSE = ((96, 2), (96, 1), (96, 1), (96, 1), (96, 1))
ANCHORS = (2, 6)  # of a cell of either map
MIN_SCORE = 0.7  # as the jukebox's settings have it
LEAST_PX = min(detect.HEIGHTS_PX)
# int8's ranges are measured on the faces of so many photos, moved and grown by up to so much of
# their side, in squares of so many sides, which vision/detectors.py cuts likewise.
CALIBRATION_PHOTOS, BESIDE, ROOM = 60, 0.2, 2.0
NUMBERS = 16  # of an anchor: a box and six points

Weights = npt.NDArray[np.float32]


def gray_blazeface(size_px: int, content: bytes, maps_kept: int = 2) -> keras.Model:
    """The network of a BlazeFace file for gray pictures, float32 (1, size_px, size_px, 1) in -1…1.

    Outputs for n anchors, those of the finer map first: `boxes`, float32 (1, n, 16), a box and six
    points in pixels of the input, and `scores`, float32 (1, n, 1), which are logits. content: the
    published .tflite file. maps_kept: 1 for the finer map alone, 2 for both.
    """
    convolutions: list[layers.Layer] = []

    def convolved(x: Any, layer: layers.Layer) -> Any:
        convolutions.append(layer)
        return layer(x)

    def block(x: Any, channels: int, stride: int) -> Any:
        y = convolved(x, layers.DepthwiseConv2D(3, stride, padding="same"))
        y = convolved(y, layers.Conv2D(channels, 1))
        shortcut = layers.MaxPooling2D(2)(x) if stride > 1 else x
        if more := channels - x.shape[-1]:
            shortcut = keras.ops.pad(shortcut, [(0, 0), (0, 0), (0, 0), (0, more)])
        return layers.ReLU()(layers.Add()([shortcut, y]))

    image = keras.Input((size_px, size_px, 1), batch_size=1, name="image")  # 128×128×1
    x = layers.ReLU()(convolved(image, layers.Conv2D(24, 5, 2, padding="same")))  # 64×64×24
    maps = []
    for blocks in (FINE, COARSE):  # 16×16×88, 8×8×96
        for channels, stride in blocks:
            x = block(x, channels, stride)
        maps.append(x)
    outputs = {}
    for name, numbers in (("scores", 1), ("boxes", NUMBERS)):
        heads = [
            layers.Reshape((-1, numbers))(convolved(cells, layers.Conv2D(numbers * anchors, 1)))
            for cells, anchors in zip(maps, ANCHORS, strict=True)
        ]
        kept = heads[:maps_kept]
        outputs[name] = layers.Concatenate(axis=1, name=name)(kept) if kept[1:] else kept[0]
    network = keras.Model(image, outputs, name="blazeface")
    for layer, weights in zip(convolutions, _weights(content), strict=True):
        layer.set_weights([_gray(values) for values in weights])
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
    options = parser.parse_args(arguments)
    try:
        content, origin = blazeface_model(), card_fields(BLAZEFACE_CARD)
        photos = detect.load_photos(options.photos)
        search = gray_blazeface(SIZES_PX["search"], content, MAPS["search"])
        closer = gray_blazeface(SIZES_PX["closer"], content, MAPS["closer"])
        made = {
            "search": (search, to_float16(search)),
            "closer_float32": (closer, to_float16(closer)),
            "closer_int8": (closer, to_int8(closer, windows(photos, content))),
        }
        for name, (network, named) in made.items():
            card = _card(name, named, network, origin)
            if name == "search":
                negatives = detect.load_negatives(options.negatives)
                card["measured"] = _measured(slim(named), photos, negatives)
            write_model(options.out, slim(named), card)
            print(card["name"], card["bytes"], card.get("measured", ""))
    except (ModelError, DataError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def windows(photos: list[detect.Photo], content: bytes) -> npt.NDArray[np.uint8]:
    """The squares to measure int8's ranges by, as the search at 64×64 gets them: uint8 (n, 64, 64).

    Two for each face that this file finds in the first photos, somewhat beside the face. content:
    the published .tflite file.
    """
    random, size_px, found = np.random.default_rng(0), SIZES_PX["closer"], []
    for photo in photos[:CALIBRATION_PHOTOS]:
        for face in _find(photo.luma, BlazeFace(content, squares_per_search=EVERYWHERE)):
            box = face.box
            for right, down, growth in random.uniform(-BESIDE, BESIDE, (2, 3)):
                middle = box.x + box.width * (0.5 + right), box.y + box.height * (0.5 + down)
                moved = Detection(*middle, box.width * float(np.exp(growth)), face.score)
                square = crop(photo.luma, square_around(moved, photo.luma.shape, ROOM))
                found.append(cv2.resize(square, (size_px, size_px)))
    return np.array(found, np.uint8)


def _measured(
    content: bytes, photos: list[detect.Photo], negatives: list[GrayImage]
) -> dict[str, Any]:
    """Recall and false alarms, as `convert.evaluate --task detect` measures them."""

    def find(luma: GrayImage) -> tuple[Face, ...]:
        return _find(luma, BlazeFace(content, squares_per_search=EVERYWHERE))

    return detect.recall(photos, find) | detect.false_alarms(negatives, find)


def _find(luma: GrayImage, detector: BlazeFace) -> tuple[Face, ...]:
    faces = FollowingFaceDetector(detector, min_score=MIN_SCORE, min_height_px=LEAST_PX)
    return faces.find(Frame(0.0, 0.0, luma))


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
            "The kernels of the first convolution are summed over the colours."
            + ("" if name == "search" else " The coarser of the two maps is left out, too.")
        ),
        **{key: origin[key] for key in ("authors", "paper", "licence")},
        **card_words.DETECTOR,
    }


if __name__ == "__main__":
    sys.exit(main())
