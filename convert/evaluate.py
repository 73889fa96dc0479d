"""How good a TFLite model is: float or int8, through the box's own interpreter and preprocessing.

    python -m convert.evaluate --task emotion --model models/emotion_int8.tflite --json \
        --data ../shared/data/fer2013.zip --split PublicTest \
        --votes ../shared/data/ferplus_votes.csv

With --votes the answers are judged against the crowd's majority (FER+), else against FER-2013's
label. --head says which head answers and so also by which labels; without it the head follows them.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from appliance.emotion import checked_bytes, read_card
from appliance.errors import ModelError
from appliance.interpreter import Interpreter
from appliance.preprocessing import to_input
from appliance.records import EMOTIONS
from convert import data
from convert.scoring import Logits, Score, score


def run_model(content: bytes, images: npt.NDArray[np.uint8], size_px: int) -> tuple[Logits, ...]:
    """Logits (n, 7) of each output, in the model's order. images: uint8 (n, side, side)."""
    interpreter = Interpreter(content)
    answers = [
        interpreter.run(to_input(image, size_px))
        for image in tqdm(images, "faces", leave=False, disable=None)
    ]
    return tuple(np.concatenate(output) for output in zip(*answers, strict=True))


def evaluate_emotion(
    model: Path, faces: data.Faces, head: str | None, votes: data.Votes | None
) -> dict:
    """The figures of one head on these faces as JSON. Raises DataError, ModelError."""
    card = read_card(model)
    if head == "ferplus" and votes is None:
        raise data.DataError("the head ferplus is judged against the crowd's votes: give --votes")
    by_votes = votes is not None and head != "fer"
    output = _output(card, model, head, by_votes)
    faces, labels = labelled(faces, votes if by_votes else None)
    content = checked_bytes(model, card["sha256"])
    logits = run_model(content, faces.images, card["input"]["size_px"])[output["index"]]
    result: Score = score(logits, labels, output["temperature"])
    return {
        "task": "emotion",
        "model": model.name,
        "head": output["head"],
        "labels": "ferplus" if by_votes else "fer",
        **result.as_json(),
    }


def labelled(
    faces: data.Faces, votes: data.Votes | None
) -> tuple[data.Faces, npt.NDArray[np.int64]]:
    """(faces, labels): FER-2013's, or with votes the majority's where it is one of the seven."""
    if votes is None:
        return faces, faces.labels
    labels = data.majority(data.join_votes(faces, votes))
    return faces.take(labels >= 0), labels[labels >= 0]


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 judged, 1 data or model that cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        faces = data.select_split(data.load_emotions(options.data), options.split)
        votes = data.load_votes(options.votes) if options.votes else None
        result = evaluate_emotion(options.model, faces, options.head, votes)
    except (data.DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return 1
    result = {**result, "split": options.split, "data": options.data.name}
    print(json.dumps(result) if options.json else _for_people(result))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "convert.evaluate", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--task", choices=["emotion"], required=True)
    parser.add_argument("--model", type=Path, required=True, help="FILE.tflite beside FILE.json")
    parser.add_argument("--head", choices=["fer", "ferplus"])
    parser.add_argument("--data", type=Path, required=True, help="zip, folder or CSV of FER-2013")
    parser.add_argument("--split", required=True, help="Training, PublicTest, train, …")
    parser.add_argument("--votes", type=Path, help="ferplus_votes.csv or fer2013new.csv")
    parser.add_argument("--json", action="store_true")
    return parser


def _output(card: dict, model: Path, head: str | None, by_votes: bool) -> dict:
    """The card's entry of the head asked for; a model with one head answers with that one."""
    outputs = {output["head"]: output for output in card["outputs"]}
    wanted = head or ("ferplus" if by_votes else "fer")
    if head is None and len(outputs) == 1:
        return next(iter(outputs.values()))
    if wanted not in outputs:
        raise data.DataError(f"{model}: no head {wanted!r}; there are {', '.join(outputs)}")
    return outputs[wanted]


def _for_people(result: dict) -> str:
    low, high = result["interval95"]
    lines = [
        f"{result['model']}, head {result['head']}, {result['split']} ({result['count']} faces):",
        f"accuracy {result['accuracy']:.1%} ({low:.1%} to {high:.1%}), "
        f"calibration error {result['ece']:.3f}",
        f"{'':10}precision  recall     F1   faces",
    ]
    for emotion in EMOTIONS:
        one = result["per_class"][emotion]
        lines.append(
            f"{emotion:10}{one['precision']:9.1%}{one['recall']:8.1%}{one['f1']:7.1%}{one['count']:8}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
