"""The networks, defined once, in Keras. Their heads give logits; the temperature comes after.

emotion = mini_xception_fast()      # the box's
emotion.count_params(), multiply_adds(emotion)
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf
from keras import layers

from appliance.records import EMOTIONS

PARAMETER_LIMIT = 62_000  # of the box's network, everything counted


class BatchNormalization(layers.BatchNormalization):
    """Keras' own, but training on TensorFlow's fused kernel, which Keras 3 leaves unused.

    A step of the box's network takes 129 ms so and 162 ms without (one core, batch 128).
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


def mini_xception(size_px: int = 64, heads: tuple[str, ...] = ("fer",)) -> keras.Model:
    """The paper's second design as its authors published it (Arriaga et al. 2017): 58 k parameters.

    Two 3×3 convolutions without padding, then four residual modules of depthwise separable ones,
    then one 3×3 convolution a head, averaged over the picture: no dense layer.
    """
    image = keras.Input((size_px, size_px, 1), name="face")  # 64×64×1
    x = _convolution(image, 8, padding="valid")  # 62×62×8
    x = _convolution(x, 8, padding="valid")  # 60×60×8
    for width in (16, 32, 64, 128):  # 30×30, 15×15, 8×8, 4×4
        x = _residual_separable(x, width)
    return keras.Model(image, _heads(x, heads, kernel=3), name="mini_xception")


def mini_xception_fast(
    size_px: int = 48,
    heads: tuple[str, ...] = ("fer", "ferplus"),
    stem: tuple[int, int] = (16, 24),
    widths: tuple[int, ...] = (40, 72, 128),
) -> keras.Model:
    """The box's network: the same family with a quarter of the pixels from the first layer on.

    The first convolution has stride 2, which saves the two thirds of the time that the paper's
    design spends at full resolution, and three wider modules follow instead of four.
    """
    image = keras.Input((size_px, size_px, 1), name="face")  # 48×48×1
    x = _convolution(image, stem[0], strides=2)  # 24×24×16
    x = _convolution(x, stem[1])  # 24×24×24
    for width in widths:  # 12×12×40, 6×6×72, 3×3×128
        x = _residual_separable(x, width)
    return keras.Model(image, _heads(x, heads, kernel=1), name="mini_xception_fast")


NETWORKS: dict[str, Callable[..., keras.Model]] = {
    "mini_xception": mini_xception,
    "mini_xception_fast": mini_xception_fast,
}


def multiply_adds(model: keras.Model) -> int:
    """Multiplications of one forward pass in all convolutions (the rest is negligible)."""
    return sum(
        sum(_products(layer))
        for layer in model.layers
        if isinstance(layer, layers.Conv2D | layers.SeparableConv2D)
    )


def _convolution(x: keras.KerasTensor, width: int, **options: object) -> keras.KerasTensor:
    x = layers.Conv2D(width, 3, use_bias=False, **{"padding": "same", **options})(x)
    return layers.ReLU()(BatchNormalization()(x))


def _residual_separable(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    shortcut = layers.Conv2D(width, 1, strides=2, padding="same", use_bias=False)(x)
    shortcut = BatchNormalization()(shortcut)
    x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(BatchNormalization()(x))
    x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
    x = BatchNormalization()(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    return layers.Add()([x, shortcut])


def _heads(
    x: keras.KerasTensor, names: tuple[str, ...], kernel: int
) -> dict[str, keras.KerasTensor]:
    """For each name one map an emotion, averaged over the picture: logits (batch, 7)."""
    maps = {
        name: layers.Conv2D(len(EMOTIONS), kernel, padding="same", name=f"{name}_maps")(x)
        for name in names
    }
    return {name: layers.GlobalAveragePooling2D(name=name)(x) for name, x in maps.items()}


def _products(layer: layers.Layer) -> list[int]:
    _, height, width, channels_out = layer.output.shape
    channels_in = layer.input.shape[-1]
    kernel = layer.kernel_size[0] * layer.kernel_size[1]
    if isinstance(layer, layers.SeparableConv2D):
        return [height * width * kernel * channels_in, height * width * channels_in * channels_out]
    return [height * width * kernel * channels_in * channels_out]
