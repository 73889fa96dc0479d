"""How good a model is, float or int8, by the jukebox's own interpreter and preprocessing.

    python -m convert.evaluate --task emotion --model models/emotion_int8.tflite --json \
        --data ../shared/data/fer2013.zip --split PublicTest \
        --votes ../shared/data/ferplus_votes.csv
    python -m convert.evaluate --task people --data ../shared/data/people.zip
    python -m convert.evaluate --task people --data ../shared/data/people.zip --split even \
        --teach 2 --seed 1 [--kinds 1:23] [--bad 3]
    python -m convert.evaluate --task gender --model models/gender_int8.tflite \
        --data ../shared/data/utkface.zip --split heldout
    python -m convert.evaluate --task detect --model blazeface [--split odd|even] [--colour] \
        --data ../shared/data/detect_faces.zip --negatives ../shared/data/detect_negatives.zip

emotion: with --votes the crowd's majority (FER+) judges the answers, otherwise FER-2013's label.
--head chooses the head that answers and so also the labels; without it the head follows the labels.
mean_of_heads is the mean of both heads, as_mood the same without the priors, as for the mood.
--in-turn judges two views, a face and its mirror image, averaged as the running jukebox averages
them. The split heldout is the part of Training that was never trained on. --contrast, --brightness,
--size, --tilt and --blur disturb the faces first.
people: without --model and --head, the running configuration in int8 and as_mood. A face that is
not found counts as wrong. The splits odd and even are the people at those places of the names.
With --teach, each person shows so many examples of each emotion first, and the other pictures are
the test, as teaching.py draws and judges them; appliance/vision/people.json was measured on odd.
gender: UTKFace has no splits; `training` and `heldout` are this project's, and without --split
every picture counts.
detect: --model is blazeface, haar, a .tflite file, or the card of one that is in a package. The
split even may be trained on, odd is for reporting: every other photo of either kind. --colour shows
the photos in colour, as most cameras do; without it they are gray.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from appliance.errors import ModelError
from appliance.records import GENDERS
from appliance.settings import FaceSettings
from appliance.vision.cards import MODELS, card_fields
from appliance.vision.classifier import ModelClassifier
from appliance.vision.interpreter import Interpreter
from appliance.vision.preprocessing import Light, to_input
from convert import data, detect, people, teaching
from convert.disturbance import Disturbance
from convert.evaluate_options import DISTURBANCES, parse
from convert.groups import gender_figures
from convert.pictures import DataError
from convert.reader import AS_MOOD, Reader, has_several_heads
from convert.report import for_people
from convert.scoring import Labels, Logits, balanced, rounded, score

ALL = "all"
# What the running jukebox reads with, where int8 is the faster format.
RUNNING = MODELS / "emotion_int8_single.tflite"
VIEWS: dict[object, str] = {
    1: "one",
    2: "a face and its mirror image at once",
    6: "a face and its mirror image, as they are, nearer and farther, at once",
    "in turn": "a face and its mirror image in turn",
}
HELD_OUT = "heldout"
PORTRAIT_SPLITS = ("training", HELD_OUT)  # in the order of data.split_portraits


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 judged, 1 data or model that cannot be used, 2 usage."""
    options = parse(__doc__, TASKS, arguments)
    try:
        result = TASKS[options.task](options)
    except (DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return 1
    result |= {"data": options.data.name}
    print(json.dumps(result) if options.json else for_people(result))
    return 0


def evaluate_emotion(
    model: Path,
    faces: data.Faces,
    head: str | None,
    votes: data.Votes | None,
    *,
    in_turn: bool = False,
    disturbance: Disturbance | None = None,
) -> dict[str, Any]:
    """The figures of one head on these faces, as JSON.

    head: its name; None: the one that follows the labels. votes: judge instead of FER-2013's
    labels, unless the head is fer. in_turn: judges the face and its mirror image, averaged as the
    mood filter averages them. disturbance: of the faces, before they are read. Raises DataError if
    the labels do not suit the head or the faces, and ModelError if the model cannot be used so.
    """
    if head == "ferplus" and votes is None:
        raise DataError("the head ferplus is judged against the crowd's votes: give --votes")
    by_votes = votes is not None and head != "fer"
    if head is None and has_several_heads(model):
        head = "ferplus" if by_votes else "fer"
    reader = Reader(model, head, in_turn=in_turn)
    given = len(faces)
    faces, labels = labelled(faces, votes if by_votes else None)
    images = (disturbance or Disturbance()).of(faces.images)
    result = score(reader.logits(images), labels, reader.temperature)
    views = VIEWS["in turn" if in_turn else reader.views]
    return {
        "task": "emotion",
        "model": model.name,
        "views": views,
        "looks": views,  # its former name, for one more release
        "head": reader.head,
        "labels": "ferplus" if by_votes else "fer",
        "left_out": given - len(faces),
        **result.as_json(),
        "balanced_accuracy": rounded(balanced(result)),
    }


def evaluate_gender(model: Path, portraits: data.Portraits) -> dict[str, Any]:
    """The figures on these portraits, of all and by group, as JSON.

    Raises ModelError if the model is not a gender network with its card.
    """
    classifier = ModelClassifier(model, "gender", GENDERS)
    logits = answers(classifier, portraits.images)
    return {
        "task": "gender",
        "model": model.name,
        "head": classifier.head.name,
        **gender_figures(logits, portraits, classifier.head.temperature),
    }


def labelled(faces: data.Faces, votes: data.Votes | None) -> tuple[data.Faces, Labels]:
    """(faces, labels): FER-2013's, or with votes the majority's where it is one of the seven.

    Raises DataError if no face is left.
    """
    if votes is None:
        return faces, faces.labels
    labels = data.majority(data.join_votes(faces, votes))
    if not (labels >= 0).any():
        raise DataError("the crowd saw none of the seven emotions in any of these faces")
    return faces.take(labels >= 0), labels[labels >= 0]


def answers(classifier: ModelClassifier, images: npt.NDArray[np.uint8]) -> Logits:
    """Logits, float32 (n, classes), of the classifier's head. images: uint8 (n, side, side)."""
    progress = tqdm(images, "faces", leave=False, disable=None)
    return np.stack([classifier.logits(image) for image in progress])


def run_model(
    content: bytes, images: npt.NDArray[np.uint8], size_px: int, light: Light | None = None
) -> tuple[Logits, ...]:
    """Logits, float32 (n, classes), of each output of a TFLite file, in its order.

    images: uint8 (n, side, side), at least one. size_px: side of the network's input. light: as its
    card says. Raises ModelError if the content is not a network.
    """
    interpreter = Interpreter(content)
    progress = tqdm(images, "faces", leave=False, disable=None)
    outputs = [interpreter.run(to_input(image, size_px, light)) for image in progress]
    return tuple(np.concatenate(output) for output in zip(*outputs, strict=True))


def _emotion(options: argparse.Namespace) -> dict[str, Any]:
    faces = data.load_emotions(options.data)
    if held_out := (options.split or "").lower() == HELD_OUT:
        faces = _held_out(faces, options.data)
    else:
        faces = data.select_split(faces, options.split)
        if faces.splits[0].lower() in data.TRAINING_SPLITS:
            _say_trained_on(faces.splits[0])
    votes = data.load_votes(options.votes) if options.votes else None
    given = {name: getattr(options, name) for name in DISTURBANCES}
    given = {name: value for name, value in given.items() if value is not None}
    result = evaluate_emotion(
        options.model, faces, options.head, votes, in_turn=bool(options.in_turn),
        disturbance=Disturbance(**given),
    )  # fmt: skip
    return result | {"split": HELD_OUT if held_out else str(faces.splits[0]), "disturbance": given}


def _held_out(faces: data.Faces, path: Path) -> data.Faces:
    if (faces.rows == data.UNKNOWN_ROW).any():
        raise DataError(
            f"{path}: the split {HELD_OUT} is chosen by the pixels of fer2013.csv, and pictures "
            "whose names are not its rows may have other pixels; name the CSV itself"
        )
    held = data.emotion_held_out(faces)[1]
    if not len(held):
        raise DataError(f"{path}: too few pictures for a split {HELD_OUT!r}")
    return held


def _gender(options: argparse.Namespace) -> dict[str, Any]:
    portraits, split = data.load_utkface(options.data), (options.split or ALL).lower()
    if split != HELD_OUT and _were_trained_on(options):
        _say_trained_on(split if split in PORTRAIT_SPLITS else ALL)
    if split in PORTRAIT_SPLITS:
        if not data.is_own_utkface(options.data):
            _say(
                f"{split}: chosen by the pixels of pictures of 80×80, which these are not; nine of "
                "ten may have been trained on"
            )
        portraits = data.split_portraits(portraits)[PORTRAIT_SPLITS.index(split)]
    elif split != ALL:
        _say_all_count(options.split)
    if not len(portraits):
        raise DataError(f"{options.data}: too few pictures for a split {split!r}")
    result = evaluate_gender(options.model, portraits)
    return result | {"split": split if split in PORTRAIT_SPLITS else ALL}


def _detect(options: argparse.Namespace) -> dict[str, Any]:
    split = (options.split or ALL).lower()
    if split not in (ALL, *detect.SPLITS):
        _say_all_count(options.split)
        split = ALL
    photos = detect.of_split(detect.load_photos(options.data), split)
    without = detect.load_negatives(options.negatives) if options.negatives else []
    negatives = detect.of_split(without, split)
    min_score = FaceSettings().min_score if options.min_score is None else options.min_score
    min_height_px = options.min_height_px or min(detect.HEIGHTS_PX)
    find, colour = detect.finder(str(options.model), min_score, min_height_px), bool(options.colour)
    return {
        "task": "detect",
        "model": options.model.name,
        "min_score": min_score,
        "min_height_px": min_height_px,
        **detect.recall(photos, find, colour=colour),
        **(detect.false_alarms(negatives, find, colour=colour) if negatives else {}),
        "split": split,
        "colour": colour,
    }


def _people(options: argparse.Namespace) -> dict[str, Any]:
    runs = options.model is None
    model = RUNNING if runs else options.model
    reader = Reader(model, options.head or AS_MOOD, in_turn=runs or bool(options.in_turn))
    rules = FaceSettings()
    find = detect.finder("blazeface", rules.min_score, rules.min_height_px)
    split = (options.split or ALL).lower()
    if split not in (ALL, *people.SPLITS):
        _say_all_count(split)
        split = ALL
    pictures = people.load_people(options.data, split)
    judged = (
        _taught(options, model, find, pictures)
        if options.teach
        else people.judge(pictures, find, reader)
    )
    return {
        "task": "people",
        "model": model.name,
        "head": reader.head,
        **judged,
        "split": split,
    }


def _taught(
    options: argparse.Namespace, model: Path, find: detect.Find, pictures: list[people.ActedFace]
) -> dict[str, Any]:
    eyes, space = teaching.eyes_of_the_running(model, find)
    seed = 1 if options.seed is None else options.seed
    return teaching.judge(
        pictures, eyes, space,
        count=options.teach, seed=seed, kinds=options.kinds, bad=options.bad or 0,
    )  # fmt: skip


def _were_trained_on(options: argparse.Namespace) -> bool:
    """Whether the model's card names the same data."""
    hashes = card_fields(options.model).get("training", {}).get("data_sha256", {})
    return data.sha256_of(options.data) in hashes.values()


def _say_trained_on(split: str) -> None:
    _say(f"{split}: trained on, except for what --split {HELD_OUT} judges")


def _say_all_count(split: str) -> None:
    _say(f"these data have no split {split!r}: every picture counts")


def _say(what: str) -> None:
    print(what, file=sys.stderr)


TASKS = {"emotion": _emotion, "people": _people, "gender": _gender, "detect": _detect}


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # "… | head" is not a failure
    sys.exit(main())
