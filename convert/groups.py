"""The figures of a gender model: as for any classes, and for groups of race and age."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from convert.data import RACES, Portraits
from convert.scoring import Logits, rounded, score, share_of

# First and last year. Below six, faces tell little: they are counted, and left out beside it.
AGES = {"0-5": (0, 5), "6-17": (6, 17), "18-39": (18, 39), "40-59": (40, 59), "60+": (60, 200)}
SMALL_CHILD = AGES["0-5"][1]


def gender_figures(logits: Logits, portraits: Portraits, temperature: float) -> dict:
    """Accuracy with and without small children, by class and by group, as JSON.

    logits: (n, 2). race_gap: from the best of the groups of race to the worst, a fraction.
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


def by_group(right: npt.NDArray[np.bool_], portraits: Portraits) -> dict[str, dict[str, dict]]:
    """By kind and name, how often the answer was right, as JSON; groups without faces are left out.

    right: bool (n), by portrait.
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


def _gap(groups: dict[str, dict]) -> float | None:
    """From the best group to the worst, a fraction; None where there is none."""
    shares = [group["accuracy"] for group in groups.values()]
    return round(max(shares) - min(shares), 5) if shares else None
