"""Learning from a larger network: its answers to the same pictures that the smaller one sees.

Hinton et al. 2015, "Distilling the Knowledge in a Neural Network". Both must see the same pictures
(Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and consistent").
"""

from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt

from appliance.vision.preprocessing import Light
from convert.examples import Arrays
from convert.networks import with_views
from convert.predict import predict
from convert.scoring import softmax


class Teacher:
    """Mixes a network's answers into the targets.

    share: of the teacher's answers, 0…1. light: to which it wants faces brought, None: as they are.

    The network answers for each picture and its mirror image together: the answers are better, and
    one serves for both. They are kept for each augmentation, because the pictures are shown again.
    """

    def __init__(self, network: keras.Model, share: float, light: Light | None = None) -> None:
        self._network = with_views(network, 2)
        self._light = light
        self._share = np.float32(share)
        self._answers: dict[int, Arrays] = {}

    def targets(self, augmentation: int, images: npt.NDArray[np.uint8], labels: Arrays) -> Arrays:
        """Targets of each head, float32 (n, classes).

        augmentation: its number. images: uint8 (n, side, side), augmented so; the same each time.
        labels: the targets without the teacher, float32 (n, classes) of each head.
        """
        if augmentation not in self._answers:
            logits = predict(self._network, images, self._light)
            self._answers[augmentation] = {head: softmax(given) for head, given in logits.items()}
        answers = self._answers[augmentation]
        return {
            head: self._share * answers[head] + (1 - self._share) * shares
            for head, shares in labels.items()
        }
