"""Guided back-propagation: which pixels of a face speak for an emotion.

After Springenberg et al. 2014 and Arriaga et al. 2017, III-A: the gradient of an emotion's logit
with respect to the picture, but a ReLU passes it on only where both its activation and the gradient
are positive. What is left are the pixels that raise the logit by way of features that were found.

Here TensorFlow differentiates; `convert.why` makes a file of it that the jukebox can run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers

# From faces (n, side, side, 1) and weights of the logits (n, classes) to the logits and the
# gradient, shaped like the faces.
Explain = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
# From the gradient of a function's output to the gradients of its inputs.
Backward = Callable[[tf.Tensor], Any]


class GuidedReLU(layers.ReLU):
    """A ReLU with the guided rule for its gradient."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Keras' layer call."""
        return _guided_relu(inputs)


# Kinds of layers (Keras has no types) and what stands for them.
GUIDED: Mapping[Any, Any] = {layers.ReLU: GuidedReLU}


def guided_gradient(
    network: keras.Model, head: str, faces: npt.ArrayLike, weights: npt.ArrayLike
) -> npt.NDArray[np.float32]:
    """Of the weighted sum of a head's logits with respect to each face, float32 (n, side, side, 1).

    faces: float32 (n, side, side, 1) in -1…1, as the network takes them. weights: float32
    (n, classes), a single 1 for one emotion. Raises ValueError if an activation of the network is
    inside another layer.
    """
    # In a graph the gradients of the kernels, which nobody asks for, are left out; eagerly
    # TensorFlow 2.21 computes them all the same, and crashes on convolutions without padding.
    explain = tf.function(gradient_of(with_layers(network, GUIDED), head))
    _, gradient = explain(tf.constant(faces, tf.float32), tf.constant(weights, tf.float32))
    return np.asarray(gradient, np.float32)


def gradient_of(network: keras.Model, head: str) -> Explain:
    """The logits of one head and the gradient of their weighted sum, as the layers define it."""

    def explain(face: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(face)
            logits = network(face, training=False)[head]
            chosen = tf.reduce_sum(logits * weights)
        return logits, tape.gradient(chosen, face)

    return explain


def with_layers(network: keras.Model, others: Mapping[Any, Any]) -> keras.Model:
    """A copy of the network in which other classes stand for some kinds of its layers.

    Raises ValueError if an activation is inside another layer.
    """

    def copied(layer: layers.Layer) -> layers.Layer:
        if type(layer) is layers.Activation and layer.activation is keras.activations.relu:
            layer = layers.ReLU(name=layer.name)  # as old Keras files have it
        if getattr(layer, "activation", keras.activations.linear) is not keras.activations.linear:
            raise ValueError(f"{layer.name}: has an activation inside; make it a layer of its own")
        return others.get(type(layer), type(layer)).from_config(layer.get_config())

    copy = keras.models.clone_model(network, clone_function=copied, recursive=True)
    copy.set_weights(network.get_weights())
    return copy


@tf.custom_gradient
def _guided_relu(x: tf.Tensor) -> tuple[tf.Tensor, Backward]:
    y = tf.nn.relu(x)
    return y, lambda upstream: tf.sign(y) * tf.nn.relu(upstream)
