"""Colours and format that all of the project's pictures share."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from appliance.records import EMOTIONS, Emotion

COLOURS = dict(
    zip(
        EMOTIONS,
        ("#c23b3b", "#7a8b2a", "#7a4fb0", "#e0a11b", "#3b6fc2", "#d2691e", "#8a8f98"),
        strict=True,
    )
)
LINES = tuple(COLOURS.values())  # for lines that are not emotions
BLUE, GRAY = COLOURS[Emotion.SAD], COLOURS[Emotion.NEUTRAL]
PALE = "#f0f0f0"  # for grids, and for nothing
DPI = 110


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty picture. width_in, height_in: in inches of 110 pixels."""
    return Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white", layout="constrained")


def save(figure: Figure, path: Path) -> None:
    """Writes a PNG whose bytes depend on nothing but the picture and matplotlib's version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
