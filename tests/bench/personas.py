"""How one person's face is read: the numbers of appliance/rehearsal/personas.json.

    python tests/bench/personas.py ../shared/data/people.zip ../shared/data/fer2013.zip \
        > appliance/rehearsal/personas.json

Reads the people at the odd places of the sorted names (10 people, 365 pictures; the even ones are
for reporting) with the jukebox's own detector and network, each face and its mirror image. The
correction was learned from these very people, so each of them is read with one that was learned
from the other nine. A reading is seven log-probabilities (at least 1 %) less their mean. They are
taken apart, as in an analysis of variance, into

- means: by emotion, the mean over these people's means;
- person: covariance of what a person's readings of all emotions have in common;
- person_and_emotion: covariance of what is left of a person's mean for one emotion, less what the
  spread of some five pictures adds to it;
- expression: by emotion, covariance of a person's pictures of that emotion;
- inside: of the 72 numbers that the network knows of a face, in the space of taught people
  (vision/people.py): read, the linear map to the readings (those of the running jukebox) within a
  person's pictures of one emotion; unexplained, the covariance of what it misses.

With --inside as the third argument only that part is measured anew: a tenth of the time.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np

from appliance.records import Picture
from appliance.settings import FaceSettings
from appliance.vision.cards import MODELS
from appliance.vision.emotion import EmotionClassifier, face_pixels, numbers_of
from appliance.vision.people import read_space
from appliance.vision.preprocessing import mirrored
from convert import correction, detect
from convert.data import load_emotions
from convert.people import largest, load_people

MODEL = MODELS / "emotion_int8_single.tflite"
KEPT = Path(__file__).resolve().parents[2] / "appliance" / "rehearsal" / "personas.json"
LEAST = 0.01
# As if this share of all pictures had been seen once more where numbers do nothing: there are 295
# free pictures for 72 numbers.
RIDGE = 0.2


def faces(people_zip):
    """(picture, pixels of its face) of the people at odd places."""
    rules = FaceSettings()
    find = detect.finder("blazeface", rules.min_score, rules.min_height_px)
    for picture in load_people(people_zip, "odd"):
        yield picture, face_pixels(picture.luma, largest(find(Picture(picture.luma))))


def read_inside(people_zip):
    """(person, emotion's index, reading, place) of each picture, as the jukebox reads it."""
    classifier, space = EmotionClassifier(MODEL), read_space()
    for picture, pixels in faces(people_zip):
        seen = [classifier.for_mood(classifier.read(v)) for v in (pixels, mirrored(pixels))]
        logs = np.log(np.maximum(np.mean([shares for shares, _ in seen], axis=0), LEAST))
        place = space.place(np.mean([numbers for _, numbers in seen], axis=0))
        yield picture.person, picture.label, logs - logs.mean(), place


def read(people_zip, fer2013_zip):
    """(person, emotion's index, reading) of each picture of the people at odd places."""
    people = load_people(people_zip, "odd")
    classifier, reader = EmotionClassifier(MODEL), correction.Reader(MODEL)
    everybody = reader.read(correction.of_people(people))
    held_out = reader.read(correction.held_out(load_emotions(fer2013_zip)))
    names = {picture.person for picture in people}
    by_others = {
        name: correction.learned(everybody.without(name), held_out) for name in sorted(names)
    }
    for picture, pixels in faces(people_zip):
        both = []
        for view in (pixels, mirrored(pixels)):
            answer = classifier.read(view)
            mean = np.mean(answer.shares, axis=0).tolist()
            numbers, evened = numbers_of(answer.inside), classifier.priors.evened()
            both.append(by_others[picture.person].corrected(mean, numbers, evened))
        logs = np.log(np.maximum(np.mean(both, axis=0), LEAST))
        yield picture.person, picture.label, logs - logs.mean()


def taken_apart(rows):
    """The numbers, and how often an emotion leads within these pictures."""
    by_cell = {}
    for person, emotion, reading in rows:
        by_cell.setdefault((person, emotion), []).append(reading)
    cells = {key: np.mean(readings, axis=0) for key, readings in by_cell.items()}
    means = [np.mean([m for (_, e), m in cells.items() if e == k], axis=0) for k in range(7)]
    off = {key: mean - means[key[1]] for key, mean in cells.items()}
    people = {p for p, _ in cells}
    person = {p: np.mean([o for (q, _), o in off.items() if q == p], axis=0) for p in people}
    left = [o - person[p] for (p, _), o in off.items()]
    spread = {
        k: np.concatenate([r - cells[c] for c, r in by_cell.items() if c[1] == k]) for k in range(7)
    }
    free = sum(len(readings) - 1 for readings in by_cell.values())
    within = sum(s.T @ s for s in spread.values()) / free
    pictures = np.mean([1 / len(readings) for readings in by_cell.values()])
    return {
        "means": np.array(means),
        "person": np.cov(list(person.values()), rowvar=False),
        "person_and_emotion": positive(np.cov(left, rowvar=False) - pictures * within),
        "expression": [
            s.T @ s / max(1, sum(len(r) - 1 for c, r in by_cell.items() if c[1] == k))
            for k, s in spread.items()
        ],
    }


def inside(rows):
    """How places are read."""
    by_cell = {}
    for person, emotion, reading, place in rows:
        by_cell.setdefault((person, emotion), []).append((reading, place))
    cells = {
        cell: tuple(np.mean(side, axis=0) for side in zip(*seen, strict=True))
        for cell, seen in by_cell.items()
    }
    left = [
        (reading - cells[cell][0], place - cells[cell][1])
        for cell, seen in by_cell.items()
        for reading, place in seen
    ]
    readings, places = (np.array(side) for side in zip(*left, strict=True))
    held = RIDGE * len(places) * np.eye(places.shape[1])
    read = np.linalg.solve(places.T @ places + held, places.T @ readings).T
    missed = readings - places @ read.T
    free = len(left) - len(cells)
    return {"read": read, "unexplained": missed.T @ missed / free}


def positive(covariance):
    """The nearest covariance without negative variances."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.maximum(values, 0.0)) @ vectors.T


def main():
    people_zip, fer2013_zip = map(Path, sys.argv[1:3])
    if sys.argv[3:] == ["--inside"]:
        rounded = json.loads(KEPT.read_text())
    else:
        numbers = taken_apart(list(read(people_zip, fer2013_zip)))
        rounded = {key: np.round(value, 3).tolist() for key, value in numbers.items()}
    measured = inside(list(read_inside(people_zip)))
    rounded["inside"] = {key: np.round(value, 3).tolist() for key, value in measured.items()}
    text = json.dumps(rounded, indent=1)
    # One line for each row of seven numbers.
    print(re.sub(r"\[[^\[\]]*\]", lambda row: " ".join(row[0].split()), text))


if __name__ == "__main__":
    main()
