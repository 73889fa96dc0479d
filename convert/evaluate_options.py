"""The options of convert.evaluate, which of them each task has, and what they may be."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection
from pathlib import Path

from appliance.settings import FaceSettings
from convert.reader import HEADS

READING = ("emotion", "people")
Number = Callable[[str], float]


def between(low: float, high: float, kind: Number = float) -> Number:
    """What makes a number of an option's text, or refuses it. kind: float or int."""

    def number(text: str) -> float:
        value = kind(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}")
        return value

    number.__name__ = kind.__name__  # argparse says "invalid float value"
    return number


DISTURBANCES: dict[str, tuple[Number, str]] = {
    "contrast": (between(0, 100), "of the faces, around the gray 120: 0.25 for dusk"),
    "brightness": (between(0, 100), "what the gray values are multiplied by"),
    "size": (between(1, 1000, int), "shrink the faces to so many pixels, and enlarge them again"),
    "tilt": (between(-360, 360), "degrees by which the faces are turned, against the clock"),
    "blur": (between(0, 100), "sigma of a Gaussian, in pixels of a face of 48"),
}
# Options that not every task has.
ONLY = {"head": READING, "votes": ("emotion",), "in_turn": READING,
        **dict.fromkeys(DISTURBANCES, ("emotion",)),
        **dict.fromkeys(("teach", "seed", "kinds", "bad"), ("people",)),
        **dict.fromkeys(("negatives", "min_score", "min_height_px", "colour"),
                        ("detect",))}  # fmt: skip
# The model of a task that names none; None: the command must name one.
MODELS = {"detect": Path("blazeface")}
NEED_A_MODEL = ("emotion", "gender")


def parse(
    description: str | None, tasks: Collection[str], arguments: list[str] | None
) -> argparse.Namespace:
    """The options that were given; exits with 2 if they do not belong together."""
    parser = argparse.ArgumentParser(
        "convert.evaluate", description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    _add(parser.add_argument, tasks)
    options = parser.parse_args(arguments)
    for name, has in ONLY.items():
        if options.task not in has and getattr(options, name) is not None:
            parser.error(f"--{name.replace('_', '-')} is for --task {' and '.join(has)}")
    for name in ("seed", "kinds", "bad"):
        if getattr(options, name) is not None and not options.teach:
            parser.error(f"--{name} goes only with --teach")
    if options.model is None and options.task in NEED_A_MODEL:
        parser.error(f"--task {options.task} needs --model")
    if options.model is None:
        options.model = MODELS.get(options.task)
    return options


def _kinds(text: str) -> tuple[frozenset[int], frozenset[int]]:
    """Ways to act, of examples and of tests."""
    examples, _, tests = text.partition(":")
    if not (examples.isdecimal() and tests.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text} is not like 1:23")
    return frozenset(map(int, examples)), frozenset(map(int, tests))


def _add(add: Callable[..., argparse.Action], tasks: Collection[str]) -> None:
    add("--task", choices=tasks, required=True)
    add("--model", type=Path, help="FILE.tflite beside FILE.json")
    add("--data", type=Path, required=True, help="zip, folder or CSV")
    add("--split", help="Training, PublicTest, train, heldout, odd, …")
    add("--head", choices=HEADS)
    add("--in-turn", action="store_true", default=None,
        help="average two views, as the jukebox does")  # fmt: skip
    add("--votes", type=Path, help="ferplus_votes.csv or fer2013new.csv")
    for name, (kind, what) in DISTURBANCES.items():
        add(f"--{name}", type=kind, help=what)
    add(
        "--teach",
        type=between(1, 20, int),
        metavar="K",
        help="people: so many examples of each emotion of each person are learned from first",
    )
    add("--seed", type=int, help="which examples are drawn; default: 1")
    add(
        "--kinds",
        type=_kinds,
        metavar="1:23",
        help="examples that were acted in way 1, tests in ways 2 and 3; at rest: both",
    )
    add("--bad", type=between(0, 20, int), metavar="N",
        help="so many examples more, told with a wrong name")  # fmt: skip
    add("--negatives", type=Path, help="zip or folder of photos without people")
    add("--min-score", type=between(0, 1),
        help=f"default: the jukebox's, {FaceSettings().min_score}")  # fmt: skip
    add("--min-height-px", type=int, help="default: 32, the lowest faces that count")
    add("--colour", action="store_true", default=None,
        help="detect: show the photos in colour, as most cameras do")  # fmt: skip
    add("--json", action="store_true")
