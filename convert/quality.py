"""Gives the jukebox's emotion network an output for unclear faces, and its faces one light.

    python -m convert.quality --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --photos ../shared/data/detect_faces.zip

The network itself stays as `python -m convert` made it: it is read from emotion_float32_single and
only gets one more output. From the last maps, averaged to 3×3 cells, a logistic regression for each
cause tells whether a face is hidden (mask, hand), blurred or dark. It learns from Training faces
with these disturbances drawn (room.py), and from the masks in every other photo; the other photos
are for `convert.still`. A cause is believed from the number on that few undisturbed held-out faces
reach, and that says that it is likelier than not. The files of a single view, which the running
jukebox uses, get it. All cards are then measured anew for faces brought to one light.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import numpy.typing as npt

from appliance.errors import ModelError
from appliance.records import GrayImage, Picture, Unclear
from appliance.settings import FaceSettings
from appliance.vision.cards import MODELS, card_fields, checked_bytes, read_card
from appliance.vision.emotion import face_pixels
from appliance.vision.preprocessing import LIGHT, levelled
from convert import data, detect, room
from convert.card_text import write_card
from convert.cards import HELD_OUT, SINGLE, Answers, Training, agreement, measured, write_kinds
from convert.evaluate import run_model
from convert.examples import DataSet, emotion_data
from convert.examples import Examples as Judged
from convert.networks import with_quality
from convert.pictures import DataError
from convert.predict import to_batch
from convert.recipes import Recipe
from convert.recover import recovered
from convert.still import MASKED
from convert.train import use_threads

NAME, KINDS = "emotion", ("float32", "int8", "dynamic")
FACES = 5000  # of Training, each disturbed in every way
CELLS = 3
SEEN = 42  # of these faces, to measure int8's ranges by
RIDGE = 300.0  # how much the weights are held back; chosen on the photos that are learned from
LEAST_SPREAD = 0.2  # of a feature, in shares of the median one
STEPS = 12  # of Newton's method, which has settled after eight
MASK_VIEWS = 20  # of each face in a photo, moved and turned a little
TURN_DEG, GROW, MOVE = 7.0, 0.1, 0.07
# Faces blurred by so many pixels of 48, or from so few pixels, are read right half of the time.
BLURRED_PX, FEW_PX = 1.4, 18
DARK = 0.3  # noise, in shares of the face's spread
# This share of undisturbed faces may be called so.
FALSE_ALARMS: dict[Unclear, float] = {"hidden": 0.05, "blurred": 0.01, "dark": 0.01}

Gray = npt.NDArray[np.uint8]
Rng = np.random.Generator
Features = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Examples:
    """images: uint8 (n, 48, 48). is_it: for each cause whether it is so, bool (n)."""

    images: Gray
    is_it: Mapping[Unclear, npt.NDArray[np.bool_]]


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 made, 1 data or model that cannot be used, 2 usage."""
    options = _options(arguments)
    use_threads(1)
    try:
        card = card_fields(options.models / f"{NAME}_float32{SINGLE}.tflite")
        training = _training(card)
        faces, votes = data.load_emotions(options.data), data.load_votes(options.votes)
        dataset = replace(emotion_data(training.recipe, faces, votes), light=LIGHT)
        source = recovered(options.models / f"{NAME}_float32{SINGLE}.tflite")
        network, least, seen = taught(source, dataset, options.photos)
        # Undisturbed faces alone would leave out of int8's range all that this output is for.
        dataset = replace(dataset, calibration=np.concatenate([dataset.calibration, seen]))
        training.hashes[options.photos.name] = data.sha256_of(options.photos)
        made = write_kinds(
            NAME, network, dataset, training,
            folder=options.models, suffix=SINGLE, quality=least,
        )  # fmt: skip
        renew(options.models, dataset, made)
    except (DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return 1
    print(*made, least)
    return 0


def renew(folder: Path, dataset: DataSet, made: Mapping[str, dict[str, Any]]) -> None:
    """Writes the cards of the network's other files anew, which stay as they are, for one light.

    made: the new cards, whose files `jukebox why` explains as well. Raises ModelError if a file or
    its card cannot be used.
    """
    judged = {HELD_OUT: dataset.held_out, **dataset.tests}
    models = {kind: folder / f"{NAME}_{kind}.tflite" for kind in KINDS}
    answers = {kind: _answers(model, judged) for kind, model in models.items()}
    for kind, model in models.items():
        fields = card_fields(model)
        places = {head.name: head.index for head in read_card(model, "emotion").heads.values()}
        fields |= measured(places, answers[kind], judged, dataset)
        fields["int8_float_agreement"] = agreement(answers["int8"], answers["float32"])
        write_card(model, _lit(fields))
    explaining = folder / f"{NAME}_why.tflite"
    fields = card_fields(explaining)
    fields["explains"] |= {name: card["sha256"] for name, card in made.items()}
    write_card(explaining, _lit(fields))


def _answers(model: Path, judged: Mapping[str, Judged]) -> dict[str, Answers]:
    """Logits of each head of a file, by split, for faces brought to the light."""
    card = read_card(model, "emotion")
    content = checked_bytes(model, card.sha256)
    answers = {}
    for split, examples in judged.items():
        outputs = run_model(content, examples.images, card.size_px, LIGHT)
        answers[split] = {head.name: outputs[head.index] for head in card.heads.values()}
    return answers


def _lit(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"input": fields["input"] | {"light": asdict(LIGHT)}}


def taught(
    network: keras.Model, dataset: DataSet, photos: Path
) -> tuple[keras.Model, dict[Unclear, float], Gray]:
    """(the network with its output for unclear faces, least, seen).

    least: from which number on each cause is believed. seen: some of the faces that it learned
    from, in the light that the network gets: uint8 (n, 48, 48).
    """
    cells = _cells_of(network)
    rng = np.random.default_rng(0)
    examples = disturbed(dataset.training.images, masks(photos), rng)
    features = cells(examples.images)
    fitted = [logistic(features, examples.is_it[cause]) for cause in FALSE_ALARMS]
    weights = np.stack([weight for weight, _ in fitted], axis=-1)
    biases = np.array([bias for _, bias in fitted])
    clear = cells(dataset.held_out.images) @ weights + biases
    least = {
        cause: round(max(0.0, float(np.quantile(clear[:, index], 1 - share))), 3)
        for index, (cause, share) in enumerate(FALSE_ALARMS.items())
    }
    kernel = weights.reshape(CELLS, CELLS, -1, len(FALSE_ALARMS)).astype(np.float32)
    sample = examples.images[rng.permutation(len(examples.images))[:SEEN]]
    told = with_quality(network, kernel, biases.astype(np.float32))
    return told, least, np.array([_in_light(face) for face in sample])


def disturbed(faces: Gray, photographed: tuple[list[Gray], list[Gray]], rng: Rng) -> Examples:
    """Faces as they are and with each disturbance. photographed: faces without and with a mask."""
    chosen = faces[rng.permutation(len(faces))[:FACES]]
    hidden: list[bool] = []
    amounts: list[tuple[float, float]] = []
    images: list[Gray] = []

    def add(image: Gray, *, is_hidden: bool = False, blur: float = 0.0, noise: float = 0.0) -> None:
        images.append(image)
        hidden.append(is_hidden)
        amounts.append((blur, noise))

    for face in chosen:
        add(moved(face, rng))
        add(moved(room.glasses(face, rng), rng))
        for draw in (room.mask, room.hand):
            add(moved(draw(face, rng), rng), is_hidden=True)
        sigma = float(rng.uniform(0.3, 3.0))
        add(room.blurred(moved(face, rng), sigma), blur=sigma / BLURRED_PX)
        size = int(rng.integers(10, 36))
        add(room.small(moved(face, rng), size), blur=FEW_PX / size)
        contrast, noise = float(np.exp(rng.uniform(-3.5, -0.7))), float(rng.uniform(0.5, 3.5))
        spread = contrast * max(float(face.std()), LIGHT.least)
        add(room.dark(moved(face, rng), contrast, noise, rng), noise=noise / spread / DARK)
    for is_hidden, real in enumerate(photographed):
        for face in real:
            for _ in range(MASK_VIEWS):
                add(moved(_relit(face, rng), rng), is_hidden=bool(is_hidden))
    blurs, noises = np.array(amounts).T
    return Examples(
        np.array(images), {"hidden": np.array(hidden), "blurred": blurs > 1, "dark": noises > 1}
    )


def masks(photos: Path) -> tuple[list[Gray], list[Gray]]:
    """(faces without, faces with a mask) that the detector finds in every other photo."""
    find = detect.finder("blazeface", FaceSettings().min_score, FaceSettings().min_height_px)
    found: tuple[list[Gray], list[Gray]] = [], []
    for photo in detect.load_photos(photos)[::2]:
        for face in find(Picture(photo.luma)):
            near = [(d, box) for box in photo.boxes if (d := box.distance(face)) is not None]
            if not near:
                continue
            box = min(near, key=lambda pair: pair[0])[1]
            if box.counts or box.kind == MASKED:
                pixels = face_pixels(photo.luma, face)
                small = cv2.resize(pixels, (48, 48), interpolation=cv2.INTER_AREA)
                found[box.kind == MASKED].append(np.asarray(small, np.uint8))
    return found


def moved(face: Gray, rng: Rng) -> Gray:
    """The face mirrored or not, turned, moved and grown a little, as a detector cuts it."""
    side = face.shape[0]
    image = np.ascontiguousarray(face[:, ::-1]) if rng.random() < 0.5 else face
    middle = (side - 1) / 2, (side - 1) / 2
    scale = 1 + rng.uniform(-GROW, GROW)
    place = np.asarray(cv2.getRotationMatrix2D(middle, rng.normal(0, TURN_DEG), scale), np.float64)
    place[:, 2] += rng.uniform(-MOVE, MOVE, 2) * side
    drawn = cv2.warpAffine(image, place, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(drawn, np.uint8)


def logistic(features: Features, is_it: npt.NDArray[np.bool_]) -> tuple[Features, float]:
    """(weights, bias) of a ridge logistic regression, by Newton's method.

    features: float64 (n, k); is_it: bool (n). Both outcomes weigh the same, however often they are.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    # A feature that is nearly always 0 would get a weight beside which int8 rounds all others to 0.
    spread = spread + LEAST_SPREAD * np.median(spread)
    x = np.column_stack([(features - mean) / spread, np.ones(len(features))])
    importance = np.where(is_it, 0.5 / is_it.mean(), 0.5 / (1 - is_it.mean()))
    held = np.append(np.full(features.shape[1], RIDGE), 0.0)
    weights = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (importance * (p - is_it)) + held * weights
        curve = (x.T * (importance * p * (1 - p))) @ x + np.diag(held + 1e-6)
        weights -= np.linalg.solve(curve, slope)
    scaled = np.asarray(weights[:-1] / spread)
    return scaled, float(weights[-1] - scaled @ mean)


def _cells_of(network: keras.Model) -> Callable[[Gray], Features]:
    """A function from faces to their last maps, averaged to 3×3 cells: float64 (n, 648)."""
    maps = keras.Model(network.input, network.get_layer("fer_maps").input)

    def cells(images: Gray) -> Features:
        parts = []
        for start in range(0, len(images), 256):
            found = maps(to_batch(images[start : start + 256], LIGHT), training=False).numpy()
            count, side, _, channels = found.shape
            shape = count, CELLS, side // CELLS, CELLS, side // CELLS, channels
            parts.append(found.reshape(shape).mean(axis=(2, 4)).reshape(count, -1))
        return np.asarray(np.concatenate(parts), np.float64)

    return cells


def _in_light(face: Gray) -> Gray:
    return np.asarray(np.rint((levelled(face, LIGHT) + 1.0) * 127.5), np.uint8)


def _relit(face: GrayImage, rng: Rng) -> Gray:
    gamma = float(np.exp(rng.uniform(-0.4, 0.4)))
    lit = np.asarray(255 * (face / 255) ** gamma, np.uint8)
    return room.blurred(lit, float(rng.uniform(0.2, 0.7))) if rng.random() < 0.4 else lit


def _training(card: Mapping[str, Any]) -> Training:
    """What came before the network, as its former card says."""
    stated = card["training"]
    helpers = {name: Recipe(**fields) for name, fields in stated["helpers"].items()}
    recipe = Recipe(**stated["recipe"])
    return Training(recipe, stated["history"], dict(stated["data_sha256"]), helpers)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "convert.quality", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="FER-2013: zip, folder or CSV")
    parser.add_argument("--votes", type=Path, required=True, help="FER+: either CSV")
    parser.add_argument("--photos", type=Path, required=True, help="with an annotations.json")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder; default: models/")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
