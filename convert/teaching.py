"""How well people are read after a few examples of each emotion: `--task people --teach K`.

Examples and tests are drawn anew for each seed, and no picture is both. What decides is what runs:
vision/people.py, with the numbers that the running classifier gives, of each picture and its mirror
image. Whose profile applies is decided as before a camera, where a face is seen for a while: by the
mean fit of five pictures of a person in a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from appliance.errors import ModelError
from appliance.records import EMOTIONS, Frame, GrayImage, Numbers, Picture
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.people import (
    LEAST_FIT,
    FaceSpace,
    Logs,
    Profile,
    evidence_of,
    read_space,
)
from convert.detect import Find
from convert.people import NOT_FOUND, ActedFace, figures, largest
from convert.pictures import DataError
from convert.scoring import rounded

AT_REST = 0  # the kind of a face that acts nothing: it is an example or a test in every way to act
IN_A_ROW = 5
Kinds = tuple[frozenset[int], frozenset[int]]  # of examples, of tests


@dataclass(frozen=True, slots=True)
class Seen:
    """What the classifier says of a picture; None of a face that was not found."""

    evidence: Logs
    numbers: Numbers


class Eyes:
    """Sees pictures as the jukebox sees frames. model: whose file gives its last maps."""

    def __init__(self, model: Path, find: Find) -> None:
        self._classifier = EmotionClassifier(model, in_turn=True)
        self._find = find

    def see(self, luma: GrayImage) -> Seen | None:
        """The picture and its mirror image, averaged. luma: uint8 (height, width)."""
        face = largest(self._find(Picture(luma)))
        if face is None:
            return None
        both = [self._classifier.classify(Frame(0.0, 0.0, luma), [face])[0] for _ in range(2)]
        shares = np.mean([score.mean_probabilities for score in both], axis=0)
        numbers = np.mean([score.numbers for score in both if score.numbers is not None], axis=0)
        return Seen(evidence_of(shares, self._classifier.priors.evened()), numbers)

    def see_all(self, people: Sequence[ActedFace]) -> list[Seen | None]:
        """All pictures, in their order."""
        return [self.see(face.luma) for face in tqdm(people, "pictures", leave=False, disable=None)]


def eyes_of_the_running(model: Path, find: Find) -> tuple[Eyes, FaceSpace]:
    """Those of a network that people can be taught. Raises ModelError for any other one."""
    space, inside = read_space(), EmotionClassifier(model).card.inside
    if space is None or inside is None or inside.space != space.network:
        raise ModelError(f"{model}: was not measured for teaching; python -m convert.people_space")
    return Eyes(model, find), space


@dataclass(frozen=True, slots=True)
class Drawn:
    """One person's pictures, by their places among all: examples, in the order of a lesson."""

    person: str
    examples: list[int]
    tests: list[int]


def draw(people: Sequence[ActedFace], count: int, seed: int, kinds: Kinds | None) -> list[Drawn]:
    """For each person so many examples of each emotion; the others are tests.

    kinds: only of these ways to act, and of faces at rest; people without kinds are left out.
    """
    drawn = []
    for number, name in enumerate(sorted({picture.person for picture in people})):
        own = [place for place, picture in enumerate(people) if picture.person == name]
        rng = np.random.default_rng([seed, number])
        shuffled = [own[place] for place in rng.permutation(len(own))]
        examples = _examples(people, _of_kinds(people, shuffled, kinds and kinds[0]), count)
        left = [place for place in shuffled if place not in set(examples)]
        tests = _of_kinds(people, left, kinds and kinds[1])
        if examples and tests:
            drawn.append(Drawn(name, examples, tests))
    return drawn


def _examples(people: Sequence[ActedFace], places: Sequence[int], count: int) -> list[int]:
    """The first so many places of each emotion: one of each, then a second of each, and so on."""
    labels = [people[place].label for place in places]
    turns = [labels[:number].count(label) for number, label in enumerate(labels)]
    chosen = [(turn, place) for turn, place in zip(turns, places, strict=True) if turn < count]
    return [place for _, place in sorted(chosen, key=lambda pair: pair[0])]


def _of_kinds(
    people: Sequence[ActedFace], places: Sequence[int], kinds: frozenset[int] | None
) -> list[int]:
    if kinds is None:
        return list(places)
    return [place for place in places if people[place].kind in {AT_REST, *kinds}]


def taught(
    space: FaceSpace, people: Sequence[ActedFace], seen: Sequence[Seen | None], drawn: Drawn
) -> Profile:
    """The profile of a person who has shown these examples."""
    profile = Profile(space)
    for place in drawn.examples:
        if (found := seen[place]) is not None:
            emotion = EMOTIONS[people[place].label]
            profile = profile.with_example(drawn.person, emotion, found.numbers)
    return profile


def misled(
    profile: Profile,
    people: Sequence[ActedFace],
    seen: Sequence[Seen | None],
    drawn: Drawn,
    bad: int,
) -> Profile:
    """The profile after somebody has told so many times that an example looks like another."""
    rng = np.random.default_rng([len(people), *drawn.examples])
    for place in rng.permutation(drawn.examples)[:bad].tolist():
        emotion = EMOTIONS[(people[place].label + int(rng.integers(1, 7))) % len(EMOTIONS)]
        if (found := seen[place]) is not None:
            weight = profile.trust(emotion, found.numbers, found.evidence)
            profile = profile.with_example(drawn.person, emotion, found.numbers, weight)
    return profile


def judge(
    people: Sequence[ActedFace],
    eyes: Eyes,
    space: FaceSpace,
    *,
    count: int,
    seed: int,
    kinds: Kinds | None = None,
    bad: int = 0,
) -> dict[str, Any]:
    """The figures, as JSON: of the tests, untaught and taught, and of guests under each profile.

    Raises DataError if no picture is left for the test.
    """
    seen = eyes.see_all(people)
    everybody = draw(people, count, seed, kinds)
    own, guests = _Answers(), _Answers()
    for drawn in everybody:
        profile = misled(taught(space, people, seen, drawn), people, seen, drawn, bad)
        own.add(people, seen, drawn.tests, profile)
        for other in everybody:
            if other is not drawn:
                guests.add(people, seen, other.tests, profile)
    if not own.labels:
        raise DataError("no picture is left for the test; ask for fewer examples or other kinds")
    return {
        "teach": count,
        "seed": seed,
        "bad": bad,
        **own.figures(),
        "guests": guests.figures() if guests.labels else None,
    }


class _Answers:
    """The answers to tests, without and with a profile that applies only where it fits."""

    def __init__(self) -> None:
        self.labels: list[int] = []
        self.untaught: list[int] = []
        self.taught: list[int] = []
        self.applied: list[bool] = []

    def add(
        self,
        people: Sequence[ActedFace],
        seen: Sequence[Seen | None],
        tests: Sequence[int],
        profile: Profile,
    ) -> None:
        """The answers to these pictures of one person."""
        for begin in range(0, len(tests), IN_A_ROW):
            row = tests[begin : begin + IN_A_ROW]
            fits = [profile.fits(found.numbers) for found in map(seen.__getitem__, row) if found]
            applies = bool(fits) and float(np.mean(fits)) > LEAST_FIT
            for place in row:
                alone, better = _answers(seen[place], profile)
                self.labels.append(people[place].label)
                self.untaught.append(alone)
                self.taught.append(better if applies else alone)
                self.applied.append(applies)

    def figures(self) -> dict[str, Any]:
        """Those of the network alone, as for untaught people, and those with the profiles."""
        labels: npt.NDArray[np.int64] = np.array(self.labels, np.int64)
        better = figures(labels, np.array(self.taught, np.int64))
        return {
            **figures(labels, np.array(self.untaught, np.int64)),
            "accuracy_taught": better["accuracy"],
            "balanced_accuracy_taught": better["balanced_accuracy"],
            "interval95_taught": better["interval95"],
            "profile_applied": rounded(float(np.mean(self.applied))),
        }


def _answers(found: Seen | None, profile: Profile) -> Iterator[int]:
    """Without and with the profile."""
    if found is None:
        yield from (NOT_FOUND, NOT_FOUND)
        return
    yield int(found.evidence.argmax())
    yield int(profile.logs(found.numbers, found.evidence).argmax())
