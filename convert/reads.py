r"""What the box's network answers for faces of each emotion: appliance/reads.py, for the mood.

    python -m convert.reads --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --model models/emotion_int8_single.tflite

writes it anew, in seconds, and is to be run whenever the network changes. The faces are those that
`python -m convert` held out of Training; their FER-2013 label and the FER+ crowd's count half each,
as the two disagree about every third face and an owner may side with either.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from appliance.emotion import EmotionClassifier
from appliance.records import EMOTIONS
from convert.data import clean_training, hold_out, join_votes, load_emotions, load_votes, majority

TARGET = Path(__file__).resolve().parents[1] / "appliance" / "reads.py"
# So many faces of no emotion in particular are added to each, for there are ten of disgust.
EXTRA_FACES = 5
# So much of the overall average is spread evenly, lest an answer of disgust, which is given once in
# 170 faces, is taken for more than it is. 0, 0.05 and 0.15 were tried: docs/rehearsal.md.
EVENLY = 0.1

Shares = npt.NDArray[np.float64]

TEXT = '''\
r"""What the network answers for faces of each emotion. Made by convert/reads.py; do not edit.

{command}

From {count:,} faces of Training that the network was not trained on.
"""

MODEL_SHA256 = "{sha256}"
# Mean probabilities: a row for each emotion of the face, in it the answers; all by EMOTIONS.
ANSWERS = (
{rows}
)
# The same over all faces.
ON_AVERAGE = {average}
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
    training = clean_training(load_emotions(chosen.data))
    _, faces = hold_out(training, recipe["hold_out"], recipe["seed"])
    network = EmotionClassifier(chosen.model)
    answers = np.array([network.probabilities(image) for image in faces.images])
    crowd = majority(join_votes(faces, load_votes(chosen.votes)))
    by_emotion = (_means(answers, faces.labels) + _means(answers, crowd)) / 2
    average = (1 - EVENLY) * answers.mean(axis=0) + EVENLY / len(EMOTIONS)
    TARGET.write_text(_text(chosen, card["sha256"], len(faces), by_emotion, average), "utf-8")
    print(f"{TARGET}: from {len(faces):,} faces")


def _means(answers: Shares, labels: npt.NDArray[np.int64]) -> Shares:
    """(7, 7): the mean answer for the faces of each label, and for EXTRA_FACES average ones."""
    extra = EXTRA_FACES * answers.mean(axis=0)
    groups = [answers[labels == number] for number in range(len(EMOTIONS))]
    return np.array([(group.sum(axis=0) + extra) / (len(group) + EXTRA_FACES) for group in groups])


def _text(
    chosen: argparse.Namespace, sha256: str, count: int, by_emotion: Shares, average: Shares
) -> str:
    command = (
        f"    python -m convert.reads --data {chosen.data} \\\n"
        f"        --votes {chosen.votes} --model {chosen.model}"
    )
    rows = "\n".join(
        f"    {_row(row)},  # {emotion}" for emotion, row in zip(EMOTIONS, by_emotion, strict=True)
    )
    return TEXT.format(
        command=command, count=count, sha256=sha256, rows=rows, average=_row(average)
    )


def _row(values: Shares) -> str:
    return "(" + ", ".join(f"{value:.3f}" for value in values) + ")"


if __name__ == "__main__":
    main()
