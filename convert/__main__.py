"""Makes everything in models/ from the public data files.

    python -m convert --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --portraits ../shared/data/utkface.zip

A training that was stopped continues from its last epoch. --quick tries the whole path on a few
rows in two minutes, into --out; those models are not good. Every field of a recipe is an option,
too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection
from dataclasses import fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import keras

from appliance.errors import ModelError
from convert import data, explain, figures
from convert.cards import Training, write_models
from convert.drawing import save
from convert.examples import DataSet, emotion_data, gender_data
from convert.losses import LOSSES
from convert.networks import NETWORKS, VIEWS
from convert.pictures import DataError
from convert.recipes import MADE, PRECISIONS, RECIPES, History, Recipe
from convert.teacher import Teacher
from convert.train import default_runs, epochs_done, train, use_threads

# The options with the data that each task is trained on.
DATA = {"emotion": ("data", "votes"), "gender": ("portraits",)}
# What some fields of a recipe may be.
CHOICES: dict[str, Collection[Any]] = {
    "network": NETWORKS,
    "loss": LOSSES,
    "views": VIEWS,
    "precision": PRECISIONS,
    "task": DATA,
}
QUICK = {"epochs": 2, "limit": 600, "hold_out": 0.2, "augmentations": 1}
# These fields decide which pictures are held out, and a teacher must not know those of its pupil.
OF_THE_DATA = ("limit", "hold_out")


class Workshop:
    """Makes models by name, and before them the networks that they need.

    Its methods raise DataError if the data cannot be used.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._trained: dict[str, tuple[keras.Model, History]] = {}

    def make(self, name: str) -> dict[str, dict[str, Any]]:
        """Trains, converts and judges one model; its cards by name.

        A network that only helps is only trained, and there are no cards.
        """
        network, history = self._train(name)
        if name not in MADE:
            return {}
        recipe, dataset = self._recipe(name), self._dataset(name)
        hashes = dict(self._hashes[option] for option in DATA[recipe.task])
        training = Training(recipe, history, hashes, self._helpers(name))
        return write_models(name, network, dataset, training, self._options.out)

    def _train(self, name: str) -> tuple[keras.Model, History]:
        if name not in self._trained:
            recipe, start, teacher = self._recipe(name), None, None
            run = self._options.runs / f"{name}-seed{recipe.seed}"
            done = epochs_done(run)
            if recipe.start and not done:
                start = self._train(recipe.start)[0]
            if recipe.teacher and done < recipe.epochs:
                teacher = Teacher(
                    self._train(recipe.teacher)[0],
                    recipe.teaching,
                    self._recipe(recipe.teacher).level,
                )
            print(f"training {name}: {recipe}", file=sys.stderr)
            self._trained[name] = train(recipe, self._dataset(name), run, teacher, start)
        return self._trained[name]

    def _helpers(self, name: str) -> dict[str, Recipe]:
        """The recipes of the networks that this one begins with and learns from, and of theirs."""
        helpers: dict[str, Recipe] = {}
        for needed in self._recipe(name).needs:
            helpers |= self._helpers(needed) | {needed: self._recipe(needed)}
        return helpers

    def _recipe(self, name: str) -> Recipe:
        return recipe_for(name, self._options)

    def _dataset(self, name: str) -> DataSet:
        recipe = self._recipe(name)
        if recipe.task == "gender":
            return gender_data(recipe, self._portraits)
        return emotion_data(recipe, self._faces, self._votes)

    @cached_property
    def _faces(self) -> data.Faces:
        return data.load_emotions(self._options.data)

    @cached_property
    def _votes(self) -> data.Votes:
        return data.load_votes(self._options.votes)

    @cached_property
    def _portraits(self) -> data.Portraits:
        return data.load_utkface(self._options.portraits)

    @cached_property
    def _hashes(self) -> dict[str, tuple[str, str]]:
        """(name, SHA-256) of each file of the data, by the option that gave it."""
        given = {name: getattr(self._options, name) for names in DATA.values() for name in names}
        return {name: (path.name, data.sha256_of(path)) for name, path in given.items() if path}


def recipe_for(name: str, options: argparse.Namespace) -> Recipe:
    """The recipe as the command line changes it; for a helper only the fields about the data."""
    changes = options.changes
    if name not in options.only:
        changes = {field: value for field, value in changes.items() if field in OF_THE_DATA}
    return replace(RECIPES[name], **(QUICK if options.quick else {}) | changes)


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 made, 1 data that cannot be used, 2 usage."""
    options = _options(arguments)
    use_threads(options.threads)
    workshop = Workshop(options)
    try:
        for name in options.only:
            for file, card in workshop.make(name).items():
                print(file, *_headlines(card), sep="\n  ", flush=True)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    if set(options.only) & set(MADE):
        figures.draw(options.out, options.out / "figures")
        _draw_explanations(options.out)
    return 0


def _draw_explanations(folder: Path) -> None:
    """What each network responds to, if the explanations of all of them are there."""
    try:
        save(explain.draw(folder), folder / "figures" / "guided_backprop.png")
    except ModelError as error:
        print(error, file=sys.stderr)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(arguments)
    given = {field.name: getattr(options, field.name) for field in fields(Recipe)}
    options.changes = {name: value for name, value in given.items() if value is not None}
    if (options.quick or options.changes) and not options.out:
        parser.error("these would not be the project's models: give their folder with --out")
    if options.quick:
        options.runs = options.runs or options.out / "training"
    for name in options.only:
        if mistake := _mistake(name, options, ()):
            parser.error(mistake)
    tasks = {RECIPES[name].task for name in options.only}
    for task in tasks:
        if missing := [f"--{name}" for name in DATA[task] if getattr(options, name) is None]:
            parser.error(f"the {task} networks need {' and '.join(missing)}")
    options.out = options.out or figures.MODELS
    options.runs = options.runs or default_runs()
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "convert", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="FER-2013: zip, folder or CSV")
    parser.add_argument("--votes", type=Path, help="FER+: either CSV")
    parser.add_argument("--portraits", type=Path, help="UTKFace: zip or folder")
    parser.add_argument("--only", nargs="+", choices=RECIPES, default=MADE, metavar="NAME",
                        help=f"of {', '.join(RECIPES)}")  # fmt: skip
    parser.add_argument("--out", type=Path, help="folder of the models; default: models/")
    parser.add_argument("--runs", type=Path, help="folder of the checkpoints; default: a cache")
    parser.add_argument("--quick", action="store_true", help="2 epochs on 600 rows; needs --out")
    parser.add_argument("--threads", type=int, default=1)
    for field in fields(Recipe):
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            type={"str": str, "int": int, "float": float}[str(field.type)],
            choices=CHOICES.get(field.name),
        )
    return parser


def _mistake(name: str, options: argparse.Namespace, path: tuple[str, ...]) -> str:
    """What is wrong with the networks that this one needs, or "". path: the ones that need it."""
    if name not in RECIPES:
        return f"{path[-1]} needs {name!r}, which is not one of {', '.join(RECIPES)}"
    if name in path:
        return f"{name} would need itself: {' needs '.join((*path, name))}"
    needs = recipe_for(name, options).needs
    mistakes = (_mistake(needed, options, (*path, name)) for needed in needs)
    return next(filter(None, mistakes), "")


def _headlines(card: dict[str, Any]) -> list[str]:
    return [
        f"{split}, head {head}: {result['accuracy']:.2%} of {result['count']}, "
        f"calibration error {result['ece']:.3f}"
        for split, heads in card["accuracy"].items()
        for head, result in heads.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
