"""Learning from a larger network: its answers to the very pictures that the smaller one sees.

Hinton et al. 2015, "Distilling the Knowledge in a Neural Network"; that both must see the same
pictures is Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and consistent".
"""

from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt

from convert.examples import Arrays
from convert.networks import with_views
from convert.predict import predict
from convert.scoring import softmax


class Teacher:
    """Mixes a network's answers into the targets. share: of the teacher's answers, 0…1.

    It is asked about each picture and its mirror image, which makes it surer and lets one answer
    serve for both. Its answers to one view of all pictures are kept, for they are shown again.
    """

    def __init__(self, network: keras.Model, share: float) -> None:
        self._network = with_views(network, 2)
        self._share = np.float32(share)
        self._answers: dict[int, Arrays] = {}

    def targets(self, view: int, images: npt.NDArray[np.uint8], labels: Arrays) -> Arrays:
        """Targets of each head. images: uint8 (n, side, side), as augmented in this view."""
        if view not in self._answers:
            logits = predict(self._network, images)
            self._answers[view] = {head: softmax(values) for head, values in logits.items()}
        return {
            head: self._share * self._answers[view][head] + (1 - self._share) * shares
            for head, shares in labels.items()
        }
