"""From the public data files to everything in models/.

    python -m convert --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --portraits ../shared/data/utkface.zip

Goes on where it was stopped. With --quick the whole path on a few rows in two minutes, into --out,
to see that it works; those models are no good. Every field of a recipe is an option as well.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields, replace
from functools import cached_property
from pathlib import Path

import keras

from convert import data, explain, figures
from convert.cards import Training, write_models
from convert.drawing import save
from convert.examples import DataSet, emotion_data, gender_data
from convert.recipes import HELPERS, RECIPES, Recipe
from convert.teacher import Teacher
from convert.train import default_runs, train, use_threads

QUICK = {"epochs": 2, "limit": 600, "hold_out": 0.2, "views": 1}


class Workshop:
    """Makes models by name, and before them the teachers that they need. Raises DataError."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._changes = {
            field.name: value
            for field in fields(Recipe)
            if (value := getattr(options, field.name)) is not None
        }
        self._trained: dict[str, tuple[keras.Model, list[dict]]] = {}

    def make(self, name: str) -> dict[str, dict]:
        """Trains, converts and judges one model; its cards by name."""
        recipe, dataset = self._recipe(name), self._dataset(name)
        network, history = self._train(name)
        training = Training(recipe, history, self._hashes)
        return write_models(name, network, dataset, training, self._options.out)

    def _train(self, name: str) -> tuple[keras.Model, list[dict]]:
        if name not in self._trained:
            recipe = self._recipe(name)
            start = self._train(recipe.start)[0] if recipe.start else None
            teacher = None
            if recipe.teacher:
                teacher = Teacher(self._train(recipe.teacher)[0], recipe.teaching)
            print(f"training {name}: {recipe}", file=sys.stderr)
            run = self._options.runs / f"{name}-seed{recipe.seed}"
            self._trained[name] = train(recipe, self._dataset(name), run, teacher, start)
        return self._trained[name]

    def _recipe(self, name: str) -> Recipe:
        return replace((HELPERS | RECIPES)[name], **self._changes)

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
    def _hashes(self) -> dict[str, str]:
        files = (self._options.data, self._options.votes, self._options.portraits)
        return {path.name: data.sha256_of(path) for path in files if path}


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 made, 1 data that cannot be used, 2 usage."""
    options = _options(arguments)
    use_threads(options.threads)
    workshop = Workshop(options)
    try:
        for name in options.only:
            for file, card in workshop.make(name).items():
                print(file, *_headlines(card), sep="\n  ", flush=True)
    except data.DataError as error:
        print(error, file=sys.stderr)
        return 1
    figures.draw(options.out, options.out / "figures")
    if any(options.out.glob("*_why.json")):
        save(explain.draw(options.out), options.out / "figures" / "guided_backprop.png")
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "convert", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="FER-2013: zip, folder or CSV")
    parser.add_argument("--votes", type=Path, help="FER+: either CSV")
    parser.add_argument("--portraits", type=Path, help="UTKFace: zip or folder")
    parser.add_argument("--only", nargs="+", choices=RECIPES, default=list(RECIPES), metavar="NAME",
                        help=f"of {', '.join(RECIPES)}")  # fmt: skip
    parser.add_argument("--out", type=Path, help="folder of the models; default: models/")
    parser.add_argument("--runs", type=Path, help="folder of the checkpoints; default: a cache")
    parser.add_argument("--quick", action="store_true", help="2 epochs on 600 rows; needs --out")
    parser.add_argument("--threads", type=int, default=1)
    for field in fields(Recipe):
        kind = {"str": str, "int": int, "float": float}[field.type]
        parser.add_argument("--" + field.name.replace("_", "-"), type=kind)
    options = parser.parse_args(arguments)
    if options.quick:
        if not options.out:
            parser.error("--quick makes models that are no good: say with --out where to put them")
        options.runs = options.runs or options.out / "training"
        for name, value in QUICK.items():
            if getattr(options, name) is None:
                setattr(options, name, value)
    tasks = {RECIPES[name].task for name in options.only}
    for task, needed in (("emotion", ("data", "votes")), ("gender", ("portraits",))):
        missing = [f"--{name}" for name in needed if getattr(options, name) is None]
        if missing and task in tasks:
            parser.error(f"the {task} networks need {' and '.join(missing)}")
    options.out = options.out or figures.MODELS
    options.runs = options.runs or default_runs()
    return options


def _headlines(card: dict) -> list[str]:
    return [
        f"{split}, head {head}: {result['accuracy']:.2%} of {result['count']}, "
        f"calibration error {result['ece']:.3f}"
        for split, heads in card["accuracy"].items()
        for head, result in heads.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
