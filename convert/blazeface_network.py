"""BlazeFace's layers (Bazarevsky et al. 2019), in Keras."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

# Of BlazeFace: (channels, stride) of the blocks that end in the finer map, and of those that end in
# the coarser; the anchors of a cell of either; the numbers of an anchor: a box and six points.
FINE = ((24, 1), (28, 1), (32, 2), (36, 1), (42, 1), (48, 2), (56, 1), (64, 1), (72, 1), (80, 1),
        (88, 1))  # fmt: skip
COARSE = ((96, 2), (96, 1), (96, 1), (96, 1), (96, 1))
ANCHORS, NUMBERS = (2, 6), 16


def blazeface(
    size_px: int = 128, *, maps_kept: int = 2, colours: int = 3, batch: int | None = 1
) -> tuple[keras.Model, list[layers.Layer]]:
    """(the network of Bazarevsky et al. 2019, its convolutions in the order of the published file).

    Input float32 (1, size_px, size_px, colours) in -1…1. Outputs for n anchors, those of the finer
    map first: `boxes`, float32 (1, n, 16), a box and six points in pixels of the input, and
    `scores`, float32 (1, n, 1), which are logits. maps_kept: 1 for the finer map alone, 2 for both.
    colours: 3 as published (red, green, blue), 1 for gray. batch: of how many pictures; None: any
    number, for training, which costs further operations in a file.
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

    image = keras.Input((size_px, size_px, colours), batch_size=batch, name="image")  # 128×128×3
    x = layers.ReLU()(convolved(image, layers.Conv2D(24, 5, 2, padding="same")))  # 64×64×24
    maps = []
    for blocks in (FINE, COARSE):  # 16×16×88, 8×8×96
        for channels, stride in blocks:
            x = block(x, channels, stride)
        maps.append(x)
    outputs = {}
    for name, numbers in (("scores", 1), ("boxes", NUMBERS)):
        heads = [
            layers.Reshape((-1, numbers))(convolved(cells, layers.Conv2D(numbers * anchors, 1)))
            for cells, anchors in zip(maps, ANCHORS, strict=True)
        ]
        kept = heads[:maps_kept]
        outputs[name] = layers.Concatenate(axis=1, name=name)(kept) if kept[1:] else kept[0]
    return keras.Model(image, outputs, name="blazeface"), convolutions
