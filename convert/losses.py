"""What a wrong answer costs: from targets and a head's answers, one number a row.

Targets are shares that sum to 1, but for `face_and_box`.
"""

from __future__ import annotations

import tensorflow as tf


def squared_hinge(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """A linear L2 support vector machine for each class against the rest (Tang 2013).

    Shares between 0 and 1 weigh what the row would cost with either label.
    """
    missed = targets * tf.nn.relu(1 - logits) ** 2 + (1 - targets) * tf.nn.relu(1 + logits) ** 2
    return tf.reduce_sum(missed, axis=1)


def face_and_box(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Of the tracker: cross entropy for its logit, distance for the three numbers of its box."""
    if outputs.shape[-1] == 1:
        return tf.nn.sigmoid_cross_entropy_with_logits(targets, outputs)[:, 0]
    missed = tf.abs(targets - outputs)
    # Squared below a tenth of a face: the last pixels are the frame's noise.
    near = tf.where(missed < 0.1, missed**2 / 0.2, missed - 0.05)
    return 10 * tf.reduce_sum(near, axis=1)


LOSSES = {
    "cross_entropy": tf.nn.softmax_cross_entropy_with_logits,
    "squared_hinge": squared_hinge,
    "face_and_box": face_and_box,
}
