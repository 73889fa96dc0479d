"""What a wrong answer costs: from the targets and answers of a head, one number for each row.

Targets and answers are float32 (n, classes). Targets are shares that sum to 1, except for
`face_and_box` and `finder`.
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


def finder(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """BlazeFace's, for the logits (n, anchors, 1) and the boxes (n, anchors, 16) of all anchors.

    targets of the logits, (n, anchors, bags + 2): which anchors are of which face, of which the
    best must be sure; how much an anchor must not see one; and the logit that it must not fall
    below, 0 for none. Of the boxes, (n, anchors, 32): the 16 numbers, and how much each counts.
    """
    if outputs.shape[-1] > 1:
        wanted, weight = targets[..., :16], targets[..., 16:]
        missed = tf.reduce_sum(weight * _huber((outputs - wanted) / 2), axis=(1, 2))
        return missed / (tf.reduce_sum(weight, axis=(1, 2)) + 1)
    logits, bags = outputs[..., 0], tf.transpose(targets[..., :-2], (0, 2, 1))
    best = tf.reduce_logsumexp(tf.where(bags > 0, logits[:, tf.newaxis], -1e4), axis=2)
    has_anchors = tf.reduce_max(bags, axis=2)
    best = tf.where(has_anchors > 0, best, 0.0)
    # Lin et al. 2017, "Focal loss": what is sure already has less weight.
    unsure = tf.nn.softplus(-best) * tf.sigmoid(-best)
    things = targets[..., -2] * tf.nn.softplus(logits) * tf.sigmoid(logits) ** 1.5
    worst = tf.math.top_k(things, 24).values  # of 896 anchors nearly all are right at once
    kept = targets[..., -1]
    fallen = tf.where(kept > 0, _huber(tf.nn.relu(kept - logits)), 0.0)
    return (
        tf.reduce_sum(has_anchors * unsure, axis=1)
        + tf.reduce_sum(worst, axis=1)
        + 0.1 * tf.reduce_sum(fallen, axis=1)
    )


def _huber(missed: tf.Tensor) -> tf.Tensor:
    """Squared below 1, linear above."""
    size = tf.abs(missed)
    return tf.where(size < 1, size**2 / 2, size - 0.5)


LOSSES = {
    "finder": finder,
    "cross_entropy": tf.nn.softmax_cross_entropy_with_logits,
    "squared_hinge": squared_hinge,
    "face_and_box": face_and_box,
}
