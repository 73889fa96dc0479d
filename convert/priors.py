r"""What an emotion network answers on average, written into its card as `priors`.

    python -m convert.priors --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --model models/emotion_int8_single.tflite

The mood filter and `jukebox calibrate` compare what the network says of a face with these averages.
The faces are those that `python -m convert` held out of Training. The answers are the mean of all
heads: FER-2013's label and the crowd's disagree about every third face, and an owner may side with
either.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from appliance.errors import ModelError
from appliance.records import EMOTIONS, Emotion
from appliance.vision.cards import card_fields
from appliance.vision.emotion import EmotionClassifier
from convert.card_text import write_card
from convert.data import (
    DataError,
    Faces,
    emotion_held_out,
    join_votes,
    load_emotions,
    load_votes,
    majority,
)
from convert.recipes import HOLD_OUT

NEUTRAL = EMOTIONS.index(Emotion.NEUTRAL)
# No card says that an emotion never comes: the mood filter divides by these shares.
LEAST = 1e-4

Shares = npt.NDArray[np.float64]  # (7), in the order of EMOTIONS


@dataclass(frozen=True, slots=True)
class Neutral:
    """Faces to average over. by_label, by_crowd: bool (faces), which of them are neutral."""

    faces: Faces
    by_label: npt.NDArray[np.bool_]
    by_crowd: npt.NDArray[np.bool_]


def main(arguments: list[str] | None = None) -> int:
    """Write the priors into the cards. Return 0 when done, 1 for a file that cannot be used."""
    parser = argparse.ArgumentParser(
        "convert.priors", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="FER-2013: zip, folder or CSV")
    parser.add_argument("--votes", type=Path, required=True, help="FER+: either CSV")
    parser.add_argument("--model", type=Path, required=True, nargs="+", metavar="FILE.tflite")
    chosen = parser.parse_args(arguments)
    try:
        faces = load_emotions(chosen.data)
        votes = load_votes(chosen.votes)
        for model in chosen.model:
            recipe = card_fields(model).get("training", {}).get("recipe", {})
            _, held = emotion_held_out(faces, recipe.get("hold_out", HOLD_OUT))
            crowd = majority(join_votes(held, votes))
            told = Neutral(held, held.labels == NEUTRAL, crowd == NEUTRAL)
            write_card(model, card_fields(model) | {"priors": priors(model, told)})
            print(f"{model.with_suffix('.json')}: priors from {len(held):,} faces")
    except (DataError, ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def priors(model: Path, told: Neutral) -> dict[str, Any]:
    """The field `priors` of an emotion network's card.

    Neutral is averaged over the faces that are neutral by FER-2013's label and over those that are
    neutral by the crowd's, half each. Raises ModelError.
    """
    network = EmotionClassifier(model)
    answers = np.array(
        [np.mean(network.probabilities_by_head(image), axis=0) for image in told.faces.images]
    )
    neutral = np.mean(
        [answers[chosen].mean(axis=0) for chosen in (told.by_label, told.by_crowd)], 0
    )
    return {
        "all": _rounded(answers.mean(axis=0)),
        "neutral": _rounded(neutral),
        "count": len(told.faces),
        "from": "faces of Training that were held out",
    }


def _rounded(shares: Shares) -> list[float]:
    return [round(max(float(share), LEAST), 4) for share in shares]


if __name__ == "__main__":
    sys.exit(main())
