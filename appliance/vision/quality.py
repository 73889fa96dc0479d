"""Why a face cannot be read well: what the network, the detector and its size say of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from appliance.records import Face, Unclear

CAUSES: tuple[Unclear, ...] = get_args(Unclear)  # the most important first
# Down to this, small faces are read as rightly as the network says: its answers need no other
# weight (docs/lab-notebook.md, from the sofa).
SMALL_PX = 20
# Heads are straightened before they are read. Beyond this the detector loses most of them, and
# what it says of the rest is not sure.
TILTED_DEG = 65.0
# A head turned by 40 degrees: its nose is half the distance of its eyes beside their middle.
TURNED = 0.5
# An unclear face counts for so much of a clear one among several.
UNCLEAR_WEIGHT = 0.5


def unclear(face: Face, told: Collection[Unclear]) -> Unclear | None:
    """The most important cause why this face cannot be read well; None if there is none.

    told: the causes that the network names.
    """
    small, tilted = face.box.height < SMALL_PX, abs(face.tilt) > TILTED_DEG
    turned = abs(face.turn) > TURNED
    if not (small or tilted or turned or told):
        return None  # nearly always
    found = {"small": small, "tilted": tilted, "turned": turned}
    return next((cause for cause in CAUSES if found.get(cause) or cause in told), None)
