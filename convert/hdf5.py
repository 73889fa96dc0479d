"""Networks from HDF5 files of any Keras, made to give logits as the jukebox's networks do."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
from keras import layers

from appliance.errors import ModelError
from appliance.records import EMOTIONS

HEAD = "fer"  # what FER-2013's label says


def load_network(path: Path) -> keras.Model:
    """The model of an HDF5 file of any Keras. Raises ModelError if the file does not hold one."""
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file")
    try:
        with h5py.File(path) as file:
            whole = "model_config" in file.attrs
    except OSError as error:
        raise ModelError(f"{path}: is not an HDF5 file that can be read") from error
    if not whole:
        raise ModelError(f"{path}: holds only weights, not a whole model as model.save() writes it")
    try:
        return keras.saving.load_model(path, compile=False)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        first = str(error).strip().partition("\n")[0]
        raise ModelError(f"{path}: Keras cannot build this network: {first}") from error


def to_logits(network: keras.Model, labels: tuple[str, ...] = EMOTIONS) -> keras.Model:
    """The network without its softmax: logits (batch, 7) of the head `fer`, as EMOTIONS.

    labels: the order of its own outputs. Raises ModelError unless the network takes one gray square
    and ends in a softmax over seven classes.
    """
    shapes = [tuple(tensor.shape[1:]) for tensor in (*network.inputs, *network.outputs)]
    square = len(shapes) == 2 and len(shapes[0]) == 3 and shapes[0][0] == shapes[0][1]
    if not (square and shapes[0][0] and shapes[0][2] == 1 and shapes[1] == (len(EMOTIONS),)):
        raise ModelError(
            f"the network has inputs and outputs of the shapes {shapes}; it must take one gray "
            f"square, such as (64, 64, 1), and give {len(EMOTIONS)} probabilities"
        )
    logits = _before_softmax(network)
    order = [labels.index(emotion) for emotion in EMOTIONS]
    if order != sorted(order):
        logits = keras.ops.take(logits, order, axis=-1)
    return keras.Model(network.inputs[0], {HEAD: logits}, name=network.name)


def _before_softmax(network: keras.Model) -> keras.KerasTensor:
    """The input of the final softmax, which is a layer or the activation of the last layer."""
    last = network.layers[-1]
    if isinstance(last, layers.Softmax):
        return last.input
    if getattr(last, "activation", None) is not keras.activations.softmax:
        raise ModelError(
            f"the network ends in {last.name}, which is not a softmax over the emotions"
        )
    linear = type(last).from_config(last.get_config() | {"activation": "linear"})
    logits = linear(last.input)
    linear.set_weights(last.get_weights())
    return logits
