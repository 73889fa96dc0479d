"""How a face is read when a network is judged: by one of its heads, by all, or as for the mood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from appliance.errors import ModelError
from appliance.records import EMOTIONS, Priors
from appliance.vision.cards import card_fields, read_card
from appliance.vision.classifier import ModelClassifier
from appliance.vision.emotion import EmotionClassifier
from convert.scoring import Logits, softmax

MEAN = "mean_of_heads"  # of the probabilities of all heads
AS_MOOD = "as_mood"  # the same as the mood filter takes it: corrected, and without the priors
HEADS = ("fer", "ferplus", MEAN, AS_MOOD)
LEAST = 1e-9  # probability, so that its logarithm is a number

Pictures = npt.NDArray[np.uint8]


class Reader:
    """Reads faces with an emotion network.

    head: a head of the network, MEAN or AS_MOOD; None: the one that the card names. in_turn: reads
    each face and its mirror image and averages, as the running jukebox does over time. Raises
    ModelError if the model cannot be used so.
    """

    def __init__(self, model: Path, head: str | None = None, *, in_turn: bool = False) -> None:
        self._joint = head if head in (MEAN, AS_MOOD) else None
        self._classifier = ModelClassifier(
            model, "emotion", EMOTIONS, None if self._joint else head
        )
        self.head = self._joint or self._classifier.head.name
        self.views = views(model)
        if in_turn and self.views > 1:
            raise ModelError(f"{model}: averages several views itself, so --in-turn is not for it")
        self._in_turn = in_turn
        self.temperature = 1.0 if self._joint else self._classifier.head.temperature
        self._for_mood = EmotionClassifier(model) if head == AS_MOOD else None
        self._evened = evened(self._classifier.card.priors or Priors.even())

    def logits(self, images: Pictures) -> Logits:
        """Logits, float32 (n, 7), for softmax(logits / temperature). images: uint8 (n, h, w)."""
        progress = tqdm(images, "faces", leave=False, disable=None)
        return np.stack([self._logits(image) for image in progress])

    def _logits(self, image: Pictures) -> Logits:
        if not (self._joint or self._in_turn):
            return np.asarray(self._classifier.logits(image), np.float32)
        seen = [image, image[:, ::-1]] if self._in_turn else [image]
        shares = np.mean([self._shares(np.ascontiguousarray(view)) for view in seen], axis=0)
        if self._for_mood:
            shares /= self._evened
        return np.asarray(np.log(shares.clip(LEAST)) * self.temperature, np.float32)

    def _shares(self, image: Pictures) -> Logits:
        if self._for_mood:
            mean, _ = self._for_mood.for_mood(self._for_mood.read(image))
            return np.asarray(mean)
        if self._joint:
            return np.asarray(np.mean(self._classifier.probabilities_by_head(image), axis=0))
        return softmax(self._classifier.logits(image) / np.float32(self.temperature))


def evened(priors: Priors) -> npt.NDArray[np.float64]:
    """The priors by which the mood filter divides, float64 (7)."""
    return np.array(priors.evened())


def views(model: Path) -> int:
    """How many views of each face the file averages. Its card may have the field's former name."""
    fields = card_fields(model)
    return int(fields.get("views", fields.get("looks", 1)))


def has_several_heads(model: Path) -> bool:
    """Whether a network answers with more than one head. Raises ModelError as Reader does."""
    return len(read_card(model, "emotion", EMOTIONS).heads) > 1
