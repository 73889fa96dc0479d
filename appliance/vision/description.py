"""How a face looks, in words and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from appliance.records import EMOTIONS, EmotionScores


def face_as_json(score: EmotionScores) -> dict[str, Any]:
    """Where a face is, how it looks, and why it cannot be read well (None if it can)."""
    box = score.face.box
    return {
        "box": [box.x, box.y, box.width, box.height],
        "score": round(score.face.score, 4),
        "probabilities": named(EMOTIONS, score.probabilities),
        "unclear": score.unclear,
    }


def in_words(shares: dict[str, float], least: float) -> str:
    """The classes with at least this share, the likeliest first: 'happy 90%, neutral 8%'."""
    best = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {share:.0%}" for name, share in best if share >= least)


def named(classes: Sequence[str], shares: Sequence[float]) -> dict[str, float]:
    """Each class with its share, rounded."""
    return {str(name): round(share, 4) for name, share in zip(classes, shares, strict=True)}
