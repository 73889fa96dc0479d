r"""Keras networks to TFLite: float32, dynamic-range, and int8 calibrated on fixed training rows.

    python -m convert.quantize --data ../shared/data/fer2013.zip \
        --portraits ../shared/data/utkface.zip   # chooses these lists anew

All kinds take and give float32, so the jukebox treats them alike. The dynamic-range file has int8
weights and float activations. Inside the int8 file all weights and activations are int8, and its
first and last operations convert.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.tools import flatbuffer_utils

from appliance.errors import ModelError
from appliance.records import EMOTIONS, GENDERS
from appliance.vision.preprocessing import to_input
from convert import data
from convert.pictures import DataError

REPRESENTATIVE_ROWS = Path(__file__).parent / "representative_rows.json"
REPRESENTATIVE_PORTRAITS = Path(__file__).parent / "representative_portraits.json"
# Few pictures leave out what hardly ever occurs, so the rest is rounded more finely: on 6,745
# training rows int8 chooses as float32 does for 97.9 % (fer) with 98 pictures and for 97.4 % with
# 350; below 50 it depends on which ones they are.
ROWS = 98

LAST_MAPS = (1, 6, 6, 72)  # of the jukebox's network

Names = npt.NDArray[np.int64] | npt.NDArray[np.str_]  # rows of FER-2013 or files of UTKFace


def to_float32(network: keras.Model) -> bytes:
    """The network as a TFLite file, nothing rounded."""
    return _convert(tf.lite.TFLiteConverter.from_keras_model(network))


def to_float16(network: keras.Model) -> bytes:
    """The network as a TFLite file with weights in half precision, which computes in float32."""
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return _convert(converter)


def to_dynamic(network: keras.Model) -> bytes:
    """The network as a TFLite file with int8 weights; activations are rounded while it runs."""
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return _convert(converter)


def to_int8(network: keras.Model, images: npt.NDArray[np.uint8]) -> bytes:
    """The network as a TFLite file in int8, its ranges measured on these pictures.

    images: uint8 (n, side, side), as they are: brought to one light they reach no further. Weights
    have a scale for each channel. No operation may fall back to float.
    """
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    size_px = network.input_shape[1]
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([to_input(image, size_px)] for image in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return _convert(converter)


def output_positions(content: bytes) -> dict[str, int]:
    """The place of each head's logits among the outputs of a TFLite file."""
    interpreter = Interpreter(model_content=content)
    order = [output["index"] for output in interpreter.get_output_details()]
    heads = interpreter.get_signature_runner().get_output_details()
    return {head: order.index(tensor["index"]) for head, tensor in heads.items()}


def slim(content: bytes) -> bytes:
    """The same file without its tensors' names and the shapes that they may be resized to.

    These are 10 to 13 % of the jukebox's network in int8. Outputs keep their positions.
    """
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    flatbuffer_utils.strip_strings(model)
    for tensor in chain.from_iterable(graph.tensors for graph in model.subgraphs):
        tensor.shapeSignature = None
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def with_inside(content: bytes) -> bytes:
    """The same file with one more output, the last maps before its heads: the same computation.

    Its time hardly changes (140 µs to 143 in int8), where a runtime that keeps all inner tensors
    takes 1.05 times as long, and tflite-runtime 20 times. Raises ModelError if there are none.
    """
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    (graph,) = model.subgraphs
    shapes = [tuple(int(length) for length in tensor.shape) for tensor in graph.tensors]
    last = max((i for i, shape in enumerate(shapes) if shape == LAST_MAPS), default=None)
    if last is None:
        raise ModelError(f"a network without last maps of the shape {LAST_MAPS}")
    graph.outputs = [*graph.outputs, last]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def representative(training: data.Faces) -> data.Faces:
    """The pictures that measure int8's ranges: the listed rows, or others if one is missing."""
    return training.take(_listed(REPRESENTATIVE_ROWS, training.rows, training.labels))


def representative_portraits(training: data.Portraits) -> data.Portraits:
    """The pictures of UTKFace that measure int8's ranges, listed by the names of their files."""
    return training.take(_listed(REPRESENTATIVE_PORTRAITS, training.names, training.genders))


def choose_rows(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Positions of 98 random pictures, as many of each class, the same for the same labels.

    labels: int64 (n). Positions: int64, ascending.
    """
    order, classes = np.random.default_rng(0).permutation(len(labels)), np.unique(labels)
    chosen = [order[labels[order] == label][: ROWS // len(classes)] for label in classes]
    return np.sort(np.concatenate(chosen))


def main(arguments: list[str] | None = None) -> int:
    """The command: writes the fixed lists. 0 written, 1 data that cannot be used."""
    parser = argparse.ArgumentParser("convert.quantize", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="FER-2013: zip, folder or CSV")
    parser.add_argument("--portraits", type=Path, required=True, help="UTKFace: zip or folder")
    options = parser.parse_args(arguments)
    try:
        faces, _ = data.emotion_held_out(data.load_emotions(options.data))
        training, _ = data.split_portraits(data.load_utkface(options.portraits))
        portraits, _ = data.portraits_held_out(training)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    _write_list(REPRESENTATIVE_ROWS, faces.rows, faces.labels, EMOTIONS)
    _write_list(REPRESENTATIVE_PORTRAITS, portraits.names, portraits.genders, GENDERS)
    return 0


def _listed(path: Path, names: Names, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Positions of the pictures that a list names, or of others if one is missing."""
    listed = [name for of_class in json.loads(path.read_text()).values() for name in of_class]
    found = np.flatnonzero(np.isin(names, listed))
    return found if len(found) == len(listed) else choose_rows(labels)


def _write_list(
    path: Path, names: Names, labels: npt.NDArray[np.int64], classes: Sequence[str]
) -> None:
    chosen = choose_rows(labels)
    lines = [
        f"{json.dumps(str(name))}: {json.dumps(names[chosen][labels[chosen] == index].tolist())}"
        for index, name in enumerate(classes)
    ]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _convert(converter: tf.lite.TFLiteConverter) -> bytes:
    # Keras prints a page about the saved model meanwhile, but stdout is for results.
    with contextlib.redirect_stdout(io.StringIO()):
        return bytes(converter.convert())


if __name__ == "__main__":
    sys.exit(main())
