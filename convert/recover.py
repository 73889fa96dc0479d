"""The jukebox's emotion network in Keras again, from its float32 file, to go on from it.

The file has each normalization folded into its convolution. Here each convolution gets one back,
and the answers are those of the file.
"""

from __future__ import annotations

import re
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter
from keras import layers

from appliance.records import EMOTIONS
from appliance.vision.cards import checked_bytes, read_card
from convert.networks import BOTH, mini_xception_fast
from convert.pictures import DataError

Weights = npt.NDArray[np.float32]
Kernel = tuple[Weights, Weights]  # as Keras has it, and its bias


def recovered(model: Path) -> keras.Model:
    """mini_xception_fast with the weights of its float32 file of one view, without `quality`.

    Raises DataError if the file is not one of that network, and ModelError if its card is not.
    """
    network = mini_xception_fast()
    inner = _in_order(network)
    kernels, heads = _read(model)
    if len(kernels) < sum(map(_operations, inner)) or heads.keys() != BOTH.keys():
        raise DataError(f"{model}: is not a {network.name} with one view")
    for layer in inner:
        own = [kernels.pop(0) for _ in range(_operations(layer))]
        pairs = zip(own, layer.weights, strict=True)
        layer.set_weights([kernel.reshape(weight.shape) for (kernel, _), weight in pairs])
        _set_bias(_normalization(layer), own[-1][1])
    for head, weights in heads.items():
        network.get_layer(f"{head}_maps").set_weights(weights)
    return network


def _in_order(network: keras.Model) -> list[layers.Layer]:
    """The convolutions before the heads, in the order of the file: each shortcut before its module.

    Keras numbers layers as they are made, and a module makes its shortcut first.
    """
    inner = [
        layer
        for layer in network.layers
        if isinstance(layer, layers.Conv2D | layers.SeparableConv2D) and not layer.use_bias
    ]
    separable = [layer for layer in inner if isinstance(layer, layers.SeparableConv2D)]
    plain = sorted(set(inner) - set(separable), key=_number)
    order = [plain.pop(0)]
    for layer in sorted(separable, key=_number):
        if _is_first_of_a_wider_module(layer):
            order.append(plain.pop(0))
        order.append(layer)
    return order


def _number(layer: layers.Layer) -> int:
    return int((re.findall(r"_(\d+)$", layer.name) or ["0"])[0])


def _is_first_of_a_wider_module(layer: layers.SeparableConv2D) -> bool:
    return bool(layer.input.shape[-1] != layer.output.shape[-1])


def _operations(layer: layers.Layer) -> int:
    return 2 if isinstance(layer, layers.SeparableConv2D) else 1


def _normalization(layer: layers.Layer) -> layers.BatchNormalization:
    """The one that follows; in a module that shrinks, there is pooling in between for another."""
    following = [node.operation for node in layer._outbound_nodes]  # noqa: SLF001 - as in rounding
    return next(after for after in following if isinstance(after, layers.BatchNormalization))


def _set_bias(normalization: layers.BatchNormalization, bias: Weights) -> None:
    ones, zeros = np.ones_like(bias), np.zeros_like(bias)
    normalization.set_weights([ones, bias, zeros, ones - normalization.epsilon])


def _read(model: Path) -> tuple[list[Kernel], dict[str, Kernel]]:
    """(the convolutions in the order of the file, those of the heads by name)."""
    card = read_card(model, "emotion", EMOTIONS)
    file = Interpreter(model_content=checked_bytes(model, card.sha256))
    file.allocate_tensors()
    operations = file._get_ops_details()  # noqa: SLF001 - there is no public list of them
    # A head is a convolution whose mean over the picture is an output.
    means = {operation["inputs"][0]: operation["outputs"][0]
             for operation in operations if operation["op_name"] == "MEAN"}  # fmt: skip
    outputs = [output["index"] for output in file.get_output_details()]
    names = {outputs[head.index]: name for name, head in card.heads.items()}
    kernels: list[Kernel] = []
    heads: dict[str, Kernel] = {}
    for operation in operations:
        if operation["op_name"] not in {"CONV_2D", "DEPTHWISE_CONV_2D"}:
            continue
        kernel = (
            file.get_tensor(operation["inputs"][1]).transpose(1, 2, 3, 0),
            file.get_tensor(operation["inputs"][2]),
        )
        name = names.get(means.get(operation["outputs"][0], -1))
        if name:
            heads[name] = kernel
        else:
            kernels.append(kernel)
    return kernels, heads
