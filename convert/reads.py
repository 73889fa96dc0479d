r"""What the box's network answers on average: appliance/reads.py, for the mood.

    python -m convert.reads --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --model models/emotion_int8_single.tflite

writes it anew, in seconds, and is to be run whenever the network changes. The faces are those that
`python -m convert` held out of Training. The mood is reckoned from the mean of both heads:
FER-2013's label and the crowd's disagree about every third face, and an owner may side with either.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from appliance.records import EMOTIONS, Emotion
from appliance.vision.emotion import EmotionClassifier
from convert.data import emotion_held_out, join_votes, load_emotions, load_votes, majority

NEUTRAL = EMOTIONS.index(Emotion.NEUTRAL)
TARGET = Path(__file__).resolve().parents[1] / "appliance" / "reads.py"
# So much of the average is spread evenly, lest an answer of disgust, which is given once in a
# hundred faces, is taken for more than it is: docs/rehearsal.md.
EVENLY = 0.05

Shares = npt.NDArray[np.float64]

TEXT = '''\
r"""What the network answers on average. Made by convert/reads.py; do not edit.

{command}

From {count:,} faces of Training that the network was not trained on.
"""

MODEL_SHA256 = "{sha256}"
# Means of both heads' probabilities by EMOTIONS: over all faces (a little evened), and over those
# that are neutral by FER-2013's label and those that are by the crowd's, half each.
ON_AVERAGE = {average}
NEUTRAL_FACES = {neutral}
'''


def main() -> None:
    """Writes the module."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="fer2013 as a zip, folder or CSV")
    parser.add_argument("--votes", type=Path, required=True, help="FER+ votes")
    parser.add_argument("--model", type=Path, required=True, help="the .tflite that the box runs")
    chosen = parser.parse_args()
    card = json.loads(chosen.model.with_suffix(".json").read_text(encoding="utf-8"))
    recipe = card["training"]["recipe"]
    _, faces = emotion_held_out(load_emotions(chosen.data), recipe["hold_out"])
    network = EmotionClassifier(chosen.model)
    answers = np.array([np.mean(network.by_head(image), axis=0) for image in faces.images])
    crowd = majority(join_votes(faces, load_votes(chosen.votes)))
    neutral = np.mean(
        [answers[labels == NEUTRAL].mean(axis=0) for labels in (faces.labels, crowd)], 0
    )
    average = (1 - EVENLY) * answers.mean(axis=0) + EVENLY / len(EMOTIONS)
    TARGET.write_text(_text(chosen, card["sha256"], len(faces), average, neutral), "utf-8")
    print(f"{TARGET}: from {len(faces):,} faces")


def _text(
    chosen: argparse.Namespace, sha256: str, count: int, average: Shares, neutral: Shares
) -> str:
    command = (
        f"    python -m convert.reads --data {chosen.data} \\\n"
        f"        --votes {chosen.votes} --model {chosen.model}"
    )
    return TEXT.format(
        command=command, count=count, sha256=sha256, average=_row(average), neutral=_row(neutral)
    )


def _row(values: Shares) -> str:
    return "(" + ", ".join(f"{value:.3f}" for value in values) + ")"


if __name__ == "__main__":
    main()
