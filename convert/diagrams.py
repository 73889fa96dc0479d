"""One head of a model in diagrams: what it confuses, and whether its certainty is honest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from convert.drawing import BLUE, GRAY


@dataclass(frozen=True, slots=True)
class Judged:
    """One head of one model on one split. result: its entry under `accuracy` in the card."""

    head: str
    split: str
    labels: list[str]
    result: dict[str, Any]

    @property
    def title(self) -> str:
        """What was judged, on what, and how well it did."""
        return (
            f"head {self.head}, {self.split}: "
            f"{self.result['accuracy']:.1%} of {self.result['count']:,} faces"
        )


def draw_confusion(axes: Axes, judged: Judged) -> None:
    """Draws the share of each answer (column) among the faces of each label (row)."""
    counts = np.array(judged.result["confusion"], float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        colour = "white" if share > 0.5 else "black"
        axes.text(column, row, f"{share:.2f}", ha="center", va="center", fontsize=9, color=colour)
    places = range(len(judged.labels))
    axes.set_xticks(places, judged.labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, judged.labels)
    axes.set(xlabel="answer", ylabel="label")
    axes.set_title(judged.title, fontsize=10)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def draw_reliability(above: Axes, below: Axes, judged: Judged) -> None:
    """Draws the curve into the axes above, and below how many faces each of its bars has."""
    counts, certainty, right = np.array(judged.result["reliability"]).T
    edges = np.linspace(0, 1, len(counts) + 1)
    width = 1 / len(counts)
    above.bar(edges[:-1], right, width, align="edge", color=BLUE, edgecolor="white")
    filled = counts > 0
    above.hlines(certainty[filled], edges[:-1][filled], edges[1:][filled], color="black", lw=1)
    above.set(xlim=(0, 1), ylim=(0, 1), ylabel="share of right answers")
    above.set_title(f"{judged.title}\ncalibration error {judged.result['ece']:.3f}", fontsize=10)
    shares = counts / counts.sum()
    below.bar(edges[:-1], shares, width, align="edge", color=GRAY, edgecolor="white")
    below.set(xlabel="certainty", ylabel="of faces")
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
