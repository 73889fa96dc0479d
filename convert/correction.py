"""What an answer of the jukebox's network means for people unlike those whom it learned from.

    python -m convert.correction --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --people ../shared/data/people.zip

Gives emotion_int8_single and emotion_float32_single one more output, their last maps, and their
cards the field `correction` (vision/correction.py). It is learned half from the people at the odd
places of the sorted names, and half from the faces of Training that were held out; each emotion
counts alike, but neutral, which a face mostly is, counts NEUTRAL times. Faces are also shown far
away, blurred and tilted. The weights are drawn to the network's own answer, and only a part of the
way is gone. `priors.neutral` is measured anew. To be run after `python -m convert` and
`convert.quality`, before `convert.people_space`.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from appliance.errors import ModelError
from appliance.records import EMOTIONS, Emotion, GrayImage, Picture, Priors
from appliance.settings import FaceSettings
from appliance.vision import preprocessing
from appliance.vision.cards import MODELS, card_fields
from appliance.vision.correction import Correction, centred
from appliance.vision.emotion import EmotionClassifier, face_pixels, numbers_of
from appliance.vision.interpreter import Interpreter
from convert import data, detect
from convert.card_text import write_card
from convert.disturbance import Disturbance
from convert.people import ActedFace, largest, load_people
from convert.pictures import DataError
from convert.priors import measured_priors
from convert.quantize import with_inside

NAME, KINDS, WHY = "emotion_{}_single", ("int8", "float32"), "emotion_why"
SHOWN = (
    Disturbance(), Disturbance(size=32), Disturbance(size=24), Disturbance(blur=0.8),
    Disturbance(tilt=12.0), Disturbance(tilt=-12.0),
)  # fmt: skip
FACE_PX = 96  # larger ones are shrunk to it before they are disturbed
# Chosen on the ten people at odd places, each left out in turn (docs/lab-notebook.md).
NEUTRAL = 1.5
# Of the way to what was learned, and how much sharper its answers are: on simulated days of held-
# out faces the whole way loses a tenth of the sad moods, and softer answers settle later.
PART, SHARPER = 0.75, 1.1
TO_EVIDENCE, TO_NUMBERS = 0.1, 0.1  # how strongly the weights are drawn to 1 and to 0
STEPS, RATE = 400, 0.02  # of Adam; the loss has settled after 300

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Read:
    """Readings of many faces: evidence (n, 7), numbers (n, 72), labels (n). who: whose face."""

    evidence: Floats
    numbers: Floats
    labels: Labels
    who: tuple[str, ...]

    def without(self, name: str) -> Read:
        """Those of all other people."""
        kept = np.array([other != name for other in self.who])
        who = tuple(other for other in self.who if other != name)
        return Read(self.evidence[kept], self.numbers[kept], self.labels[kept], who)


Cut = tuple[GrayImage, int, str]  # a face, its label, and whose it is


class Reader:
    """Reads faces as they are shown, each and its mirror image, with a network of the jukebox's."""

    def __init__(self, model: Path) -> None:
        self._network = EmotionClassifier(model)
        self._evened = (self._network.card.priors or Priors.even()).evened()

    def read(self, faces: Sequence[Cut]) -> Read:
        """The readings of these faces."""
        shares, numbers, labels, who = [], [], [], []
        for image, label, name in tqdm(faces, "faces", leave=False, disable=None):
            for shown in SHOWN:
                (seen,) = shown.of(image[np.newaxis])
                for view in (seen, preprocessing.mirrored(seen)):
                    answer = self._network.read(view)
                    if answer.inside is None:
                        raise ModelError(f"{self._network.name}: does not give its last maps")
                    shares.append(np.mean(answer.shares, axis=0))
                    numbers.append(numbers_of(answer.inside))
                    labels.append(label)
                    who.append(name)
        evidence = centred(np.array(shares), self._evened)
        return Read(evidence, np.array(numbers, np.float64), np.array(labels), tuple(who))


def of_people(people: Sequence[ActedFace]) -> list[Cut]:
    """People's faces that are found."""
    rules = FaceSettings()
    find = detect.finder("blazeface", rules.min_score, rules.min_height_px)
    faces = []
    for picture in people:
        if (face := largest(find(Picture(picture.luma)))) is not None:
            pixels = face_pixels(picture.luma, face)
            small = preprocessing.resized(pixels, FACE_PX) if len(pixels) > FACE_PX else pixels
            faces.append((small, picture.label, picture.person))
    return faces


def held_out(faces: data.Faces) -> list[Cut]:
    """The faces of Training that were held out."""
    _, held = data.emotion_held_out(faces)
    return [(image, int(label), "") for image, label in zip(held.images, held.labels, strict=True)]


def learned(*sources: Read) -> Correction:
    """The correction that these readings teach, each source as much."""
    numbers = np.concatenate([source.numbers for source in sources])
    middle, spread = numbers.mean(axis=0), numbers.std(axis=0) + 1e-3
    evidence = np.concatenate([source.evidence for source in sources])
    features = np.hstack([evidence, (numbers - middle) / spread])
    labels = np.concatenate([source.labels for source in sources])
    counts = np.concatenate([_alike(source.labels) for source in sources])
    weights, offset = _regression(features, labels, counts / counts.sum())
    weights[:, len(EMOTIONS) :] /= spread
    offset -= weights[:, len(EMOTIONS) :] @ middle
    own = np.eye(len(EMOTIONS), weights.shape[1])  # the network's own answer
    return Correction(SHARPER * (own + PART * (weights - own)), np.asarray(SHARPER * PART * offset))


def _alike(labels: Labels) -> Floats:
    """How much each face counts: each emotion alike, neutral NEUTRAL times, 1 in all or more."""
    counts = np.bincount(labels, minlength=len(EMOTIONS)).astype(float)
    shares = 1.0 / np.maximum(counts, 1.0)
    shares[EMOTIONS.index(Emotion.NEUTRAL)] *= NEUTRAL
    return np.asarray(shares[labels])


def _regression(features: Floats, labels: Labels, counts: Floats) -> tuple[Floats, Floats]:
    """Multinomial logistic regression by Adam: weights (7, n) and offset (7)."""
    wanted = np.eye(len(EMOTIONS))[labels]
    anchor = np.eye(len(EMOTIONS), features.shape[1])
    held = np.full(features.shape[1], TO_NUMBERS)
    held[: len(EMOTIONS)] = TO_EVIDENCE
    found = np.hstack([anchor, np.zeros((len(EMOTIONS), 1))])  # the last column is the offset
    mean, square = np.zeros_like(found), np.zeros_like(found)
    for step in range(STEPS):
        logs = features @ found[:, :-1].T + found[:, -1]
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        wrong = (shares / shares.sum(axis=1, keepdims=True) - wanted) * counts[:, np.newaxis]
        slope = np.hstack([wrong.T @ features, wrong.sum(axis=0)[:, np.newaxis]])
        slope[:, :-1] += held * (found[:, :-1] - anchor)
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        far = mean / (1 - 0.9 ** (step + 1))
        found -= (
            RATE * (1 - step / STEPS) * far / (np.sqrt(square / (1 - 0.99 ** (step + 1))) + 1e-9)
        )
    return found[:, :-1].copy(), found[:, -1].copy()


def as_json(correction: Correction, source: str) -> dict[str, Any]:
    """The card's field."""
    evidence, numbers = np.hsplit(correction.weights, [len(EMOTIONS)])
    rows = {"evidence": evidence, "numbers": numbers, "offset": correction.offset}
    return {name: np.round(values, 4).tolist() for name, values in rows.items()} | {"from": source}


def give_inside(folder: Path) -> None:
    """Gives both files the output with their last maps, if they lack it; cards tell its place.

    Raises ModelError if a file cannot be used.
    """
    models = [folder / f"{NAME.format(kind)}.tflite" for kind in KINDS]
    cards = [card_fields(model) for model in models]
    # A run that was stopped between the two files has named the space already.
    space = cards[0].get("inside", {}).get("space") or cards[0]["sha256"][:12]
    why = folder / f"{WHY}.tflite"
    explaining = card_fields(why)
    for model, card in zip(models, cards, strict=True):
        if "inside" in card:
            continue
        content = with_inside(model.read_bytes())
        model.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        card["inside"] = {"index": len(Interpreter(content).output_shapes) - 1, "space": space}
        write_card(model, card | {"sha256": sha256, "bytes": len(content)})
        explaining["explains"][card["name"]] = sha256
    write_card(why, explaining)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. 0 made, 1 data or model that cannot be used, 2 usage."""
    parser = argparse.ArgumentParser(
        "convert.correction", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="FER-2013: zip, folder or CSV")
    parser.add_argument("--votes", type=Path, required=True, help="FER+: either CSV")
    parser.add_argument("--people", type=Path, required=True, help="SET/PERSON/EMOTION_….jpg")
    parser.add_argument("--split", default="odd", help="odd (the default), even or all")
    parser.add_argument("--models", type=Path, default=MODELS)
    options = parser.parse_args(arguments)
    try:
        give_inside(options.models)
        people = load_people(options.people, options.split)
        faces, votes = data.load_emotions(options.data), data.load_votes(options.votes)
        sources = of_people(people), held_out(faces)
        source = (
            f"{len({face.person for face in people})} people of {options.people.name}"
            " and faces of Training that were held out"
        )
        for kind in KINDS:
            model = options.models / f"{NAME.format(kind)}.tflite"
            correction = learned(*map(Reader(model).read, sources))
            card = card_fields(model)
            write_card(model, card | {"correction": as_json(correction, source)})
            write_card(model, card_fields(model) | measured_priors(model, faces, votes))
            print(model)
    except (DataError, ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
