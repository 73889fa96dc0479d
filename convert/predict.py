"""What a Keras network answers for pictures."""

from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt

from appliance.vision.preprocessing import Light, levelled, scale
from convert.examples import Arrays, Examples

BATCH = 256


def predict(
    network: keras.Model, images: npt.NDArray[np.uint8], light: Light | None = None
) -> Arrays:
    """Logits, float32 (n, classes), of each head. images: uint8 (n, side, side)."""
    parts = [
        network(to_batch(images[start : start + BATCH], light), training=False)
        for start in range(0, len(images), BATCH)
    ]
    return {head: np.concatenate([part[head] for part in parts]) for head in parts[0]}


def to_batch(images: npt.NDArray[np.uint8], light: Light | None = None) -> npt.NDArray[np.float32]:
    """Pictures as the networks take them: float32 (n, side, side, 1) in -1…1.

    images: uint8 (n, side, side). light: to which each is brought first; None: none.
    """
    if light is None:
        return scale(images)[..., np.newaxis]
    return np.stack([levelled(image, light) for image in images])[..., np.newaxis]


def accuracies(
    network: keras.Model, examples: Examples, light: Light | None = None
) -> dict[str, float]:
    """How often each head's first choice is the label, 0…1, rounded: to follow a training."""
    shares = {}
    for head, logits in predict(network, examples.images, light).items():
        labels = examples.labels[head]
        right = logits.argmax(axis=1) == labels
        shares[head] = round(float(right[labels >= 0].mean()), 4)
    return shares
