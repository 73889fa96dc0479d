"""The networks, defined once, in Keras. Their heads give logits; the temperature comes after.

emotion = mini_xception_fast()      # the jukebox's
emotion.count_params(), multiply_adds(emotion)
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers

from appliance.records import EMOTIONS
from convert.blazeface_network import blazeface

PARAMETER_LIMIT = 62_000  # of the jukebox's network, everything counted
VIEWS = (1, 2, 6)  # how many views of each face a file may average

QUALITY = "quality"  # the output that tells why a face cannot be read well
Weights = npt.NDArray[np.float32]
# Name of each head and the number of its classes.
Heads = dict[str, int]
FER: Heads = {"fer": len(EMOTIONS)}
BOTH: Heads = FER | {"ferplus": len(EMOTIONS)}
GENDER: Heads = {"gender": 2}
GENDER_SIZE_PX = 64  # of UTKFace's 80


class BatchNormalization(layers.BatchNormalization):
    """Keras' own, but it trains with TensorFlow's fused kernel, which Keras 3 does not use.

    A step of the jukebox's network takes 129 ms with it and 162 ms without (one core, batch 128).
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Keras' layer call; training also moves the running mean and variance."""
        if not training:
            return super().call(inputs, training=False)
        outputs, mean, variance, *_ = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        keep = self.momentum
        self.moving_mean.assign(self.moving_mean * keep + mean * (1 - keep))
        self.moving_variance.assign(self.moving_variance * keep + variance * (1 - keep))
        return outputs


def mini_xception(size_px: int = 64, heads: Heads = FER) -> keras.Model:
    """The paper's second design as its authors published it (Arriaga et al. 2017): 58 k parameters.

    Two 3×3 convolutions without padding, then four residual modules of depthwise separable ones,
    then one 3×3 convolution for each head, averaged over the picture. There is no dense layer.
    """
    image = keras.Input((size_px, size_px, 1), name="face")  # 64×64×1
    x = _convolution(image, 8, padding="valid")  # 62×62×8
    x = _convolution(x, 8, padding="valid")  # 60×60×8
    for width in (16, 32, 64, 128):  # 30×30, 15×15, 8×8, 4×4
        x = _residual_separable(x, width)
    return keras.Model(image, _heads(x, heads, kernel=3), name="mini_xception")


def mini_xception_fast(
    size_px: int = 48,
    heads: Heads = BOTH,
    stem_width: int = 24,
    modules: tuple[tuple[int, int], ...] = ((48, 3), (72, 3)),
) -> keras.Model:
    """The jukebox's network: the same family, deeper, on a quarter of the pixels from the start.

    The first convolution has stride 2, which saves the two thirds of the time that the paper's
    design spends at full resolution. modules: (width, how many); each first one halves the side.
    """
    image = keras.Input((size_px, size_px, 1), name="face")  # 48×48×1
    x = _convolution(image, stem_width, strides=2)  # 24×24×24
    for width, count in modules:  # 12×12×48, 6×6×72
        for number in range(count):
            x = layers.ReLU()(_residual_separable(x, width, strides=1 if number else 2))
    return keras.Model(image, _heads(x, heads, kernel=1), name="mini_xception_fast")


def sequential_cnn(
    size_px: int = 48,
    heads: Heads = BOTH,
    widths: tuple[int, ...] = (32, 32, 64, 64, 96, 96, 128, 128, 128),
    strides: tuple[int, ...] = (2, 1, 2, 1, 1, 1, 2, 1, 1),
) -> keras.Model:
    """The paper's first design: nine convolutions, one after the other, and no dense layer.

    Arriaga et al. 2017 give only the kinds of layers and the size, about 600 k parameters.
    """
    image = x = keras.Input((size_px, size_px, 1), name="face")  # 48×48×1
    for width, stride in zip(widths, strides, strict=True):  # 24×24, 12×12, 6×6
        x = _convolution(x, width, strides=stride)
    return keras.Model(image, _heads(x, heads, kernel=1), name="sequential_cnn")


def residual_cnn(
    size_px: int = 48,
    heads: Heads = BOTH,
    stem_width: int = 32,
    modules: tuple[tuple[int, int], ...] = ((64, 1), (128, 2), (256, 2)),
) -> keras.Model:
    """The teacher: 2.7 million parameters, enough for what 28,000 faces can tell.

    Residual modules of two convolutions (He et al. 2016) with the shortcuts of He et al. 2019.
    modules: (width, how many); the first one of each but the very first halves the side.
    """
    image = keras.Input((size_px, size_px, 1), name="face")  # 48×48×1
    x = _convolution(image, stem_width, strides=2)  # 24×24×32
    for place, (width, count) in enumerate(modules):  # 24×24×64, 12×12×128, 6×6×256
        for number in range(count):
            x = _residual(x, width, strides=2 if place and not number else 1)
    return keras.Model(image, _heads(x, heads, kernel=1), name="residual_cnn")


def mini_xception_gender() -> keras.Model:
    """The jukebox's network with one head of two classes."""
    network = mini_xception_fast(GENDER_SIZE_PX, GENDER)
    return keras.Model(network.input, network.output, name="mini_xception_gender")


def tracker(size_px: int = 40) -> keras.Model:
    """From a face's neighbourhood: whether the face is still there (a logit), and where it is.

    `box` is how far the face has moved right and down and how much it has grown. Because places
    matter here, the last maps are not averaged: each of their cells has weights of its own.
    """
    image = keras.Input((size_px, size_px, 1), name="window")  # 40×40×1
    x = _convolution(image, 16, strides=2)  # 20×20×16
    for width, strides in ((40, 2), (40, 1), (64, 2), (64, 1)):  # 10×10×40, 5×5×64
        shortcut = x
        x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(BatchNormalization()(x))
        x = BatchNormalization()(layers.Conv2D(width, 1, use_bias=False)(x))
        x = layers.ReLU()(x if strides > 1 else layers.Add()([x, shortcut]))
    x = layers.Flatten()(x)
    face = layers.Dense(1, name="face")(x)
    # Zeros, because where the face was is the best first guess.
    box = layers.Dense(3, kernel_initializer="zeros", name="box")(x)
    return keras.Model(image, {"face": face, "box": box}, name="tracker")


# What training can make, by name, without arguments.
NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "blazeface": lambda: blazeface(batch=None)[0],
    # As large as FER-2013's pictures; enlarged to 64, as published, it would train half as fast.
    "mini_xception": lambda: mini_xception(size_px=48),
    "mini_xception_fast": mini_xception_fast,
    "mini_xception_gender": mini_xception_gender,
    "residual_cnn": residual_cnn,
    "sequential_cnn": sequential_cnn,
    "tracker": tracker,
}


def with_views(network: keras.Model, views: int) -> keras.Model:
    """The network that averages its answers over so many views of each face.

    1: the network as it is; 2: the face and its mirror image; 6: also both of the face a seventh
    larger and a ninth smaller. A view costs time, but no parameter. Raises ValueError for another
    number of views.
    """
    if views not in VIEWS:
        raise ValueError(f"{views} views: a network can have {VIEWS} of them")
    if views == 1:
        return network
    image = keras.Input(network.input_shape[1:], name="face")
    pictures = image
    if views == 6:
        pictures = layers.Concatenate(axis=0)([image, *_nearer_and_farther(image)])
    pictures = layers.Concatenate(axis=0)([pictures, keras.ops.flip(pictures, axis=2)])
    means = {
        head: keras.ops.mean(keras.ops.reshape(logits, (views, -1, logits.shape[-1])), axis=0)
        for head, logits in network(pictures).items()
    }
    return keras.Model(image, means, name=network.name)


def with_quality(network: keras.Model, kernel: Weights, bias: Weights) -> keras.Model:
    """The network with one more output, `quality`: logits (batch, causes), see convert.quality.

    kernel: float32 (3, 3, channels, causes), of the last maps, averaged to 3×3 cells; bias: float32
    (causes). Whether a mask hides a mouth depends on the place, so that each cell has its weights.
    """
    maps = network.get_layer("fer_maps").input  # 6×6×72
    # Its kernel takes every other place, from each of the first four: their mean is that of cells.
    weigh = layers.Conv2D(kernel.shape[-1], 3, dilation_rate=2, name="quality_maps")  # 2×2
    logits = layers.GlobalAveragePooling2D(name=QUALITY, dtype="float32")(weigh(maps))
    weigh.set_weights([kernel, bias])
    return keras.Model(network.input, network.output | {QUALITY: logits}, name=network.name)


def multiply_adds(model: keras.Model) -> int:
    """Multiplications of one forward pass in all convolutions (the rest is negligible)."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D):
            _, height, width, channels = layer.output.shape
            total += height * width * channels * layer.kernel_size[0] * layer.kernel_size[1]
        elif isinstance(layer, layers.Conv2D | layers.SeparableConv2D):
            total += sum(_products(layer))
        elif isinstance(layer, keras.Model):
            joined = [part for part in model.layers if isinstance(part, layers.Concatenate)]
            total += prod(len(part.input) for part in joined) * multiply_adds(layer)  # with_views
    return total


def _nearer_and_farther(image: keras.KerasTensor) -> list[keras.KerasTensor]:
    """The face without its rim, and with its rim mirrored outwards, as large as before."""
    rim = image.shape[1] // 16
    inner = image[:, rim:-rim, rim:-rim]
    outer = keras.ops.pad(image, [(0, 0), (rim, rim), (rim, rim), (0, 0)], "symmetric")
    return [keras.ops.image.resize(view, image.shape[1:3]) for view in (inner, outer)]


def _convolution(x: keras.KerasTensor, width: int, **options: object) -> keras.KerasTensor:
    x = layers.Conv2D(width, 3, use_bias=False, **{"padding": "same", **options})(x)
    return layers.ReLU()(BatchNormalization()(x))


def _residual(x: keras.KerasTensor, width: int, strides: int) -> keras.KerasTensor:
    shortcut = layers.AveragePooling2D(strides)(x) if strides > 1 else x
    if x.shape[-1] != width:
        shortcut = BatchNormalization()(layers.Conv2D(width, 1, use_bias=False)(shortcut))
    x = _convolution(x, width, strides=strides)
    x = BatchNormalization()(layers.Conv2D(width, 3, padding="same", use_bias=False)(x))
    return layers.ReLU()(layers.Add()([x, shortcut]))


def _residual_separable(x: keras.KerasTensor, width: int, strides: int = 2) -> keras.KerasTensor:
    """A residual module; with strides 1 it keeps the width and adds its input as it is."""
    shortcut = x
    if strides > 1:
        shortcut = layers.Conv2D(width, 1, strides=strides, padding="same", use_bias=False)(x)
        shortcut = BatchNormalization()(shortcut)
    x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(BatchNormalization()(x))
    x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
    x = BatchNormalization()(x)
    if strides > 1:
        x = layers.MaxPooling2D(3, strides=strides, padding="same")(x)
    return layers.Add()([x, shortcut])


def _heads(x: keras.KerasTensor, heads: Heads, kernel: int) -> dict[str, keras.KerasTensor]:
    """For each head one map for each class, averaged over the picture: logits (batch, classes)."""
    maps = {
        name: layers.Conv2D(classes, kernel, padding="same", name=f"{name}_maps")(x)
        for name, classes in heads.items()
    }
    # In float32, whatever the rest computes with, because the losses need it.
    return {
        name: layers.GlobalAveragePooling2D(name=name, dtype="float32")(x)
        for name, x in maps.items()
    }


def _products(layer: layers.Layer) -> list[int]:
    _, height, width, channels_out = layer.output.shape
    channels_in = layer.input.shape[-1]
    kernel = layer.kernel_size[0] * layer.kernel_size[1]
    if isinstance(layer, layers.SeparableConv2D):
        return [height * width * kernel * channels_in, height * width * channels_in * channels_out]
    return [height * width * kernel * channels_in * channels_out]
