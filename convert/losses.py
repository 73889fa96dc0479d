"""What a wrong answer costs: from shares that sum to 1 and logits, one number a row."""

from __future__ import annotations

import tensorflow as tf


def squared_hinge(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """A linear L2 support vector machine for each class against the rest (Tang 2013).

    Shares between 0 and 1 weigh what the row would cost with either label.
    """
    missed = targets * tf.nn.relu(1 - logits) ** 2 + (1 - targets) * tf.nn.relu(1 + logits) ** 2
    return tf.reduce_sum(missed, axis=1)


LOSSES = {
    "cross_entropy": tf.nn.softmax_cross_entropy_with_logits,
    "squared_hinge": squared_hinge,
}
