"""From the public data files to everything in models/.

    python -m convert --data ../shared/data/fer2013.zip --votes ../shared/data/ferplus_votes.csv

Goes on where it was stopped. With --quick the whole path on a few rows in a minute, into --out,
to see that it works; those models are no good.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from convert import data
from convert.cards import Training, write_models
from convert.train import add_options, default_run, recipe_from, train, use_threads

MODELS = Path(__file__).parent.parent / "models"


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 made, 1 data that cannot be used, 2 usage."""
    parser = argparse.ArgumentParser("convert", description=__doc__)
    add_options(parser)
    parser.add_argument("--out", type=Path, help="folder of the models; default: models/")
    parser.add_argument("--quick", action="store_true", help="2 epochs on 2,000 rows; needs --out")
    options = parser.parse_args(arguments)
    if options.quick and not options.out:
        parser.error("--quick makes models that are no good: say with --out where to put them")
    recipe = recipe_from(options)
    if options.quick:
        recipe = dataclasses.replace(recipe, epochs=2, limit=2000, hold_out=0.2)
        options.run = options.run or options.out / "training"
    use_threads(options.threads)
    try:
        faces, votes = data.load_emotions(options.data), data.load_votes(options.votes)
        network, history = train(recipe, faces, votes, options.run or default_run(recipe))
    except data.DataError as error:
        print(error, file=sys.stderr)
        return 1
    hashes = {path.name: data.sha256_of(path) for path in (options.data, options.votes)}
    training = Training(recipe, faces, votes, hashes, history)
    for name, card in write_models(network, training, options.out or MODELS).items():
        print(name, *_headlines(card), sep="\n  ")
    return 0


def _headlines(card: dict) -> list[str]:
    return [
        f"{split}, head {head}: {result['accuracy']:.2%} of {result['count']}, "
        f"calibration error {result['ece']:.3f}"
        for split, heads in card["accuracy"].items()
        for head, result in heads.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
