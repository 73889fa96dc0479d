"""Keras networks to TFLite: float32, dynamic-range, and int8 calibrated on fixed training rows.

    python -m convert.quantize --data ../shared/data/fer2013.zip   # chooses that list anew

All kinds take and give float32, so that the box treats them alike. The dynamic-range file keeps
its weights in int8 and its activations in float; inside the int8 file all weights and activations
are int8, and its first and last operations convert.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.tools import flatbuffer_utils

from appliance.preprocessing import to_input
from appliance.records import EMOTIONS
from convert import data

REPRESENTATIVE_ROWS = Path(__file__).parent / "representative_rows.json"
# Fewer leave out what hardly ever occurs and so round the rest finer: on 6,745 training rows int8
# chooses as float32 does for 97.9 % (fer) with 98 pictures and for 97.4 % with 350; below 50 it
# depends on which they are.
ROWS = 98


def to_float32(network: keras.Model) -> bytes:
    """The network as a TFLite file, nothing rounded."""
    return _convert(tf.lite.TFLiteConverter.from_keras_model(network))


def to_float16(network: keras.Model) -> bytes:
    """The network as a TFLite file with weights in half precision; it computes in float32."""
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return _convert(converter)


def to_dynamic(network: keras.Model) -> bytes:
    """The network as a TFLite file with int8 weights; activations are rounded as they come."""
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return _convert(converter)


def to_int8(network: keras.Model, images: npt.NDArray[np.uint8]) -> bytes:
    """The network as a TFLite file in int8, its ranges measured on these pictures.

    Weights have a scale for each channel; there is no way back to float for any operation.
    """
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    size_px = network.input_shape[1]
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([to_input(image, size_px)] for image in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return _convert(converter)


def output_positions(content: bytes) -> dict[str, int]:
    """Where each head's logits come among the outputs of a TFLite file."""
    interpreter = Interpreter(model_content=content)
    order = [output["index"] for output in interpreter.get_output_details()]
    heads = interpreter.get_signature_runner().get_output_details()
    return {head: order.index(tensor["index"]) for head, tensor in heads.items()}


def without_names(content: bytes) -> bytes:
    """The same file without the names of its tensors, 6 % of an int8 one; positions stay."""
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    flatbuffer_utils.strip_strings(model)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def representative(training: data.Faces) -> data.Faces:
    """The pictures that measure int8's ranges: the listed rows, or others if any is missing."""
    rows = json.loads(REPRESENTATIVE_ROWS.read_text())
    listed = [row for of_class in rows.values() for row in of_class]
    faces = training.take(np.isin(training.rows, listed))
    return faces if len(faces) == len(listed) else training.take(choose_rows(training.labels))


def choose_rows(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Positions of 98 random pictures, as many of each class, the same for the same labels."""
    order, classes = np.random.default_rng(0).permutation(len(labels)), np.unique(labels)
    chosen = [order[labels[order] == each][: ROWS // len(classes)] for each in classes]
    return np.sort(np.concatenate(chosen))


def main(arguments: list[str] | None = None) -> int:
    """Write the fixed list. 0 written, 1 data that cannot be used."""
    parser = argparse.ArgumentParser("convert.quantize", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="FER-2013: zip, folder or CSV")
    options = parser.parse_args(arguments)
    try:
        training, _ = data.emotion_held_out(data.load_emotions(options.data))
    except data.DataError as error:
        print(error, file=sys.stderr)
        return 1
    chosen = training.take(choose_rows(training.labels))
    rows = {
        str(emotion): chosen.rows[chosen.labels == i].tolist() for i, emotion in enumerate(EMOTIONS)
    }
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in rows.items()
    )
    REPRESENTATIVE_ROWS.write_text("{\n" + lines + "\n}\n")
    return 0


def _convert(converter: tf.lite.TFLiteConverter) -> bytes:
    # Keras prints a page about the saved model in between; stdout is for results.
    with contextlib.redirect_stdout(io.StringIO()):
        return converter.convert()


if __name__ == "__main__":
    sys.exit(main())
