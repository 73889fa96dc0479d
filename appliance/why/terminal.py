"""An explanation in a terminal: two pixels a character, in 24-bit colour.

It is written to the terminal and nowhere else. The live picture is on the terminal's second screen,
so nothing of it stays in the window when it ends.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from appliance.decide.phrases import PHRASES
from appliance.records import EMOTIONS
from appliance.why.drawing import Picture, overlay
from appliance.why.explainer import Explanation

LARGEST_PX = 48  # the network's input has no more
WORDS_WIDTH = 34  # characters beside the picture
BAR_WIDTH = 16
SECOND_SCREEN, FIRST_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
HOME, END_OF_LINE, END_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"


def lines(explanation: Explanation) -> list[str]:
    """The picture with its words beside it, so that both fit into the terminal."""
    columns, rows = shutil.get_terminal_size()
    size_px = max(8, min(LARGEST_PX, columns - WORDS_WIDTH, 2 * (rows - 1)) // 2 * 2)
    picture = half_blocks(overlay(explanation.image, explanation.heat, size_px))
    text = words(explanation)
    picture += [" " * size_px] * (len(text) - len(picture))
    text += [""] * (len(picture) - len(text))
    both = [f"{left}  {right}" for left, right in zip(picture, text, strict=True)]
    return both[: rows - 1]


def half_blocks(picture: Picture) -> list[str]:
    """A line for every two rows of a picture: upper half blocks in colour on a background.

    picture: uint8 (2 n, width, 3).
    """
    return [
        "".join(
            f"\x1b[38;2;{r};{g};{b}m\x1b[48;2;{under_r};{under_g};{under_b}m▀"
            for (b, g, r), (under_b, under_g, under_r) in zip(upper, lower, strict=True)
        )
        + "\x1b[0m"
        for upper, lower in zip(picture[::2].tolist(), picture[1::2].tolist(), strict=True)
    ]


def words(explanation: Explanation) -> list[str]:
    """How the face looks, the seven probabilities, and how much each part of the face spoke."""
    shares = explanation.scores.probabilities
    best = EMOTIONS[shares.index(max(shares))]
    bars = [
        f"{emotion:9}{'█' * round(BAR_WIDTH * share):{BAR_WIDTH}}{share:5.0%}"
        for emotion, share in zip(EMOTIONS, shares, strict=True)
    ]
    parts = [f"{share:5.0%}  {name}" for name, share in explanation.regions.items()]
    left_out = ["a picture, which is left out"] if explanation.scores.picture else []
    return [
        PHRASES[best],
        *left_out,
        "",
        *bars,
        "",
        f"what spoke for {explanation.emotion}:",
        *parts,
    ]


@contextmanager
def second_screen(terminal: TextIO) -> Iterator[None]:
    """Gives the whole terminal to a picture that changes; afterwards it is as it was before."""
    terminal.write(SECOND_SCREEN)
    try:
        yield
    finally:
        terminal.write(FIRST_SCREEN)
        terminal.flush()


def redraw(terminal: TextIO, text: list[str]) -> None:
    """Replaces everything in the terminal with these lines, without flicker."""
    terminal.write(HOME + "".join(f"{line}{END_OF_LINE}\r\n" for line in text) + END_OF_SCREEN)
    terminal.flush()
