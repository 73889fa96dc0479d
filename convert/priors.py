"""The priors of an emotion network: what it answers on average, for its card.

    python -m convert.priors --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --model models/emotion_int8_single.tflite

The mood filter and `jukebox calibrate` compare what the network says of a face with these averages.
`python -m convert` and `convert.import_keras --data` write them into every card of an emotion
network; this command writes them into cards that exist. The faces are those that were held out of
Training. The answers are the mean of all heads, because FER-2013's label and the crowd disagree
about every third face, and an owner may agree with either.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from appliance.errors import ModelError
from appliance.records import EMOTIONS, Emotion, Priors
from appliance.vision.cards import Card, card_fields, checked_bytes, read_card
from appliance.vision.emotion import numbers_of
from convert.card_text import write_card
from convert.data import (
    Faces,
    Votes,
    emotion_held_out,
    join_votes,
    load_emotions,
    load_votes,
    majority,
)
from convert.evaluate import run_model
from convert.pictures import DataError
from convert.recipes import HOLD_OUT
from convert.scoring import Labels, Logits, softmax

NEUTRAL = EMOTIONS.index(Emotion.NEUTRAL)
# No card says that an emotion never comes, because the mood filter divides by these shares.
LEAST = 1e-4
HELD_OUT = "faces of Training that were held out"
PERHAPS_TRAINED_ON = "faces of Training, which the weights may have been trained on"


def main(arguments: list[str] | None = None) -> int:
    """Write the priors into the cards. Return 0 when done, 1 for a file that cannot be used."""
    options = _options(arguments)
    try:
        faces, votes = load_emotions(options.data), load_votes(options.votes)
        for model in options.model:
            card = card_fields(model) | measured_priors(model, faces, votes)
            write_card(model, card)
            print(f"{model.with_suffix('.json')}: priors from {card['priors']['count']:,} faces")
    except (DataError, ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def measured_priors(model: Path, faces: Faces, votes: Votes) -> dict[str, Any]:
    """The card's field `priors`, measured on the faces that were held out when it was made.

    Raises ModelError for a file that is not an emotion network with its card, and DataError if none
    of the held-out faces is neutral.
    """
    card = read_card(model, "emotion", EMOTIONS)
    training = card_fields(model).get("training", {})
    _, held_out = emotion_held_out(faces, training.get("recipe", {}).get("hold_out", HOLD_OUT))
    labels = {"fer": held_out.labels, "ferplus": majority(join_votes(held_out, votes))}
    temperatures = {head.name: head.temperature for head in card.heads.values()}
    source = PERHAPS_TRAINED_ON if "imported_from" in training else HELD_OUT
    outputs = _outputs(card, held_out)
    logits = {head.name: outputs[head.index] for head in card.heads.values()}
    found = priors(logits, temperatures, labels, source, _correct(card, outputs))
    if not found:
        raise DataError(f"{model}: none of the {len(held_out)} held-out faces is neutral")
    return found


def priors(
    logits: Mapping[str, Logits],
    temperatures: Mapping[str, float],
    labels: Mapping[str, Labels],
    source: str = HELD_OUT,
    correct: Callable[[Logits, Priors], Logits] = lambda answers, _known: answers,
) -> dict[str, Any]:
    """The card's field `priors`; {} if none of these faces is neutral by any labelling.

    logits: float32 (faces, 7) of each head; temperatures: of each head; labels: int64 (faces), by
    the name of their labelling, -1 where it has none. Neutral faces are averaged for each labelling
    by itself, and then over the labellings. source: which faces these are, for the card. correct:
    what the neutral ones are averaged after, because `jukebox calibrate` sees corrected answers;
    the mood filter divides by the network's own average.
    """
    neutral = [chosen for chosen in (given == NEUTRAL for given in labels.values()) if chosen.any()]
    if not neutral:
        return {}
    answers = mean_probabilities(logits, temperatures)
    everybody = _rounded(answers.mean(axis=0))
    right = correct(answers, Priors(tuple(everybody), tuple(everybody)))
    return {
        "priors": {
            "all": everybody,
            "neutral": _rounded(np.mean([right[chosen].mean(axis=0) for chosen in neutral], 0)),
            "count": len(answers),
            "from": source,
        }
    }


def mean_probabilities(logits: Mapping[str, Logits], temperatures: Mapping[str, float]) -> Logits:
    """The mean over the heads of softmax(logits / temperature), float32 (faces, classes).

    logits: float32 (faces, classes) of each head.
    """
    shares = [softmax(given / np.float32(temperatures[head])) for head, given in logits.items()]
    return np.asarray(np.mean(shares, axis=0), np.float32)


def _outputs(card: Card, faces: Faces) -> Sequence[Logits]:
    """What the network says of these faces, by output."""
    content = checked_bytes(card.model, card.sha256)
    return run_model(content, faces.images, card.size_px, card.light)


def _correct(card: Card, outputs: Sequence[Logits]) -> Callable[[Logits, Priors], Logits]:
    """Corrects answers as the running classifier does, if the card has a correction."""
    if card.inside is None or card.correction is None:
        return lambda answers, _known: answers
    correction, numbers = card.correction, [numbers_of(maps) for maps in outputs[card.inside.index]]

    def correct(answers: Logits, known: Priors) -> Logits:
        pairs = zip(answers.tolist(), numbers, strict=True)
        return np.array([correction.corrected(*pair, known.evened()) for pair in pairs], np.float32)

    return correct


def _rounded(shares: Logits) -> list[float]:
    return [round(max(float(share), LEAST), 4) for share in shares]


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "convert.priors", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="FER-2013: zip, folder or CSV")
    parser.add_argument("--votes", type=Path, required=True, help="FER+: either CSV")
    parser.add_argument("--model", type=Path, required=True, nargs="+", metavar="FILE.tflite")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
