"""BlazeFace short range for gray pictures, from the file in its package: the same network, cheaper.

    python -m convert.blazeface --photos ../shared/data/detect_faces.zip \
        --negatives ../shared/data/detect_negatives.zip

The published file takes colour and tells six points of a face besides its box. The box's pictures
are gray, so the first convolution's three colours add up to one, and it uses no points: what is
left gives the same scores and boxes. Being convolutions only, it runs at any size: 128×128 as
published, for searching, and 64×64 for a closer look where a face was. There a face fills half of
the side, which only the finer of its two maps sees (704 looks at followed faces in the reel and the
videos: the coarser one never alone), so the coarser one is left out, too; and there is a file in
int8, which takes a quarter less time where the processor multiplies bytes. Else weights stay in
half precision, as published. (In int8 a search took 0.75 ms instead of 0.90, and answers changed
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
from convert import data, detect
from convert.cards import of_the_file, of_the_network, write_model
from convert.figures import MODELS
from convert.published_blazeface import BLAZEFACE_CARD, blazeface_model
from convert.quantize import output_positions, slim, to_float16, to_int8

SIZES_PX = {"search": 128, "closer": 64}
MAPS = {"search": 2, "closer": 1}
# (channels, stride) of the blocks that end in the finer map, and of those that end in the coarser.
FINE = ((24, 1), (28, 1), (32, 2), (36, 1), (42, 1), (48, 2), (56, 1), (64, 1), (72, 1), (80, 1),
        (88, 1))  # fmt: skip
COARSE = ((96, 2), (96, 1), (96, 1), (96, 1), (96, 1))
ANCHORS = (2, 6)  # of a cell of either map
MIN_SCORE, LEAST_PX = 0.7, min(detect.HEIGHTS_PX)  # as the box has it set, and for all faces
# int8's ranges: from so many photos; the faces moved and grown by so much of their side; as the box
# looks (appliance/detectors.py).
CALIBRATING, BESIDE, ROOM = 60, 0.2, 2.0
TOLD, KEPT = 16, 4  # numbers of an anchor in the file: a box, and six points that are left out


def gray_blazeface(size_px: int, content: bytes, maps_kept: int = 2) -> keras.Model:
    """The network of a BlazeFace file for gray pictures of this size; 1 map: the finer alone.

    Outputs for n anchors, those of the finer map first: boxes (1, n, 4) in input pixels, and scores
    (1, n, 1), which are logits.
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
    ends = {}
    for name, numbers in (("scores", 1), ("boxes", KEPT)):
        heads = [
            layers.Reshape((-1, numbers))(convolved(each, layers.Conv2D(numbers * anchors, 1)))
            for each, anchors in zip(maps, ANCHORS, strict=True)
        ]
        kept = heads[:maps_kept]
        ends[name] = layers.Concatenate(axis=1, name=name)(kept) if kept[1:] else kept[0]
    network = keras.Model(image, ends, name="blazeface")
    for layer, weights in zip(convolutions, _weights(content), strict=True):
        shapes = [weight.shape for weight in layer.weights]
        layer.set_weights([_fitted(*each) for each in zip(weights, shapes, strict=True)])
    return network


def _weights(content: bytes) -> list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    """(kernel, bias) of each convolution of a file, in its order."""
    file = Interpreter(model_content=content)
    file.allocate_tensors()
    operations = file._get_ops_details()  # noqa: SLF001 - there is no public list of them
    # They lie in half precision, behind an operation that widens them.
    narrow = {
        each["outputs"][0]: each["inputs"][0]
        for each in operations
        if each["op_name"] == "DEQUANTIZE"
    }

    def constant(index: int) -> npt.NDArray[np.float32]:
        return file.get_tensor(narrow.get(index, index)).astype(np.float32)

    return [
        (constant(each["inputs"][1]).transpose(1, 2, 3, 0), constant(each["inputs"][2]))
        for each in operations
        if each["op_name"] in {"CONV_2D", "DEPTHWISE_CONV_2D"}
    ]


def _fitted(weights: npt.NDArray[np.float32], shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Weights of the file as the gray network has them."""
    if weights.shape[:2] == (5, 5):
        return weights.sum(axis=2, keepdims=True)  # of three equal colours
    if weights.shape[-1] != shape[-1]:  # the boxes' heads, without the points
        anchors = weights.reshape(*weights.shape[:-1], -1, TOLD)
        return anchors[..., :KEPT].reshape(shape)
    return weights


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 made, 1 the package or the photos are not there, 2 usage."""
    parser = argparse.ArgumentParser("convert.blazeface", description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS, help="folder; default: models/")
    parser.add_argument("--photos", type=Path, required=True, help="with an annotations.json")
    parser.add_argument("--negatives", type=Path, required=True, help="photos without people")
    options = parser.parse_args(arguments)
    try:
        content, origin = blazeface_model(), card_fields(BLAZEFACE_CARD)
        photos = detect.load_photos(options.photos)
        for use, size_px in SIZES_PX.items():
            network = gray_blazeface(size_px, content, MAPS[use])
            if use == "search":
                made = {"search": to_float16(network)}
            else:
                made = {"closer_float32": to_float16(network)}
                made["closer_int8"] = to_int8(network, windows(photos, content))
            for name, named in made.items():
                card = _card(name, named, network, origin)
                if name == "search":
                    negatives = detect.load_negatives(options.negatives)
                    card["measured"] = _measured(slim(named), photos, negatives)
                write_model(options.out, slim(named), card)
                print(card["name"], card["bytes"], card.get("measured", ""))
    except (ModelError, data.DataError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def windows(photos: list[detect.Photo], content: bytes) -> npt.NDArray[np.uint8]:
    """What a closer look sees, to measure int8's ranges by: uint8 (n, 64, 64).

    Around each face that this file finds in the first photos, twice, somewhat beside it.
    """
    random, size_px, found = np.random.default_rng(0), SIZES_PX["closer"], []
    for photo in photos[:CALIBRATING]:
        for face in _find(photo.luma, BlazeFace(content, squares_per_search=EVERYWHERE)):
            box = face.box
            for right, down, growth in random.uniform(-BESIDE, BESIDE, (2, 3)):
                middle = box.x + box.width * (0.5 + right), box.y + box.height * (0.5 + down)
                moved = Detection(*middle, box.width * float(np.exp(growth)), face.score)
                square = crop(photo.luma, square_around(moved, photo.luma.shape, ROOM))
                found.append(cv2.resize(square, (size_px, size_px)))
    return np.array(found, np.uint8)


def _measured(content: bytes, photos: list[detect.Photo], negatives: list[GrayImage]) -> dict:
    """Recall and false alarms, as `convert.evaluate --task detect` tells them."""

    def find(luma: GrayImage) -> tuple[Face, ...]:
        return _find(luma, BlazeFace(content, squares_per_search=EVERYWHERE))

    return detect.recall(photos, find) | detect.false_alarms(negatives, find)


def _find(luma: GrayImage, detector: BlazeFace) -> tuple[Face, ...]:
    faces = FollowingFaceDetector(detector, min_score=MIN_SCORE, min_height_px=LEAST_PX)
    return faces.find(Frame(0.0, 0.0, luma))


def _card(name: str, named: bytes, network: keras.Model, origin: dict) -> dict:
    outputs = [{"head": head, "index": at} for head, at in sorted(output_positions(named).items())]
    content = slim(named)
    return {
        **of_the_file(f"blazeface_{name}", content, "face detection", ("face",)),
        **of_the_network(network),
        "outputs": outputs,
        "made_from": {key: origin[key] for key in ("package", "package_version", "sha256")},
        "changes": (
            "The first convolution's kernels are summed over the colours; the heads' six points of "
            "a face are left out."
            + ("" if name == "search" else " So is the coarser of the two maps.")
        ),
        **{key: origin[key] for key in ("authors", "paper", "licence")},
    }


if __name__ == "__main__":
    sys.exit(main())
