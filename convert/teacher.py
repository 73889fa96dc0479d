"""Learning from larger networks: their mean answer to the very pictures that the smaller one sees.

Hinton et al. 2015, "Distilling the Knowledge in a Neural Network"; that both must see the same
pictures is Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and consistent".
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import numpy.typing as npt

from convert.examples import Arrays
from convert.networks import with_mirror
from convert.predict import predict
from convert.scoring import softmax


class Teacher:
    """Mixes the mean of networks' answers into the targets. share: of these answers, 0…1.

    They are asked about each picture and its mirror image, which makes them surer and lets one
    answer serve for both. The answers to one view of all pictures are kept, for it comes again.
    """

    def __init__(self, networks: Sequence[keras.Model], share: float) -> None:
        self._networks = [with_mirror(network) for network in networks]
        self._share = np.float32(share)
        self._answers: dict[int, Arrays] = {}

    def targets(self, view: int, images: npt.NDArray[np.uint8], labels: Arrays) -> Arrays:
        """Targets of each head. images: uint8 (n, side, side), as augmented in this view."""
        if view not in self._answers:
            answers = [predict(network, images) for network in self._networks]
            self._answers[view] = {
                head: np.mean([softmax(logits[head]) for logits in answers], axis=0)
                for head in labels
            }
        return {
            head: self._share * self._answers[view][head] + (1 - self._share) * shares
            for head, shares in labels.items()
        }
