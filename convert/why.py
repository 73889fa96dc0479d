"""The explanation of a network as a TFLite file, so that `jukebox why` needs no TensorFlow.

The file computes the logits and the guided gradient (`convert.guided`) in one forward graph of
TFLite's built-in operations. TensorFlow differentiates the network and so writes that graph. Where
TFLite lacks the backward operation (depthwise convolution, pooling), the layers below bring one
that is made of others.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Mapping
from itertools import product
from typing import Any

import keras
import tensorflow as tf
from keras import layers
from tensorflow.lite.python.convert import ConverterError
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from convert import card_words
from convert.guided import GUIDED, Backward, gradient_of, with_layers


class BuiltinSeparableConv2D(layers.SeparableConv2D):
    """Backward, a depthwise convolution of stride 1 is one with its kernels turned by 180°."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Keras' layer call. Raises ValueError for another stride, padding or multiplier."""
        if (self.strides, self.padding, self.depth_multiplier) != ((1, 1), "same", 1):
            raise ValueError(f"{self.name}: stride 1, padding 'same' and depth multiplier 1 only")
        x = _depthwise(inputs, tf.convert_to_tensor(self.depthwise_kernel))
        x = tf.nn.conv2d(x, self.pointwise_kernel, strides=1, padding="SAME")
        return tf.nn.bias_add(x, self.bias) if self.use_bias else x


class BuiltinMaxPooling2D(layers.MaxPooling2D):
    """Backward, the gradient goes to the pixel that was the maximum of its window."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Keras' layer call. Raises ValueError for oblong windows, stride 1, padding 'valid'."""
        (window, width), (stride, across) = self.pool_size, self.strides
        if (window, stride, self.padding) != (width, across, "same") or stride < 2:
            raise ValueError(
                f"{self.name}: square windows, padding 'same' and stride 2 or more only"
            )

        @tf.custom_gradient
        def pool(x: tf.Tensor) -> tuple[tf.Tensor, Backward]:
            y = tf.nn.max_pool2d(x, window, stride, "SAME")
            return y, lambda upstream: _unpool(x, y, upstream, window, stride)

        return pool(inputs)


GUIDED_BUILTIN: Mapping[Any, Any] = {
    **GUIDED,
    layers.SeparableConv2D: BuiltinSeparableConv2D,
    layers.MaxPooling2D: BuiltinMaxPooling2D,
}


def to_why(network: keras.Model, head: str) -> bytes:
    """The explanation of one head as a TFLite file in float32, which runs on both runtimes.

    Inputs: a face (1, side, side, 1), and the weights of the logits (1, classes), a single 1 for
    one emotion. Outputs: the logits (1, classes), and the guided gradient of their weighted sum,
    shaped like the face. Raises ValueError if the network has layers that cannot be written so.
    """
    inputs = [
        tf.TensorSpec((1, *network.input_shape[1:]), name="face"),
        tf.TensorSpec((1, network.output[head].shape[-1]), name="weights"),
    ]
    explain = tf.function(gradient_of(with_layers(network, GUIDED_BUILTIN), head), inputs)
    # Not frozen, the variables would stay in the file as variables, and none of the constants
    # that depend on them would be computed ahead.
    frozen = convert_variables_to_constants_v2(explain.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], tf.Module())
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # as in convert.quantize
            return bytes(converter.convert())
    except ConverterError as error:
        raise ValueError("TFLite has no operation for the gradient of one of its layers") from error


def why_card(name: str, content: bytes, explained: list[dict[str, Any]]) -> dict[str, Any]:
    """The card of such a file. explained: the cards of all files that this network is shipped as.

    The jukebox explains only these files: `explains` holds their SHA-256.
    """
    first = explained[0]
    return {
        "name": name,
        "task": "why",
        "file": f"{name}.tflite",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "explains": {card["name"]: card["sha256"] for card in explained},
        "method": "guided back-propagation (Arriaga et al. 2017, III-A), in float32",
        "inputs": ["face, float32, as the emotion networks take it", "weights of the logits"],
        "outputs": ["logits", "gradient of their weighted sum with respect to the face"],
        **{key: first[key] for key in ("labels", "input", "head", "network", "parameters")},
        **{key: first[key] for key in ("terms", "misuse")},
        **card_words.WHY,
    }


@tf.custom_gradient
def _depthwise(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Backward]:
    def convolve(values: tf.Tensor, by: tf.Tensor) -> tf.Tensor:
        return tf.nn.depthwise_conv2d(values, by, strides=(1, 1, 1, 1), padding="SAME")

    return convolve(x, kernel), lambda upstream: (convolve(upstream, kernel[::-1, ::-1]), None)


def _unpool(x: tf.Tensor, y: tf.Tensor, upstream: tf.Tensor, window: int, stride: int) -> tf.Tensor:
    """The gradient of each pixel before pooling; of equal ones the first in a window has it all.

    x: what was pooled, y: the maxima, upstream: their gradient. Space-to-depth splits the input
    into phases, pictures that are `more` pixels larger than the output, in which one step is one
    stride: a place in the window is a phase, moved by whole steps.
    """
    (rows, columns), (height, width) = y.shape[1:3], x.shape[1:3]
    more = (window - 1) // stride
    top, left = _before(height, window, stride), _before(width, window, stride)
    bottom, right = (rows + more) * stride - top - height, (columns + more) * stride - left - width
    padded = _pad(x, (top, bottom), (left, right), x.dtype.min)
    phases = tf.split(tf.nn.space_to_depth(padded, stride), stride**2, axis=3)
    shares: list[list[tf.Tensor]] = [[] for _ in phases]
    for row, column in product(range(window), repeat=2):
        down, across, phase = row // stride, column // stride, _phase(row, column, stride)
        pixels = phases[phase][:, down : down + rows, across : across + columns]
        share = upstream * tf.cast(pixels == y, upstream.dtype)
        upstream -= share
        shares[phase].append(_pad(share, (down, more - down), (across, more - across)))
    spread = tf.nn.depth_to_space(tf.concat([sum(parts) for parts in shares], axis=3), stride)
    return spread[:, top : top + height, left : left + width]


def _phase(row: int, column: int, stride: int) -> int:
    """The number of a pixel's phase, as space-to-depth counts them."""
    return row % stride * stride + column % stride


def _pad(
    x: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int], value: float = 0.0
) -> tf.Tensor:
    return tf.pad(x, [(0, 0), rows, columns, (0, 0)], constant_values=value)


def _before(size: int, window: int, stride: int) -> int:
    """How many pixels padding 'same' adds before the first."""
    return max(0, (-(-size // stride) - 1) * stride + window - size) // 2
