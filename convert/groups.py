"""The figures of a gender model: those of any model, and those of groups of race and age."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from convert.data import RACES, Portraits
from convert.scoring import Logits, rounded, score, share_of

# First and last year of age. Below six, faces tell little, so there are also figures without them.
AGES = {"0-5": (0, 5), "6-17": (6, 17), "18-39": (18, 39), "40-59": (40, 59), "60+": (60, 200)}
SMALL_CHILD = AGES["0-5"][1]


def gender_figures(logits: Logits, portraits: Portraits, temperature: float) -> dict[str, Any]:
    """Accuracy with and without small children, by class and by group, as JSON.

    logits: float32 (n, 2), of the portraits, at least one. race_gap: from the best of the groups of
    race to the worst, 0…1.
    """
    right = logits.argmax(axis=1) == portraits.genders
    grown = right[portraits.ages > SMALL_CHILD]
    groups = by_group(right, portraits)
    without = share_of(grown) if len(grown) else None
    return {
        **score(logits, portraits.genders, temperature).as_json(),
        "accuracy_without_0_5": round(without.accuracy, 5) if without else None,
        "interval95_without_0_5": rounded(without.interval95) if without else None,
        "count_without_0_5": len(grown),
        "race_gap": _gap(groups["race"]),
        "race_gap_without_0_5": _gap(groups["race_without_0_5"]),
        "groups": groups,
    }


def by_group(right: npt.NDArray[np.bool_], portraits: Portraits) -> dict[str, dict[str, Any]]:
    """How often the answer was right, by kind and name of group, as JSON.

    right: bool (n), by portrait. Groups without faces are left out.
    """
    race = {name: portraits.races == number for number, name in enumerate(RACES)}
    grown = portraits.ages > SMALL_CHILD
    members = {
        "race": race,
        # Some races have more small children than others in UTKFace.
        "race_without_0_5": {name: of_race & grown for name, of_race in race.items()},
        "age": {
            name: (first <= portraits.ages) & (portraits.ages <= last)
            for name, (first, last) in AGES.items()
        },
    }
    return {
        kind: {
            name: rounded(asdict(share_of(right[inside])))
            for name, inside in groups.items()
            if inside.any()
        }
        for kind, groups in members.items()
    }


def _gap(groups: dict[str, Any]) -> float | None:
    """From the best group to the worst, 0…1; None where there is no group."""
    shares = [group["accuracy"] for group in groups.values()]
    return round(max(shares) - min(shares), 5) if shares else None
