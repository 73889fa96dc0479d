"""A network that feels int8 while it still learns: quantization-aware training.

Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-
Only Inference". Forward, weights and activations are rounded as in the int8 file; backward, the
gradient passes as if they were not. Weights have a scale for each output channel, so the
normalization, which the file folds into them, makes no difference here.
"""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers


def rounded(network: keras.Model) -> keras.Model:
    """A network of the same layers and variables, with int8's rounding in between."""
    return keras.models.clone_model(network, clone_function=_with_rounding)


def _with_rounding(layer: layers.Layer) -> layers.Layer:
    if isinstance(layer, layers.SeparableConv2D):
        return _RoundedSeparable(layer)
    if isinstance(layer, layers.Conv2D):
        return _RoundedConvolution(layer)
    # The file has one operation for a sum or a normalization with the ReLU after it.
    if isinstance(layer, layers.ReLU) or not _feeds_relu(layer):
        return _RoundedOutput(layer)
    return layer


def _feeds_relu(layer: layers.Layer) -> bool:
    nodes = layer._outbound_nodes  # noqa: SLF001 - Keras tells it nowhere else
    return any(isinstance(node.operation, layers.ReLU) for node in nodes)


class _Rounded(layers.Layer):
    """Stands in place of a layer and has its variables."""

    def __init__(self, layer: layers.Layer) -> None:
        super().__init__(name=f"rounded_{layer.name}")
        self.layer = layer


class _RoundedOutput(_Rounded):
    """A layer whose output is rounded."""

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        options = (
            {"training": training} if isinstance(self.layer, layers.BatchNormalization) else {}
        )
        return _rounded_activation(self.layer(inputs, **options))


class _RoundedConvolution(_Rounded):
    """A convolution with rounded weights; its output is rounded after the normalization."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        layer = self.layer
        outputs = tf.nn.conv2d(
            inputs, _rounded_kernel(layer.kernel), layer.strides, layer.padding.upper()
        )
        return outputs + layer.bias if layer.use_bias else outputs


class _RoundedSeparable(_Rounded):
    """A separable convolution: in the file two operations with a rounded activation between."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        kernel = _rounded_kernel(self.layer.depthwise_kernel[..., 0])[..., tf.newaxis]
        between = tf.nn.depthwise_conv2d(inputs, kernel, (1, 1, 1, 1), "SAME")
        pointwise = _rounded_kernel(self.layer.pointwise_kernel)
        return tf.nn.conv2d(_rounded_activation(between), pointwise, 1, "SAME")


def _rounded_kernel(kernel: tf.Tensor) -> tf.Tensor:
    """Rounded to 255 steps around 0, each output channel (the last axis) with its own scale."""
    axes = tuple(range(len(kernel.shape) - 1))
    largest = tf.stop_gradient(tf.reduce_max(tf.abs(kernel), axes)) + 1e-8
    return tf.quantization.fake_quant_with_min_max_vars_per_channel(
        kernel, -largest, largest, narrow_range=True
    )


def _rounded_activation(x: tf.Tensor) -> tf.Tensor:
    """Rounded to 256 steps between the batch's least and greatest value."""
    low, high = tf.reduce_min(x), tf.reduce_max(x)
    low, high = tf.minimum(low, 0.0), tf.maximum(high, 1e-6)
    return tf.quantization.fake_quant_with_min_max_vars(
        x, tf.stop_gradient(low), tf.stop_gradient(high)
    )
