"""What a wrong answer costs: from the targets and answers of a head, one number for each row.

Targets and answers are float32 (n, classes). Targets are shares that sum to 1, except for
`face_and_box`.
"""

from __future__ import annotations

import tensorflow as tf


def squared_hinge(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """A linear L2 support vector machine for each class against the rest (Tang 2013).

    A share between 0 and 1 weighs the costs of both labels.
    """
    missed = targets * tf.nn.relu(1 - logits) ** 2 + (1 - targets) * tf.nn.relu(1 + logits) ** 2
    return tf.reduce_sum(missed, axis=1)


def face_and_box(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """The tracker's: cross entropy for its logit (n, 1), distance for its box (n, 3)."""
    if outputs.shape[-1] == 1:
        return tf.nn.sigmoid_cross_entropy_with_logits(targets, outputs)[:, 0]
    missed = tf.abs(targets - outputs)
    # Squared below a tenth of a face, because the last pixels are noise of the frame.
    near = tf.where(missed < 0.1, missed**2 / 0.2, missed - 0.05)
    return 10 * tf.reduce_sum(near, axis=1)


LOSSES = {
    "cross_entropy": tf.nn.softmax_cross_entropy_with_logits,
    "squared_hinge": squared_hinge,
    "face_and_box": face_and_box,
}
